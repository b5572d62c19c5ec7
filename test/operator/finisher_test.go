package operator_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// finisher ends Jobs as kubelet and worker would, with what a lake in memory says.
type finisher struct {
	w *world

	mu     sync.Mutex
	lake   map[plan.Subject]*v1alpha1.RunRevision
	counts map[plan.Subject][]v1alpha1.RunOutput
	ended  []string // runs, in order
	live   map[string]string
	// held Jobs of tasks are not ended until they are let go.
	held map[v1alpha1.Task]bool
	// answer decides how a plan ends; nil commits.
	answer func(p *plan.Plan) *v1alpha1.RunResult
	// twice is a lock under which two Jobs were seen at once.
	twice string
}

func newFinisher(w *world) *finisher {
	return &finisher{
		w: w, lake: map[plan.Subject]*v1alpha1.RunRevision{}, counts: map[plan.Subject][]v1alpha1.RunOutput{},
		live: map[string]string{}, held: map[v1alpha1.Task]bool{},
	}
}

func (f *finisher) run(ctx context.Context) {
	for ctx.Err() == nil {
		f.pass(ctx)
		time.Sleep(20 * time.Millisecond)
	}
}

func (f *finisher) pass(ctx context.Context) {
	var l batchv1.JobList
	if err := f.w.List(ctx, &l, client.InNamespace(f.w.namespace)); err != nil {
		return
	}
	locks := map[string]string{}
	for i := range l.Items {
		j := &l.Items[i]
		if over(j) || j.DeletionTimestamp != nil {
			continue
		}
		lock := j.Labels[v1alpha1.LabelLock]
		f.mu.Lock()
		if other, ok := locks[lock]; ok {
			f.twice = other + " and " + j.Name
		}
		locks[lock] = j.Name
		held := f.held[v1alpha1.Task(j.Labels[v1alpha1.LabelTask])]
		f.mu.Unlock()
		if !held {
			f.end(ctx, j)
		}
	}
}

func over(j *batchv1.Job) bool {
	return slices.ContainsFunc(j.Status.Conditions, func(c batchv1.JobCondition) bool {
		return (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue
	})
}

// end reads the plan as the worker does, and reports as it does.
func (f *finisher) end(ctx context.Context, j *batchv1.Job) {
	var maps []*corev1.ConfigMap
	for _, s := range j.Spec.Template.Spec.Volumes[0].Projected.Sources {
		var c corev1.ConfigMap
		if err := f.w.Get(ctx, client.ObjectKey{Namespace: j.Namespace, Name: s.ConfigMap.Name}, &c); err != nil {
			return
		}
		maps = append(maps, &c)
	}
	p, err := jobs.Plan(maps)
	if err != nil {
		f.w.t.Errorf("plan of %s: %v", j.Name, err)
		return
	}
	var run v1alpha1.Run
	if err := f.w.Get(ctx, client.ObjectKey{Namespace: j.Namespace, Name: j.Labels[v1alpha1.LabelRun]}, &run); err != nil {
		return
	}
	res, outputs := f.work(p)
	before := run.DeepCopy()
	run.Status.Result, run.Status.Outputs = res, outputs
	if err := f.w.Status().Patch(ctx, &run, client.MergeFrom(before)); err != nil {
		return
	}
	now := metav1.NewTime(f.w.clock.Now())
	stored := j.DeepCopy()
	j.Status.StartTime = &now
	kind, before2 := batchv1.JobComplete, batchv1.JobSuccessCriteriaMet
	if res.Outcome == v1alpha1.OutcomeFailed || res.Outcome == v1alpha1.OutcomeSuperseded {
		kind, before2 = batchv1.JobFailed, batchv1.JobFailureTarget
	} else {
		j.Status.CompletionTime = &now
	}
	for _, k := range []batchv1.JobConditionType{before2, kind} {
		j.Status.Conditions = append(j.Status.Conditions, batchv1.JobCondition{Type: k, Status: corev1.ConditionTrue, LastTransitionTime: now, Reason: "Test"})
	}
	if err := f.w.Status().Patch(ctx, j, client.MergeFrom(stored)); err != nil {
		f.w.t.Logf("ending Job %s: %v", j.Name, err)
	}
}

// work is a worker in a few lines: it commits onto the base, or tells what the lake has.
func (f *finisher) work(p *plan.Plan) (*v1alpha1.RunResult, []v1alpha1.RunOutput) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended = append(f.ended, p.Run)
	latest := f.lake[p.Subject]
	base := ""
	if latest != nil {
		base = latest.Run
	}
	if base != p.Base && base != p.Run {
		return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeSuperseded, Class: string(fault.Superseded), Message: "another base", Revision: latest}, f.counts[p.Subject]
	}
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted}
	if f.answer != nil {
		if r := f.answer(p); r != nil {
			res = r
		}
	}
	if p.Maintain != nil {
		res.Outcome = v1alpha1.OutcomeUnchanged
	}
	if res.Outcome == v1alpha1.OutcomeCommitted {
		rev := &v1alpha1.RunRevision{
			Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), CommittedAt: metav1.NewMicroTime(f.w.clock.Now()),
		}
		if res.Revision != nil {
			rev.Failures, rev.Incomplete = res.Revision.Failures, res.Revision.Incomplete
		}
		for _, in := range p.Inputs {
			rev.Inputs = append(rev.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
		}
		f.lake[p.Subject] = rev
		f.counts[p.Subject] = countsOf(p)
	}
	res.Revision = f.lake[p.Subject]
	return res, f.counts[p.Subject]
}

// countsOf are outputs as a worker reports them.
func countsOf(p *plan.Plan) []v1alpha1.RunOutput {
	var out []v1alpha1.RunOutput
	add := func(name string, rows int64) { out = append(out, v1alpha1.RunOutput{Name: name, Rows: rows}) }
	switch {
	case p.Ingest != nil:
		add("rows", 100)
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
	case p.Sync != nil && !p.Sync.RemoveMembers:
		add("audience", 10)
		add("sent", 7)
	}
	return out
}

// with changes the finisher while it is not at work.
func (f *finisher) with(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// history of what was ended so far.
func (f *finisher) history() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.ended)
}

func (f *finisher) revisions() map[plan.Subject]*v1alpha1.RunRevision {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.lake)
}
