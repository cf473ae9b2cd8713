{{/* Half of the deadline, below the histogram's last bucket, which ends at 30 s: quantiles never exceed that. */}}
{{- define "greenpin.slowThresholdSeconds" -}}
{{ minf (divf (include "greenpin.deadlineSeconds" .) 2) 29 }}
{{- end }}

{{/* Twice freshFor, or halfway to maxFreshFor if that is less: freshness never extends beyond maxFreshFor. */}}
{{- define "greenpin.lateThresholdSeconds" -}}
{{- $fresh := include "greenpin.freshForSeconds" . | float64 }}
{{- $longest := include "greenpin.maxFreshForSeconds" . | float64 }}
{{- minf (mulf $fresh 2) (divf (addf $fresh $longest) 2) }}
{{- end }}

{{/* files/alerts.yaml with this release's series and thresholds. Prometheus fills in the rest. */}}
{{- define "greenpin.alerts" -}}
{{- $text := .Files.Get "files/alerts.yaml" }}
{{- $text = $text | replace "NAMESPACE" .Release.Namespace | replace "DEPLOYMENT" (include "greenpin.fullname" .) }}
{{- $text = $text | replace "FRESH_FOR" (include "greenpin.freshForSeconds" .) | replace "DEADLINE" (include "greenpin.deadlineSeconds" .) }}
{{- $text = $text | replace "LATE" (include "greenpin.lateThresholdSeconds" .) | replace "SLOW" (include "greenpin.slowThresholdSeconds" .) }}
{{- /* Last, so that a name cannot contain one of the placeholders above. */}}
{{- $text = $text | replace "JOB" (.Values.metrics.prometheusRule.job | default (include "greenpin.metricsName" .)) }}
{{- $alerts := list }}
{{- range fromYamlArray $text }}
{{- if not (has .alert $.Values.metrics.prometheusRule.disabled) }}
{{- $alerts = append $alerts (set . "labels" (merge (dict) .labels $.Values.metrics.prometheusRule.alertLabels)) }}
{{- end }}
{{- end }}
{{- toYaml $alerts }}
{{- end }}
