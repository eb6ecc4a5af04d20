{{/* The first fields of a pod's spec. */}}
{{- define "novasphere-gateway.pod" -}}
serviceAccountName: {{ include "novasphere-gateway.fullname" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- end }}

{{- define "novasphere-gateway.spread" -}}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "novasphere-gateway.labels" . | nindent 6 }}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: DoNotSchedule
  # Skip nodes that accept no pods (cordoned, control plane): an empty one would block further pods on
  # the others.
  nodeTaintsPolicy: Honor
  labelSelector:
    matchLabels:
      {{- include "novasphere-gateway.labels" . | nindent 6 }}
  # Count each rollout's pods separately; otherwise the surge pod may find no node.
  matchLabelKeys: [pod-template-hash]
{{- end }}

{{/* With delivery init, the container that copies the filters from an image: (list root image). */}}
{{- define "novasphere-gateway.initContainers" -}}
{{- $root := index . 0 }}
{{- if eq $root.Values.delivery "init" -}}
initContainers:
- name: filters
  image: {{ include "novasphere-gateway.image" . }}
  imagePullPolicy: {{ $root.Values.image.pullPolicy }}
  command: [/copy-filters, /, /copy]
  resources:
    requests: {cpu: 50m, memory: 32Mi}
    limits: {cpu: 200m, memory: 64Mi}
  securityContext:
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities: {drop: [ALL]}
  volumeMounts:
  - {name: filters, mountPath: /copy}
{{- end }}
{{- end }}

{{/* The volume with the filters: (list root image). */}}
{{- define "novasphere-gateway.filtersVolume" -}}
{{- $root := index . 0 -}}
- name: filters
{{- if eq $root.Values.delivery "init" }}
  emptyDir: {sizeLimit: 16Mi}
{{- else }}
  image: {reference: {{ include "novasphere-gateway.image" . | quote }}, pullPolicy: {{ $root.Values.image.pullPolicy }}}
{{- end }}
{{- end }}

{{/* The fields of a Deployment's spec before its template. */}}
{{- define "novasphere-gateway.rollout" -}}
{{- if .Values.hpa.enabled -}}
# No `replicas`: the HorizontalPodAutoscaler sets the number.
{{- else -}}
replicas: {{ .Values.replicas }}
{{- end }}
selector:
  matchLabels:
    {{- include "novasphere-gateway.labels" . | nindent 4 }}
strategy:
  type: RollingUpdate
  rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
minReadySeconds: 5
{{- end }}

{{/* The volume with the CA of the HTTP front end of Redis. */}}
{{- define "novasphere-gateway.redisVolume" -}}
{{- if include "novasphere-gateway.redis" . -}}
- name: redis-tls
  secret:
    secretName: {{ include "novasphere-gateway.redisName" . }}-front-tls
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end }}

{{/* A path that needs a token, for the readiness probe. */}}
{{- define "novasphere-gateway.probePath" -}}
{{- .Values.probePath | default (printf "%s/-/ready" (trimSuffix "/" .Values.upstream.pathPrefix)) -}}
{{- end }}

{{/* Whether every request without a token is rejected; empty if not. */}}
{{- define "novasphere-gateway.rejects" -}}
{{- $jwt := (include "novasphere-gateway.common" . | fromJson).jwt_auth -}}
{{- if and $jwt (not (or $jwt.optional $jwt.anonymous $jwt.report_only)) }}true{{ end -}}
{{- end }}

{{/* The spread of the pods that a controller creates. */}}
{{- define "novasphere-gateway.gatewaySpread" -}}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "novasphere-gateway.gatewayPods" . | nindent 6 }}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: DoNotSchedule
  # Skip nodes that accept no pods (cordoned, control plane): an empty one would block further pods on
  # the others.
  nodeTaintsPolicy: Honor
  labelSelector:
    matchLabels:
      {{- include "novasphere-gateway.gatewayPods" . | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
