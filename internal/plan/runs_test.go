package plan

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// work is a plan of a subject; those of two variants have different hashes.
func work(s Subject, variant string, inputs ...string) *Plan {
	p := &Plan{Subject: s, Serial: 1}
	switch s.Task {
	case v1alpha1.TaskIngest:
		p.Ingest = &IngestPlan{TimeZone: variant}
	case v1alpha1.TaskResolve:
		p.Resolve = &ResolvePlan{Classes: []Class{{Name: variant}}}
	case v1alpha1.TaskEvaluate:
		p.Evaluate = &EvaluatePlan{TimeZone: variant}
	case v1alpha1.TaskSync:
		p.Sync = &SyncPlan{TimeZone: variant}
	case v1alpha1.TaskMaintain:
		p.Maintain = &MaintainPlan{Retention: v1alpha1.Duration(variant)}
	}
	for _, in := range inputs {
		p.Inputs = append(p.Inputs, Input{Kind: "DataSource", Name: "crm", Run: in})
	}
	return p
}

// at numbers the plan as the manager does that knows of the latest revision.
func (p *Plan) at(now time.Time, last *v1alpha1.RunRevision) *Plan {
	q := *p
	if last == nil {
		return q.number(nil, now)
	}
	return q.number(revisionOf(last), now)
}

// runOf a plan, under way.
func runOf(p *Plan, attempt int32) v1alpha1.Run {
	return v1alpha1.Run{
		ObjectMeta: metav1.ObjectMeta{Name: p.Run},
		Spec: v1alpha1.RunSpec{
			Task: p.Subject.Task, Subject: v1alpha1.RunSubject{Kind: p.Subject.Kind, Name: p.Subject.Name}, Serial: p.Serial,
			PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), Base: p.Base, Attempt: attempt,
		},
	}
}

// revision that a run of the plan makes.
func revision(p *Plan, at time.Time) *v1alpha1.RunRevision {
	r := &v1alpha1.RunRevision{Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: metav1.NewMicroTime(p.Now), CommittedAt: metav1.NewMicroTime(at)}
	for _, in := range p.Inputs {
		r.Inputs = append(r.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
	}
	return r
}

// end a Run: its result, where the worker gave one, and the manager's condition.
func end(r v1alpha1.Run, at time.Time, result *v1alpha1.RunResult, kind, reason string) v1alpha1.Run {
	t := metav1.NewTime(at)
	r.Status = v1alpha1.RunStatus{
		CompletionTime: &t, Result: result,
		Conditions: []metav1.Condition{{Type: kind, Status: metav1.ConditionTrue, Reason: reason, Message: "as told"}},
	}
	return r
}

// committed is a run that made a revision.
func committed(p *Plan, at time.Time) v1alpha1.Run {
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: revision(p, at)}
	return end(runOf(p, 1), at, res, v1alpha1.ConditionComplete, "Committed")
}

// unchanged is a run that found nothing to do; the lake has rev.
func unchanged(p *Plan, at time.Time, rev *v1alpha1.RunRevision) v1alpha1.Run {
	return end(runOf(p, 1), at, &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeUnchanged, Revision: rev}, v1alpha1.ConditionComplete, "Unchanged")
}

// broken is a run that failed; the lake has rev.
func broken(p *Plan, at time.Time, class fault.Class, attempt int32, rev *v1alpha1.RunRevision) v1alpha1.Run {
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(class), Revision: rev}
	return end(runOf(p, attempt), at, res, v1alpha1.ConditionFailed, string(class))
}

// lost is a run whose worker could not say how it ended.
func lost(p *Plan, at time.Time, attempt int32) v1alpha1.Run {
	return end(runOf(p, attempt), at, nil, v1alpha1.ConditionFailed, v1alpha1.ReasonWorkerLost)
}

// overtaken is a run that found rev in the lake and not its base.
func overtaken(p *Plan, at time.Time, rev *v1alpha1.RunRevision) v1alpha1.Run {
	res := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeSuperseded, Class: string(fault.Superseded), Revision: rev}
	return end(runOf(p, 1), at, res, v1alpha1.ConditionFailed, string(fault.Superseded))
}

// asked gives a Run the requests it answers.
func asked(r v1alpha1.Run, requests ...v1alpha1.RunRequest) v1alpha1.Run {
	r.Spec.Requests = requests
	return r
}

// with changes a Run's revision.
func with(r v1alpha1.Run, change func(*v1alpha1.RunRevision)) v1alpha1.Run {
	change(r.Status.Result.Revision)
	return r
}
