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
{{- $fixed := list "data-directory" "bolt-port" "bolt-address" "storage-wal-enabled" "storage-wal-file-flush-every-n-tx" "storage-snapshot-on-exit" "storage-snapshot-interval" "storage-snapshot-interval-sec" "storage-snapshot-retention-count" "data-recovery-on-startup" "replication-restore-state-on-startup" "log-file" "log-level" "also-log-to-stderr" "telemetry-enabled" "bolt-cert-file" "bolt-key-file" }}
{{- range .Values.memgraph.extraArgs }}
{{- $flag := splitList "=" . | first | trimPrefix "--" | replace "_" "-" }}
{{- if has $flag $fixed }}
{{- fail (printf "memgraph.extraArgs: the chart sets --%s itself, because failover depends on it or there is a value for it" $flag) }}
{{- end }}
{{- end }}
{{- if and .Values.tls.existingSecret .Values.readGateway.enabled (include "memgraph-controller.checksLogins" .) }}
{{- fail "tls.existingSecret: with TLS the read gateway cannot see logins and would refuse every client: set readGateway.checkLogins=never, and reads ask for no password, or readGateway.enabled=false, and reads go to the main" }}
{{- end }}
{{- $store := .Values.backup.store }}
{{- if and .Values.backup.enabled (not .Values.memgraph.enabled) }}
{{- fail "backup.enabled=true needs memgraph.enabled=true: of your own StatefulSet the chart does not know what the backup may be taken of" }}
{{- end }}
{{- if and .Values.restore.backup (not .Values.memgraph.enabled) }}
{{- fail "restore.backup needs memgraph.enabled=true: it is the init container of the chart's own database that takes the backup" }}
{{- end }}
{{- if and (or .Values.backup.enabled .Values.restore.backup) (gt (len .Release.Name) 45) }}
{{- fail (printf "the release's name %q has more than 45 characters, and those of the CronJob and the Job for backups would be too long: choose a shorter one" .Release.Name) }}
{{- end }}
{{- if and .Values.restore.cluster (ne .Values.restore.backup "latest") }}
{{- fail "restore.cluster says whose latest backup is meant, and is for restore.backup=latest: one that is named may be anybody's" }}
{{- end }}
{{- if and $store.claim $store.s3.bucket }}
{{- fail "backup.store.claim and backup.store.s3.bucket name two places: give one of them" }}
{{- end }}
{{- if and (or .Values.backup.enabled .Values.restore.backup) (not $store.claim) (not $store.s3.bucket) }}
{{- fail "backup.enabled and restore.backup need a place: give backup.store.claim, a PersistentVolumeClaim, or backup.store.s3.bucket" }}
{{- end }}
{{- if .Values.memgraph.enabled }}
{{- $now := lookup "apps/v1" "StatefulSet" .Release.Namespace .Release.Name }}
{{- if and $now (eq (int .Values.memgraph.replicas) 1) (gt (int (dig "spec" "replicas" 1 $now)) 1) }}
{{- fail (printf "memgraph.replicas=1 would take the voter away from a cluster of %d, and writes would wait for it for ever: two are the least. For a single instance restore a backup into a new release" (int $now.spec.replicas)) }}
{{- end }}
{{- end }}
{{- range $name, $service := dict "writeGateway.service" .Values.writeGateway.service "readGateway.service" .Values.readGateway.service "http.service" .Values.http.service }}
{{- if and $service.nodePort (eq $service.type "ClusterIP") }}
{{- fail (printf "%s.nodePort needs %s.type=NodePort or LoadBalancer" $name $name) }}
{{- end }}
{{- end }}
{{- end }}
