{{/* What the schema cannot say, or not so that one knows what to do. */}}
{{- define "memgraph-controller.check" -}}
{{- if gt (len .Release.Name) 50 }}
{{- fail (printf "the release's name %q has more than 50 characters, and names such as %s-gateway-read would be too long: choose a shorter one" .Release.Name .Release.Name) }}
{{- end }}
{{- if not .Values.memgraph.enabled }}
{{- if not .Values.existing.statefulSet }}
{{- fail "memgraph.enabled=false needs existing.statefulSet: the name of the StatefulSet that runs your database" }}
{{- end }}
{{- if not .Values.existing.instanceSelector }}
{{- fail "memgraph.enabled=false needs existing.instanceSelector: labels that select the pods of your StatefulSet, such as {app: memgraph}" }}
{{- end }}
{{- else if or .Values.existing.statefulSet .Values.existing.instanceSelector }}
{{- fail "existing.* is for memgraph.enabled=false; this release would run a database of its own beside it: set memgraph.enabled=false, or leave existing.* empty" }}
{{- end }}
{{- if le (int .Values.memgraph.terminationGracePeriodSeconds) (int .Values.memgraph.preStopSeconds) }}
{{- fail (printf "memgraph.terminationGracePeriodSeconds (%v) includes memgraph.preStopSeconds (%v) and must be greater, or the database is killed before it was told to end" .Values.memgraph.terminationGracePeriodSeconds .Values.memgraph.preStopSeconds) }}
{{- end }}
{{- $fixed := list "data-directory" "bolt-port" "bolt-address" "storage-wal-enabled" "storage-wal-file-flush-every-n-tx" "storage-snapshot-on-exit" "data-recovery-on-startup" "replication-restore-state-on-startup" "log-file" "log-level" "also-log-to-stderr" "telemetry-enabled" "bolt-cert-file" "bolt-key-file" }}
{{- range .Values.memgraph.extraArgs }}
{{- $flag := splitList "=" . | first | trimPrefix "--" | replace "_" "-" }}
{{- if has $flag $fixed }}
{{- fail (printf "memgraph.extraArgs: the chart sets --%s itself, because failover depends on it or there is a value for it" $flag) }}
{{- end }}
{{- end }}
{{- if and .Values.tls.existingSecret .Values.readGateway.enabled (include "memgraph-controller.checksLogins" .) }}
{{- fail "tls.existingSecret: with TLS the read gateway cannot see logins and would refuse every client: set readGateway.checkLogins=never, and reads ask for no password, or readGateway.enabled=false, and reads go to the main" }}
{{- end }}
{{- range $name, $service := dict "writeGateway.service" .Values.writeGateway.service "readGateway.service" .Values.readGateway.service "http.service" .Values.http.service }}
{{- if and $service.nodePort (eq $service.type "ClusterIP") }}
{{- fail (printf "%s.nodePort needs %s.type=NodePort or LoadBalancer" $name $name) }}
{{- end }}
{{- end }}
{{- end }}
