package controllers

import (
	"fmt"
	"slices"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// dataSource decides whether a DataSource has to be read.
func (t *tenant) dataSource(d *v1alpha1.DataSource) *verdict {
	s := plan.IngestSubject(d.Name)
	if needsFinalizer(d, v1alpha1.FinalizerRetract, d.Spec.DeletionPolicy == "Retract") {
		t.adds = append(t.adds, d)
	}
	if dropsFinalizer(d, v1alpha1.FinalizerRetract, d.Spec.DeletionPolicy == "Retract") {
		t.drops = append(t.drops, drop{object: d, finalizer: v1alpha1.FinalizerRetract, undone: true})
	}
	var p *plan.Plan
	if t.objects.Workspace != nil {
		p = plan.Ingest(&t.objects, d, t.revisions, t.now)
	}
	return t.judge(s, d, t.blockOf("DataSource", d.Name, d.Spec.Suspend), p, nil, plan.Situation{
		Interval: d.Spec.Interval.Value(), Requests: t.open(s, request("DataSource", d)),
	})
}

func (t *tenant) dataSourceStatus(d *v1alpha1.DataSource) v1alpha1.DataSourceStatus {
	out := *d.Status.DeepCopy()
	v := t.verdicts[plan.IngestSubject(d.Name)]
	out.Rows, out.Quarantined = output(v.history, "rows"), output(v.history, "quarantined")
	what := fmt.Sprintf("%d rows", number(out.Rows))
	if n := number(out.Quarantined); n > 0 {
		what += fmt.Sprintf("; %d quarantined by the last run", n)
	}
	t.finish(&out.Status, d.Generation, subjectSummary(v, d.Generation, d.Status.Conditions, what, t.now), v)
	r := request("DataSource", d)
	out.LastHandledRunNow = handled(out.LastHandledRunNow, r, len(v.pending) > 0, v.settled() && t.downstream(t.rulesOf(d.Name)...))
	return out
}

// needsFinalizer says whether an object that is not being deleted lacks a finalizer that it should have.
func needsFinalizer(o interface{ GetFinalizers() []string }, finalizer string, wanted bool) bool {
	return wanted && !slices.Contains(o.GetFinalizers(), finalizer)
}

// dropsFinalizer says whether it has one that it should not have any more.
func dropsFinalizer(o interface{ GetFinalizers() []string }, finalizer string, wanted bool) bool {
	return !wanted && slices.Contains(o.GetFinalizers(), finalizer)
}
