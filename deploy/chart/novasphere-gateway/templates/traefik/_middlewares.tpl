{{/*
The middlewares of a route as JSON, with names that sort in the order in which they run:
(list settings route root). Browsers cannot read a 401 or 429 without CORS headers, so these come first.
*/}}
{{- define "novasphere-gateway.traefik.middlewares" -}}
{{- $settings := index . 0 }}{{ $route := index . 1 }}{{ $root := index . 2 }}{{ $found := dict }}
{{- $headers := dict }}
{{- with $settings.cors }}{{ $headers = merge $headers (include "novasphere-gateway.traefik.cors" . | fromJson) }}{{ end }}
{{- with $settings.security_headers }}{{ $headers = merge $headers (include "novasphere-gateway.traefik.security" . | fromJson) }}{{ end }}
{{- $removed := (($settings.header_transform | default dict).response | default dict).remove | default dict }}
{{- $custom := $headers.customResponseHeaders | default dict }}
{{- range $removed.headers }}{{ $_ := set $custom . "" }}{{ end }}
{{- if $custom }}{{ $_ := set $headers "customResponseHeaders" $custom }}{{ end }}
{{- if $headers }}{{ $_ := set $found "1-responses" (dict "headers" $headers) }}{{ end }}
{{- with $settings.jwt_auth }}
  {{- if .jwks }}{{ fail "filters.jwt_auth.jwks: Traefik cannot fetch keys: write them into credentials" }}{{ end }}
  {{- $_ := set $found "2-jwt-auth" (dict "plugin" (dict "novasphere-jwt-auth" .)) }}
{{- end }}
{{- if not (has "rate_limit" $route.exempt) }}
  {{- with $settings.rate_limit }}{{ include "novasphere-gateway.traefik.addLimits" (list $found . $root) }}{{ end }}
{{- end }}
{{- with $settings.header_transform }}
  {{- range $name, $_ := .response | default dict }}
    {{- if ne $name "remove" }}{{ fail (printf "filters.header_transform.response.%s: header-transform changes no responses on Traefik: only remove.headers works" $name) }}{{ end }}
  {{- end }}
  {{- with .request }}{{ $_ := set $found "4-header-transform" (dict "plugin" (dict "novasphere-header-transform" (dict "request" .))) }}{{ end }}
{{- end }}
{{- toJson $found }}
{{- end }}

{{/* Traefik's own settings for cors. */}}
{{- define "novasphere-gateway.traefik.cors" -}}
{{- range $name, $_ := . }}
  {{- if not (has $name (list "origins" "methods" "headers" "exposed_headers" "credentials" "max_age")) }}{{ fail (printf "filters.cors.%s: Traefik has no such setting" $name) }}{{ end }}
{{- end }}
{{- $list := list }}{{ $patterns := list }}
{{- range .origins | default (list "*") }}
  {{- if or (hasPrefix "~" .) (hasSuffix ":*" .) }}{{ fail (printf "filters.cors.origins: %s: on Traefik, write an origin, a wildcard such as https://*.example.com, or *" .) }}{{ end }}
  {{- if regexMatch "^[a-z]+://\\*\\*?\\." . }}
    {{- $label := contains "://**." . | ternary "([a-z0-9-]+\\.)+" "[a-z0-9-]+\\." }}
    {{- $parts := regexSplit "\\*\\*?\\." . 2 }}
    {{- $patterns = append $patterns (printf "^%s%s%s$" (index $parts 0) $label (index $parts 1 | regexQuoteMeta)) }}
  {{- else }}
    {{- $list = append $list . }}
  {{- end }}
{{- end }}
{{- $headers := dict "addVaryHeader" true }}
{{- /* An empty value removes the header of the upstream, which pages on unlisted origins could read. */}}
{{- $_ := set $headers "customResponseHeaders" (dict "Access-Control-Allow-Origin" "") }}
{{- with $list }}{{ $_ := set $headers "accessControlAllowOriginList" . }}{{ end }}
{{- with $patterns }}{{ $_ := set $headers "accessControlAllowOriginListRegex" . }}{{ end }}
{{- $_ := set $headers "accessControlAllowMethods" (.methods | default (list "GET" "HEAD" "PUT" "PATCH" "POST" "DELETE" "OPTIONS")) }}
{{- with .headers }}{{ $_ := set $headers "accessControlAllowHeaders" . }}{{ end }}
{{- with .exposed_headers }}{{ $_ := set $headers "accessControlExposeHeaders" . }}{{ end }}
{{- with .credentials }}{{ $_ := set $headers "accessControlAllowCredentials" . }}{{ end }}
{{- with .max_age }}{{ $_ := set $headers "accessControlMaxAge" . }}{{ end }}
{{- toJson $headers }}
{{- end }}

{{/* Traefik's own settings for security_headers: true. */}}
{{- define "novasphere-gateway.traefik.security" -}}
{{- if ne (toJson .) "{\"response\":{\"security_headers\":true}}" }}{{ fail "filters.security_headers: on Traefik, expected response: {security_headers: true}, or null" }}{{ end }}
{{- toJson (dict "stsSeconds" 31536000 "contentTypeNosniff" true "frameDeny" true "referrerPolicy" "strict-origin-when-cross-origin") }}
{{- end }}

{{/* Adds Traefik's own limits: (list middlewares rate_limit root). */}}
{{- define "novasphere-gateway.traefik.addLimits" -}}
{{- $found := index . 0 }}{{ $limits := index . 1 }}{{ $root := index . 2 }}
{{- $periods := dict "second" "1s" "minute" "1m" "hour" "1h" "day" "24h" }}
{{- range $name, $value := $limits }}
  {{- if and $value (not (has $name (list "second" "minute" "hour" "day" "limit_by" "headers" "policy"))) }}{{ fail (printf "filters.rate_limit.%s: Traefik has no such setting; for other limits on a path, use routes[].filters" $name) }}{{ end }}
{{- end }}
{{- if and (ne (toString ($limits.limit_by | default "ip")) "ip") }}{{ fail "filters.rate_limit.limit_by: Traefik counts by address only: expected ip" }}{{ end }}
{{- $strategy := dict "ipv6Subnet" 64 }}
{{- with $root.Values.trustedProxies.cidrs }}{{ $_ := set $strategy "excludedIPs" . }}{{ end }}
{{- range $name, $period := $periods }}
  {{- with index $limits $name }}
    {{- $_ := set $found (printf "3-rate-limit-%s" $name) (dict "rateLimit" (dict "average" . "period" $period "burst" . "sourceCriterion" (dict "ipStrategy" $strategy))) }}
  {{- end }}
{{- end }}
{{- end }}
