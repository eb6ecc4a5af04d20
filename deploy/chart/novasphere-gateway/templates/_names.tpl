{{/* The name of the host's resources: that of the release, which ends with the host. */}}
{{- define "novasphere-gateway.fullname" -}}
{{- $host := .Values.host | trimSuffix "-crd" -}}
{{- printf "%s-%s" (.Release.Name | trimSuffix (printf "-%s" $host) | trunc 40 | trimSuffix "-") $host -}}
{{- end }}

{{- define "novasphere-gateway.labels" -}}
app.kubernetes.io/name: novasphere-gateway
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: {{ .Values.host }}
{{- end }}

{{/* The metadata of a resource that has the host's name. */}}
{{- define "novasphere-gateway.metadata" -}}
name: {{ include "novasphere-gateway.fullname" . }}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "novasphere-gateway.labels" . | nindent 2 }}
{{- end }}

{{/* An image of this project: (list root name). */}}
{{- define "novasphere-gateway.image" -}}
{{- $root := index . 0 }}{{ $name := index . 1 -}}
{{- with index $root.Values.image.digests $name -}}
{{ $root.Values.image.registry }}/{{ $name }}@{{ . }}
{{- else -}}
{{ $root.Values.image.registry }}/{{ $name }}:{{ $root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "novasphere-gateway.tlsSecret" -}}
{{- .Values.tls.secretName | default (printf "%s-tls" .Release.Name) -}}
{{- end }}

{{/* Whether the gateway listens on port 80; empty if not. */}}
{{- define "novasphere-gateway.http" -}}
{{- if or .Values.tls.none .Values.http.redirect .Values.http.acme }}true{{ end -}}
{{- end }}

{{/* Whether rate_limit counts in Redis; empty if not. */}}
{{- define "novasphere-gateway.redis" -}}
{{- if or .Values.redis.enabled .Values.redis.external.address }}true{{ end -}}
{{- end }}

{{/* The name of Redis and its front end. */}}
{{- define "novasphere-gateway.redisName" -}}
{{- printf "%s-redis" (.Release.Name | trunc 40 | trimSuffix "-") -}}
{{- end }}

{{- define "novasphere-gateway.redisHost" -}}
{{- printf "%s-front.%s.svc.cluster.local" (include "novasphere-gateway.redisName" .) .Release.Namespace -}}
{{- end }}

{{/* The DNS name of the Service that gets the requests. Without a namespace it resolves in that of the pod. */}}
{{- define "novasphere-gateway.upstreamHost" -}}
{{- if or (not .Values.upstream.namespace) (eq .Values.upstream.namespace .Release.Namespace) -}}
{{ .Values.upstream.service }}
{{- else -}}
{{ .Values.upstream.service }}.{{ .Values.upstream.namespace }}.svc
{{- end -}}
{{- end }}
