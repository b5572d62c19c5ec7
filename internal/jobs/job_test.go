package jobs

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// longest is as long as the names of the kinds may be.
var longest = strings.Repeat("n", 40)

// runFor is the Run that the manager makes for a plan, with the longest names and a serial that nobody reaches.
func runFor(p *plan.Plan) *v1alpha1.Run {
	return &v1alpha1.Run{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Run, Namespace: "acme", UID: "run-uid", Labels: map[string]string{
				LabelManagedBy: ManagedBy, v1alpha1.LabelLock: strings.ToLower(p.Subject.Kind) + "." + p.Subject.Name,
				v1alpha1.LabelTask: string(p.Subject.Task), v1alpha1.LabelDestination: longest, "of-others": "not copied",
			},
		},
		Spec: v1alpha1.RunSpec{Deadline: "1h30m", PlanRef: v1alpha1.PlanReference{Name: p.Run + "-x7k2p"}},
	}
}

func numbered(p *plan.Plan) *plan.Plan {
	p.Lake = &v1alpha1.Volume{ClaimName: "lake"}
	p.After(999_999_999_999)
	return p
}

func files(claim string) *plan.Plan {
	c := v1alpha1.SourceConnector{Files: &v1alpha1.FilesSource{Volume: v1alpha1.Volume{ClaimName: claim}}}
	return numbered(&plan.Plan{Subject: plan.IngestSubject(longest), Ingest: &plan.IngestPlan{Source: v1alpha1.DataSourceSpec{Connector: c}}})
}

// plans of every task, by what is special about them.
func plans() map[string]*plan.Plan {
	postgres := v1alpha1.SourceConnector{Postgres: &v1alpha1.PostgresSource{DSNSecretRef: v1alpha1.SecretKeyReference{Name: "crm", Key: "dsn"}}}
	webhook := v1alpha1.DestinationConnector{Webhook: &v1alpha1.WebhookDestination{CredentialsSecretRef: &v1alpha1.SecretReference{Name: "esp"}}}
	sink := v1alpha1.DestinationConnector{Files: &v1alpha1.FilesDestination{Volume: v1alpha1.Volume{ClaimName: "out"}}}
	return map[string]*plan.Plan{
		"files": files("data"), "files of the lake's claim": files("lake"),
		"postgres": numbered(&plan.Plan{Subject: plan.IngestSubject(longest), Ingest: &plan.IngestPlan{Source: v1alpha1.DataSourceSpec{Connector: postgres}}}),
		"retract":  numbered(&plan.Plan{Subject: plan.IngestSubject(longest), Ingest: &plan.IngestPlan{Source: v1alpha1.DataSourceSpec{Connector: postgres}, Retract: true}}),
		"people":   numbered(&plan.Plan{Subject: plan.ResolveSubject(longest), Resolve: &plan.ResolvePlan{}}),
		"segments": numbered(&plan.Plan{Subject: plan.EvaluateSubject(longest), Evaluate: &plan.EvaluatePlan{}}),
		"webhook":  numbered(&plan.Plan{Subject: plan.SyncSubject(longest), Sync: &plan.SyncPlan{Connector: webhook}}),
		"sink":     numbered(&plan.Plan{Subject: plan.SyncSubject(longest), Sync: &plan.SyncPlan{Connector: sink}}),
		"cleaning": numbered(&plan.Plan{Subject: plan.MaintainSubject("default"), Maintain: &plan.MaintainPlan{}}),
	}
}

func options() Options {
	return Options{Image: "kith:1", PullPolicy: corev1.PullIfNotPresent, PullSecrets: []string{"registry"}, Worker: DefaultWorker()}
}

// TestJobsAreRestricted: a namespace that enforces the strictest of Kubernetes' own levels takes every worker.
func TestJobsAreRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for name, p := range plans() {
		o := options()
		o.SingleNode = true
		pod := Job(runFor(p), p, 3, o).Spec.Template
		if got := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec)); !got.Allowed {
			t.Errorf("%s: %s", name, got.ForbiddenDetail())
		}
		pod.Spec.SecurityContext.RunAsNonRoot = nil
		pod.Spec.Containers[0].SecurityContext.RunAsNonRoot = nil
		if policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec)).Allowed {
			t.Errorf("%s: the evaluator lets everything through", name)
		}
		if c := pod.Spec.Containers[0].SecurityContext; c.ReadOnlyRootFilesystem == nil || !*c.ReadOnlyRootFilesystem {
			t.Errorf("%s: the root file system can be written", name)
		}
	}
}

func TestJobEndsAndIsRemoved(t *testing.T) {
	p := files("data")
	s := Job(runFor(p), p, 1, options()).Spec
	if *s.ActiveDeadlineSeconds != 5400 || *s.TTLSecondsAfterFinished != 3600 || *s.BackoffLimit != 4 || s.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("%+v", s)
	}
	if *s.PodReplacementPolicy != batchv1.Failed {
		t.Error("two pods of one run could be alive at once")
	}
	if s.Parallelism != nil || s.Completions != nil || s.Suspend != nil {
		t.Error("it is one pod, at once")
	}
	rules := s.PodFailurePolicy.Rules
	if len(rules) != 2 || rules[0].Action != batchv1.PodFailurePolicyActionIgnore || rules[0].OnPodConditions[0].Type != corev1.DisruptionTarget {
		t.Errorf("an eviction has to be forgiven before anything else is asked: %+v", rules)
	}
	final := rules[1].OnExitCodes
	if rules[1].Action != batchv1.PodFailurePolicyActionFailJob || final.Operator != batchv1.PodFailurePolicyOnExitCodesOpIn || !slices.IsSorted(final.Values) {
		t.Errorf("%+v", rules[1])
	}
	if codes := exitCodes(t); !slices.Equal(codes, final.Values) {
		t.Errorf("the worker ends with %v for what its pod's restart does not mend, the Job takes %v for it", codes, final.Values)
	}
	for _, code := range []int32{0, 1, 2, 137, 143} { // Go's own and those of signals
		if slices.Contains(final.Values, code) {
			t.Errorf("exit code %d does not come from the worker's own verdict", code)
		}
	}
}

// exitCodes are the constants of cmd/kith.
func exitCodes(t *testing.T) []int32 {
	t.Helper()
	source, err := os.ReadFile("../../cmd/kith/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []int32
	for _, m := range regexp.MustCompile(`(?m)^\s+exit\w+ += (\d+)`).FindAllSubmatch(source, -1) {
		n, err := strconv.ParseInt(string(m[1]), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, int32(n))
	}
	slices.Sort(out)
	return out
}

func TestMountsOfJobs(t *testing.T) {
	const lake, plans1, scratch = "claim-a:/lake", "plan:/etc/kith/plan (ro)", "scratch:/scratch"
	base := []string{plans1, scratch, lake}
	want := map[string][]string{
		"files": append(base[:3:3], "claim-b:/volumes/data (ro)"), "files of the lake's claim": append(base[:3:3], "claim-a:/volumes/lake (ro)"),
		"postgres": append(base[:3:3], "secret-a:/secrets/crm (ro)"), "retract": base, "people": base, "segments": base, "cleaning": base,
		"webhook": append(base[:3:3], "secret-a:/secrets/esp (ro)"), "sink": append(base[:3:3], "claim-b:/volumes/out"),
	}
	for name, p := range plans() {
		spec := Job(runFor(p), p, 2, options()).Spec.Template.Spec
		var got []string
		for _, m := range spec.Containers[0].VolumeMounts {
			s := m.Name + ":" + m.MountPath
			if m.ReadOnly {
				s += " (ro)"
			}
			got = append(got, s)
		}
		if !reflect.DeepEqual(got, want[name]) {
			t.Errorf("%s: %v, want %v", name, got, want[name])
		}
		checkVolumes(t, name, spec)
		if claims := Claims(p); claims[0] != "lake" {
			t.Errorf("%s: claims %v", name, claims)
		}
	}
	if got := Claims(plans()["sink"]); !reflect.DeepEqual(got, []string{"lake", "out"}) {
		t.Errorf("claims of a file sink: %v", got)
	}
}

// checkVolumes: every mount has its volume, no claim has two, and what is not a claim is what it should be.
func checkVolumes(t *testing.T, name string, spec corev1.PodSpec) {
	t.Helper()
	volumes, claims, paths := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, v := range spec.Volumes {
		if volumes[v.Name] {
			t.Errorf("%s: two volumes %s", name, v.Name)
		}
		volumes[v.Name] = true
		switch {
		case v.PersistentVolumeClaim != nil:
			if claims[v.PersistentVolumeClaim.ClaimName] {
				t.Errorf("%s: two volumes of claim %s", name, v.PersistentVolumeClaim.ClaimName)
			}
			claims[v.PersistentVolumeClaim.ClaimName] = true
		case v.Secret != nil:
			if v.Secret.Optional == nil || !*v.Secret.Optional {
				t.Errorf("%s: a Secret that is missing keeps the pod waiting instead of being named", name)
			}
		case v.EmptyDir != nil:
			if v.EmptyDir.SizeLimit == nil || v.EmptyDir.SizeLimit.String() != "20Gi" {
				t.Errorf("%s: scratch is not bounded", name)
			}
		case v.Projected != nil:
			var parts []string
			for _, s := range v.Projected.Sources {
				parts = append(parts, strings.TrimPrefix(s.ConfigMap.Name, spec.Containers[0].Args[len(spec.Containers[0].Args)-1]))
			}
			if !reflect.DeepEqual(parts, []string{"-x7k2p", "-x7k2p-part-1"}) {
				t.Errorf("%s: parts of the plan: %v", name, parts)
			}
		}
	}
	for _, m := range spec.Containers[0].VolumeMounts {
		if !volumes[m.Name] || paths[m.MountPath] {
			t.Errorf("%s: mount %+v", name, m)
		}
		paths[m.MountPath] = true
	}
}

// goLimit is what the Go runtime takes as GOMEMLIMIT.
var goLimit = regexp.MustCompile(`^[1-9][0-9]*(B|KiB|MiB|GiB|TiB)$`)

func TestHeapLimit(t *testing.T) {
	for memory, want := range map[string]string{
		"2Gi": "644245094B", "10Gi": "3GiB", "1000Mi": "300MiB", "512Mi": "161061273B", "1500M": "450000000B", "4G": "1171875KiB", "1Ti": "329853488332B", "10Ti": "3TiB", "20Ki": "6KiB",
	} {
		o := options()
		o.Worker.Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(memory)}
		p := files("data")
		env := Job(runFor(p), p, 1, o).Spec.Template.Spec.Containers[0].Env
		i := slices.IndexFunc(env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" })
		if i < 0 || env[i].Value != want || !goLimit.MatchString(env[i].Value) {
			t.Errorf("%s: %+v, want %s", memory, env, want)
		}
	}
	o := options()
	o.Worker.Resources.Limits = nil
	p := files("data")
	if env := Job(runFor(p), p, 1, o).Spec.Template.Spec.Containers[0].Env; slices.ContainsFunc(env, func(e corev1.EnvVar) bool { return e.Name == "GOMEMLIMIT" }) {
		t.Errorf("a limit that nobody set: %+v", env)
	}
}

func TestWorkerSettings(t *testing.T) {
	p := files("data")
	o := options()
	o.Worker.ServiceAccountName, o.Worker.NodeSelector = "cloud", map[string]string{"disk": "fast"}
	o.Worker.Tolerations = []corev1.Toleration{{Key: "batch"}}
	spec := Job(runFor(p), p, 1, o).Spec.Template.Spec
	if spec.ServiceAccountName != "cloud" || spec.NodeSelector["disk"] != "fast" || spec.Tolerations[0].Key != "batch" || spec.ImagePullSecrets[0].Name != "registry" || spec.Affinity != nil {
		t.Errorf("%+v", spec)
	}
	o.SingleNode = true
	term := Job(runFor(p), p, 1, o).Spec.Template.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution[0]
	pod := Job(runFor(p), p, 1, o).Spec.Template
	selector, err := metav1.LabelSelectorAsSelector(term.LabelSelector)
	if err != nil || term.TopologyKey != corev1.LabelHostname || !selector.Matches(set(pod.Labels)) {
		t.Errorf("workers have to find each other: %+v %v", term, err)
	}
}

type set map[string]string

func (s set) Has(k string) bool              { _, ok := s[k]; return ok }
func (s set) Get(k string) string            { return s[k] }
func (s set) Lookup(k string) (string, bool) { v, ok := s[k]; return v, ok }

func TestNamesAndLabelsFit(t *testing.T) {
	for name, p := range plans() {
		r := runFor(p)
		maps, err := ConfigMaps(r, p)
		if err != nil {
			t.Fatal(err)
		}
		job := Job(r, p, 12, options())
		if errs := validation.IsDNS1123Label(job.Name); errs != nil { // a pod's host name and a label are made of it
			t.Errorf("%s: Job %s: %v", name, job.Name, errs)
		}
		for _, meta := range []metav1.ObjectMeta{job.ObjectMeta, maps[0].ObjectMeta, job.Spec.Template.ObjectMeta} {
			for k, v := range meta.Labels {
				if errs := append(validation.IsQualifiedName(k), validation.IsValidLabelValue(v)...); errs != nil {
					t.Errorf("%s: label %s=%s: %v", name, k, v, errs)
				}
			}
			if meta.Labels["of-others"] != "" || meta.Labels[v1alpha1.LabelRun] != r.Name || meta.Labels[v1alpha1.LabelLock] == "" {
				t.Errorf("%s: labels %v", name, meta.Labels)
			}
		}
		for _, owned := range []metav1.ObjectMeta{job.ObjectMeta, maps[0].ObjectMeta} {
			if !metav1.IsControlledBy(&owned, r) || owned.Namespace != r.Namespace {
				t.Errorf("%s: %s does not go with its Run", name, owned.Name)
			}
		}
		if errs := validation.IsDNS1123Subdomain(planName(r.Spec.PlanRef.Name, 99)); errs != nil {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

// TestDeterminism: the same in, the same out, and nothing of what goes in is changed.
func TestDeterminism(t *testing.T) {
	for name, p := range plans() {
		r, o, hash := runFor(p), options(), p.Hash()
		before := r.DeepCopy()
		one, two := Job(r, p, 2, o), Job(r, p, 2, o)
		if !reflect.DeepEqual(one, two) || !reflect.DeepEqual(r, before) || p.Hash() != hash {
			t.Errorf("%s: two Jobs of one Run differ, or its Run was changed", name)
		}
		one.Spec.Template.Labels["x"] = "y"
		if one.Labels["x"] != "" || r.Labels["x"] != "" {
			t.Errorf("%s: the pod's labels are those of somebody else", name)
		}
	}
}

func TestAccess(t *testing.T) {
	rule := Role("acme").Rules
	if len(rule) != 1 || !reflect.DeepEqual(rule[0].Resources, []string{"runs/status"}) || !reflect.DeepEqual(rule[0].APIGroups, []string{"cdp.kith.dev"}) {
		t.Errorf("a worker may do more than report: %+v", rule)
	}
	for account, name := range map[string]string{WorkerName: WorkerName, "cloud": WorkerName + "-cloud"} {
		b := RoleBinding("acme", account)
		if b.Name != name || b.RoleRef.Name != Role("acme").Name || len(b.Subjects) != 1 || b.Subjects[0].Name != account || b.Subjects[0].Namespace != "acme" {
			t.Errorf("%s: %+v", account, b)
		}
	}
	if ServiceAccountName(v1alpha1.Worker{}) != ServiceAccount("acme").Name {
		t.Error("workers run as an account that nobody makes")
	}
	p := NetworkPolicy("acme").Spec
	job := files("data")
	selector, err := metav1.LabelSelectorAsSelector(&p.PodSelector)
	if err != nil || len(p.Ingress) != 0 || len(p.PolicyTypes) != 1 || !selector.Matches(set(Job(runFor(job), job, 1, options()).Spec.Template.Labels)) {
		t.Errorf("somebody may connect to a worker: %+v", p)
	}
}

func TestDeadlines(t *testing.T) {
	for text, want := range map[v1alpha1.Duration]time.Duration{"1m": time.Minute, "20h": 20 * time.Hour, "90m30s": 90*time.Minute + 30*time.Second} {
		p := files("data")
		r := runFor(p)
		r.Spec.Deadline = text
		if got := *Job(r, p, 1, options()).Spec.ActiveDeadlineSeconds; got != int64(want.Seconds()) {
			t.Errorf("%s: %d s", text, got)
		}
	}
}
