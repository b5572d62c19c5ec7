package operator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// removed says that people were taken out of the destination, and are nowhere any more.
func (w *world) removed() error {
	last := w.finisher.committed[len(w.finisher.committed)-1]
	for _, p := range w.finisher.committed {
		if p.Sync != nil {
			last = p
		}
	}
	switch {
	case last.Sync == nil || !last.Sync.RemoveMembers:
		return fmt.Errorf("the last run is %s, which removes nobody", last.Run)
	case last.Sync.Connector.Webhook == nil || last.Sync.Connector.Webhook.URL != "http://receiver/audience" || last.Lake.ClaimName != "lake":
		return fmt.Errorf("people were taken out of %+v by %+v", last.Sync.Connector, last.Lake)
	case w.events.has("mail", v1alpha1.EventNotUndone):
		return fmt.Errorf("it is told that they were not: %v", w.events.of("mail"))
	}
	return nil
}

// undoing is what a deleted object says while what it did is being taken back.
var undoing = reconciling(v1alpha1.ReasonDeleting)

// An Activation takes its people out again before it goes.
func TestDeletion(t *testing.T) {
	w := newRetail(t)
	w.finisher.hold(v1alpha1.TaskSync)
	w.delete("Activation/mail")
	w.eventually("its people are being taken out", func() error {
		return count("runs", 2, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskSync) })()
	})
	w.always(time.Minute, "it waits", w.is("Activation/mail", undoing))
	run := get(w, &v1alpha1.Run{}, "mail-sync-2")
	if !run.Spec.Undo || run.Spec.Cause != "deleted" || run.Spec.Base != "mail-sync-1" || len(run.OwnerReferences) > 0 {
		t.Errorf("the run that undoes is %+v, of %v", run.Spec, run.OwnerReferences)
	}
	w.finisher.letGo()
	w.eventually("it is gone", w.gone("Activation/mail", "Run/mail-sync-1", "Run/mail-sync-2"))
	w.check("its people are gone", w.removed)
	w.check("the others are there", w.ready(everything[:5]...))

	w.create(activation("mail", "vip", "esp"))
	w.eventually("another of its name begins anew", w.ready("Activation/mail"))
	w.check("on what the lake has", func() error {
		if rev := w.finisher.lake[plan.SyncSubject("mail")]; rev.Serial < 3 || rev.Run != statusOf(w.object("Activation/mail")).Revision {
			return fmt.Errorf("it is %+v", rev)
		}
		return nil
	})
}

// In whatever order a tenant is taken down, people are taken out.
func TestDeletionInAnyOrder(t *testing.T) {
	for _, order := range [][]string{
		{"Destination/esp", "Activation/mail"}, {"Segment/vip", "Activation/mail"}, {"IdentityRule/people", "Activation/mail"}, {"Workspace/default", "Activation/mail"},
		{"Workspace/default", "DataSource/crm", "IdentityRule/people", "Segment/vip", "Destination/esp", "Activation/mail"},
		{"Activation/mail", "Destination/esp", "Segment/vip", "IdentityRule/people", "DataSource/crm", "Workspace/default"},
	} {
		t.Run(strings.Join(order, " "), func(t *testing.T) {
			w := newRetail(t)
			for _, ref := range order {
				w.delete(ref)
				w.rest()
			}
			w.eventually("all is gone", w.gone(order...))
			w.check("people were taken out", w.removed)
			if !slices.Contains(order, "DataSource/crm") {
				return
			}
			w.eventually("so are the Runs", func() error { return count("Runs", 0, func() []*v1alpha1.Run { return w.look().runs })() })
		})
		t.Run("at once: "+strings.Join(order, " "), func(t *testing.T) {
			w := newRetail(t)
			w.stopManager()
			w.delete(order...)
			w.startManager()
			w.eventually("all is gone", w.gone(order...))
			w.check("people were taken out", w.removed)
		})
	}
}

// A Sync that is under way when its Activation is deleted ends first.
func TestDeletionDuringARun(t *testing.T) {
	w := newRetail(t)
	w.finisher.hold(v1alpha1.TaskSync)
	w.runNow("Activation/mail", "1")
	w.eventually("it is under way", func() error {
		return count("runs", 2, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskSync) })()
	})
	w.delete("Activation/mail")
	w.always(30*time.Minute, "it waits", w.is("Activation/mail", undoing))
	w.finisher.letGo()
	w.eventually("it is gone", w.gone("Activation/mail"))
	w.check("people were taken out", all(w.removed, w.worked(3, v1alpha1.TaskSync, "mail")))
}

// `kubectl delete --cascade=foreground` takes the Runs away before anything else.
func TestDeletionInTheForeground(t *testing.T) {
	w := newRetail(t)
	if err := w.Delete(w.ctx, w.object("Activation/mail"), client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	w.eventually("it is gone", w.gone("Activation/mail"))
	w.check("people were taken out", w.removed)
}

// What need not be undone goes at once.
func TestDeletionWithNothingToUndo(t *testing.T) {
	t.Run("Retain", func(t *testing.T) {
		kept := activation("kept", "vip", "esp")
		kept.Spec.DeletionPolicy = "Retain"
		w := newRetail(t, kept)
		if f := w.object("Activation/kept").GetFinalizers(); len(f) > 0 {
			t.Errorf("it has the finalizers %v", f)
		}
		w.delete("Activation/kept", "DataSource/crm")
		w.check("they are gone", w.gone("Activation/kept", "DataSource/crm"))
		w.pass(time.Minute)
		w.check("nothing was done", w.worked(1, v1alpha1.TaskSync, "kept"))
	})
	t.Run("it never ran", func(t *testing.T) {
		w := newWorld(t)
		w.create(retail()[1:]...)
		w.eventually("it waits for a Workspace", w.is("Activation/mail", reconciling(notFound)))
		w.delete("Activation/mail")
		w.check("it is gone", w.gone("Activation/mail"))
		if w.events.has("mail", v1alpha1.EventNotUndone) {
			t.Error("there was nothing to undo")
		}
	})
	t.Run("it is suspended", func(t *testing.T) {
		w := newRetail(t)
		w.suspend("Activation/mail", true)
		w.suspend("Workspace/default", true)
		w.eventually("it is suspended", w.is("Activation/mail", isSuspended))
		w.delete("Activation/mail")
		w.eventually("it is gone all the same", w.gone("Activation/mail"))
		w.check("people were taken out", w.removed)
	})
}

// Who sees that people can't be taken out can let the Activation go.
func TestRetainWhileItIsDeleted(t *testing.T) {
	w := newRetail(t)
	w.finisher.failing(v1alpha1.TaskSync, fault.DestinationDown, "503")
	w.delete("Activation/mail")
	w.eventually("it can't be undone", w.is("Activation/mail", undoing, says("mail-sync-2", "DestinationDown", "503")))
	w.pass(10 * time.Minute)
	edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.DeletionPolicy = "Retain" })
	w.check("it is gone", w.gone("Activation/mail"))
	if w.events.has("mail", v1alpha1.EventNotUndone) {
		t.Error("somebody wanted it so")
	}
}
