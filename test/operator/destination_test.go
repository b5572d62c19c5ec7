package operator_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// narrow is a Destination that takes one Sync at a time.
func narrow(name string) *v1alpha1.Destination {
	d := destination(name)
	d.Spec.Delivery.Concurrency = 1
	return d
}

// liveSyncs to a Destination.
func (w *world) liveSyncs(name string) []string {
	var out []string
	for _, r := range w.look().runs {
		if r.Spec.Destination == name && !plan.Over(r) {
			out = append(out, r.Name)
		}
	}
	return out
}

// A Destination takes as many Syncs at once as it says, and everybody has his turn.
func TestADestinationWithConcurrencyOne(t *testing.T) {
	w := newWorld(t)
	w.finisher.hold(v1alpha1.TaskSync)
	w.create(workspace(), source("crm"), rule("people", "crm"), segment("vip", "people", gold), narrow("esp"),
		activation("a", "vip", "esp"), activation("b", "vip", "esp"), activation("c", "vip", "esp"))
	for n := range 3 {
		w.eventually("one of them runs", func() error {
			if live := w.liveSyncs("esp"); len(live) != 1 || len(w.made(v1alpha1.TaskSync)) != n+1 {
				return fmt.Errorf("live are %v, made %d", live, len(w.made(v1alpha1.TaskSync)))
			}
			return nil
		})
		w.always(time.Minute, "the others wait", count("live", 1, func() []string { return w.liveSyncs("esp") }))
		live := w.liveSyncs("esp")[0]
		w.finisher.held = func(r *v1alpha1.Run) bool { return r.Spec.Task == v1alpha1.TaskSync && r.Name != live }
	}
	w.finisher.letGo()
	w.eventually("all were sent", w.ready("Activation/a", "Activation/b", "Activation/c"))
	w.finisher.changeData("crm")
	w.runNow("Destination/esp", "1")
	w.runNow("DataSource/crm", "1")
	w.eventually("all are sent again", all(w.is("DataSource/crm", echo("1")), w.is("Destination/esp", echo("1")),
		w.is("Activation/a", ready, fresh(true)), w.is("Activation/b", ready, fresh(true)), w.is("Activation/c", ready, fresh(true))))
	if n := w.finisher.syncing["esp"]; n != 1 {
		t.Errorf("there were %d Syncs at once", n)
	}
}

// Deleted Activations take their turn, too.
func TestDeletionAtADestinationWithConcurrencyOne(t *testing.T) {
	w := newRetail(t, narrow("slow"), activation("a", "vip", "slow"), activation("b", "vip", "slow"), activation("c", "vip", "slow"))
	w.finisher.hold(v1alpha1.TaskSync)
	w.runNow("Activation/a", "1")
	w.eventually("one runs", count("live", 1, func() []string { return w.liveSyncs("slow") }))
	w.delete("Activation/b", "Activation/c")
	w.always(10*time.Minute, "the others wait", count("live", 1, func() []string { return w.liveSyncs("slow") }))
	w.finisher.letGo()
	w.eventually("they are gone", w.gone("Activation/b", "Activation/c"))
	if n := w.finisher.syncing["slow"]; n != 1 {
		t.Errorf("there were %d Syncs at once", n)
	}
}

// A broken Destination holds up none but its own.
func TestABrokenDestination(t *testing.T) {
	w := newWorld(t)
	w.finisher.answer = func(p *plan.Plan) *answer {
		if p.Sync != nil && p.Sync.Destination == "broken" {
			return fails(fault.DestinationDown, "503")
		}
		return nil
	}
	w.create(workspace(), source("crm"), rule("people", "crm"), segment("vip", "people", gold), narrow("broken"), narrow("whole"),
		activation("a", "vip", "broken"), activation("b", "vip", "broken"), activation("c", "vip", "whole"))
	w.eventually("the others go on", all(w.ready("Activation/c"), w.is("Activation/a", unready(string(fault.DestinationDown))), w.is("Activation/b", unready(string(fault.DestinationDown)))))
	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "1")
	w.pass(5 * time.Minute)
	w.check("the others go on", w.is("Activation/c", ready, fresh(true), revision("c-sync-2")))
	for _, name := range []string{"a", "b"} {
		if n := len(w.finisher.ran(v1alpha1.TaskSync, name)); n < 5 {
			t.Errorf("%s was tried %d times", name, n)
		}
	}

	// Its Syncs hang, and the others go on.
	w.finisher.held = func(r *v1alpha1.Run) bool { return r.Spec.Destination == "broken" }
	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "2")
	w.pass(5 * time.Minute)
	w.check("the others go on", w.is("Activation/c", ready, fresh(true), revision("c-sync-3")))
	if n := w.finisher.syncing["broken"]; n != 1 {
		t.Errorf("there were %d Syncs at once", n)
	}
}

// The last Segment of a space goes while it is evaluated: the space has one lock all the same.
func TestTheLastSegmentGoes(t *testing.T) {
	w := newRetail(t)
	w.delete("Activation/mail")
	w.eventually("it is gone", w.gone("Activation/mail"))
	w.pass(time.Minute) // no purpose of an Activation is in use any more
	resolved := len(w.finisher.ran(v1alpha1.TaskResolve, "people"))
	w.finisher.hold(v1alpha1.TaskEvaluate)
	w.runNow("Segment/vip", "1")
	w.eventually("it is evaluated", func() error {
		if !slices.ContainsFunc(w.look().runs, func(r *v1alpha1.Run) bool { return !plan.Over(r) && r.Spec.Task == v1alpha1.TaskEvaluate }) {
			return fmt.Errorf("no evaluation")
		}
		return nil
	})
	w.delete("Segment/vip")
	w.runNow("IdentityRule/people", "1")
	mark := len(w.history("IdentityRule/people"))
	w.pass(10 * time.Minute)
	w.check("people are not made meanwhile", w.worked(resolved, v1alpha1.TaskResolve, "people"))
	if n := len(w.history("IdentityRule/people")) - mark; n > 3 {
		t.Errorf("its status was written %d times meanwhile", n)
	}
	w.finisher.letGo()
	w.eventually("then they are", w.is("IdentityRule/people", ready, echo("1")))
}
