{{/* A policy with all filters in order: (dict "root" "name" "target" "settings"). */}}
{{- define "novasphere-gateway.envoyGateway.filters" -}}
{{- $root := .root }}{{ $settings := .settings -}}
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyExtensionPolicy
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
spec:
  targetRefs:
  - {{ .target }}
  wasm:
  {{- range $name := splitList " " (include "novasphere-gateway.order" $root) }}
  {{- with index $settings $name }}
  {{- $variables := include "novasphere-gateway.variables" (toJson .) | fromJsonArray }}
  - name: {{ $name | replace "_" "-" }}
    rootID: {{ $name | replace "_" "-" }}
    failOpen: false
    code:
      type: Image
      image:
        url: {{ include "novasphere-gateway.image" (list $root (include "novasphere-gateway.module" $name)) | quote }}
        {{- with first $root.Values.image.pullSecrets }}
        pullSecretRef: {name: {{ . }}}
        {{- end }}
    {{- if $variables }}
    env: {hostKeys: [{{ join ", " $variables }}]}
    {{- end }}
    config:
      {{- toYaml . | nindent 6 }}
  {{- end }}
  {{- end }}
{{- end }}

{{/* The image of a filter. */}}
{{- define "novasphere-gateway.module" -}}
{{- eq . "security_headers" | ternary "header-transform" (. | replace "_" "-") -}}
{{- end }}

{{- define "novasphere-gateway.pathType" -}}
{{- if .path }}Exact{{ else if .path_template }}RegularExpression{{ else }}PathPrefix{{ end -}}
{{- end }}

{{- define "novasphere-gateway.pathValue" -}}
{{- if .path_template }}{{ include "novasphere-gateway.envoy.regex" .path_template }}{{ else }}{{ .path | default .path_prefix }}{{ end -}}
{{- end }}
