{{/* The domains of a virtual host. */}}
{{- define "novasphere-gateway.envoy.domains" -}}
[{{ range $n, $name := .Values.hostnames }}{{ if $n }}, {{ end }}{{ squote $name }}{{ end }}]
{{- end }}

{{/* The listener for probes and metrics. The admin interface stays on loopback. */}}
{{- define "novasphere-gateway.envoy.status" -}}
- name: status
  address: {socket_address: {address: 0.0.0.0, port_value: 9902}}
  ignore_global_conn_limit: true
  filter_chains:
  - filters:
    - name: envoy.filters.network.http_connection_manager
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        stat_prefix: status
        route_config:
          virtual_hosts:
          - name: admin
            domains: ["*"]
            routes:
            - match: {path: /ready, headers: [{name: ":method", string_match: {exact: GET}}]}
              route: {cluster: envoy_admin}
            - match: {path: /stats/prometheus, headers: [{name: ":method", string_match: {exact: GET}}]}
              route: {cluster: envoy_admin}
        http_filters:
        - name: envoy.filters.http.router
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
{{- end }}

{{/* Port 80 beside TLS: redirects, and passes the challenges of ACME HTTP-01. */}}
{{- define "novasphere-gateway.envoy.redirect" -}}
- name: http
  address: {socket_address: {address: 0.0.0.0, port_value: 8080}}
  filter_chains:
  - filters:
    - name: envoy.filters.network.http_connection_manager
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        stat_prefix: http
        use_remote_address: true
        normalize_path: true
        path_with_escaped_slashes_action: REJECT_REQUEST
        request_headers_timeout: 10s
        common_http_protocol_options: {idle_timeout: 60s}
        route_config:
          ignore_port_in_host_matching: true
          virtual_hosts:
          - name: http
            domains: {{ include "novasphere-gateway.envoy.domains" . }}
            routes:
            {{- if .Values.http.acme }}
            - match: {path_separated_prefix: /.well-known/acme-challenge}
              route:
                cluster: acme_solver
                timeout: 10s
                # Asks the next solver if this one does not know the challenge.
                retry_policy:
                  retry_on: retriable-status-codes,connect-failure
                  retriable_status_codes: [404]
                  num_retries: 8
                  host_selection_retry_max_attempts: 8
                  retry_host_predicate:
                  - name: envoy.retry_host_predicates.previous_hosts
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate
            {{- end }}
            {{- if .Values.http.redirect }}
            - match: {prefix: "/"}
              redirect: {https_redirect: true, response_code: PERMANENT_REDIRECT}
            {{- end }}
        http_filters:
        - name: envoy.filters.http.router
          typed_config:
            "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
{{- end }}

{{/* The listener of the API. */}}
{{- define "novasphere-gateway.envoy.gateway" -}}
- name: gateway
  address: {socket_address: {address: 0.0.0.0, port_value: {{ ternary 8080 8443 .Values.tls.none }}}}
  filter_chains:
  - filters:
    - name: envoy.filters.network.http_connection_manager
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
        {{- include "novasphere-gateway.envoy.connections" . | nindent 8 }}
        route_config:
          ignore_port_in_host_matching: true
          virtual_hosts:
          - name: {{ .Values.upstream.service }}
            domains: {{ include "novasphere-gateway.envoy.domains" . }}
            routes:
            {{- include "novasphere-gateway.envoy.routes" . | trim | nindent 12 }}
        http_filters:
        {{- include "novasphere-gateway.envoy.filters" . | trim | nindent 8 }}
    {{- if not .Values.tls.none }}
    # Envoy reloads the certificate after its renewal, through tls.yaml.
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
        common_tls_context:
          alpn_protocols: [h2, http/1.1]
          tls_params: {tls_minimum_protocol_version: TLSv1_2}
          tls_certificate_sds_secret_configs:
          - name: gateway
            sds_config:
              path_config_source:
                path: /etc/novasphere/tls.yaml
                {{- if .Values.http.acme }}
                # Read tls.yaml again when the Secret appears.
                watched_directory: {path: /etc/novasphere-tls}
                {{- end }}
    {{- end }}
{{- end }}

{{/* The connection manager without routes and filters. */}}
{{- define "novasphere-gateway.envoy.connections" -}}
stat_prefix: gateway
# The client address is that of the peer, and Envoy appends it to X-Forwarded-For. Any other setting lets
# clients choose the address that rate-limit counts by.
use_remote_address: true
{{- with .Values.trustedProxies.hops }}
xff_num_trusted_hops: {{ . }}
{{- end }}
# Without these four settings, /healthz/../orders and x_user_id bypass the routes and the filters.
normalize_path: true
merge_slashes: true
path_with_escaped_slashes_action: REJECT_REQUEST
common_http_protocol_options:
  headers_with_underscores_action: DROP_HEADER
  idle_timeout: 3600s
request_headers_timeout: 10s
stream_idle_timeout: 300s
upgrade_configs:
- upgrade_type: websocket
# Only jwt-auth may set these headers. Envoy removes client copies before the filters run and before
# the access log reads them.
early_header_mutation_extensions:
- name: envoy.http.early_header_mutation.header_mutation
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
    mutations:
    {{- range include "novasphere-gateway.identityHeaders" . | fromJsonArray }}
    - {remove: {{ . }}}
    {{- end }}
access_log:
- name: stdout
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog
    log_format:
      json_format:
        {{- include "novasphere-gateway.envoy.accessLog" . | nindent 8 }}
{{- end }}

{{/* The fields of the access log. */}}
{{- define "novasphere-gateway.envoy.accessLog" -}}
time: "%START_TIME%"
client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"
method: "%REQ(:METHOD)%"
# Log the path without the query, which can hold the token of a rejected request.
path: "%PATH(NQ)%"
status: "%RESPONSE_CODE%"
# novasphere_<filter>:<decision> if a filter sent the response.
decision: "%RESPONSE_CODE_DETAILS%"
# Set if a request from a disallowed origin went to the upstream.
cors_decision: "%FILTER_STATE(wasm.cors_decision:PLAIN)%"
# The actual and the expected value of the check that rejected a token.
jwt_auth_detail: "%FILTER_STATE(wasm.jwt_auth_detail:PLAIN)%"
# Which limit rejected the request, and a keyed hash of the client.
rate_limit_detail: "%FILTER_STATE(wasm.rate_limit_detail:PLAIN)%"
{{- with include "novasphere-gateway.subjectHeader" . }}
# Set by jwt-auth. Client copies are removed above.
subject: "%REQ({{ . }})%"
{{- end }}
flags: "%RESPONSE_FLAGS%"
duration_ms: "%DURATION%"
upstream: "%UPSTREAM_HOST%"
request_id: "%REQ(X-REQUEST-ID)%"
{{- end }}
