{{/* The container's variables. Where a name occurs twice, Kubernetes uses the last. */}}
{{- define "greenpin.env" -}}
{{- if include "greenpin.hasCertificates" . }}
- name: NODE_EXTRA_CA_CERTS
  value: /etc/greenpin/ca.crt
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ quote $name }}
{{- if kindIs "string" $value }}
  value: {{ quote $value }}
{{- else if $value.secretName }}
  valueFrom:
    secretKeyRef: { name: {{ quote $value.secretName }}, key: {{ quote $value.key }} }
{{- else }}
  valueFrom:
    configMapKeyRef: { name: {{ quote $value.configMapName }}, key: {{ quote $value.key }} }
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "greenpin.volumeMounts" -}}
- name: configuration
  mountPath: /etc/greenpin
  readOnly: true
- name: token
  mountPath: {{ include "greenpin.tokenFile" . | dir }}
  readOnly: true
{{- if eq (include "greenpin.storeKind" .) "sqlite" }}
- name: store
  mountPath: {{ include "greenpin.storePath" . | dir }}
{{- end }}
{{- range $name, $_ := .Values.secretFiles }}
- name: secret-{{ $name }}
  mountPath: /var/run/secrets/{{ $name }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "greenpin.volumes" -}}
- name: configuration
  projected:
    sources:
      - configMap:
          name: {{ include "greenpin.configName" . | quote }}
          items: [{ key: greenpin.yaml, path: greenpin.yaml }]
{{- with .Values.certificates }}
{{- if .pem }}
      - configMap:
          name: {{ include "greenpin.configName" $ | quote }}
          items: [{ key: ca.crt, path: ca.crt }]
{{- else if .configMap }}
      - configMap:
          name: {{ quote .configMap }}
          items: [{ key: {{ quote .key }}, path: ca.crt }]
{{- else if .secret }}
      - secret:
          name: {{ quote .secret }}
          items: [{ key: {{ quote .key }}, path: ca.crt }]
{{- end }}
{{- end }}
- name: token
  secret:
    secretName: {{ include "greenpin.tokenSecretName" . | quote }}
    items: [{ key: {{ quote .Values.token.key }}, path: token }]
{{- if include "greenpin.hasClaim" . }}
- name: store
  persistentVolumeClaim:
    claimName: {{ .Values.persistence.existingClaim | default (include "greenpin.fullname" .) | quote }}
{{- else if eq (include "greenpin.storeKind" .) "sqlite" }}
- name: store
  emptyDir: { sizeLimit: {{ quote .Values.persistence.size }} }
{{- end }}
{{- range $name, $source := .Values.secretFiles }}
- name: secret-{{ $name }}
  secret:
    secretName: {{ quote $source.secretName }}
    {{- with $source.items }}
    items:
      {{- range $key, $path := . }}
      - { key: {{ quote $key }}, path: {{ quote $path }} }
      {{- end }}
    {{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "greenpin.topologySpreadConstraints" -}}
{{- $own := dict "labelSelector" (dict "matchLabels" (include "greenpin.selectorLabels" . | fromYaml)) "matchLabelKeys" (list "pod-template-hash") }}
{{- range .Values.topologySpreadConstraints }}
- {{ ternary . (merge dict . $own) (hasKey . "labelSelector") | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}

{{- define "greenpin.container" -}}
name: greenpin
image: {{ include "greenpin.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args: [serve, --log-level, {{ .Values.logLevel }}]
env:
  - name: GREENPIN_CONFIG
    value: /etc/greenpin/greenpin.yaml
  {{- with include "greenpin.env" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - { name: plugin, containerPort: 4355 }
  - { name: management, containerPort: 9464 }
startupProbe:
  httpGet: { path: /readyz, port: management }
  {{- toYaml .Values.startupProbe | nindent 2 }}
readinessProbe:
  httpGet: { path: /readyz, port: management }
  {{- toYaml .Values.readinessProbe | nindent 2 }}
livenessProbe:
  httpGet: { path: /healthz, port: management }
  {{- toYaml .Values.livenessProbe | nindent 2 }}
{{- if gt (int .Values.drainSeconds) 0 }}
lifecycle:
  preStop:
    sleep: { seconds: {{ int .Values.drainSeconds }} }
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  {{- include "greenpin.volumeMounts" . | nindent 2 }}
{{- end }}

{{- define "greenpin.image" -}}
{{- $repository := printf "%s/%s" .Values.image.registry .Values.image.repository }}
{{- if .Values.image.digest -}}
{{ $repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}
