{{/* Generated from values.yaml and Greenpin's schema by `npm run chart`. */}}
{{- define "greenpin.defaults" -}}
config: {}
logLevel: info
env: {}
extraEnv: []
extraEnvFrom: []
secretFiles: {}
certificates.configMap: ""
certificates.secret: ""
certificates.key: ca.crt
certificates.pem: ""
extraVolumes: []
extraVolumeMounts: []
argocd.namespace: argocd
argocd.configMap.create: true
argocd.configMap.name: ""
argocd.configMap.baseUrl: ""
argocd.configMap.requestTimeout: 30
token.existingSecret: ""
token.key: token
persistence.enabled: true
persistence.existingClaim: ""
persistence.storageClass: ""
persistence.accessMode: ReadWriteOnce
persistence.size: 1Gi
persistence.annotations: {}
replicas: 1
autoscaling.enabled: false
autoscaling.minReplicas: 2
autoscaling.maxReplicas: 5
autoscaling.metrics: []
autoscaling.behavior: {}
podDisruptionBudget.enabled: true
podDisruptionBudget.maxUnavailable: 1
drainSeconds: 10
image.registry: ghcr.io
image.repository: greenpin/greenpin
image.tag: ""
image.digest: ""
image.pullPolicy: IfNotPresent
imagePullSecrets: []
serviceAccount.create: true
serviceAccount.name: ""
serviceAccount.annotations: {}
serviceAccount.automountToken: false
service.type: ClusterIP
service.port: 4355
service.annotations: {}
service.ipFamilyPolicy: ""
service.ipFamilies: []
networkPolicy.enabled: auto
networkPolicy.controllerLabels:
  app.kubernetes.io/name: argocd-applicationset-controller
networkPolicy.serverLabels: {}
networkPolicy.metricsFrom: []
networkPolicy.extraIngress: []
networkPolicy.egress: false
networkPolicy.extraEgress: []
metrics.annotations: {}
metrics.serviceMonitor.enabled: false
metrics.serviceMonitor.labels: {}
metrics.serviceMonitor.interval: ""
metrics.serviceMonitor.scrapeTimeout: ""
metrics.serviceMonitor.relabelings: []
metrics.serviceMonitor.metricRelabelings: []
metrics.prometheusRule.enabled: false
metrics.prometheusRule.job: ""
metrics.prometheusRule.labels: {}
metrics.prometheusRule.alertLabels: {}
metrics.prometheusRule.disabled: []
metrics.dashboard.enabled: false
metrics.dashboard.namespace: ""
metrics.dashboard.labels: {}
metrics.dashboard.annotations: {}
resources: {}
podSecurityContext: {}
securityContext: {}
startupProbe:
  periodSeconds: 1
  timeoutSeconds: 2
  failureThreshold: 60
readinessProbe:
  periodSeconds: 5
  timeoutSeconds: 2
  failureThreshold: 2
livenessProbe:
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
podLabels: {}
podAnnotations: {}
nodeSelector: {}
tolerations: []
affinity: {}
priorityClassName: ""
topologySpreadConstraints: []
nameOverride: ""
fullnameOverride: ""
commonLabels: {}
extraObjects: []
{{- end }}

{{- define "greenpin.secretPatterns" -}}
Env:
  - - ^(?:gh[opsur]_[A-Za-z0-9]{10}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{10}|dckr_[po]at_|eyJ[A-Za-z0-9_-]{10}|-----BEGIN)
  - - ^(?:[0-9a-f]{32,}$)
File:
  - - ^(?:gh[opsur]_[A-Za-z0-9]{10}|github_pat_[A-Za-z0-9]{10}|glpat-[A-Za-z0-9_-]{10}|dckr_[po]at_|eyJ[A-Za-z0-9_-]{10}|-----BEGIN)
  - - ^[A-Za-z0-9+=_-]{20,}$
    - ^(?:[^0-9]*[0-9])
{{- end }}
