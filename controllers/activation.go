package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// activations decides about all of them, and starts those that have waited longest where a Destination takes only so many at once.
func (t *tenant) activations() {
	var due []*verdict
	for i := range t.objects.Activations {
		a := &t.objects.Activations[i]
		if v := t.activation(a); v.wanted() && v.live() == nil {
			due = append(due, v)
		}
	}
	slices.SortStableFunc(due, func(a, b *verdict) int { return lastSync(a).Compare(lastSync(b)) })
	for _, v := range due {
		if t.turn(v.decision.Plan) {
			t.start(v)
		}
	}
}

// turn says whether a plan's Destination takes a further Sync, and counts it there. The end of another asks for a further pass.
func (t *tenant) turn(p *plan.Plan) bool {
	if p.Sync == nil {
		return true
	}
	if t.syncing[p.Sync.Destination] >= atOnce(p.Sync) {
		return false
	}
	t.syncing[p.Sync.Destination]++
	return true
}

func lastSync(v *verdict) time.Time {
	if v.history.Ended == nil {
		return time.Time{}
	}
	return v.history.Ended.At
}

// atOnce is how many Syncs a plan's Destination takes at once.
func atOnce(s *plan.SyncPlan) int32 { return max(s.Delivery.Concurrency, 1) }

// activation decides whether a destination has to be brought up to date.
func (t *tenant) activation(a *v1alpha1.Activation) *verdict {
	remove := a.Spec.DeletionPolicy != "Retain"
	if needsFinalizer(a, v1alpha1.FinalizerRemoveMembers, remove) {
		t.adds = append(t.adds, a)
	}
	if dropsFinalizer(a, v1alpha1.FinalizerRemoveMembers, remove) {
		t.drops = append(t.drops, drop{object: a, finalizer: v1alpha1.FinalizerRemoveMembers, undone: true})
	}
	s := plan.SyncSubject(a.Name)
	b := t.blockOf("Activation", a.Name, a.Spec.Suspend)
	d := t.objects.Destination(a.Spec.DestinationRef.Name)
	requests := []*v1alpha1.RunRequest{request("Activation", a)}
	if d != nil {
		requests = append(requests, request("Destination", d))
	}
	rule := t.objects.RuleOf(a)
	gone := t.objects.IdentityRule(rule) == nil // what is wrong then is its Segment's
	if b == nil {
		if unfit := t.blockOf("Destination", d.Name, d.Spec.Suspend); unfit != nil {
			b = unfit
		} else if gone {
			b = waiting("waits for IdentityRule %s, which does not exist", rule)
		} else if unfit := t.blockOf("IdentityRule", rule, false); unfit != nil {
			b = waiting("waits for IdentityRule %s: %s", rule, unfit.message)
		}
	}
	var p *plan.Plan
	var wait *plan.Waiting
	if runnable(b) && !gone {
		p, wait = plan.Sync(&t.objects, a, t.revisions, t.now)
	}
	return t.judge(s, a, b, p, wait, plan.Situation{Interval: a.Spec.Interval.Value(), Requests: t.open(s, requests...), Approve: approval(a)})
}

func (t *tenant) activationStatus(a *v1alpha1.Activation) v1alpha1.ActivationStatus {
	out := *a.Status.DeepCopy()
	v := t.verdicts[plan.SyncSubject(a.Name)]
	out.Sent, out.Failed = output(v.history, "sent"), output(v.history, "failed")
	if audience := output(v.history, "audience"); audience != nil {
		withheld := max(*audience-number(out.Sent)-number(out.Failed)-number(output(v.history, "uncertain")), 0)
		out.Withheld = &withheld
	}
	what := fmt.Sprintf("%d people are at %s, %d are withheld", number(out.Sent), a.Spec.DestinationRef.Name, number(out.Withheld))
	t.finish(&out.Status, a.Generation, subjectSummary(v, a.Generation, a.Status.Conditions, what, t.now), v)
	r := request("Activation", a)
	out.LastHandledRunNow = handled(out.LastHandledRunNow, r, r != nil && len(t.open(v.subject, r)) > 0, v.settled())
	return out
}

// destinationStatus: a Destination is right or wrong; it has no runs. Run-now there asks for a Sync of each of its Activations.
func (t *tenant) destinationStatus(d *v1alpha1.Destination) v1alpha1.Status {
	out := *d.Status.DeepCopy()
	t.finish(&out, d.Generation, t.plain("Destination", d.Name, d.Spec.Suspend, d.Generation, d.Status.Conditions), nil)
	r := request("Destination", d)
	settled := true
	for i := range t.objects.Activations {
		if a := &t.objects.Activations[i]; r != nil && a.Spec.DestinationRef.Name == d.Name {
			v := t.verdicts[plan.SyncSubject(a.Name)]
			settled = settled && v.settled() && (v.block != nil || len(t.open(v.subject, r)) == 0)
		}
	}
	out.LastHandledRunNow = handled(out.LastHandledRunNow, r, false, settled)
	return out
}

// undoFor is how long a deletion waits for what it has to undo: what only a user could mend does not come back while everything is being
// deleted, and a receiver that is down may.
const (
	undoBroken = 10 * time.Minute
	undoDown   = 24 * time.Hour
)

// removeMembers brings an Activation that is being deleted to its end: its people are taken out, or nobody can any more.
func (t *tenant) removeMembers(a *v1alpha1.Activation) {
	s := plan.SyncSubject(a.Name)
	d := drop{object: a, finalizer: v1alpha1.FinalizerRemoveMembers}
	if a.Spec.DeletionPolicy == "Retain" {
		d.undone = true
		t.drops = append(t.drops, d)
		return
	}
	p := plan.RemoveMembers(&t.objects, a, t.lastPlans[s], t.revisions, t.now)
	t.undo(s, d, p, cmp.Or(a.Status.Revision, lastRun(t.history(s))) != "")
}

// retract brings a DataSource that is being deleted to its end: its rows are out of the lake, or nobody can take them out any more.
func (t *tenant) retract(o *v1alpha1.DataSource) {
	s := plan.IngestSubject(o.Name)
	d := drop{object: o, finalizer: v1alpha1.FinalizerRetract}
	if o.Spec.DeletionPolicy != "Retract" {
		d.undone = true
		t.drops = append(t.drops, d)
		return
	}
	p := plan.Retract(&t.objects, o, t.lastPlans[s], t.revisions, t.now)
	t.undo(s, d, p, cmp.Or(o.Status.Revision, lastRun(t.history(s))) != "")
}

func lastRun(h *plan.History) string {
	if h.Ended == nil {
		return ""
	}
	return h.Ended.Run
}
