{{- define "novasphere-gateway.traefik.container" -}}
image: {{ .Values.traefik.image }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
# Traefik finds plugins below its working directory.
workingDir: /
args: [--configFile=/etc/traefik/static/traefik.yaml]
{{- with include "novasphere-gateway.env" . | trim }}
env:
{{ . }}
{{- end }}
ports:
{{- if not .Values.tls.none }}
- {name: https, containerPort: 8443}
{{- end }}
{{- if include "novasphere-gateway.http" . }}
- {name: http, containerPort: 8080}
{{- end }}
- {name: status, containerPort: 8082}
resources:
  # Every request in flight, streams included, holds one instance of each filter: about 4 MiB each.
  {{- toYaml (.Values.resources | default (dict "requests" (dict "cpu" "500m" "memory" "512Mi") "limits" (dict "cpu" "2" "memory" "2Gi"))) | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
startupProbe:
  httpGet: {path: /ping, port: status}
  periodSeconds: 2
  failureThreshold: 60
readinessProbe:
{{- if include "novasphere-gateway.rejects" . }}
  # A route whose filter rejects its configuration returns 500. A 401 for a request without a token proves
  # that the filters run.
  exec:
    command:
    - /bin/sh
    - -c
    - |
      wget -O /dev/null --header 'Host: {{ first .Values.hostnames | replace "*" "ready" }}' http://127.0.0.1:8083{{ include "novasphere-gateway.probePath" . }} 2>&1 | grep -q ' 401 '
{{- else }}
  # No request is sure to be rejected, so the probe cannot tell whether the filters run.
  httpGet: {path: /ping, port: status}
{{- end }}
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 2
# Checks the process only: an unready pod must not be killed.
livenessProbe:
  tcpSocket: {port: status}
  periodSeconds: 15
  failureThreshold: 4
# Waits until the load balancer stops using the node. Traefik then finishes open requests.
lifecycle:
  preStop:
    exec: {command: [/bin/sh, -c, sleep 20]}
{{- end }}
