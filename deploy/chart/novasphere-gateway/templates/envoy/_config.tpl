{{/* The configuration of Envoy. */}}
{{- define "novasphere-gateway.envoy.config" -}}
# Envoy 1.39 or later: each filter is in a filter_chain of the same name, which a route overrides with
# FilterChainConfigPerRoute.
node: {id: gateway, cluster: novasphere-gateway}

admin:
  # Loopback only: any client that reaches the admin interface can stop Envoy.
  address: {socket_address: {address: 127.0.0.1, port_value: 9901}}

stats_config:
  {{- include "novasphere-gateway.envoy.stats" . | nindent 2 }}

overload_manager:
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: {{ .Values.envoy.maxConnections }}

{{- if include "novasphere-gateway.native" . }}

layered_runtime:
  layers:
  # Without it, the names of all metrics start with dynamicmodulescustom.
  - name: novasphere
    static_layer:
      envoy.reloadable_features.dynamic_modules_strip_custom_stat_prefix: true
{{- end }}

static_resources:
  listeners:
  {{- include "novasphere-gateway.envoy.status" . | nindent 2 }}
  {{- include "novasphere-gateway.envoy.gateway" . | nindent 2 }}
  {{- if and (not .Values.tls.none) (include "novasphere-gateway.http" .) }}
  {{- include "novasphere-gateway.envoy.redirect" . | nindent 2 }}
  {{- end }}

  clusters:
  {{- include "novasphere-gateway.envoy.clusters" . | nindent 2 }}
{{- end }}

{{/* The server certificate, which Envoy reloads. */}}
{{- define "novasphere-gateway.envoy.tls" -}}
# The kubelet swaps the directory atomically, and Envoy reloads both files.
resources:
- "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
  name: gateway
  tls_certificate:
    certificate_chain: {filename: /etc/novasphere-tls/tls.crt}
    private_key: {filename: /etc/novasphere-tls/tls.key}
    watched_directory: {path: /etc/novasphere-tls}
{{- end }}

{{/* Labels of metrics. */}}
{{- define "novasphere-gateway.envoy.stats" -}}
# Labels for /stats/prometheus: novasphere_decisions_total{filter="jwt-auth",decision="expired"}.
stats_tags:
- {tag_name: filter, regex: '^wasmcustom\.novasphere_[a-z_]+(\.filter=([^.]+))'}
{{- range list "decision" "event" "rule" "window" "max_clients" "kind" "within_ms" }}
- {tag_name: {{ . }}, regex: '^wasmcustom\.novasphere_.*?(\.{{ . }}=([^.]+))'}
{{- end }}
{{- end }}

{{- define "novasphere-gateway.envoy.resources" -}}
{{- toYaml (.Values.resources | default (dict "requests" (dict "cpu" "500m" "memory" "256Mi") "limits" (dict "cpu" "2" "memory" "512Mi"))) }}
{{- end }}
