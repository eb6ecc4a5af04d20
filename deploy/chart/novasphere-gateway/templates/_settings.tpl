{{/* The order in which the filters run. */}}
{{- define "novasphere-gateway.order" -}}
security_headers cors jwt_auth rate_limit header_transform
{{- end }}

{{/*
The settings of all filters as JSON: (dict "root" $ "override" filters "routes" routes). override
belongs to one route. routes are the routes whose exemptions the settings contain.
*/}}
{{- define "novasphere-gateway.settings" -}}
{{- $root := .root }}{{ $override := .override | default dict }}{{ $settings := dict }}
{{- range $name := splitList " " (include "novasphere-gateway.order" $root) }}
  {{- $own := index $root.Values.filters $name }}{{ $other := index $override $name }}
  {{- $merged := mergeOverwrite (deepCopy ($own | default dict)) (deepCopy ($other | default dict)) }}
  {{- if or $merged (and (eq $name "jwt_auth") (hasKey $root.Values.filters $name)) }}
    {{- $_ := set $settings $name $merged }}
  {{- end }}
{{- end }}
{{- with $settings.jwt_auth }}
  {{- if not (or .credentials .jwks) }}
    {{- $secret := dict "env" "NOVASPHERE_JWT_SECRET" }}
    {{- $_ := set . "credentials" (list (dict "key" $root.Values.jwt.issuer "algorithm" "HS256" "secret" $secret)) }}
  {{- end }}
  {{- $jwks := list }}
  {{- range .jwks }}
    {{- $jwks = append $jwks (merge (deepCopy .) (dict "cluster" (include "novasphere-gateway.issuerCluster" (list $root .)))) }}
  {{- end }}
  {{- if and $jwks (include "novasphere-gateway.isEnvoy" $root) }}{{ $_ := set . "jwks" $jwks }}{{ end }}
{{- end }}
{{- with $settings.rate_limit }}{{ include "novasphere-gateway.addRateLimit" (list $root .) }}{{ end }}
{{- include "novasphere-gateway.addExemptions" (list $settings .routes $root) }}
{{- toJson $settings }}
{{- end }}

{{/* Adds what the chart knows to a rate_limit: (list root settings). */}}
{{- define "novasphere-gateway.addRateLimit" -}}
{{- $root := index . 0 }}{{ $settings := index . 1 }}
{{- if and (not (hasKey $settings "client_ip")) (include "novasphere-gateway.isEnvoy" $root) }}
  {{- $from := dict "from" "forwarded_for" }}
  {{- if $root.Values.trustedProxies.cidrs }}
    {{- $_ := set $from "trusted_cidrs" $root.Values.trustedProxies.cidrs }}
  {{- else }}
    {{- $_ := set $from "trusted_hops" (add1 $root.Values.trustedProxies.hops) }}
  {{- end }}
  {{- $_ := set $settings "client_ip" $from }}
{{- end }}
{{- if not (hasKey $settings "policy") }}
  {{- $_ := set $settings "policy" (ternary "redis" "local" (eq (include "novasphere-gateway.redis" $root) "true")) }}
{{- end }}
{{- if and (eq $settings.policy "redis") (include "novasphere-gateway.redis" $root) }}
  {{- $redis := dict "uri" (printf "https://%s/" (include "novasphere-gateway.redisHost" $root)) }}
  {{- if eq $root.Values.host "envoy" }}{{ $_ := set $redis "cluster" "novasphere_redis" }}{{ end }}
  {{- $_ := set $redis "token" (dict "env" "NOVASPHERE_REDIS_TOKEN") }}
  {{- $_ := set $settings "redis" (merge ($settings.redis | default dict) $redis) }}
{{- end }}
{{- end }}

{{/* Adds the exemptions of routes: (list settings routes root). Traefik's limits have no rules. */}}
{{- define "novasphere-gateway.addExemptions" -}}
{{- $settings := index . 0 }}{{ $skip := list }}{{ $rules := list }}
{{- range index . 1 }}
  {{- $path := pick . "path" "path_prefix" "path_template" }}
  {{- if has "jwt_auth" .exempt }}{{ $skip = append $skip $path }}{{ end }}
  {{- if has "rate_limit" .exempt }}
    {{- $rules = append $rules (merge (dict "name" .name "unlimited" true) $path) }}
  {{- end }}
{{- end }}
{{- if and $skip $settings.jwt_auth }}
  {{- $_ := set $settings.jwt_auth "skip" (concat $skip ($settings.jwt_auth.skip | default list)) }}
{{- end }}
{{- if and $rules $settings.rate_limit (not (hasPrefix "traefik" (index . 2).Values.host)) }}
  {{- $_ := set $settings.rate_limit "rules" (concat $rules ($settings.rate_limit.rules | default list)) }}
{{- end }}
{{- end }}

{{/* The settings that apply without a route's own, as JSON. */}}
{{- define "novasphere-gateway.common" -}}
{{- include "novasphere-gateway.settings" (dict "root" . "routes" .Values.routes) -}}
{{- end }}

{{/* The settings of a route as JSON: (list root route). Filters without own settings have the common ones. */}}
{{- define "novasphere-gateway.ofRoute" -}}
{{- $root := index . 0 }}{{ $route := index . 1 }}
{{- $own := include "novasphere-gateway.settings" (dict "root" $root "override" $route.filters "routes" (list $route)) | fromJson }}
{{- $settings := include "novasphere-gateway.common" $root | fromJson }}
{{- range $name, $_ := $route.filters }}{{ $_ := set $settings $name (index $own $name) }}{{ end }}
{{- toJson $settings }}
{{- end }}

{{/* The settings of the gateway and of each route with its own, as a JSON list. */}}
{{- define "novasphere-gateway.all" -}}
{{- $root := . }}{{ $all := list (include "novasphere-gateway.common" . | fromJson) }}
{{- range .Values.routes }}
  {{- if .filters }}{{ $all = append $all (include "novasphere-gateway.ofRoute" (list $root .) | fromJson) }}{{ end }}
{{- end }}
{{- toJson $all }}
{{- end }}

{{/* The name of the cluster for an entry of jwks: (list root entry). */}}
{{- define "novasphere-gateway.issuerCluster" -}}
{{- $host := include "novasphere-gateway.issuerHost" (index . 1) -}}
{{- if eq (index . 0).Values.host "istio" -}}
outbound|{{ trimPrefix ":" (regexFind ":[0-9]+$" $host) | default "443" }}||{{ regexReplaceAll ":[0-9]+$" $host "" }}
{{- else -}}
{{ $host }}
{{- end -}}
{{- end }}

{{/* Host and port of an entry of jwks, such as id.example.com or id.example.com:8443. */}}
{{- define "novasphere-gateway.issuerHost" -}}
{{- $url := urlParse (.uri | default .issuer) -}}
{{- required (printf "filters.jwt_auth.jwks: %s: expected an https URL in uri or issuer" .issuer) $url.host -}}
{{- end }}

{{/* The clusters of all entries of jwks as JSON: name to host and port. */}}
{{- define "novasphere-gateway.issuers" -}}
{{- $hosts := dict }}
{{- range include "novasphere-gateway.all" . | fromJsonArray }}
  {{- range (.jwt_auth | default dict).jwks }}
    {{- $host := include "novasphere-gateway.issuerHost" . }}
    {{- $_ := set $hosts (.cluster | default $host) $host }}
  {{- end }}
{{- end }}
{{- toJson $hosts }}
{{- end }}

{{/* The variables that settings read, as a JSON list: {env: NAME} at any depth. */}}
{{- define "novasphere-gateway.variables" -}}
{{- $names := list }}
{{- range regexFindAll "\"env\":\"[^\"]+\"" . -1 }}
  {{- $names = append $names (trimSuffix "\"" (trimPrefix "\"env\":\"" .)) }}
{{- end }}
{{- toJson ($names | uniq | sortAlpha) }}
{{- end }}

{{/* The container's environment variables that the settings read, from their Secrets. */}}
{{- define "novasphere-gateway.env" -}}
{{- $root := . }}
{{- range include "novasphere-gateway.variables" (include "novasphere-gateway.all" .) | fromJsonArray }}
- name: {{ . }}
  valueFrom:
  {{- if and (eq . "NOVASPHERE_REDIS_TOKEN") (include "novasphere-gateway.redis" $root) }}
    secretKeyRef: {name: {{ $root.Values.redis.existingSecret }}, key: token}
  {{- else }}
    {{- $key := index $root.Values.jwt.variables . | required (printf "jwt.variables.%s: missing: the settings read this variable; give its key in the Secret" .) }}
    secretKeyRef: {name: {{ required "jwt.existingSecret: missing: the settings read a variable from it" $root.Values.jwt.existingSecret }}, key: {{ $key }}}
  {{- end }}
{{- end }}
{{- end }}

{{/* The headers that only jwt-auth may set, as a JSON list. */}}
{{- define "novasphere-gateway.identityHeaders" -}}
{{- $names := list }}
{{- range include "novasphere-gateway.all" . | fromJsonArray }}
  {{- range (.jwt_auth | default dict).claims_to_headers }}
    {{- if not .keep_inbound }}{{ $names = append $names (lower .header) }}{{ end }}
  {{- end }}
{{- end }}
{{- $own := list "x-consumer-id" "x-consumer-custom-id" "x-consumer-username" "x-credential-identifier" "x-anonymous-consumer" }}
{{- toJson (concat $names $own | uniq) }}
{{- end }}

{{/* The header with the claim sub, for the access log; empty without one. */}}
{{- define "novasphere-gateway.subjectHeader" -}}
{{- $common := include "novasphere-gateway.common" . | fromJson }}{{ $header := "" }}
{{- range ($common.jwt_auth | default dict).claims_to_headers }}
  {{- if and (eq (toString .claim) "sub") (not .keep_inbound) }}{{ $header = upper .header }}{{ end }}
{{- end }}
{{- $header }}
{{- end }}

{{/* The settings as those of the gateway filter, which has one header_transform. */}}
{{- define "novasphere-gateway.merged" -}}
{{- $settings := omit . "security_headers" }}
{{- with .security_headers }}
  {{- $_ := set $settings "header_transform" (mergeOverwrite (deepCopy .) ($settings.header_transform | default dict)) }}
{{- end }}
{{- toYaml $settings }}
{{- end }}
