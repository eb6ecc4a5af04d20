{{/* The files in files/monitoring/alerts of the host, as a JSON list. */}}
{{- define "novasphere-gateway.alertFiles" -}}
{{- if eq .Values.host "istio" }}["filters", "envoy", "istio-requests"]
{{- else if include "novasphere-gateway.isEnvoy" . }}["filters", "envoy", "envoy-requests"]
{{- else if hasPrefix "traefik" .Values.host }}["traefik"]
{{- else if or (eq .Values.host "kong-ingress") (include "novasphere-gateway.rejects" .) }}["filters", "kong", "kong-probed"]
{{- else }}["filters", "kong", "kong-unprobed"]{{ end -}}
{{- end }}

{{/* The groups of alerts in a file: (list root file job). */}}
{{- define "novasphere-gateway.alerts" -}}
{{- $root := index . 0 -}}
{{- $root.Files.Get (printf "files/monitoring/alerts/%s.yaml" (index . 1))
  | replace "@JOB@" (index . 2)
  | replace "@FILTER@" (include "novasphere-gateway.countingFilter" $root)
  | replace "@RUNBOOKS@" $root.Values.monitoring.runbooks
  | replace "@SLOW@" (toString $root.Values.monitoring.slowSeconds)
  | replace "@ENTRYPOINT@" (and $root.Values.tls.none (eq $root.Values.host "traefik-crd") | ternary "web" "websecure")
  | trim }}
{{- end }}

{{/* The first filter that counts decisions on every request, by its name in metrics. */}}
{{- define "novasphere-gateway.countingFilter" -}}
{{- $settings := include "novasphere-gateway.common" . | fromJson }}{{ $names := list }}
{{- range list "jwt_auth" "rate_limit" "cors" "header_transform" }}
{{- if hasKey $settings . }}{{ $names = append $names (replace "_" "-" .) }}{{ end }}
{{- end }}
{{- first (append $names "header-transform") }}
{{- end }}

{{/* The name of the host's dashboard. */}}
{{- define "novasphere-gateway.dashboard" -}}
{{- if eq .Values.host "istio" }}istio{{ else if include "novasphere-gateway.isEnvoy" . }}envoy{{ else if hasPrefix "traefik" .Values.host }}traefik{{ else }}kong{{ end -}}
{{- end }}
