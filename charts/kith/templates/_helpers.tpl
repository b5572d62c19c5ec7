{{/* What the objects are called: the release's name, with kith in it. */}}
{{- define "kith.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains "kith" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-kith" (.Release.Name | trunc 35 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{/* The labels that find the manager's pods. They never change: a Deployment's selector can't. */}}
{{- define "kith.selector" -}}
app.kubernetes.io/name: kith
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: manager
{{- end -}}

{{- define "kith.labels" -}}
app.kubernetes.io/name: kith
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* An image's name, of (dict "image" ... "root" $). */}}
{{- define "kith.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* The rules of the manager's ClusterRole or Role as controller-gen made them, of (dict "kind" ... "root" $). */}}
{{- define "kith.rules" -}}
{{- $kind := .kind -}}
{{- range splitList "\n---\n" (.root.Files.Get "files/rbac/role.yaml") -}}
{{- $object := fromYaml . -}}
{{- if eq $object.kind $kind -}}
{{- toYaml $object.rules -}}
{{- end -}}
{{- end -}}
{{- end -}}
