package operator_test

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// notUndone checks that an object went although what it did was not taken back, and that this is told.
func (w *world) notUndone(kind, name string, before float64) {
	w.t.Helper()
	if !w.events.has(name, v1alpha1.EventNotUndone) {
		w.t.Errorf("no event tells that %s %s was not undone: %v", kind, name, w.events.of(name))
	}
	if n := w.dropped(kind); n <= before {
		w.t.Errorf("the metric of %s is %v, and was %v", kind, n, before)
	}
}

// What only a user could mend is not waited for long, a receiver that is down for a day.
func TestWhatCantBeUndone(t *testing.T) {
	for class, patience := range map[fault.Class]time.Duration{
		fault.SecretMissing: 10 * time.Minute, fault.VolumeMissing: 10 * time.Minute, fault.DestinationDown: 24 * time.Hour,
	} {
		t.Run(string(class), func(t *testing.T) {
			w := newRetail(t)
			w.suspend("Workspace/default", true) // which puts off everything but this
			before := w.dropped("Activation")
			w.finisher.failing(v1alpha1.TaskSync, class, "it is not there")
			w.delete("Activation/mail")
			w.eventually("it fails", w.is("Activation/mail", undoing, says(string(class), "it is not there")))
			tries := len(w.finisher.ran(v1alpha1.TaskSync, "mail"))
			if patience > time.Hour {
				w.away(patience - time.Hour)
				patience = time.Hour
			}
			w.always(patience-2*time.Minute, "it waits", w.is("Activation/mail", undoing))
			if n := len(w.finisher.ran(v1alpha1.TaskSync, "mail")); n < tries+3 {
				t.Errorf("it was tried %d times", n)
			}
			w.within(20*time.Minute, "it is let go", w.gone("Activation/mail"))
			w.notUndone("Activation", "mail", before)
		})
	}
}

// A receiver that comes back within a day is told.
func TestUndoneInTheEnd(t *testing.T) {
	w := newRetail(t)
	w.finisher.answer = func(p *plan.Plan) *answer {
		if p.Sync == nil {
			return nil
		}
		a := fails(fault.DestinationDown, "503 for some") // and some people could be taken out
		a.commits, a.result.Revision = true, &v1alpha1.RunRevision{Incomplete: true}
		return a
	}
	w.delete("Activation/mail")
	w.pass(20 * time.Minute)
	w.check("it waits", w.is("Activation/mail", undoing, says("503 for some")))
	w.finisher.mended()
	w.within(20*time.Minute, "it is gone", w.gone("Activation/mail"))
	w.check("people were taken out", w.removed)
}

// A DataSource with Retract empties its tables before it goes.
func TestRetract(t *testing.T) {
	for _, first := range []string{"", "Workspace/default", "IdentityRule/people"} {
		t.Run(first, func(t *testing.T) {
			loyalty := source("loyalty")
			loyalty.Spec.DeletionPolicy = "Retract"
			w := newRetail(t, loyalty)
			if first != "" {
				w.delete(first)
				w.rest()
			}
			w.finisher.hold(v1alpha1.TaskIngest)
			w.delete("DataSource/loyalty")
			w.eventually("its rows are being taken out", w.is("DataSource/loyalty", undoing))
			w.finisher.letGo()
			w.eventually("it is gone", w.gone("DataSource/loyalty"))
			last := w.finisher.committed[len(w.finisher.committed)-1]
			for _, p := range w.finisher.committed {
				if p.Subject.Name == "loyalty" {
					last = p
				}
			}
			if last.Ingest == nil || !last.Ingest.Retract || last.Lake.ClaimName != "lake" || w.events.has("loyalty", v1alpha1.EventNotUndone) {
				t.Errorf("the last run is %s: %+v", last.Run, last.Ingest)
			}
		})
	}
}

// The policy decides about the finalizer at any time.
func TestTheFinalizerFollowsThePolicy(t *testing.T) {
	w := newRetail(t)
	finalizers := func(ref string, n int) func() error {
		return func() error {
			if f := w.object(ref).GetFinalizers(); len(f) != n {
				return fmt.Errorf("%s has the finalizers %v", ref, f)
			}
			return nil
		}
	}
	w.check("as they are declared", all(finalizers("Activation/mail", 1), finalizers("DataSource/crm", 0)))
	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.DeletionPolicy = "Retain" })
	edit(w, &v1alpha1.DataSource{}, "crm", func(d *v1alpha1.DataSource) { d.Spec.DeletionPolicy = "Retract" })
	w.eventually("the other way round", all(finalizers("Activation/mail", 0), finalizers("DataSource/crm", 1), w.ready(everything...)))
	w.pass(time.Minute)
	w.check("a policy runs nothing", all(w.worked(1, v1alpha1.TaskSync, "mail"), w.worked(1, v1alpha1.TaskIngest, "crm")))
}

// In a namespace that is being deleted no Run can be made: nothing keeps it.
func TestANamespaceGoes(t *testing.T) {
	loyalty := source("loyalty")
	loyalty.Spec.DeletionPolicy = "Retract"
	w := newRetail(t, loyalty)
	activations, sources := w.dropped("Activation"), w.dropped("DataSource")
	if err := w.Delete(w.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}); err != nil {
		t.Fatal(err)
	}
	refs := []string{"Activation/mail", "DataSource/crm", "DataSource/loyalty", "Destination/esp", "IdentityRule/people", "Segment/vip", "Workspace/default"}
	w.delete(refs...) // as the namespace controller does
	w.eventually("all is gone", w.gone(refs...))
	w.notUndone("Activation", "mail", activations)
	w.notUndone("DataSource", "loyalty", sources)
	w.check("so are the Runs", count("Runs", 0, func() []*v1alpha1.Run { return w.look().runs }))
}

// What tells where something was done is gone with the Runs: it is not waited for, and told.
func TestNothingTellsWhatToUndo(t *testing.T) {
	w := newRetail(t)
	before := w.dropped("Activation")
	w.stopManager()
	if err := w.DeleteAllOf(w.ctx, &v1alpha1.Run{}, client.InNamespace(w.namespace)); err != nil {
		t.Fatal(err)
	}
	w.delete("Destination/esp", "Activation/mail")
	w.startManager()
	w.eventually("it is let go", w.gone("Activation/mail"))
	w.notUndone("Activation", "mail", before)
}
