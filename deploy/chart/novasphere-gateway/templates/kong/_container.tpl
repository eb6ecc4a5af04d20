{{/* The lines of kong.env as data of a ConfigMap. */}}
{{- define "novasphere-gateway.kong.settings" -}}
{{- $settings := dict }}
{{- range splitList "\n" (.Files.Get "files/kong/kong.env") }}
  {{- if and . (not (hasPrefix "#" .)) }}
    {{- $pair := regexSplit "=" . 2 }}
    {{- $_ := set $settings (index $pair 0) (index $pair 1) }}
  {{- end }}
{{- end }}
{{- $variables := include "novasphere-gateway.variables" (include "novasphere-gateway.all" .) | fromJsonArray }}
{{- $settings = omit $settings "KONG_NGINX_MAIN_ENV" }}
{{- if $variables }}{{ $_ := set $settings "KONG_NGINX_MAIN_ENV" (join "; env " $variables) }}{{ end }}
{{- with .Values.trustedProxies.cidrs }}
  {{- $_ := set $settings "KONG_TRUSTED_IPS" (join "," .) }}
  {{- $_ := set $settings "KONG_REAL_IP_HEADER" "X-Forwarded-For" }}
  {{- $_ := set $settings "KONG_REAL_IP_RECURSIVE" "on" }}
{{- end }}
{{- toYaml $settings }}
{{- end }}

{{- define "novasphere-gateway.kong.container" -}}
image: {{ .Values.kong.image }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# Settings that kong.env lacks, or that differ in a cluster.
envFrom:
- configMapRef: {name: {{ include "novasphere-gateway.fullname" . }}-env}
env:
- {name: KONG_PREFIX, value: /kong_prefix}
# The port 8000 serves the readiness probe alone.
- name: KONG_PROXY_LISTEN
  value: "127.0.0.1:8000
    {{- if include "novasphere-gateway.http" . }}, 0.0.0.0:8080 reuseport backlog=16384{{ end }}
    {{- if not .Values.tls.none }}, 0.0.0.0:8443 http2 ssl reuseport backlog=16384{{ end }}"
{{- if not .Values.tls.none }}
# Kong reads these at start.
- {name: KONG_SSL_CERT, value: /etc/novasphere-tls/tls.crt}
- {name: KONG_SSL_CERT_KEY, value: /etc/novasphere-tls/tls.key}
{{- end }}
- {name: KONG_NGINX_WORKER_PROCESSES, value: {{ .Values.kong.workers | toString | quote }}}
# Open streams are closed after this time.
- {name: KONG_NGINX_MAIN_WORKER_SHUTDOWN_TIMEOUT, value: 30s}
{{- if include "novasphere-gateway.redis" . }}
# The CA of the HTTP front end of Redis.
- {name: KONG_LUA_SSL_TRUSTED_CERTIFICATE, value: "system,/etc/novasphere-redis-tls/ca.crt"}
{{- end }}
{{- with include "novasphere-gateway.env" . | trim }}
{{ . }}
{{- end }}
ports:
{{- if not .Values.tls.none }}
- {name: https, containerPort: 8443}
{{- end }}
{{- if include "novasphere-gateway.http" . }}
- {name: http, containerPort: 8080}
{{- end }}
- {name: status, containerPort: 8100}
resources:
  {{- toYaml (.Values.resources | default (dict "requests" (dict "cpu" "500m" "memory" "512Mi") "limits" (dict "cpu" "2" "memory" "1Gi"))) | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- include "novasphere-gateway.kong.probes" . | nindent 0 }}
# Waits until the load balancer stops using the node. SIGQUIT, the image's stop signal, follows: nginx
# accepts no new connections and finishes open requests.
lifecycle:
  preStop:
    {{- if eq .Values.delivery "init" }}
    # The action sleep needs Kubernetes 1.30.
    exec: {command: [/bin/bash, -c, sleep 20]}
    {{- else }}
    sleep: {seconds: 20}
    {{- end }}
{{- end }}

{{- define "novasphere-gateway.kong.probes" -}}
startupProbe:
  httpGet: {path: /status/ready, port: status}
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
{{- if include "novasphere-gateway.rejects" . }}
  # Kong stays healthy even without filters. A 401 for a request without a token proves they run.
  exec:
    command:
    - /bin/bash
    - -c
    - |
      exec 3<>/dev/tcp/127.0.0.1/8000 || exit 1
      printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' {{ include "novasphere-gateway.probePath" . }} '{{ first .Values.hostnames | replace "*" "ready" }}' >&3
      read -r -t 2 _ status _ <&3 && [ "$status" = 401 ]
{{- else }}
  # No request is sure to be rejected, so the probe cannot tell whether the filters run.
  httpGet: {path: /status/ready, port: status}
{{- end }}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 2
# Checks the process only: an unready pod must not be killed.
livenessProbe:
  httpGet: {path: /status, port: status}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 4
{{- end }}
