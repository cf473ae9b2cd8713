{{/*
A name that is valid for every kind, Services included: at most 63 characters, no dots, a letter first. A longer name is truncated and
ends with a part of its hash, so that two long names stay different. Takes a list: name, suffix.
*/}}
{{- define "greenpin.truncatedName" -}}
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
{{ include "greenpin.truncatedName" (list (.Values.nameOverride | default .Chart.Name) "") }}
{{- end }}

{{/* RELEASE-greenpin, or RELEASE if that contains greenpin already. */}}
{{- define "greenpin.baseName" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- end }}

{{- define "greenpin.fullname" -}}
{{ include "greenpin.truncatedName" (list (include "greenpin.baseName" .) "") }}
{{- end }}

{{/* The configuration's ConfigMap. In Argo CD's own namespace, the plugin's ConfigMap has the full name. */}}
{{- define "greenpin.configName" -}}
{{ include "greenpin.truncatedName" (list (include "greenpin.baseName" .) "config") }}
{{- end }}

{{- define "greenpin.metricsName" -}}
{{ include "greenpin.truncatedName" (list (include "greenpin.baseName" .) "metrics") }}
{{- end }}

{{- define "greenpin.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (ternary (include "greenpin.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "greenpin.pluginConfigMapName" -}}
{{ .Values.argocd.configMap.name | default (include "greenpin.fullname" .) }}
{{- end }}

{{- define "greenpin.tokenSecretName" -}}
{{ .Values.token.existingSecret | default (include "greenpin.truncatedName" (list (include "greenpin.baseName" .) "token")) }}
{{- end }}

{{- define "greenpin.selectorLabels" -}}
app.kubernetes.io/name: {{ include "greenpin.name" . | quote }}
app.kubernetes.io/instance: {{ quote .Release.Name }}
{{- end }}

{{- define "greenpin.labels" -}}
{{ include "greenpin.labelsWith" (list . dict) }}
{{- end }}

{{/* The labels plus others that take precedence over commonLabels. Takes a list: the root, a mapping. */}}
{{- define "greenpin.labelsWith" -}}
{{- $root := index . 0 }}
{{- $own := include "greenpin.selectorLabels" $root | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | toString) }}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_") | trunc 63 | trimSuffix "-") }}
{{- merge $own (index . 1) $root.Values.commonLabels | toYaml }}
{{- end }}

{{/* The existing token in base64, Argo CD's first. It is kept: a new token would be rejected until both sides have read it. */}}
{{- define "greenpin.existingToken" -}}
{{- $token := "" }}
{{- range list .Values.argocd.namespace .Release.Namespace | uniq }}
{{- $secret := lookup "v1" "Secret" . (include "greenpin.tokenSecretName" $) | default dict }}
{{- $token = $token | default (dig "data" $.Values.token.key "" $secret) }}
{{- end }}
{{- $token }}
{{- end }}

{{/* yes, if this rendering can look up the cluster: every Argo CD has argocd-secret. Otherwise each rendering would generate another token. */}}
{{- define "greenpin.canSeeArgoCd" -}}
{{- if or (include "greenpin.existingToken" .) (lookup "v1" "Secret" .Values.argocd.namespace "argocd-secret") }}yes{{ end }}
{{- end }}

{{/* Sets missing and null values to their default: an empty `podLabels:`, or a section that `--reuse-values` does not know yet. */}}
{{- define "greenpin.setDefaults" -}}
{{- range $path, $fallback := include "greenpin.defaults" . | fromYaml }}
{{- $keys := splitList "." $path }}
{{- $section := $.Values }}
{{- range initial $keys }}
{{- if kindIs "invalid" (index $section .) }}{{ $_ := set $section . dict }}{{ end }}
{{- $section = index $section . }}
{{- end }}
{{- if kindIs "invalid" (index $section (last $keys)) }}{{ $_ := set $section (last $keys) $fallback }}{{ end }}
{{- end }}
{{- end }}

{{- define "greenpin.ipFamilies" -}}
{{- with .Values.service.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.service.ipFamilies }}
ipFamilies: {{ toJson . }}
{{- end }}
{{- end }}

{{/* yes, if calls come from a source that only the user knows: a load balancer, a mesh, an ingress, another cluster. */}}
{{- define "greenpin.hasUnknownIngress" -}}
{{- if or (ne .Values.service.type "ClusterIP") .Values.argocd.configMap.baseUrl (not .Values.argocd.configMap.create) }}yes{{ end }}
{{- end }}

{{/* yes, if there is a NetworkPolicy. */}}
{{- define "greenpin.hasNetworkPolicy" -}}
{{- if eq (toString .Values.networkPolicy.enabled) "auto" }}{{ if not (include "greenpin.hasUnknownIngress" .) }}yes{{ end }}
{{- else if .Values.networkPolicy.enabled }}yes{{ end }}
{{- end }}

{{/* Labels in the form of kubectl's --selector. */}}
{{- define "greenpin.labelSelector" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{ end }}
{{- $pairs | join "," }}
{{- end }}
