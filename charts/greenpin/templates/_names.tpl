{{/*
A name of at most 63 characters that is a valid name of everything, a Service included: without dots, and with a letter first. One that is
too long is cut, and ends with a part of its hash: two long names stay two. Takes a list: name, ending.
*/}}
{{- define "greenpin.cut" -}}
{{- $whole := index . 0 | lower | replace "." "-" }}
{{- if not (regexMatch "^[a-z]" $whole) }}{{- $whole = printf "g-%s" $whole }}{{ end }}
{{- $end := ternary "" (printf "-%s" (index . 1)) (eq (index . 1) "") }}
{{- $room := sub 63 (len $end) | int }}
{{- if le (len $whole) $room -}}
{{ $whole }}{{ $end }}
{{- else -}}
{{ $whole | trunc (sub $room 9 | int) | trimSuffix "-" }}-{{ $whole | sha256sum | trunc 8 }}{{ $end }}
{{- end }}
{{- end }}

{{- define "greenpin.name" -}}
{{ include "greenpin.cut" (list (.Values.nameOverride | default .Chart.Name) "") }}
{{- end }}

{{/* RELEASE-greenpin, or RELEASE if that says greenpin already. */}}
{{- define "greenpin.base" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- end }}

{{- define "greenpin.fullname" -}}
{{ include "greenpin.cut" (list (include "greenpin.base" .) "") }}
{{- end }}

{{/* Of the configuration: in Argo CD's own namespace, the full name is the plugin's ConfigMap. */}}
{{- define "greenpin.configName" -}}
{{ include "greenpin.cut" (list (include "greenpin.base" .) "config") }}
{{- end }}

{{- define "greenpin.metricsName" -}}
{{ include "greenpin.cut" (list (include "greenpin.base" .) "metrics") }}
{{- end }}

{{- define "greenpin.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "greenpin.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "greenpin.pluginConfigMapName" -}}
{{ .Values.argocd.configMap.name | default (include "greenpin.fullname" .) }}
{{- end }}

{{- define "greenpin.tokenSecretName" -}}
{{ .Values.token.existingSecret | default (include "greenpin.cut" (list (include "greenpin.base" .) "token")) }}
{{- end }}

{{- define "greenpin.selectorLabels" -}}
app.kubernetes.io/name: {{ include "greenpin.name" . | quote }}
app.kubernetes.io/instance: {{ quote .Release.Name }}
{{- end }}

{{- define "greenpin.labels" -}}
{{ include "greenpin.labelsWith" (list . dict) }}
{{- end }}

{{/* The same with further ones, which others depend on: they count before commonLabels. Takes a list: the root, a mapping. */}}
{{- define "greenpin.labelsWith" -}}
{{- $root := index . 0 }}
{{- $own := include "greenpin.selectorLabels" $root | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | toString) }}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_") | trunc 63 | trimSuffix "-") }}
{{- merge $own (index . 1) $root.Values.commonLabels | toYaml }}
{{- end }}
