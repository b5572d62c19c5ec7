package controllers

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/plan"
)

// cleaning is how often what no revision needs is removed from a lake.
const cleaning = 24 * time.Hour

// workspace decides whether the lake has to be cleaned. The first time shows that it can be reached at all.
func (t *tenant) workspace(w *v1alpha1.Workspace) *verdict {
	s := plan.MaintainSubject(w.Name)
	return t.judge(s, w, t.blockOf("Workspace", w.Name, false), plan.Maintain(&t.objects, t.revisions, t.now), nil, plan.Situation{
		Interval: cleaning, Requests: t.open(s, request("Workspace", w)),
	})
}

func (t *tenant) workspaceStatus(w *v1alpha1.Workspace) v1alpha1.Status {
	out := *w.Status.DeepCopy()
	v := t.verdicts[plan.MaintainSubject(w.Name)]
	s := subjectSummary(v, w.Generation, w.Status.Conditions, "the lake can be reached", t.now)
	s.Fresh = nil
	t.finish(&out, w.Generation, s, v)
	if e := v.history.Succeeded; e != nil {
		at := metav1.NewTime(e.At.UTC().Truncate(time.Second))
		out.LastRunTime = &at
	}
	out.LastHandledRunNow = handled(out.LastHandledRunNow, request("Workspace", w), len(v.pending) > 0, v.settled())
	return out
}

// plain is the summary of an object that has no runs of its own.
func (t *tenant) plain(kind, name string, suspend bool, generation int64, before []metav1.Condition) conditions.Summary {
	s := conditions.Summary{Ready: true, Reason: v1alpha1.ReasonAccepted}
	if b := t.blockOf(kind, name, suspend); b != nil {
		s = conditions.Summary{}
		blocked(&s, b, b.suspended, before, generation, t.now)
	}
	return s
}

// finish writes a summary and what every kind has into a status.
func (t *tenant) finish(out *v1alpha1.Status, generation int64, s conditions.Summary, v *verdict) {
	out.ObservedGeneration = generation
	conditions.Apply(&out.Conditions, generation, s, t.now)
	commonStatus(out, v)
	if s.Reason != "" && s.Reconciling != "" && s.Stalled == "" {
		t.look(graceEnd(out.Conditions, t.now))
	}
}

// graceEnd is when an object that waits for a missing one is to be told that it is a mistake; zero where it does not wait for one.
func graceEnd(cs []metav1.Condition, now time.Time) time.Time {
	for _, c := range cs {
		if c.Type == v1alpha1.ConditionReconciling && c.Status == metav1.ConditionTrue && c.Reason == missingReason {
			if at := c.LastTransitionTime.Add(missingGrace); at.After(now) {
				return at
			}
		}
	}
	return time.Time{}
}
