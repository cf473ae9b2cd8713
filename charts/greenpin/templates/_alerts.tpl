{{/* Half of the deadline. Below the histogram's last bucket, which ends at 30 s: what is longer is counted, and never told as longer. */}}
{{- define "greenpin.slowThresholdSeconds" -}}
{{ minf (divf (include "greenpin.deadlineSeconds" .) 2) 29 }}
{{- end }}

{{/* Twice freshFor, or half of the way to maxFreshFor where that is less: it is never stretched further. */}}
{{- define "greenpin.lateThresholdSeconds" -}}
{{- $fresh := include "greenpin.freshForSeconds" . | float64 }}
{{- $longest := include "greenpin.maxFreshForSeconds" . | float64 }}
{{- minf (mulf $fresh 2) (divf (addf $fresh $longest) 2) }}
{{- end }}

{{/* files/alerts.yaml for this release: which series, and how fresh and how fast answers should be. Prometheus fills in the rest. */}}
{{- define "greenpin.alerts" -}}
{{- $text := .Files.Get "files/alerts.yaml" }}
{{- $text = $text | replace "NAMESPACE" .Release.Namespace | replace "DEPLOYMENT" (include "greenpin.fullname" .) }}
{{- $text = $text | replace "FRESH_FOR" (include "greenpin.freshForSeconds" .) | replace "DEADLINE" (include "greenpin.deadlineSeconds" .) }}
{{- $text = $text | replace "LATE" (include "greenpin.lateThresholdSeconds" .) | replace "SLOW" (include "greenpin.slowThresholdSeconds" .) }}
{{- /* Last, so that nothing in a name is taken for one of the above. */}}
{{- $text = $text | replace "JOB" (.Values.metrics.prometheusRule.job | default (include "greenpin.metricsName" .)) }}
{{- $alerts := list }}
{{- range fromYamlArray $text }}
{{- if not (has .alert $.Values.metrics.prometheusRule.disabled) }}
{{- $alerts = append $alerts (set . "labels" (merge (dict) .labels $.Values.metrics.prometheusRule.alertLabels)) }}
{{- end }}
{{- end }}
{{- toYaml $alerts }}
{{- end }}
