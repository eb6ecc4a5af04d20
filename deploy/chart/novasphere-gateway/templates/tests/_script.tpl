{{/* The questions of helm test, for curl: (list root jwt_auth). */}}
{{- define "novasphere-gateway.test.script" -}}
{{- $root := index . 0 }}{{ $jwt := index . 1 }}{{ $v := $root.Values }}
{{- $url := printf "%s://%s" (ternary "http" "https" $v.tls.none) (first $v.hostnames | replace "*" "test") }}
{{- $path := printf "%s/-/test" (trimSuffix "/" $v.upstream.pathPrefix) -}}
failed=0
# expect DESCRIPTION PATTERN CURL_ARGUMENT...
expect() {
  description=$1 pattern=$2
  shift 2
  status=$(curl --silent --insecure --max-time 10 --output /dev/null --write-out '%{http_code}' --connect-to "::$GATEWAY" "$@")
  if echo "$status" | grep -qE "^($pattern)$"; then
    echo "ok: $description: $status"
  else
    echo "FAILED: $description: expected $pattern, got $status"
    failed=1
  fi
}
{{- if and $jwt (not (or $jwt.optional $jwt.anonymous $jwt.report_only)) }}
expect 'no token' 401 '{{ $url }}{{ $path }}'
expect 'an invalid token' 401 -H 'Authorization: Bearer x.y.z' '{{ $url }}{{ $path }}'
{{- range $v.routes }}
{{- if and .path (has "jwt_auth" .exempt) }}
expect 'the exempt route {{ .name }}' '[235][0-9][0-9]|404' '{{ $url }}{{ .path }}'
expect 'a detour through the exempt route {{ .name }}' '40[0-9]' --path-as-is '{{ $url }}{{ .path }}/..{{ $path }}'
{{- end }}
{{- end }}
{{- end }}
{{- if $v.filters.cors }}
expect 'a preflight' '20[04]' -X OPTIONS -H 'Origin: https://test.invalid' -H 'Access-Control-Request-Method: GET' '{{ $url }}{{ $path }}'
{{- end }}
exit "$failed"
{{- end }}
