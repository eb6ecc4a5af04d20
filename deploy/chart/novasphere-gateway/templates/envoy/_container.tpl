{{- define "novasphere-gateway.envoy.container" -}}
# preStop needs bash, which the distroless image lacks.
image: {{ .Values.envoy.image }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [envoy]
args:
- --config-path
- /etc/novasphere/envoy.yaml
- --concurrency
- {{ .Values.envoy.concurrency | toString | quote }}
- --disable-hot-restart
- --drain-time-s
- "30"
- --log-level
- warning
# Logs rejected configurations and jwt-auth's warnings.
- --component-log-level
- {{ include "novasphere-gateway.native" . | empty | ternary "wasm" "dynamic_modules" }}:info
{{- $env := include "novasphere-gateway.env" . | trim }}
{{- if or $env (include "novasphere-gateway.native" .) }}
env:
{{- with $env }}
{{ . }}
{{- end }}
{{- if include "novasphere-gateway.native" . }}
- {name: ENVOY_DYNAMIC_MODULES_SEARCH_PATH, value: /etc/envoy/native}
{{- end }}
{{- end }}
ports:
{{- if not .Values.tls.none }}
- {name: https, containerPort: 8443}
{{- end }}
{{- if include "novasphere-gateway.http" . }}
- {name: http, containerPort: 8080}
{{- end }}
- {name: status, containerPort: 9902}
resources:
  {{- include "novasphere-gateway.envoy.resources" . | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
# Ready once the filters are compiled and configured.
startupProbe:
  httpGet: {path: /ready, port: status}
  periodSeconds: 2
  failureThreshold: 30
readinessProbe:
  httpGet: {path: /ready, port: status}
  periodSeconds: 5
  failureThreshold: 2
# Checks the process only: an unready pod must not be killed.
livenessProbe:
  tcpSocket: {port: status}
  periodSeconds: 15
  failureThreshold: 4
lifecycle:
  preStop:
    exec:
      command:
      - /bin/bash
      - -c
      - |
        sleep 5
        exec 3<>/dev/tcp/127.0.0.1/9901
        printf 'POST /drain_listeners?graceful&skip_exit HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n' >&3
        cat <&3 >/dev/null
        sleep 30
{{- end }}
