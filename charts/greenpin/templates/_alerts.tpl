{{/* files/alerts.yaml for this release: which series, and how fresh and how fast answers should be. Prometheus fills in the rest. */}}
{{- define "greenpin.alerts" -}}
{{- $text := .Files.Get "files/alerts.yaml" }}
{{- $text = $text | replace "NAMESPACE" .Release.Namespace | replace "DEPLOYMENT" (include "greenpin.fullname" .) }}
{{- $text = $text | replace "JOB" (include "greenpin.metricsName" .) }}
{{- $text = $text | replace "FRESH_FOR" (include "greenpin.freshForSeconds" .) | replace "DEADLINE" (include "greenpin.deadlineSeconds" .) }}
{{- $alerts := list }}
{{- range fromYamlArray $text }}
{{- if not (has .alert $.Values.metrics.prometheusRule.disabled) }}
{{- $alerts = append $alerts (set . "labels" (merge (dict) .labels $.Values.metrics.prometheusRule.alertLabels)) }}
{{- end }}
{{- end }}
{{- toYaml $alerts }}
{{- end }}
