{{/* Whether Envoy runs the native module; empty if not. */}}
{{- define "novasphere-gateway.native" -}}
{{- if and (eq .Values.host "envoy") (eq .Values.module "native") }}true{{ end -}}
{{- end }}

{{/* The image of the filters. */}}
{{- define "novasphere-gateway.envoy.filtersImage" -}}
{{- include "novasphere-gateway.native" . | empty | ternary "filters" "native" -}}
{{- end }}

{{/* The module's name, with its version: a running Envoy keeps the code of a file that is replaced. */}}
{{- define "novasphere-gateway.native.name" -}}
novasphere_gateway_{{ regexReplaceAll "[^A-Za-z0-9]" .Chart.AppVersion "_" }}
{{- end }}

{{/* A filter_chain's filters with the native module: (list root settings). */}}
{{- define "novasphere-gateway.native.chain" -}}
filters:
- name: gateway
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.dynamic_modules.v3.DynamicModuleFilter
    dynamic_module_config:
      name: {{ include "novasphere-gateway.native.name" (index . 0) }}
      # Keeps the counts when an update removes the last filter of the module.
      do_not_close: true
      # The metric names of the WebAssembly modules, with the runtime flag.
      metrics_namespace: wasmcustom
    filter_name: gateway
    filter_config:
      "@type": type.googleapis.com/google.protobuf.Struct
      value:
        {{- include "novasphere-gateway.merged" (index . 1) | nindent 8 }}
{{- end }}

{{/* The filter in http_filters: a filter_chain, which a route can override. */}}
{{- define "novasphere-gateway.native.filters" -}}
- name: gateway
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfig
    default_filter_chain:
      {{- include "novasphere-gateway.native.chain" (list . (include "novasphere-gateway.common" . | fromJson)) | nindent 6 }}
{{- end }}

{{/* The filter of a route with own settings: (list root settings). */}}
{{- define "novasphere-gateway.native.route" -}}
gateway:
  "@type": type.googleapis.com/envoy.extensions.filters.http.filter_chain.v3.FilterChainConfigPerRoute
  filter_chain:
    {{- include "novasphere-gateway.native.chain" . | nindent 4 }}
{{- end }}
