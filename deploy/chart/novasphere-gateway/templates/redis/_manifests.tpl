{{/*
The manifests of Redis and its front end as a JSON list. They are those of the chart's files, with the
names of this release.
*/}}
{{- define "novasphere-gateway.redis.manifests" -}}
{{- $root := . }}{{ $name := include "novasphere-gateway.redisName" . }}{{ $manifests := list }}
{{- range $path, $content := .Files.Glob "files/redis/manifests/*.yaml" }}
  {{- $text := toString $content | replace "secretName: novasphere-redis\n" "secretName: @SECRET@\n" }}
  {{- $text = regexReplaceAll "(^|[^/])novasphere-redis" $text (printf "${1}%s" $name) }}
  {{- $text = $text | replace "novasphere-system" $root.Release.Namespace | replace "@SECRET@" $root.Values.redis.existingSecret }}
  {{- range splitList "\n---\n" $text }}{{ $manifests = append $manifests (fromYaml .) }}{{ end }}
{{- end }}
{{- toJson $manifests }}
{{- end }}

{{/* Kinds that the Redis itself needs, under its own name. */}}
{{- define "novasphere-gateway.redis.own" -}}
StatefulSet Service ServiceAccount PodDisruptionBudget Certificate
{{- end }}

{{/* The front end's container environment, for a Redis that exists: (list root variables). Returns JSON. */}}
{{- define "novasphere-gateway.redis.address" -}}
{{- $address := (index . 0).Values.redis.external.address }}{{ $variables := list }}
{{- range index . 1 }}
  {{- if eq .name "NOVASPHERE_REDIS_ADDRESS" }}{{ $_ := set . "value" $address }}{{ end }}
  {{- if eq .name "NOVASPHERE_REDIS_TLS_NAME" }}{{ $_ := set . "value" (regexReplaceAll ":[0-9]+$" $address "") }}{{ end }}
  {{- $variables = append $variables . }}
{{- end }}
{{- toJson $variables }}
{{- end }}

{{/* The front end's certificate and the CA of a Redis that exists, as a JSON volume. */}}
{{- define "novasphere-gateway.redis.tls" -}}
{{- $items := list (dict "key" "tls.crt" "path" "tls.crt") (dict "key" "tls.key" "path" "tls.key") }}
{{- $secret := dict "name" (printf "%s-front-tls" (include "novasphere-gateway.redisName" .)) "items" $items }}
{{- $sources := list (dict "secret" $secret) (dict "configMap" (dict "name" .Values.redis.external.authority)) }}
{{- toJson (dict "name" "tls" "projected" (dict "defaultMode" 288 "sources" $sources)) }}
{{- end }}
