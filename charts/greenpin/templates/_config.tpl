{{/* Paths that the deployment and the configuration share. */}}
{{- define "greenpin.storePath" -}}/var/lib/greenpin/greenpin.db{{- end }}
{{- define "greenpin.tokenFile" -}}/var/run/argo/token{{- end }}

{{/* The kind of store: sqlite, memory or redis. */}}
{{- define "greenpin.storeKind" -}}
{{ (.Values.config.store | default dict).kind | default "sqlite" }}
{{- end }}

{{/* The content of the pod's greenpin.yaml. */}}
{{- define "greenpin.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if eq (include "greenpin.storeKind" .) "sqlite" }}
{{- $store := merge (dict "path" (include "greenpin.storePath" .)) ($config.store | default (dict "kind" "sqlite")) }}
{{- $_ := set $config "store" $store }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* A duration such as 1.5m in whole seconds, rounded up. */}}
{{- define "greenpin.seconds" -}}
{{- $amount := regexFind "^[0-9.]+" . | float64 }}
{{- $unit := regexFind "[a-z]+$" . }}
{{- $factor := index (dict "ms" 0.001 "s" 1.0 "m" 60.0 "h" 3600.0 "d" 86400.0) $unit }}
{{- mulf $amount $factor | ceil | int }}
{{- end }}

{{- define "greenpin.deadlineSeconds" -}}
{{ include "greenpin.seconds" ((.Values.config.server | default dict).deadline | default "20s") }}
{{- end }}

{{- define "greenpin.freshForSeconds" -}}
{{ include "greenpin.seconds" (.Values.config.freshFor | default "15s") }}
{{- end }}

{{- define "greenpin.maxFreshForSeconds" -}}
{{ include "greenpin.seconds" (.Values.config.maxFreshFor | default "5m") }}
{{- end }}

{{/* yes, if the pod has a claim. Two pods must never use it at the same time. */}}
{{- define "greenpin.hasClaim" -}}
{{- if and .Values.persistence.enabled (eq (include "greenpin.storeKind" .) "sqlite") }}yes{{ end }}
{{- end }}

{{- define "greenpin.hasCertificates" -}}
{{- if or .Values.certificates.configMap .Values.certificates.secret .Values.certificates.pem }}yes{{ end }}
{{- end }}

{{/* The beginning of a URL with a port: an optional user, then a host or an IPv6 address in brackets. */}}
{{- define "greenpin.urlWithPort" -}}
^[a-z]+://([^/@]*@)?([^][/:@]+|\[[^]]+\]):[0-9]+
{{- end }}

{{/* The TCP ports that Greenpin calls, one a line, sorted: 443, and those of URLs, hosts, images and proxies in the configuration. */}}
{{- define "greenpin.egressPorts" -}}
{{- $ports := list 443 }}
{{- $urls := list }}
{{- range .Values.config.connections }}{{ $urls = append $urls (.url | default "") }}{{ end }}
{{- range $name := list "HTTPS_PROXY" "https_proxy" "HTTP_PROXY" "http_proxy" }}
{{- $value := index $.Values.env $name }}
{{- if kindIs "string" $value }}{{ $urls = append $urls $value }}{{ end }}
{{- end }}
{{- $store := .Values.config.store | default dict }}
{{- if $store.url }}
{{- $urls = append $urls $store.url }}
{{- if not (regexMatch (include "greenpin.urlWithPort" .) $store.url) }}{{ $ports = append $ports 6379 }}{{ end }}
{{- end }}
{{- range $urls }}
{{- with regexFind (include "greenpin.urlWithPort" $) . }}{{ $ports = append $ports (regexFind "[0-9]+$" . | int) }}{{ end }}
{{- if and (hasPrefix "http://" .) (not (regexMatch (include "greenpin.urlWithPort" $) .)) }}{{ $ports = append $ports 80 }}{{ end }}
{{- end }}
{{- range $host, $registry := .Values.config.registries }}
{{- if regexMatch ":[0-9]+$" $host }}{{ $ports = append $ports (regexFind "[0-9]+$" $host | int) }}
{{- else if ($registry | default dict).http }}{{ $ports = append $ports 80 }}{{ end }}
{{- end }}
{{- range .Values.config.projects }}
{{- range .images }}
{{- $reference := . }}
{{- if kindIs "map" . }}{{ $reference = .reference | default "" }}{{ end }}
{{- with regexFind "^[^/]+:[0-9]+/" $reference }}{{ $ports = append $ports (trimSuffix "/" . | regexFind "[0-9]+$" | int) }}{{ end }}
{{- end }}
{{- end }}
{{- $ports | uniq | sortAlpha | join "\n" }}
{{- end }}

{{/* yes, if Greenpin signs in to a registry with the pod's cloud identity. */}}
{{- define "greenpin.hasIdentity" -}}
{{- range .Values.config.registries }}{{ if (. | default dict).identity }}yes{{ end }}{{ end }}
{{- end }}
