{{/* Traefik's routes and middlewares. */}}
{{- define "novasphere-gateway.traefik.dynamic" -}}
{{- $root := . }}{{ $routers := dict }}{{ $middlewares := dict }}
{{- $common := include "novasphere-gateway.common" . | fromJson }}
{{- range $n, $route := concat .Values.routes (list (dict "name" "default")) }}
  {{- $settings := ternary (include "novasphere-gateway.ofRoute" (list $root $route) | fromJson) $common (not (empty $route.filters)) }}
  {{- $names := list }}
  {{- range $name, $middleware := include "novasphere-gateway.traefik.middlewares" (list $settings $route $root) | fromJson }}
    {{- $full := printf "%s-%s" $route.name (regexReplaceAll "^[0-9]-" $name "") }}
    {{- $names = append $names $full }}
    {{- $_ := set $middlewares $full $middleware }}
  {{- end }}
  {{- $rule := printf "%s && %s" (include "novasphere-gateway.traefik.hosts" $root) (include "novasphere-gateway.traefik.path" (list $root $route)) }}
  {{- $router := dict "rule" $rule "priority" (sub 1000 $n) "entryPoints" (list "websecure" "probe") "service" "upstream" "middlewares" $names }}
  {{- $_ := set $routers $route.name $router }}
{{- end }}
{{- $services := dict "upstream" (include "novasphere-gateway.traefik.service" (printf "http://%s:%v" (include "novasphere-gateway.upstreamHost" .) .Values.upstream.port) | fromJson) }}
{{- if not .Values.tls.none }}{{ include "novasphere-gateway.traefik.addHttp" (list . $routers $middlewares $services) }}{{ end }}
{{- $http := dict "routers" $routers "services" $services }}
{{- if $middlewares }}{{ $_ := set $http "middlewares" $middlewares }}{{ end }}
{{- $dynamic := dict "http" $http }}
{{- if not .Values.tls.none }}
  {{- $certificate := dict "certFile" "/etc/traefik/dynamic/tls.crt" "keyFile" "/etc/traefik/dynamic/tls.key" }}
  {{- $_ := set $dynamic "tls" (dict "stores" (dict "default" (dict "defaultCertificate" $certificate)) "options" (dict "default" (dict "minVersion" "VersionTLS12"))) }}
{{- end }}
{{- toYaml $dynamic }}
{{- end }}

{{- define "novasphere-gateway.traefik.service" -}}
{{- toJson (dict "loadBalancer" (dict "servers" (list (dict "url" .)))) }}
{{- end }}

{{/* Adds port 80 beside TLS: (list root routers middlewares services). */}}
{{- define "novasphere-gateway.traefik.addHttp" -}}
{{- $root := index . 0 }}{{ $hosts := include "novasphere-gateway.traefik.hosts" $root }}
{{- if $root.Values.http.redirect }}
  {{- $_ := set (index . 2) "redirect" (dict "redirectScheme" (dict "scheme" "https" "port" "443" "permanent" true)) }}
  {{- $_ := set (index . 1) "redirect" (dict "rule" $hosts "priority" 1 "entryPoints" (list "web") "service" "upstream" "middlewares" (list "redirect")) }}
{{- end }}
{{- if $root.Values.http.acme }}
  {{- $rule := printf "%s && PathPrefix(`/.well-known/acme-challenge/`)" $hosts }}
  {{- $_ := set (index . 1) "acme" (dict "rule" $rule "priority" 2 "entryPoints" (list "web") "service" "acme") }}
  {{- $_ := set (index . 3) "acme" (include "novasphere-gateway.traefik.service" (printf "http://%s-acme:8089" (include "novasphere-gateway.fullname" $root)) | fromJson) }}
{{- end }}
{{- end }}

{{/* The part of a rule that selects the host names. */}}
{{- define "novasphere-gateway.traefik.hosts" -}}
{{- $parts := list }}
{{- range .Values.hostnames }}
  {{- if hasPrefix "*." . }}
    {{- $parts = append $parts (printf "HostRegexp(`^[^.]+%s$`)" (trimPrefix "*" . | regexQuoteMeta)) }}
  {{- else }}
    {{- $parts = append $parts (printf "Host(`%s`)" .) }}
  {{- end }}
{{- end }}
{{- gt (len $parts) 1 | ternary (printf "(%s)" (join " || " $parts)) (first $parts) }}
{{- end }}

{{/* The part of a rule that selects the path: (list root route). The default route has none. */}}
{{- define "novasphere-gateway.traefik.path" -}}
{{- $route := index . 1 }}
{{- $prefix := trimSuffix "/" ($route.path_prefix | default (index . 0).Values.upstream.pathPrefix) -}}
{{- if $route.path -}}
Path(`{{ $route.path }}`)
{{- else if $route.path_template -}}
PathRegexp(`^{{ include "novasphere-gateway.envoy.regex" $route.path_template }}$`)
{{- else if $prefix -}}
(Path(`{{ $prefix }}`) || PathPrefix(`{{ $prefix }}/`))
{{- else -}}
PathPrefix(`/`)
{{- end -}}
{{- end }}
