{{/* Whether the chart runs the proxy itself; empty if a controller does. */}}
{{- define "novasphere-gateway.ownProxy" -}}
{{- if has .Values.host (list "envoy" "kong" "traefik") }}true{{ end -}}
{{- end }}

{{/* Whether the proxy is Envoy; empty if not. */}}
{{- define "novasphere-gateway.isEnvoy" -}}
{{- if has .Values.host (list "envoy" "envoy-gateway" "istio") }}true{{ end -}}
{{- end }}

{{/* The proxy that runs the filters. */}}
{{- define "novasphere-gateway.proxy" -}}
{{- if include "novasphere-gateway.isEnvoy" . }}envoy{{ else }}{{ .Values.host | trimSuffix "-ingress" | trimSuffix "-crd" }}{{ end -}}
{{- end }}

{{/* Whether a controller of the Gateway API runs the proxy; empty if not. */}}
{{- define "novasphere-gateway.gatewayApi" -}}
{{- if has .Values.host (list "envoy-gateway" "istio") }}true{{ end -}}
{{- end }}

{{/* The labels of the pods that the controller creates. */}}
{{- define "novasphere-gateway.gatewayPods" -}}
{{- if eq .Values.host "kong-ingress" -}}
{{ toYaml .Values.kongIngress.podLabels }}
{{- else if eq .Values.host "traefik-crd" -}}
{{ toYaml .Values.traefikCrd.podLabels }}
{{- else if eq .Values.host "istio" -}}
gateway.networking.k8s.io/gateway-name: {{ include "novasphere-gateway.fullname" . }}
{{- else -}}
gateway.envoyproxy.io/owning-gateway-namespace: {{ .Release.Namespace }}
gateway.envoyproxy.io/owning-gateway-name: {{ include "novasphere-gateway.fullname" . }}
{{- end }}
{{- end }}

{{/* The namespace of these pods. */}}
{{- define "novasphere-gateway.gatewayNamespace" -}}
{{- $own := dict "envoy-gateway" .Values.envoyGateway "kong-ingress" .Values.kongIngress "traefik-crd" .Values.traefikCrd -}}
{{- (index $own .Values.host | default dict).namespace | default .Release.Namespace -}}
{{- end }}

{{/* The name of resources beside these pods, unique in their namespace. */}}
{{- define "novasphere-gateway.gatewayName" -}}
{{- if eq (include "novasphere-gateway.gatewayNamespace" .) .Release.Namespace }}{{ include "novasphere-gateway.fullname" . }}{{ else }}{{ printf "%s-%s" .Release.Namespace (include "novasphere-gateway.fullname" .) | trunc 63 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{/* The reference of a policy to the Gateway. */}}
{{- define "novasphere-gateway.gatewayRef" -}}
{group: gateway.networking.k8s.io, kind: Gateway, name: {{ include "novasphere-gateway.fullname" . }}}
{{- end }}

{{/* An HTTPRoute: (dict "root" "name" "type" "path" "timeout"). */}}
{{- define "novasphere-gateway.httpRoute" -}}
{{- $v := .root.Values -}}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
spec:
  parentRefs:
  {{- range $n, $_ := $v.hostnames }}
  - {name: {{ include "novasphere-gateway.fullname" $.root }}, sectionName: api-{{ $n }}}
  {{- end }}
  hostnames:
  {{- range $v.hostnames }}
  - {{ quote . }}
  {{- end }}
  rules:
  - matches:
    - path: {type: {{ .type }}, value: {{ quote .path }}}
    timeouts: {request: {{ .timeout }}}
    backendRefs:
    - {name: {{ $v.upstream.service }}, port: {{ $v.upstream.port }}{{ with $v.upstream.namespace }}, namespace: {{ . }}{{ end }}}
{{- end }}
