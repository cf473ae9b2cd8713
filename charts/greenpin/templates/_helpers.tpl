{{/*
A name of at most 63 characters that is a valid name of everything, a Service included: without dots, and with a letter first. One that is
too long is cut, and ends with a part of its hash: two long names stay two. Takes a list: name, ending.
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

{{/* RELEASE-greenpin, or RELEASE if that says greenpin already. */}}
{{- define "greenpin.baseName" -}}
{{- $name := .Values.nameOverride | default .Chart.Name }}
{{- .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- end }}

{{- define "greenpin.fullname" -}}
{{ include "greenpin.truncatedName" (list (include "greenpin.baseName" .) "") }}
{{- end }}

{{/* Of the configuration: in Argo CD's own namespace, the full name is the plugin's ConfigMap. */}}
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

{{/* The same with further ones, which others depend on: they count before commonLabels. Takes a list: the root, a mapping. */}}
{{- define "greenpin.labelsWith" -}}
{{- $root := index . 0 }}
{{- $own := include "greenpin.selectorLabels" $root | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" ($root.Chart.AppVersion | toString) }}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name ($root.Chart.Version | replace "+" "_") | trunc 63 | trimSuffix "-") }}
{{- merge $own (index . 1) $root.Values.commonLabels | toYaml }}
{{- end }}

{{/* The token that is there already, in base64. It stays, Argo CD's first: another one would be refused until both sides have read it. */}}
{{- define "greenpin.existingToken" -}}
{{- $token := "" }}
{{- range list .Values.argocd.namespace .Release.Namespace | uniq }}
{{- $secret := lookup "v1" "Secret" . (include "greenpin.tokenSecretName" $) | default dict }}
{{- $token = $token | default (dig "data" $.Values.token.key "" $secret) }}
{{- end }}
{{- $token }}
{{- end }}

{{/* yes, unless there is no cluster to look into: argocd-secret is in every Argo CD. Where it is not seen, each rendering would make another token. */}}
{{- define "greenpin.canSeeArgoCd" -}}
{{- if or (include "greenpin.existingToken" .) (lookup "v1" "Secret" .Values.argocd.namespace "argocd-secret") }}yes{{ end }}
{{- end }}

{{/* Values that are missing, or null, get their default: `podLabels:` left empty, a section that `--reuse-values` does not know yet. */}}
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

{{/* Ways in that only the user knows: through a load balancer, a mesh, an ingress, from another cluster. */}}
{{- define "greenpin.hasUnknownIngress" -}}
{{- if or (ne .Values.service.type "ClusterIP") .Values.argocd.configMap.baseUrl (not .Values.argocd.configMap.create) }}yes{{ end }}
{{- end }}

{{/* yes, if there is a NetworkPolicy. */}}
{{- define "greenpin.hasNetworkPolicy" -}}
{{- if eq (toString .Values.networkPolicy.enabled) "auto" }}{{ if not (include "greenpin.hasUnknownIngress" .) }}yes{{ end }}
{{- else if .Values.networkPolicy.enabled }}yes{{ end }}
{{- end }}

{{/* Labels as kubectl takes them. */}}
{{- define "greenpin.labelSelector" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{ end }}
{{- $pairs | join "," }}
{{- end }}
