{{/* Traefik's static configuration: that of the chart's files, with the ports of the pod. */}}
{{- define "novasphere-gateway.traefik.static" -}}
{{- $static := .Files.Get "files/traefik/traefik.yaml" | fromYaml }}
{{- $gateway := $static.entryPoints.gateway }}
{{- $_ := set $gateway "address" (ternary ":8080" ":8443" .Values.tls.none) }}
{{- if not .Values.tls.none }}{{ $_ := set $gateway.http "tls" dict }}{{ end }}
{{- /* preStop waits for the load balancer instead. */}}
{{- $_ := set $gateway.transport.lifeCycle "requestAcceptGraceTimeout" "0s" }}
{{- with .Values.trustedProxies.cidrs }}{{ $_ := set $gateway "forwardedHeaders" (dict "trustedIPs" .) }}{{ end }}
{{- $points := dict "websecure" $gateway "status" $static.entryPoints.status "probe" (dict "address" "127.0.0.1:8083" "http" (omit $static.entryPoints.gateway.http "maxHeaderBytes" "tls")) }}
{{- if and (not .Values.tls.none) (include "novasphere-gateway.http" .) }}{{ $_ := set $points "web" (dict "address" ":8080") }}{{ end }}
{{- $_ := set $static "entryPoints" $points }}
{{- $_ := set $static "providers" (dict "file" (dict "directory" "/etc/traefik/dynamic" "watch" true)) }}
{{- $names := dict }}
{{- with include "novasphere-gateway.subjectHeader" . }}{{ $_ := set $names (lower . | title) "keep" }}{{ end }}
{{- $_ := set $static.accessLog.fields.headers "names" $names }}
{{- $variables := include "novasphere-gateway.variables" (include "novasphere-gateway.all" .) | fromJsonArray }}
{{- $_ := set (index $static.experimental.localPlugins "novasphere-jwt-auth") "settings" (dict "envs" $variables) }}
{{- toYaml $static }}
{{- end }}
