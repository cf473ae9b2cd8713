{{/*
All problems of the values that the schema does not find, one line each: the key, what was found and what was expected. Greenpin reports
problems of its configuration in the same form.
*/}}
{{- define "greenpin.validate" -}}
{{- $config := .Values.config }}
{{- $asksCi := not $config.projects }}
{{- range $config.projects }}{{ if ne (dig "builds" "runs" .) "registry" }}{{ $asksCi = true }}{{ end }}{{ end }}
{{- if and $asksCi (not $config.connections) }}
config.connections: found none, expected a connection to CI, for example github: {kind: github, tokenEnv: GITHUB_TOKEN}
{{- end }}
{{- if not $config.projects }}
config.projects: found none, expected a project, for example shop: {repository: acme/shop, images: {front: "ghcr.io/acme/shop-front:sha-{commit}"}}
{{- end }}
{{- include "greenpin.validateSecrets" . }}
{{- include "greenpin.validateChartOwned" . }}
{{- include "greenpin.validateReplicas" . }}
{{- include "greenpin.validateTimeouts" . }}
{{- include "greenpin.validateVariables" . }}
{{- include "greenpin.validateFiles" . }}
{{- with .Values.metrics }}
{{- if and .prometheusRule.enabled (not .serviceMonitor.enabled) (not .prometheusRule.job) }}
metrics.prometheusRule.enabled: found true without metrics.serviceMonitor.enabled, expected both, or the label job of your scrapes in metrics.prometheusRule.job
{{- end }}
{{- end }}
{{- $sources := list }}
{{- range $key := list "configMap" "secret" "pem" }}{{ if index $.Values.certificates $key }}{{ $sources = append $sources $key }}{{ end }}{{ end }}
{{- if gt (len $sources) 1 }}
certificates: found {{ join " and " $sources }}, expected one of configMap, secret and pem
{{- end }}
{{- end }}

{{/* Keys that the chart sets. The user may leave them out or repeat the chart's value. */}}
{{- define "greenpin.validateChartOwned" -}}
{{- $server := .Values.config.server | default dict }}
{{- $management := .Values.config.management | default dict }}
{{- range $section, $entries := dict "server" $server "management" $management }}
{{- if not (has (default "::" $entries.host) (list "0.0.0.0" "::")) }}
config.{{ $section }}.host: found {{ $entries.host }}, expected none (or ::), because calls come from outside the pod
{{- end }}
{{- end }}
{{- if ne (default 4355 $server.port | int) 4355 }}
config.server.port: found {{ $server.port }}, expected 4355 (or none); the Service's port is service.port
{{- end }}
{{- if ne (default 9464 $management.port | int) 9464 }}
config.management.port: found {{ $management.port }}, expected 9464 (or none)
{{- end }}
{{- if $server.tokenEnv }}
config.server.tokenEnv: found {{ ternary "a secret" $server.tokenEnv (ne (include "greenpin.isSecret" (list . "tokenEnv" $server.tokenEnv)) "") }}, expected none; the chart mounts the token, and token.existingSecret names your own Secret
{{- end }}
{{- if ne (default (include "greenpin.tokenFile" .) $server.tokenFile) (include "greenpin.tokenFile" .) }}
config.server.tokenFile: found {{ ternary "a secret" $server.tokenFile (ne (include "greenpin.isSecret" (list . "tokenFile" $server.tokenFile)) "") }}, expected {{ include "greenpin.tokenFile" . }} (or none); token.existingSecret names your own Secret
{{- end }}
{{- $path := (.Values.config.store | default dict).path }}
{{- if ne (default (include "greenpin.storePath" .) $path) (include "greenpin.storePath" .) }}
config.store.path: found {{ $path }}, expected {{ include "greenpin.storePath" . }} (or none); persistence chooses the volume
{{- end }}
{{- end }}

{{- define "greenpin.validateReplicas" -}}
{{- $kind := include "greenpin.storeKind" . }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
autoscaling.minReplicas: found {{ .Values.autoscaling.minReplicas }}, expected at most maxReplicas ({{ .Values.autoscaling.maxReplicas }})
{{- end }}
{{- if and .Values.autoscaling.enabled (not .Values.autoscaling.targetCPUUtilizationPercentage) (not .Values.autoscaling.metrics) }}
autoscaling.targetCPUUtilizationPercentage: found none, expected a percentage, or autoscaling.metrics
{{- end }}
{{- if ne $kind "redis" }}
{{- if .Values.autoscaling.enabled }}
autoscaling.enabled: found true with config.store.kind {{ $kind }}, expected config.store.kind: redis, because replicas must share their store
{{- else if gt (int .Values.replicas) 1 }}
replicas: found {{ .Values.replicas }} with config.store.kind {{ $kind }}, expected 1, or config.store.kind: redis, because replicas must share their store
{{- end }}
{{- end }}
{{- end }}

{{- define "greenpin.validateTimeouts" -}}
{{- $deadline := include "greenpin.deadlineSeconds" . | int }}
{{- $timeout := int .Values.argocd.configMap.requestTimeout }}
{{- if and .Values.argocd.configMap.create (le $timeout $deadline) }}
argocd.configMap.requestTimeout: found {{ $timeout }}, expected more than config.server.deadline ({{ $deadline }} s), so that Argo CD does not give up before Greenpin answers
{{- end }}
{{- end }}

{{/* Variables that only the chart may set, and variables that the configuration reads but nothing sets: the process would not start. */}}
{{- define "greenpin.validateVariables" -}}
{{- if hasKey .Values.env "GREENPIN_CONFIG" }}
env.GREENPIN_CONFIG: found a value, expected none; the chart sets it, and config is the file's content
{{- end }}
{{- if and (hasKey .Values.env "NODE_EXTRA_CA_CERTS") (include "greenpin.hasCertificates" .) }}
env.NODE_EXTRA_CA_CERTS: found a value in addition to certificates, expected only one of the two
{{- end }}
{{- if not .Values.extraEnvFrom }}
{{- $given := keys .Values.env }}
{{- range .Values.extraEnv }}{{ $given = append $given .name }}{{ end }}
{{- range $path, $name := include "greenpin.variables" . | fromYaml }}
{{- if and (not (has $name $given)) (not (include "greenpin.isSecret" (list $ $path $name))) }}
{{ $path }}: found {{ $name }}, which nothing sets, expected env.{{ $name }}, for example {secretName: greenpin-secrets, key: {{ $name }}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "greenpin.variables" -}}
{{- range $name, $entry := .Values.config.connections }}
{{- with ($entry | default dict).tokenEnv }}
{{ printf "config.connections.%s.tokenEnv" $name | quote }}: {{ quote . }}
{{- end }}
{{- end }}
{{- range $host, $entry := .Values.config.registries }}
{{- with ($entry | default dict).passwordEnv }}
{{ printf "config.registries.%s.passwordEnv" $host | quote }}: {{ quote . }}
{{- end }}
{{- end }}
{{- with (.Values.config.store | default dict).passwordEnv }}
config.store.passwordEnv: {{ quote . }}
{{- end }}
{{- end }}

{{/* Files that the configuration reads but nothing mounts: below /var/run/secrets/NAME, or beside the configuration for relative paths. */}}
{{- define "greenpin.validateFiles" -}}
{{- if not .Values.extraVolumeMounts }}
{{- range $path, $file := include "greenpin.files" . | fromYaml }}
{{- if not (include "greenpin.isSecret" (list $ $path $file)) }}
{{- $whole := ternary $file (printf "/etc/greenpin/%s" $file) (hasPrefix "/" $file) | clean }}
{{- $name := regexFind "^/var/run/secrets/[a-z0-9-]+/" $whole | trimPrefix "/var/run/secrets/" | trimSuffix "/" }}
{{- if and $name (not (hasKey $.Values.secretFiles $name)) }}
{{ $path }}: found {{ $file }}, which nothing mounts, expected secretFiles.{{ $name }}, for example {secretName: {{ $name }}}
{{- else if eq $whole "/etc/greenpin/ca.crt" }}
{{- if not (include "greenpin.hasCertificates" $) }}
{{ $path }}: found {{ $file }}, which nothing mounts, expected certificates, for example {configMap: company-ca}
{{- end }}
{{- else if hasPrefix "/etc/greenpin/" $whole }}
{{ $path }}: found {{ $file }}, which nothing mounts, expected a file from secretFiles, for example /var/run/secrets/NAME/{{ base $file }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "greenpin.files" -}}
{{- range $section, $entries := dict "connections" .Values.config.connections "registries" .Values.config.registries }}
{{- range $name, $entry := $entries }}
{{- $entry = $entry | default dict }}
{{- range $key := list "tokenFile" "passwordFile" "credentialsFile" "caFile" "certFile" "keyFile" }}
{{- with index $entry $key }}
{{ printf "config.%s.%s.%s" $section $name $key | quote }}: {{ quote . }}
{{- end }}
{{- end }}
{{- with ($entry.app | default dict).privateKeyFile }}
{{ printf "config.%s.%s.app.privateKeyFile" $section $name | quote }}: {{ quote . }}
{{- end }}
{{- end }}
{{- end }}
{{- with (.Values.config.store | default dict).passwordFile }}
config.store.passwordFile: {{ quote . }}
{{- end }}
{{- range $i, $file := .Values.config.dockerConfigFiles }}
{{ printf "config.dockerConfigFiles.%d" $i | quote }}: {{ quote $file }}
{{- end }}
{{- end }}

{{/* Secrets pasted in place of the name of a variable or file. The message does not show them. */}}
{{- define "greenpin.validateSecrets" -}}
{{- range $path, $text := merge (include "greenpin.variables" . | fromYaml) (include "greenpin.files" . | fromYaml) }}
{{- if include "greenpin.isSecret" (list $ $path $text) }}
{{ include "greenpin.pastedSecretMessage" (list $path) }}
{{- end }}
{{- end }}
{{- end }}

{{/* yes, if a key's text looks like a secret, or cannot be the name of a variable or file. Takes a list: the root, path, text. */}}
{{- define "greenpin.isSecret" -}}
{{- $text := index . 2 | toString }}
{{- $kind := ternary "Env" "File" (hasSuffix "Env" (index . 1)) }}
{{- if not (regexMatch (ternary "^[A-Za-z_][A-Za-z0-9_]*$" "^[^\\x00-\\x1f\\x7f]+$" (eq $kind "Env")) $text) }}yes{{ end }}
{{- range $patterns := index (include "greenpin.secretPatterns" (index . 0) | fromYaml) $kind }}
{{- $fits := true }}
{{- range $patterns }}{{ if not (regexMatch . $text) }}{{ $fits = false }}{{ end }}{{ end }}
{{- if $fits }}yes{{ end }}
{{- end }}
{{- end }}

{{- define "greenpin.pastedSecretMessage" -}}
{{- if hasSuffix "Env" (index . 0) -}}
{{ index . 0 }}: found a secret or an invalid name, expected the name of a variable, for example GITHUB_TOKEN, and env.GITHUB_TOKEN: {secretName: greenpin-secrets, key: github}
{{- else -}}
{{ index . 0 }}: found a secret or an invalid path, expected a file that contains the secret, for example /var/run/secrets/github/token, and secretFiles.github: {secretName: greenpin-secrets}
{{- end }}
{{- end }}
