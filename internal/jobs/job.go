package jobs

import (
	"path"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// Where a worker finds things.
const (
	planDir    = "/etc/kith/plan"
	lakeDir    = "/lake"
	volumesDir = "/volumes"
	secretsDir = "/secrets"
	scratchDir = "/scratch"
)

// Exit codes of the worker after which the same pod again would end the same; what follows is the manager's to decide.
var finalExitCodes = []int32{10, 11, 12, 13, 14, 64}

const (
	// restarts of a pod that the machine ended: out of memory, killed, node lost.
	restarts = 4
	// keepJob is how long a Job that is over stays for people to look at its pod's log.
	keepJob = time.Hour
	// graceful is what a worker has after SIGTERM to report that it was stopped.
	graceful = 30 * time.Second
	nonRoot  = 65532
)

// Options of a Job that neither its Run nor its plan tells.
type Options struct {
	Image       string
	PullPolicy  corev1.PullPolicy
	PullSecrets []string
	Worker      v1alpha1.Worker
	// SingleNode: a claim of the plan can be mounted on one node only, so the tenant's workers go where the others are.
	SingleNode bool
}

// Job that carries out a Run. Its pod is started again for what the machine did; an error that the worker reports ends it.
func Job(r *v1alpha1.Run, p *plan.Plan, parts int, o Options) *batchv1.Job {
	ttl, backoff := int32(keepJob.Seconds()), int32(restarts)
	deadline := int64((&r.Spec.Deadline).Value().Seconds())
	replace := batchv1.Failed
	return &batchv1.Job{
		ObjectMeta: owned(r, r.Name),
		Spec: batchv1.JobSpec{
			ActiveDeadlineSeconds:   &deadline,
			BackoffLimit:            &backoff,
			TTLSecondsAfterFinished: &ttl,
			PodReplacementPolicy:    &replace, // never two pods of one run at once
			PodFailurePolicy: &batchv1.PodFailurePolicy{Rules: []batchv1.PodFailurePolicyRule{
				{
					Action:          batchv1.PodFailurePolicyActionIgnore, // drained or evicted: not the run's fault
					OnPodConditions: []batchv1.PodFailurePolicyOnPodConditionsPattern{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue}},
				},
				{
					Action: batchv1.PodFailurePolicyActionFailJob,
					OnExitCodes: &batchv1.PodFailurePolicyOnExitCodesRequirement{
						Operator: batchv1.PodFailurePolicyOnExitCodesOpIn, Values: finalExitCodes,
					},
				},
			}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels(r)},
				Spec:       podSpec(r, p, parts, o),
			},
		},
	}
}

func podSpec(r *v1alpha1.Run, p *plan.Plan, parts int, o Options) corev1.PodSpec {
	v := volumesOf(r, p, parts, o.Worker)
	grace := int64(graceful.Seconds())
	user, yes, no := int64(nonRoot), true, false
	onRootMismatch := corev1.FSGroupChangeOnRootMismatch
	spec := corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		ServiceAccountName:            ServiceAccountName(o.Worker),
		EnableServiceLinks:            &no,
		TerminationGracePeriodSeconds: &grace,
		NodeSelector:                  o.Worker.NodeSelector,
		Tolerations:                   o.Worker.Tolerations,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, FSGroup: &user, FSGroupChangePolicy: &onRootMismatch,
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Volumes: v.volumes,
		Containers: []corev1.Container{{
			Name: "worker", Image: o.Image, ImagePullPolicy: o.PullPolicy,
			Args: []string{
				"worker", "--plan", planDir, "--lake", lakeDir, "--volumes", volumesDir, "--secrets", secretsDir, "--report", r.Name,
			},
			Env:          environment(o.Worker),
			Resources:    corev1.ResourceRequirements{Requests: o.Worker.Resources.Requests, Limits: o.Worker.Resources.Limits},
			VolumeMounts: v.mounts,
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, RunAsNonRoot: &yes,
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			TerminationMessagePolicy: corev1.TerminationMessageReadFile,
		}},
	}
	for _, s := range o.PullSecrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	if o.SingleNode {
		spec.Affinity = withOthers()
	}
	return spec
}

func environment(w v1alpha1.Worker) []corev1.EnvVar {
	env := []corev1.EnvVar{{Name: "TMPDIR", Value: scratchDir}, {Name: "HOME", Value: scratchDir}}
	if m, ok := w.Resources.Limits[corev1.ResourceMemory]; ok {
		// What is not the engine's: Go's share of the container.
		env = append(env, corev1.EnvVar{Name: "GOMEMLIMIT", Value: resource.NewQuantity(m.Value()*3/10, resource.BinarySI).String() + "B"})
	}
	return env
}

// withOthers puts the tenant's workers on the node where one of them is. Kubernetes lets the first one in although there is nobody yet.
func withOthers() *corev1.Affinity {
	return &corev1.Affinity{PodAffinity: &corev1.PodAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{LabelManagedBy: ManagedBy}},
			TopologyKey:   corev1.LabelHostname,
		}},
	}}
}

type volumes struct {
	volumes []corev1.Volume
	mounts  []corev1.VolumeMount
}

func (v *volumes) add(name string, source corev1.VolumeSource, at string, readOnly bool) {
	v.volumes = append(v.volumes, corev1.Volume{Name: name, VolumeSource: source})
	v.mounts = append(v.mounts, corev1.VolumeMount{Name: name, MountPath: at, ReadOnly: readOnly})
}

// volumesOf a worker. One claim is one volume, however often it is mounted.
func volumesOf(r *v1alpha1.Run, p *plan.Plan, parts int, w v1alpha1.Worker) volumes {
	var v volumes
	v.add("plan", planVolume(r, parts), planDir, true)
	v.add("scratch", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: w.Scratch}}, scratchDir, false)
	claims := map[string]string{}
	claim := func(name, at string, readOnly bool) {
		if volume, ok := claims[name]; ok {
			v.mounts = append(v.mounts, corev1.VolumeMount{Name: volume, MountPath: at, ReadOnly: readOnly})
			return
		}
		claims[name] = "claim-" + string(rune('a'+len(claims)))
		v.add(claims[name], corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name}}, at, readOnly)
	}
	claim(p.Lake.ClaimName, lakeDir, false)
	m := p.Mounts()
	for _, c := range m.Reads {
		claim(c, path.Join(volumesDir, c), true)
	}
	for _, c := range m.Writes {
		claim(c, path.Join(volumesDir, c), false)
	}
	optional := true // the worker names a Secret that is missing; a pod that waits for one names nothing
	for i, s := range m.Secrets {
		v.add("secret-"+string(rune('a'+i)), corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: s, Optional: &optional}}, path.Join(secretsDir, s), true)
	}
	return v
}

func planVolume(r *v1alpha1.Run, parts int) corev1.VolumeSource {
	projected := &corev1.ProjectedVolumeSource{}
	for i := range parts {
		projected.Sources = append(projected.Sources, corev1.VolumeProjection{
			ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: planName(r.Spec.PlanRef.Name, i)}},
		})
	}
	return corev1.VolumeSource{Projected: projected}
}

// DefaultWorker is what workers get where no Workspace says otherwise, as its schema has it.
func DefaultWorker() v1alpha1.Worker {
	scratch := resource.MustParse("20Gi")
	return v1alpha1.Worker{
		Scratch: &scratch,
		Resources: v1alpha1.WorkerResources{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("250m"), corev1.ResourceMemory: resource.MustParse("512Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
		},
	}
}

// Claims that the worker of a plan mounts.
func Claims(p *plan.Plan) []string {
	m := p.Mounts()
	out := append([]string{p.Lake.ClaimName}, m.Reads...)
	return append(out, m.Writes...)
}
