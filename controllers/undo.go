package controllers

import (
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// undo makes the run that takes back what a deleted object did outside the cluster, until it has succeeded or can't any more. A nil
// plan can't be made. Did: the object has had a run.
func (t *tenant) undo(s plan.Subject, d drop, p *plan.Plan, did bool) {
	h := t.history(s)
	if h.Live != nil {
		return // its end is waited for, whatever it does
	}
	if p == nil {
		d.undone = !did
		d.why = "nothing tells any more where it was done: the Workspace, the Destination and the plans of earlier runs are gone"
		t.drops = append(t.drops, d)
		return
	}
	e := h.Ended
	if e == nil || !e.Undo {
		t.startUndo(h, p, 1)
		return
	}
	incomplete := h.Latest != nil && h.Latest.Run == e.Run && h.Latest.Incomplete
	if e.Outcome != v1alpha1.OutcomeFailed && e.Outcome != v1alpha1.OutcomeSuperseded && !incomplete {
		d.undone = true
		t.drops = append(t.drops, d)
		return
	}
	if e.Outcome == v1alpha1.OutcomeSuperseded && h.Learned() {
		t.startUndo(h, p, e.Attempt) // it has learned what the lake has
		return
	}
	patience := undoDown
	if e.Class.Owner() == fault.User || e.Class == v1alpha1.ReasonWorkerNotStarted {
		patience = undoBroken // a worker that can't start mostly waits for a volume that was deleted first
	}
	if end := d.object.GetDeletionTimestamp().Add(patience); !t.now.Before(end) {
		d.why = "run " + e.Run + " failed: " + string(e.Class) + ": " + e.Message
		t.drops = append(t.drops, d)
		return
	}
	delay, again := plan.Backoff(e.Class, e.Attempt)
	if !again {
		delay = time.Minute
	}
	if at := e.At.Add(delay); t.now.Before(at) {
		t.look(at)
		return
	}
	t.startUndo(h, p, e.Attempt+1)
}

func (t *tenant) startUndo(h *plan.History, p *plan.Plan, attempt int32) {
	if !t.turn(p) {
		return
	}
	p.After(h.Serial)
	t.starts = append(t.starts, start{plan: p, cause: plan.CauseDeleted, attempt: attempt, undo: true, deadline: t.deadline()})
}
