{{- define "novasphere-gateway.envoy.clusters" -}}
# Envoy's own admin interface.
- name: envoy_admin
  type: STATIC
  connect_timeout: 1s
  load_assignment:
    cluster_name: envoy_admin
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
- name: {{ .Values.upstream.service }}
  type: STRICT_DNS
  connect_timeout: 5s
  # As many as client connections, because a stream occupies its connection until it ends. Envoy's
  # default is 1024; further requests wait.
  circuit_breakers:
    thresholds:
    - {max_connections: {{ .Values.envoy.maxConnections }}, max_requests: {{ .Values.envoy.maxConnections }}}
  load_assignment:
    cluster_name: {{ .Values.upstream.service }}
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: {{ include "novasphere-gateway.upstreamHost" . }}, port_value: {{ .Values.upstream.port }}}}}
{{- range $name, $host := include "novasphere-gateway.issuers" . | fromJson }}
# Keys of an issuer.
{{ include "novasphere-gateway.envoy.tlsCluster" (dict "name" $name "type" "LOGICAL_DNS" "timeout" "2s" "host" $host "authority" "/etc/ssl/certs/ca-certificates.crt") }}
{{- end }}
{{- if include "novasphere-gateway.redis" . }}
# The HTTP front end of Redis.
{{ include "novasphere-gateway.envoy.tlsCluster" (dict "name" "novasphere_redis" "type" "STRICT_DNS" "timeout" "0.2s" "host" (include "novasphere-gateway.redisHost" .) "authority" "/etc/novasphere-redis-tls/ca.crt") }}
{{- end }}
{{- if and .Values.http.acme (not .Values.tls.none) }}
# The solvers of cert-manager, one for each pending challenge. Each knows only its own.
- name: acme_solver
  type: STRICT_DNS
  connect_timeout: 1s
  load_assignment:
    cluster_name: acme_solver
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: {{ include "novasphere-gateway.fullname" . }}-acme, port_value: 8089}}}
{{- end }}
{{- end }}

{{/* A cluster with a verified certificate: (dict "name" "type" "timeout" "host" "authority"). */}}
{{- define "novasphere-gateway.envoy.tlsCluster" -}}
{{- $name := regexReplaceAll ":[0-9]+$" .host "" -}}
- name: {{ .name | quote }}
  {{- if contains "." .name }}
  # In metrics, a cluster's name ends at its first dot.
  alt_stat_name: {{ regexReplaceAll "[^A-Za-z0-9_-]" .name "_" }}
  {{- end }}
  type: {{ .type }}
  dns_lookup_family: V4_PREFERRED
  connect_timeout: {{ .timeout }}
  load_assignment:
    cluster_name: {{ .name | quote }}
    endpoints:
    - lb_endpoints:
      - endpoint: {address: {socket_address: {address: {{ $name }}, port_value: {{ trimPrefix ":" (regexFind ":[0-9]+$" .host) | default "443" }}}}}
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: {{ $name }}
      common_tls_context:
        # Without both, Envoy accepts any certificate.
        validation_context:
          trusted_ca: {filename: {{ .authority }}}
          match_typed_subject_alt_names:
          - san_type: DNS
            matcher: {exact: {{ $name }}}
{{- end }}
