{{/* The names are the release's, so that they can be guessed. */}}

{{- define "memgraph-controller.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of an object. Not of pods: they would restart whenever the version changes. */}}
{{- define "memgraph-controller.labels" -}}
{{ include "memgraph-controller.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "memgraph-controller.controllerLabels" -}}
{{ include "memgraph-controller.selectorLabels" . }}
app.kubernetes.io/component: controller
{{- end }}

{{/* Labels by which the database pods are known: the chart's own, or those of the
     StatefulSet that is brought along. */}}
{{- define "memgraph-controller.databaseLabels" -}}
{{- if .Values.memgraph.enabled -}}
{{ include "memgraph-controller.selectorLabels" . }}
app.kubernetes.io/component: database
{{- else -}}
{{ toYaml .Values.existing.instanceSelector }}
{{- end -}}
{{- end }}

{{/* Labels (YAML) as a label selector: a=b,c=d */}}
{{- define "memgraph-controller.selector" -}}
{{- $terms := list -}}
{{- range $key, $value := fromYaml . -}}
{{- $terms = append $terms (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- join "," $terms -}}
{{- end }}

{{- define "memgraph-controller.statefulSet" -}}
{{- if .Values.memgraph.enabled -}}{{ .Release.Name }}{{- else -}}{{ .Values.existing.statefulSet }}{{- end -}}
{{- end }}

{{- define "memgraph-controller.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "memgraph-controller.tokenSecret" -}}
{{ .Values.adminToken.existingSecret | default (printf "%s-admin-token" .Release.Name) }}
{{- end }}

{{/* Not empty where reads ask for a password: the program decides the same for "auto",
by whether it was given a user. */}}
{{- define "memgraph-controller.checksLogins" -}}
{{- if not .Values.readGateway.enabled }}{{ .Values.auth.existingSecret }}
{{- else if eq .Values.readGateway.checkLogins "auto" }}{{ .Values.auth.existingSecret }}
{{- else if eq .Values.readGateway.checkLogins "always" }}always
{{- end }}
{{- end }}

{{/* Credentials of the database, as environment. */}}
{{- define "memgraph-controller.credentials" -}}
{{- with .Values.auth }}
{{- if .existingSecret }}
- name: MEMGRAPH_USER
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .userKey }}}}
- name: MEMGRAPH_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .passwordKey }}}}
{{- end }}
{{- end }}
{{- end }}

{{/* What restricted Pod Security asks of every container, and a file system that nobody changes. */}}
{{- define "memgraph-controller.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Not two in one place, where there is a choice. Takes (list labels own-affinity topology). */}}
{{- define "memgraph-controller.affinity" -}}
{{- $own := index . 1 -}}
{{- if $own -}}
{{ toYaml $own }}
{{- else -}}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm:
        topologyKey: {{ index . 2 }}
        labelSelector:
          matchLabels:
            {{- index . 0 | nindent 12 }}
{{- end -}}
{{- end }}

{{/* Evenly over a topology, where there is a choice. Takes (list topology labels). */}}
{{- define "memgraph-controller.spread" -}}
- maxSkew: 1
  topologyKey: {{ index . 0 }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- index . 1 | nindent 6 }}
{{- end }}

{{/* 90 % of a memory limit in bytes, or nothing where the limit is absent or written in another
     form than 512Mi or 1Gi. */}}
{{- define "memgraph-controller.goMemLimit" -}}
{{- $limit := dig "limits" "memory" "" . | toString -}}
{{- $unit := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 -}}
{{- if regexMatch "^[0-9]+(Ki|Mi|Gi)$" $limit -}}
{{- $n := regexFind "^[0-9]+" $limit | int64 -}}
{{- div (mul $n (get $unit (regexFind "[A-Z]i$" $limit)) 9) 10 -}}
{{- end -}}
{{- end }}

{{/* A Service to the controllers. Takes (list root name component-of-the-name port-name target values). */}}
{{- define "memgraph-controller.service" -}}
{{- $root := index . 0 -}}
{{- $service := index . 4 -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ index . 1 }}
  labels:
    {{- include "memgraph-controller.labels" $root | nindent 4 }}
    app.kubernetes.io/component: controller
  {{- with $service.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  type: {{ $service.type }}
  # Any controller will do: each has both gateways. Connections are long, and a
  # client that was stuck to a controller would suffer longer when that one ends.
  sessionAffinity: None
  {{- with $service.loadBalancerSourceRanges }}
  loadBalancerSourceRanges:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  selector:
    {{- include "memgraph-controller.controllerLabels" $root | nindent 4 }}
  ports:
    - name: {{ index . 2 }}
      port: {{ $service.port }}
      targetPort: {{ index . 3 }}
      protocol: TCP
      # Tells meshes and load balancers what they need not guess.
      appProtocol: {{ ternary "http" "tcp" (eq (index . 3) "http") }}
      {{- if and $service.nodePort (ne $service.type "ClusterIP") }}
      nodePort: {{ $service.nodePort }}
      {{- end }}
{{- end }}

{{/* Where backups are, as flags of the program. */}}
{{- define "memgraph-controller.storeArgs" -}}
{{- with .Values.backup.store -}}
{{- $under := ternary "" (printf "/%s" .prefix) (empty .prefix) -}}
{{- if .claim -}}
- --store=/backups{{ $under }}
{{- else -}}
- --store=s3://{{ .s3.bucket }}{{ $under }}
{{- with .s3.endpoint }}
- --s3-endpoint={{ . }}
{{- end }}
{{- with .s3.region }}
- --s3-region={{ . }}
{{- end }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The keys of that place, as environment. */}}
{{- define "memgraph-controller.storeKeys" -}}
{{- with .Values.backup.store.s3 -}}
{{- if .existingSecret -}}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .accessKeyKey }}}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .secretKeyKey }}}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "memgraph-controller.backupLabels" -}}
{{ include "memgraph-controller.selectorLabels" . }}
app.kubernetes.io/component: backup
{{- end }}

{{/* What "backup run" and "backup restore" are told, besides the store. */}}
{{- define "memgraph-controller.backup.run" -}}
- backup
- run
- --keep={{ .Values.backup.keep }}
{{- if .Values.tls.existingSecret }}
- --database-tls
{{- end }}
{{- end }}

{{- define "memgraph-controller.backup.restore" -}}
- backup
- restore
- {{ .Values.restore.backup }}
- --statefulset={{ .Release.Name }}
{{- with .Values.restore.cluster }}
- --cluster={{ . }}
{{- end }}
{{- end }}

{{/* A pod that has the store of backups, as the template of a Job. Only such pods mount its
     volume, which may be one that a single node can mount, and have its keys. Takes (list
     root command). */}}
{{- define "memgraph-controller.backupPod" -}}
{{- $root := index . 0 -}}
{{- $command := index . 1 -}}
{{- with $root -}}
metadata:
  labels:
    {{- include "memgraph-controller.backupLabels" . | nindent 4 }}
    {{- with .Values.backup.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.backup.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  restartPolicy: Never
  serviceAccountName: {{ .Release.Name }}-backup
  automountServiceAccountToken: true
  enableServiceLinks: false
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 101
    runAsGroup: 103
    fsGroup: 103
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  containers:
    - name: backup
      image: {{ include "memgraph-controller.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include (printf "memgraph-controller.%s" $command) . | nindent 8 }}
        - --server=http://{{ .Release.Name }}-controller:{{ .Values.http.service.port }}
        {{- include "memgraph-controller.storeArgs" . | nindent 8 }}
      env:
        - name: POD_NAMESPACE
          valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
        {{- include "memgraph-controller.storeKeys" . | nindent 8 }}
      terminationMessagePolicy: FallbackToLogsOnError
      {{- with .Values.backup.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "memgraph-controller.containerSecurity" . | nindent 8 }}
      {{- if .Values.backup.store.claim }}
      volumeMounts:
        - {name: backups, mountPath: /backups}
      {{- end }}
  {{- with .Values.backup.store.claim }}
  volumes:
    - name: backups
      persistentVolumeClaim: {claimName: {{ . }}}
  {{- end }}
  {{- with .Values.backup.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.backup.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.backup.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.backup.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
{{- end }}
{{- end }}
