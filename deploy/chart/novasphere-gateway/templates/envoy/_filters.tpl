{{/* A filter_chain's filters with one filter: (dict "root" $ "name" name "settings" settings). */}}
{{- define "novasphere-gateway.envoy.chain" -}}
{{- $module := eq .name "security_headers" | ternary "header-transform" (.name | replace "_" "-") -}}
{{- $variables := include "novasphere-gateway.variables" (toJson .settings) | fromJsonArray -}}
filters:
- name: {{ .name | replace "_" "-" }}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
    config:
      name: {{ .name | replace "_" "-" }}
      # If the VM traps, Envoy starts a fresh one and rejects requests until it is ready.
      failure_policy: FAIL_RELOAD
      vm_config:
        vm_id: novasphere
        runtime: envoy.wasm.runtime.v8
        code: {local: {filename: /etc/envoy/wasm/novasphere-{{ $module }}.wasm}}
        {{- if $variables }}
        # Only the variables listed here reach the filter. The Deployment sets them.
        environment_variables: {host_env_keys: [{{ join ", " $variables }}]}
        {{- end }}
      configuration:
        "@type": type.googleapis.com/google.protobuf.Struct
        value:
          {{- toYaml .settings | nindent 10 }}
{{- end }}

{{/* The filters in http_filters: one filter_chain each, which a route can override. */}}
{{- define "novasphere-gateway.envoy.filters" -}}
{{- $root := . }}{{ $common := include "novasphere-gateway.common" . | fromJson }}
{{- $used := dict }}
{{- if include "novasphere-gateway.native" . }}
{{ include "novasphere-gateway.native.filters" . }}
{{- else }}
{{- range include "novasphere-gateway.all" . | fromJsonArray }}
  {{- range $name, $_ := . }}{{ $_ := set $used $name true }}{{ end }}
{{- end }}
{{- range $name := splitList " " (include "novasphere-gateway.order" .) }}
{{- if hasKey $used $name }}
{{- if eq $name "security_headers" }}
# Runs first, so that responses of the other filters, such as a 401 or 429, get these headers too.
{{- end }}
- name: {{ $name | replace "_" "-" }}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig
    {{- with index $common $name }}
    default_filter_chain:
      {{- include "novasphere-gateway.envoy.chain" (dict "root" $root "name" $name "settings" .) | nindent 6 }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
- name: envoy.filters.http.router
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
{{- end }}

{{/* The routes, the one with the common settings last. */}}
{{- define "novasphere-gateway.envoy.routes" -}}
{{- $root := . }}{{ $cluster := .Values.upstream.service }}
{{- range .Values.routes }}
- name: {{ .name }}
  {{- if .path }}
  match: {path: {{ .path | quote }}}
  {{- else if .path_template }}
  match: {safe_regex: {regex: {{ include "novasphere-gateway.envoy.regex" .path_template | quote }}}}
  {{- else }}
  match: {{ include "novasphere-gateway.envoy.below" .path_prefix }}
  {{- end }}
  route: {cluster: {{ $cluster }}, timeout: {{ .timeout | default $root.Values.upstream.timeout }}
    {{- with .idleTimeout }}, idle_timeout: {{ . }}{{ end }}}
  {{- if .filters }}
  {{- $settings := include "novasphere-gateway.ofRoute" (list $root .) | fromJson }}
  typed_per_filter_config:
    {{- if include "novasphere-gateway.native" $root }}
    {{- include "novasphere-gateway.native.route" (list $root $settings) | nindent 4 }}
    {{- else }}
    {{- range $name, $_ := .filters }}
    {{ $name | replace "_" "-" }}:
      "@type": type.googleapis.com/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfigPerRoute
      filter_chain:
        {{- include "novasphere-gateway.envoy.chain" (dict "root" $root "name" $name "settings" (index $settings $name)) | nindent 8 }}
    {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
- name: default
  match: {{ include "novasphere-gateway.envoy.below" .Values.upstream.pathPrefix }}
  route: {cluster: {{ $cluster }}, timeout: {{ .Values.upstream.timeout }}}
{{- end }}

{{/* A match of a path and all paths below it. */}}
{{- define "novasphere-gateway.envoy.below" -}}
{{- if eq . "/" }}{prefix: "/"}{{ else }}{path_separated_prefix: {{ trimSuffix "/" . | quote }}}{{ end }}
{{- end }}

{{/* A path_template as a regular expression of RE2. */}}
{{- define "novasphere-gateway.envoy.regex" -}}
{{- $parts := list }}
{{- range splitList "/" . }}
  {{- $parts = append $parts (regexMatch "^\\{[^}]*\\}$" . | ternary "[^/]+" (regexQuoteMeta .)) }}
{{- end }}
{{- join "/" $parts }}
{{- end }}
