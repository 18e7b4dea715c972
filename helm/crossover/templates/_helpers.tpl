{{/* Labels of an object: (list $ "component"). */}}
{{- define "crossover.labels" -}}
{{- $root := index . 0 -}}
{{ include "crossover.selector" . }}
app.kubernetes.io/part-of: crossover
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Labels that select a part's pods: (list $ "component"). */}}
{{- define "crossover.selector" -}}
app.kubernetes.io/name: crossover
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* Reference of an image: (list $ "app"). */}}
{{- define "crossover.image" -}}
{{- $images := (index . 0).Values.images -}}
{{- $image := index $images (index . 1) -}}
{{- with $images.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{ $image.repository }}{{ if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag }}{{ end }}
{{- end -}}

{{/* What every pod specification begins with:
     dict root, component, uid, gid, account (crossover-service), token (false), part (values with nodeSelector ...). */}}
{{- define "crossover.pod" -}}
serviceAccountName: {{ .account | default "crossover-service" }}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid }}
  runAsGroup: {{ .gid }}
  fsGroup: {{ .group | default .gid }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: {{ if eq . "kubernetes.io/hostname" }}{{ $.root.Values.spread }}{{ else }}ScheduleAnyway{{ end }}
    labelSelector:
      matchLabels: {{- include "crossover.selector" (list $.root $.component) | nindent 8 }}
  {{- end }}
{{- with .part.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Image, pull policy and what no container may do: (list $ "app"), with user and group if not the pod's. */}}
{{- define "crossover.container" -}}
image: {{ include "crossover.image" . }}
imagePullPolicy: {{ (index . 0).Values.images.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
  {{- if gt (len .) 2 }}
  runAsUser: {{ index . 2 }}
  runAsGroup: {{ index . 3 }}
  {{- end }}
{{- end -}}

{{/* A claim template: dict root, component, name, storage. */}}
{{- define "crossover.claim" -}}
- metadata:
    name: {{ .name }}
    labels: {{- include "crossover.selector" (list .root .component) | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storage.className }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests: {storage: {{ .storage.size }}}
{{- end -}}

{{/* Settings that our own processes share, then one Secret: (list $ "secret name"). */}}
{{- define "crossover.environment" -}}
envFrom:
  - configMapRef: {name: crossover-settings}
  {{- with index . 1 }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- end -}}

{{- define "crossover.home" -}}
- {name: HOME, value: /tmp}
- {name: CROSSOVER_HOME, value: /tmp/crossover}
{{- end -}}

{{- define "crossover.pod-facts" -}}
- name: CROSSOVER_POD__NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: CROSSOVER_POD__NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: CROSSOVER_POD__IP
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
{{- end -}}

{{/* Volume with the authority's certificate, mounted at /etc/crossover/ca. */}}
{{- define "crossover.ca-volume" -}}
- name: ca
  secret:
    secretName: crossover-ca
    items: [{key: ca.crt, path: ca.crt}]
{{- end -}}

{{- define "crossover.ca-mount" -}}
- {name: ca, mountPath: /etc/crossover/ca, readOnly: true}
{{- end -}}

{{/* Files of one folder of the chart as data of a ConfigMap, each a template: (list $ "files/kafka/*"). */}}
{{- define "crossover.files" -}}
{{- $root := index . 0 -}}
{{- range $path, $_ := $root.Files.Glob (index . 1) }}
{{ base $path }}: |
  {{- tpl ($root.Files.Get $path) $root | trim | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Changes with the files, so that pods that read them at their start are replaced: (list $ "files/kafka/*"). */}}
{{- define "crossover.checksum" -}}
{{- include "crossover.files" . | sha256sum -}}
{{- end -}}

{{/* Kafka's replication factor, of topics of ours and of its own. */}}
{{- define "crossover.kafka-replication" -}}
{{- if .Values.kafka.enabled }}{{ min 3 .Values.kafka.replicas }}{{ else }}3{{ end -}}
{{- end -}}

{{/* The path at which Airflow is served. */}}
{{- define "crossover.airflow-path" -}}
{{- (urlParse .Values.airflow.baseUrl).path | trimSuffix "/" -}}
{{- end -}}

{{/* 2Gi -> 2147483648. */}}
{{- define "crossover.bytes" -}}
{{- $n := regexFind "^[0-9]+" . | int64 -}}
{{- if hasSuffix "Gi" . }}{{ mul $n 1073741824 }}{{ else }}{{ mul $n 1048576 }}{{ end -}}
{{- end -}}

{{/* Environment of an HDFS process: (list "NAMENODE" "1g"). */}}
{{- define "crossover.hadoop-environment" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- {name: HADOOP_CONF_DIR, value: /etc/crossover/hdfs}
- {name: HADOOP_USER_NAME, value: hadoop}
- {name: HADOOP_LOG_DIR, value: /tmp}
- {name: HADOOP_PID_DIR, value: /tmp}
- {name: HADOOP_HEAPSIZE_MAX, value: {{ index . 1 }}}
- {name: HDFS_{{ index . 0 }}_OPTS, value: "-XX:+ExitOnOutOfMemoryError"}
{{- end -}}

{{/* Environment sources, mounts and volumes that all Airflow containers share. */}}
{{- define "crossover.airflow-environment" -}}
envFrom:
  - configMapRef: {name: crossover-settings}
  - configMapRef: {name: crossover-airflow}
  - secretRef: {name: {{ .Values.secrets.airflow }}}
env:
  - {name: CROSSOVER_HOME, value: /tmp/crossover}
  - name: POD_NAMESPACE
    valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- end -}}

{{- define "crossover.airflow-mounts" -}}
{{ include "crossover.ca-mount" . }}
- {name: files, mountPath: /etc/crossover/airflow, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "crossover.airflow-volumes" -}}
{{ include "crossover.ca-volume" . }}
- name: files
  configMap: {name: crossover-airflow-files}
- name: tmp
  emptyDir: {sizeLimit: 512Mi}
{{- end -}}

{{/* Checksums that replace Airflow's pods when what they read at their start changes. */}}
{{- define "crossover.airflow-checksums" -}}
checksum/settings: {{ include (print $.Template.BasePath "/settings.yaml") . | sha256sum }}
checksum/airflow: {{ include (print $.Template.BasePath "/airflow/config.yaml") . | sha256sum }}
{{- end -}}

{{/* Waits until the setup Job has brought the database to this image's version. */}}
{{- define "crossover.airflow-wait" -}}
- name: wait-for-database
  {{- include "crossover.container" (list . "airflow") | nindent 2 }}
  command: [python, /etc/crossover/airflow/database.py, wait]
  {{- include "crossover.airflow-environment" . | nindent 2 }}
  resources:
    requests: {cpu: 50m, memory: 64Mi, ephemeral-storage: 16Mi}
    limits: {cpu: 500m, memory: 128Mi, ephemeral-storage: 64Mi}
  volumeMounts: {{- include "crossover.airflow-mounts" . | nindent 4 }}
{{- end -}}

{{/* Probes by the heartbeat in the database: (list "DagProcessorJob"). */}}
{{- define "crossover.airflow-heartbeat" -}}
startupProbe:
  exec: {command: [python, /etc/crossover/airflow/database.py, heartbeat, {{ . }}, "60"]}
  periodSeconds: 10
  timeoutSeconds: 20
  failureThreshold: 60
readinessProbe:
  exec: {command: [python, /etc/crossover/airflow/database.py, heartbeat, {{ . }}, "60"]}
  periodSeconds: 60
  timeoutSeconds: 20
livenessProbe:
  exec: {command: [python, /etc/crossover/airflow/database.py, heartbeat, {{ . }}, "300"]}
  periodSeconds: 120
  timeoutSeconds: 30
  failureThreshold: 3
{{- end -}}
