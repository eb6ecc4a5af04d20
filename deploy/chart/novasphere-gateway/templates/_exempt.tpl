{{/*
An exemption is a rule of the common settings, so it holds for all paths that it covers. Fails if these include
a path of a route without the exemption.
*/}}
{{- define "novasphere-gateway.checkExemptions" -}}
{{- $routes := .Values.routes }}
{{- range $n, $exempt := $routes }}
  {{- range $m, $other := $routes }}
    {{- $pair := list (include "novasphere-gateway.pattern" $exempt | fromJson) (include "novasphere-gateway.pattern" $other | fromJson) }}
    {{- $overlaps := and (ne $n $m) (include "novasphere-gateway.overlap" $pair) }}
    {{- $precedes := and (lt $n $m) (include "novasphere-gateway.inside" $pair) }}
    {{- range $filter := $exempt.exempt }}
      {{- if and $overlaps (not $precedes) (not (has $filter $other.exempt)) }}
        {{- $path := $other.path | default $other.path_prefix | default $other.path_template }}
        {{- fail (printf "routes: %s is exempt from %s, and so are paths of %s (%s): exempt both, or give %s a path inside that of %s and list it before" $exempt.name $filter $other.name $path $exempt.name $other.name) }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The paths of a route as JSON: segments, with * for any, and whether more segments may follow. */}}
{{- define "novasphere-gateway.pattern" -}}
{{- $path := .path | default .path_template | default (trimSuffix "/" (.path_prefix | default "")) }}
{{- $segments := list }}
{{- range $n, $segment := splitList "/" $path }}
  {{- if $n }}{{ $segments = append $segments (regexMatch "^\\{[^}]*\\}$" $segment | ternary "*" $segment) }}{{ end }}
{{- end }}
{{- toJson (dict "segments" $segments "open" (hasKey . "path_prefix")) }}
{{- end }}

{{/* Whether two patterns have a path in common: (list one other). */}}
{{- define "novasphere-gateway.overlap" -}}
{{- $one := index . 0 }}{{ $other := index . 1 }}
{{- $ones := len $one.segments }}{{ $others := len $other.segments }}
{{- $common := or (eq $ones $others) (and (lt $ones $others) $one.open) (and (gt $ones $others) $other.open) }}
{{- range $n := until (int (min $ones $others)) }}
  {{- $pair := list (index $one.segments $n) (index $other.segments $n) }}
  {{- if and (ne (first $pair) (last $pair)) (not (has "*" $pair)) }}{{ $common = false }}{{ end }}
{{- end }}
{{- if $common }}true{{ end }}
{{- end }}

{{/* Whether all paths of a pattern belong to another: (list one other). */}}
{{- define "novasphere-gateway.inside" -}}
{{- $one := index . 0 }}{{ $other := index . 1 }}
{{- $ones := len $one.segments }}{{ $others := len $other.segments }}
{{- $all := or (and (eq $ones $others) (or $other.open (not $one.open))) (and (gt $ones $others) $other.open) }}
{{- range $n := until (int (min $ones $others)) }}
  {{- $theirs := index $other.segments $n }}
  {{- if not (has $theirs (list "*" (index $one.segments $n))) }}{{ $all = false }}{{ end }}
{{- end }}
{{- if $all }}true{{ end }}
{{- end }}
