package operator_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// finisher ends Jobs as the Job controller and worker would, with what a lake in memory says. It works when all is at rest.
type finisher struct {
	w *world
	// lake has the latest revision of each subject, with its outputs.
	lake    map[plan.Subject]*v1alpha1.RunRevision
	outputs map[plan.Subject][]v1alpha1.RunOutput
	// data is how often a source's data has changed, read what of it the lake has.
	data, read map[string]int
	// worked are the plans that workers got, committed those that made a revision, sent the Syncs that may have spoken to a receiver.
	worked, committed, sent []*plan.Plan
	// commits is how many are committed.
	commits atomic.Int64
	// held says which Runs go on until they are let go; nil for none.
	held func(r *v1alpha1.Run) bool
	// stuck: no worker starts.
	stuck bool
	// answer decides how a plan ends that is not overtaken; nil, and an answer of nil, let it do its work.
	answer func(p *plan.Plan) *answer
	// syncing is the most Syncs that were seen under way at once, by Destination.
	syncing map[string]int
	// problems are what was seen that must never be.
	problems []string
}

// answer is how a Job ends.
type answer struct {
	// result that the worker reports; nil for a worker that could not.
	result *v1alpha1.RunResult
	// commits what was achieved, although the result may be a failure.
	commits bool
	// reason of a Job that failed.
	reason string
}

func newFinisher(w *world) *finisher {
	return &finisher{
		w: w, lake: map[plan.Subject]*v1alpha1.RunRevision{}, outputs: map[plan.Subject][]v1alpha1.RunOutput{},
		data: map[string]int{}, read: map[string]int{}, syncing: map[string]int{},
	}
}

// fails is an answer of a worker that did nothing.
func fails(class fault.Class, format string, args ...any) *answer {
	return &answer{result: &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(class), Message: fmt.Sprintf(format, args...)}}
}

// commits is an answer of a worker that did its work, apart from some parts.
func commits(failures ...v1alpha1.RunFailure) *answer {
	return &answer{commits: true, result: &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: &v1alpha1.RunRevision{Failures: failures}}}
}

// hold Runs of tasks until they are let go.
func (f *finisher) hold(tasks ...v1alpha1.Task) {
	f.held = func(r *v1alpha1.Run) bool { return slices.Contains(tasks, r.Spec.Task) }
}

func (f *finisher) letGo() { f.held = nil }

// failing answers every plan of a task with a failure.
func (f *finisher) failing(task v1alpha1.Task, class fault.Class, format string, args ...any) {
	f.answer = func(p *plan.Plan) *answer {
		if p.Subject.Task != task {
			return nil
		}
		return fails(class, format, args...)
	}
}

func (f *finisher) mended() { f.answer = nil }

// changeData makes a source have rows that no run has read.
func (f *finisher) changeData(source string) { f.data[source]++ }

// pass ends what can end, and says whether there was anything.
func (f *finisher) pass(now *sight) bool {
	f.check(now)
	did := false
	for _, j := range now.jobs {
		if over(j) || j.DeletionTimestamp != nil {
			continue
		}
		i := slices.IndexFunc(now.runs, func(r *v1alpha1.Run) bool { return metav1.IsControlledBy(j, r) })
		switch {
		case i < 0 || f.stuck:
		case f.held == nil || !f.held(now.runs[i]):
			f.end(j, now.runs[i])
			did = true
		case now.runs[i].Status.Progress == nil:
			f.begin(now.runs[i])
			did = true
		}
	}
	return did
}

// begin tells that a worker is at work.
func (f *finisher) begin(run *v1alpha1.Run) {
	before := run.DeepCopy()
	run.Status.Progress = &v1alpha1.RunProgress{Unit: "rows"}
	if err := f.w.Status().Patch(f.w.ctx, run, client.MergeFrom(before)); err != nil {
		f.w.t.Fatal(err)
	}
}

// check that nothing is under way twice under one lock.
func (f *finisher) check(now *sight) {
	live, jobs, syncing := map[string]string{}, map[string]string{}, map[string]int{}
	for _, r := range now.runs {
		if plan.Over(r) {
			continue
		}
		if other, ok := live[r.Labels[v1alpha1.LabelLock]]; ok {
			f.problems = append(f.problems, fmt.Sprintf("Runs %s and %s are live under one lock", other, r.Name))
		}
		live[r.Labels[v1alpha1.LabelLock]] = r.Name
		if r.Spec.Destination != "" {
			syncing[r.Spec.Destination]++
		}
	}
	for _, j := range now.jobs {
		if over(j) {
			continue
		}
		if other, ok := jobs[j.Labels[v1alpha1.LabelLock]]; ok {
			f.problems = append(f.problems, fmt.Sprintf("Jobs %s and %s go on under one lock", other, j.Name))
		}
		jobs[j.Labels[v1alpha1.LabelLock]] = j.Name
	}
	for d, n := range syncing {
		f.syncing[d] = max(f.syncing[d], n)
	}
}

func over(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

// end reads the plan as the worker does, and reports as it does.
func (f *finisher) end(j *batchv1.Job, run *v1alpha1.Run) {
	p := f.w.planOf(j)
	a, outputs := f.work(p)
	if a.result != nil {
		before := run.DeepCopy()
		run.Status.Result, run.Status.Outputs = a.result, outputs
		if err := f.w.Status().Patch(f.w.ctx, run, client.MergeFrom(before)); err != nil {
			f.w.t.Fatal(err)
		}
	}
	f.w.endJob(j, a)
}

// endJob writes what the Job controller writes.
func (w *world) endJob(j *batchv1.Job, a *answer) {
	w.t.Helper()
	now := metav1.NewTime(w.clock.Now())
	before := j.DeepCopy()
	if j.Status.StartTime == nil {
		j.Status.StartTime = &now
	}
	kinds := []batchv1.JobConditionType{batchv1.JobSuccessCriteriaMet, batchv1.JobComplete}
	if a.reason != "" || a.result == nil || a.result.Outcome == v1alpha1.OutcomeFailed || a.result.Outcome == v1alpha1.OutcomeSuperseded {
		kinds = []batchv1.JobConditionType{batchv1.JobFailureTarget, batchv1.JobFailed}
	} else {
		j.Status.CompletionTime = &now
	}
	for _, k := range kinds {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{
			Type: k, Status: corev1.ConditionTrue, LastTransitionTime: now, Reason: orElse(a.reason, "Test"), Message: "the Job is over",
		})
	}
	if err := w.Status().Patch(w.ctx, j, client.MergeFrom(before)); err != nil {
		w.t.Fatal(err)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// planOf a Job, from the ConfigMaps that it mounts.
func (w *world) planOf(j *batchv1.Job) *plan.Plan {
	w.t.Helper()
	var maps []*corev1.ConfigMap
	for _, s := range j.Spec.Template.Spec.Volumes[0].Projected.Sources {
		maps = append(maps, get(w, &corev1.ConfigMap{}, s.ConfigMap.Name))
	}
	p, err := jobs.Plan(maps)
	if err != nil {
		w.t.Fatalf("plan of Job %s: %v", j.Name, err)
	}
	return p
}

// work is a worker in a few lines: it commits onto the base, or tells what the lake has.
func (f *finisher) work(p *plan.Plan) (*answer, []v1alpha1.RunOutput) {
	f.worked = append(f.worked, p)
	latest, base := f.lake[p.Subject], ""
	if latest != nil {
		base = latest.Run
	}
	if latest != nil && base == p.Run { // a run of that name has committed
		return &answer{result: &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: latest}}, f.outputs[p.Subject]
	}
	if base != p.Base {
		result := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeSuperseded, Class: string(fault.Superseded), Message: "another base", Revision: latest}
		return &answer{result: result}, f.outputs[p.Subject]
	}
	if p.Sync != nil {
		f.sent = append(f.sent, p)
	}
	var a *answer
	if f.answer != nil {
		a = f.answer(p)
	}
	if a == nil {
		a = f.normal(p, latest)
	}
	if a.commits {
		f.commit(p, a.result)
	}
	if a.result != nil {
		a.result.Revision = f.lake[p.Subject]
	}
	return a, f.outputs[p.Subject]
}

// normal is the answer of a worker for whom all goes well.
func (f *finisher) normal(p *plan.Plan, latest *v1alpha1.RunRevision) *answer {
	unchanged := p.Maintain != nil
	if p.Ingest != nil && !p.Ingest.Retract && latest != nil && latest.PlanHash == p.Hash() {
		unchanged = f.read[p.Subject.Name] == f.data[p.Subject.Name]
	}
	if unchanged {
		return &answer{result: &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeUnchanged}}
	}
	return commits()
}

func (f *finisher) commit(p *plan.Plan, result *v1alpha1.RunResult) {
	rev := &v1alpha1.RunRevision{
		Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), CommittedAt: metav1.NewMicroTime(f.w.clock.Now()),
	}
	if result != nil && result.Revision != nil {
		rev.Failures, rev.Incomplete = result.Revision.Failures, result.Revision.Incomplete
	}
	for _, in := range p.Inputs {
		rev.Inputs = append(rev.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
	}
	if p.Ingest != nil {
		f.read[p.Subject.Name] = f.data[p.Subject.Name]
	}
	f.committed = append(f.committed, p)
	f.commits.Add(1)
	f.lake[p.Subject], f.outputs[p.Subject] = rev, f.outputsOf(p)
}

// outputsOf a plan as a worker reports them.
func (f *finisher) outputsOf(p *plan.Plan) []v1alpha1.RunOutput {
	var out []v1alpha1.RunOutput
	add := func(name string, rows int64) { out = append(out, v1alpha1.RunOutput{Name: name, Rows: rows}) }
	switch {
	case p.Ingest != nil && p.Ingest.Retract:
		add("rows", 0)
	case p.Ingest != nil:
		add("rows", int64(100+f.data[p.Subject.Name]))
		add("quarantined", 2)
	case p.Resolve != nil:
		add("records", 100)
		add("known", 80)
	case p.Evaluate != nil:
		for _, s := range p.Evaluate.Segments {
			for _, purpose := range s.Purposes {
				add("segment/"+s.Name+"/"+purpose, 10)
			}
		}
		for _, tr := range p.Evaluate.Traits {
			add("trait/"+tr.Name+"/analytics", 80)
		}
	case p.Canary != nil && p.Canary.Candidate != nil:
		for name, rows := range map[string]int64{"records": 5, "allRecords": 100, "people": 4, "changed": 2, "everyone/people": 80, "everyone/changed": 30} {
			add(name, rows)
		}
		add("current/quality/largestProfile", 2)
		add("quality/largestProfile", 3)
	case p.Sync != nil && p.Sync.RemoveMembers:
		add("sent", 0)
	case p.Sync != nil:
		add("audience", 10)
		add("sent", 7)
	}
	return out
}

// names of the runs that workers got, in order.
func (f *finisher) names() []string { return names(f.worked) }

func names(ps []*plan.Plan) []string {
	out := make([]string, len(ps))
	for i, p := range ps {
		out[i] = p.Run
	}
	return out
}

// ran are the runs of a subject's task that workers got; the name is the subject's.
func (f *finisher) ran(task v1alpha1.Task, name string) []string {
	return slices.DeleteFunc(f.names(), func(run string) bool {
		return !strings.HasPrefix(run, name+"-"+strings.ToLower(string(task))+"-")
	})
}
