{{/* The rule of egress to the pods of the upstream, for pods in the namespace of the proxies. */}}
{{- define "novasphere-gateway.upstreamEgress" -}}
- to:
  - podSelector:
      matchLabels:
        {{- toYaml (.Values.upstream.podLabels | default (dict "app.kubernetes.io/name" .Values.upstream.service)) | nindent 8 }}
    {{- $namespace := .Values.upstream.namespace | default .Release.Namespace }}
    {{- if ne $namespace (include "novasphere-gateway.gatewayNamespace" .) }}
    namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: {{ $namespace }}}
    {{- end }}
  ports:
  - {port: {{ .Values.upstream.targetPort | default .Values.upstream.port }}, protocol: TCP}
{{- end }}

{{/* The rules of egress to the solvers of cert-manager, to DNS, and those of networkPolicy.extraEgress. */}}
{{- define "novasphere-gateway.otherEgress" -}}
{{- if and .Values.http.acme (not .Values.tls.none) -}}
# The solvers of cert-manager.
- to:
  - podSelector:
      matchLabels: {acme.cert-manager.io/http01-solver: "true"}
    {{- if ne .Release.Namespace (include "novasphere-gateway.gatewayNamespace" .) }}
    namespaceSelector:
      matchLabels: {kubernetes.io/metadata.name: {{ .Release.Namespace }}}
    {{- end }}
  ports:
  - {port: 8089, protocol: TCP}
{{- end }}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
# DNS.
- to:
  {{- toYaml .Values.networkPolicy.dns | nindent 2 }}
  ports:
  - {port: 53, protocol: UDP}
  - {port: 53, protocol: TCP}
{{- end }}
