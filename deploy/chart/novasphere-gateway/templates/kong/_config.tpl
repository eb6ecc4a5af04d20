{{/* Kong's declarative configuration. */}}
{{- define "novasphere-gateway.kong.config" -}}
{{- $root := . }}{{ $own := list }}
{{- range .Values.routes }}{{ if or .filters .idleTimeout }}{{ $own = append $own . }}{{ end }}{{ end -}}
# Kong 3.9. Each service has one chain with all filters, so that a new route is filtered from its first
# request. The ids depend on the names of the services and routes.
_format_version: "3.0"
{{- if .Values.monitoring.enabled }}

# Statuses and times of requests, for the alerts.
plugins:
- id: {{ include "novasphere-gateway.kong.id" "plugin prometheus" }}
  name: prometheus
  config:
    status_code_metrics: true
    latency_metrics: true
{{- end }}

services:
{{ include "novasphere-gateway.kong.service" (dict "root" $root "name" .Values.upstream.service "settings" (include "novasphere-gateway.common" . | fromJson) "read" .Values.upstream.timeout) }}
  routes:
  {{- include "novasphere-gateway.kong.route" (dict "root" $root "name" .Values.upstream.service "path" (include "novasphere-gateway.kong.below" .Values.upstream.pathPrefix)) | nindent 2 }}
  {{- if and (include "novasphere-gateway.http" .) (not .Values.tls.none) }}
  # The readiness probe, on the port without TLS.
  {{- include "novasphere-gateway.kong.route" (dict "root" $root "name" (printf "%s-probe" .Values.upstream.service) "path" (printf "~%s$" (regexQuoteMeta (include "novasphere-gateway.probePath" .))) "plain" true "priority" (add1 (len $own))) | nindent 2 }}
  {{- end }}
{{- range $n, $route := $own }}
{{- $name := printf "%s-%s" $root.Values.upstream.service .name }}
{{ include "novasphere-gateway.kong.service" (dict "root" $root "name" $name "settings" (include "novasphere-gateway.ofRoute" (list $root .) | fromJson) "read" (.idleTimeout | default .timeout | default $root.Values.upstream.timeout)) }}
  routes:
  {{- include "novasphere-gateway.kong.route" (dict "root" $root "name" $name "path" (include "novasphere-gateway.kong.path" .) "priority" (sub (len $own) $n) "stream" .idleTimeout) | nindent 2 }}
{{- end }}
{{- if and .Values.http.acme (not .Values.tls.none) }}
# The solvers of cert-manager, which answer the challenges of ACME HTTP-01. No filter protects them.
- id: {{ include "novasphere-gateway.kong.id" (printf "service %s-acme" .Values.upstream.service) }}
  name: {{ .Values.upstream.service }}-acme
  url: http://{{ include "novasphere-gateway.fullname" . }}-acme:8089
  connect_timeout: 5000
  routes:
  {{- include "novasphere-gateway.kong.route" (dict "root" $root "name" (printf "%s-acme" .Values.upstream.service) "path" "/.well-known/acme-challenge/" "challenge" true) | nindent 2 }}
{{- end }}
{{- end }}

{{/* A service with its filters: (dict "root" "name" "settings" "read"). */}}
{{- define "novasphere-gateway.kong.service" -}}
{{- $milliseconds := .read | trimSuffix "s" | float64 | mulf 1000 | int64 -}}
- id: {{ include "novasphere-gateway.kong.id" (printf "service %s" .name) }}
  name: {{ .name }}
  url: http://{{ include "novasphere-gateway.upstreamHost" .root }}:{{ .root.Values.upstream.port }}
  connect_timeout: 5000
  read_timeout: {{ $milliseconds }}
  write_timeout: {{ $milliseconds }}
  filter_chains:
  - id: {{ include "novasphere-gateway.kong.id" (printf "filters %s" .name) }}
    name: {{ .name }}
    filters:
    {{- include "novasphere-gateway.kong.filters" (list .root .settings) | trim | nindent 4 }}
{{- end }}

{{/*
The filters of a chain: (list root settings). With Redis, the gateway runs most of them, because a filter
after a rejection by Redis would trap.
*/}}
{{- define "novasphere-gateway.kong.filters" -}}
{{- $root := index . 0 }}{{ $settings := index . 1 }}
{{- range $name := splitList " " (include "novasphere-gateway.order" $root) }}
{{- if hasKey $settings $name }}
{{- if eq $name "security_headers" }}
# Runs first, so that responses of the other filters, such as a 401 or 429, get these headers too.
- name: novasphere_header_transform
  config:
    {{- toYaml (index $settings $name) | nindent 4 }}
{{- else if not (include "novasphere-gateway.redis" $root) }}
- name: novasphere_{{ $name }}
  config:
    {{- toYaml (index $settings $name) | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "novasphere-gateway.redis" $root }}
- name: novasphere_gateway
  config:
    {{- toYaml (omit $settings "security_headers") | nindent 4 }}
{{- end }}
{{- end }}

{{/* A route: (dict "root" "name" "path" "priority" "stream" "plain" "challenge"). */}}
{{- define "novasphere-gateway.kong.route" -}}
- id: {{ include "novasphere-gateway.kong.id" (printf "route %s" .name) }}
  name: {{ .name }}
  hosts: [{{ range $n, $name := .root.Values.hostnames }}{{ if $n }}, {{ end }}{{ squote $name }}{{ end }}]
  paths: [{{ squote .path }}]
  {{- with .priority }}
  regex_priority: {{ . }}
  {{- end }}
  {{- if .challenge }}
  protocols: [http]
  {{- else if and (include "novasphere-gateway.http" .root) (not .root.Values.tls.none) (not .plain) }}
  protocols: [https]
  {{- if .root.Values.http.redirect }}
  https_redirect_status_code: 308
  {{- end }}
  {{- end }}
  {{- if .stream }}
  response_buffering: false
  {{- end }}
  strip_path: false
  preserve_host: true
{{- end }}

{{/* A path of Kong for a path and all paths below it. */}}
{{- define "novasphere-gateway.kong.below" -}}
{{- if eq . "/" }}/{{ else }}~{{ trimSuffix "/" . | regexQuoteMeta }}(/|$){{ end }}
{{- end }}

{{/* A path of Kong for a route. */}}
{{- define "novasphere-gateway.kong.path" -}}
{{- if .path }}~{{ regexQuoteMeta .path }}${{ else if .path_template }}~{{ include "novasphere-gateway.envoy.regex" .path_template }}${{ else }}{{ include "novasphere-gateway.kong.below" .path_prefix }}{{ end }}
{{- end }}

{{/* A UUID from a name, so that an unchanged entry keeps its id. */}}
{{- define "novasphere-gateway.kong.id" -}}
{{- $hash := sha256sum (printf "novasphere-gateway %s" .) -}}
{{ substr 0 8 $hash }}-{{ substr 8 12 $hash }}-8{{ substr 13 16 $hash }}-a{{ substr 17 20 $hash }}-{{ substr 20 32 $hash }}
{{- end }}
