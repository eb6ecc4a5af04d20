{{/*
The Services as a JSON list, each with its settings and routes. Kong Ingress Controller configures Kong per
Service, so a route with own filters or an own idle timeout has a Service of its own, before the one of all
other paths. Each Service has its own KongPlugin: Helm creates a new one after it changes the Service, and
until then, requests would pass without filters.
*/}}
{{- define "novasphere-gateway.kongIngress.services" -}}
{{- $root := . }}{{ $services := list }}{{ $full := include "novasphere-gateway.fullname" . }}
{{- $own := list }}
{{- range .Values.routes }}{{ if or .filters .idleTimeout }}{{ $own = append $own . }}{{ end }}{{ end }}
{{- range $n, $route := $own }}
  {{- $service := dict "route" .name "name" (printf "%s-%s" $full (.name | lower | replace "_" "-")) "priority" (sub (len $own) $n) "stream" .idleTimeout }}
  {{- $_ := set $service "path" (include "novasphere-gateway.kong.path" .) }}
  {{- $_ := set $service "read" (.idleTimeout | default .timeout | default $root.Values.upstream.timeout) }}
  {{- $_ := set $service "settings" (include "novasphere-gateway.ofRoute" (list $root .) | fromJson) }}
  {{- $services = append $services $service }}
{{- end }}
{{- $rest := dict "route" "default" "name" $full "priority" 0 "read" .Values.upstream.timeout }}
{{- $_ := set $rest "path" (include "novasphere-gateway.kong.below" .Values.upstream.pathPrefix) }}
{{- $_ := set $rest "settings" (include "novasphere-gateway.common" . | fromJson) }}
{{- toJson (append $services $rest) }}
{{- end }}

{{/* Whether clients reach a Service: (list root service). Until then its Ingress has another host. */}}
{{- define "novasphere-gateway.kongIngress.served" -}}
{{- if has (index . 1).route (index . 0).Values.kongIngress.served }}true{{ end -}}
{{- end }}

{{/* The host on which a Service is prepared. The top-level domain never resolves (RFC 2606). */}}
{{- define "novasphere-gateway.kongIngress.preparation" -}}
{{ include "novasphere-gateway.fullname" . }}.invalid
{{- end }}
