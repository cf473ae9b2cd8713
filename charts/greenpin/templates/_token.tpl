{{/* The token that is there already, in base64. It stays, Argo CD's first: another one would be refused until both sides have read it. */}}
{{- define "greenpin.keptToken" -}}
{{- $token := "" }}
{{- range list .Values.argocd.namespace .Release.Namespace | uniq }}
{{- $secret := lookup "v1" "Secret" . (include "greenpin.tokenSecretName" $) | default dict }}
{{- $token = $token | default (dig "data" $.Values.token.key "" $secret) }}
{{- end }}
{{- $token }}
{{- end }}

{{/* yes, unless there is no cluster to look into: argocd-secret is in every Argo CD. Where it is not seen, each rendering would make another token. */}}
{{- define "greenpin.seesArgoCd" -}}
{{- if or (include "greenpin.keptToken" .) (lookup "v1" "Secret" .Values.argocd.namespace "argocd-secret") }}yes{{ end }}
{{- end }}
