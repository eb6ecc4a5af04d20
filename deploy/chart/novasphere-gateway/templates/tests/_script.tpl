{{/* The questions of helm test, for curl: (list root jwt_auth). */}}
{{- define "novasphere-gateway.test.script" -}}
{{- $root := index . 0 }}{{ $jwt := index . 1 }}{{ $v := $root.Values }}
{{- $scheme := ternary "http" "https" $v.tls.none }}
{{- $path := printf "%s/-/test" (trimSuffix "/" $v.upstream.pathPrefix) -}}
failed=0
# A controller may still be configuring its proxies.
deadline=$(($(date +%s) + ${PATIENCE:-60}))
# expect DESCRIPTION PATTERN CURL_ARGUMENT...
expect() {
  description=$1 pattern=$2
  shift 2
  while true; do
    status=$(curl --silent --insecure --max-time 10 --output /dev/null --write-out '%{http_code}' --connect-to "::$GATEWAY" "$@")
    if echo "$status" | grep -qE "^($pattern)$"; then
      echo "ok: $description: $status"
      return
    elif [ "$(date +%s)" -ge "$deadline" ]; then
      echo "FAILED: $description: expected $pattern, got $status"
      failed=1
      return
    fi
    sleep 1
  done
}
# refused DESCRIPTION URL: 401 on 40 connections, which the Service spreads over the pods. A connection that fails ends
# an attempt, so that 40 timeouts do not add up.
refused() {
  while true; do
    count=$(curl --silent --insecure --fail-early --http1.1 --max-time 10 --output /dev/null --write-out '%{http_code}\n' \
      --connect-to "::$GATEWAY" -H 'Connection: close' "$2?[1-40]" | grep -cx 401)
    if [ "$count" -eq 40 ]; then
      echo "ok: $1: 40 times 401"
      return
    elif [ "$(date +%s)" -ge "$deadline" ]; then
      echo "FAILED: $1: expected 40 times 401, got $count"
      failed=1
      return
    fi
    sleep 1
  done
}
{{- $rejects := and $jwt (not (or $jwt.optional $jwt.anonymous $jwt.report_only)) }}
{{- range $name := $v.hostnames }}
{{- $url := printf "%s://%s" $scheme (include "novasphere-gateway.test.host" (list $root $name "default")) }}
{{- if $rejects }}
expect 'no token for {{ $name }}' 401 '{{ $url }}{{ $path }}'
refused 'no token for {{ $name }} on each pod' '{{ $url }}{{ $path }}'
expect 'an invalid token for {{ $name }}' 401 -H 'Authorization: Bearer x.y.z' '{{ $url }}{{ $path }}'
{{- range $v.routes }}
{{- if has "jwt_auth" .exempt }}
{{- if .path }}
expect 'the exempt route {{ .name }} for {{ $name }}' '[235][0-9][0-9]|404' '{{ $url }}{{ .path }}'
expect 'a detour through the exempt route {{ .name }} for {{ $name }}' '40[0-9]' --path-as-is '{{ $url }}{{ .path }}/..{{ $path }}'
{{- end }}
{{- else if not (include "novasphere-gateway.test.lenient" (list $root .)) }}
expect 'no token on the route {{ .name }} for {{ $name }}' 401 '{{ $scheme }}://{{ include "novasphere-gateway.test.host" (list $root $name .name) }}{{ include "novasphere-gateway.test.path" . }}'
{{- end }}
{{- end }}
{{- end }}
{{- if $v.filters.cors }}
expect 'a preflight for {{ $name }}' '20[04]' -X OPTIONS -H 'Origin: https://test.invalid' -H 'Access-Control-Request-Method: GET' '{{ $url }}{{ $path }}'
{{- end }}
{{- end }}
exit "$failed"
{{- end }}

{{/* The host name to ask for: (list root hostname route). A route that is not served has another one. */}}
{{- define "novasphere-gateway.test.host" -}}
{{- $root := index . 0 }}{{ $own := list "default" }}
{{- range $root.Values.routes }}{{ if or .filters .idleTimeout }}{{ $own = append $own .name }}{{ end }}{{ end }}
{{- $route := has (index . 2) $own | ternary (index . 2) "default" }}
{{- if and (eq $root.Values.host "kong-ingress") (not (has $route $root.Values.kongIngress.served)) -}}
{{ include "novasphere-gateway.kongIngress.preparation" $root }}
{{- else -}}
{{ index . 1 | replace "*" "test" }}
{{- end -}}
{{- end }}

{{/* A path of a route. */}}
{{- define "novasphere-gateway.test.path" -}}
{{- .path | default .path_prefix | default (regexReplaceAll "\\{[^}]*\\}" (.path_template | default "") "test") -}}
{{- end }}

{{/* Whether a route has its own settings that may accept a request without a token: (list root route). */}}
{{- define "novasphere-gateway.test.lenient" -}}
{{- $jwt := (include "novasphere-gateway.ofRoute" . | fromJson).jwt_auth -}}
{{- if or (not $jwt) $jwt.optional $jwt.anonymous $jwt.report_only }}true{{ end -}}
{{- end }}

{{/* Address and port of the gateway. */}}
{{- define "novasphere-gateway.test.gateway" -}}
{{- $name := include "novasphere-gateway.fullname" . }}{{ $namespace := include "novasphere-gateway.gatewayNamespace" . }}
{{- $services := dict "istio" (printf "%s-istio" $name) "envoy-gateway" (include "novasphere-gateway.gatewayName" .) "kong-ingress" .Values.kongIngress.service "traefik-crd" .Values.traefikCrd.service -}}
{{ index $services .Values.host | default $name }}.{{ $namespace }}:{{ ternary 80 443 .Values.tls.none }}
{{- end }}
