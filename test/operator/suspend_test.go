package operator_test

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// suspend an object, or resume it.
func (w *world) suspend(ref string, yes bool) {
	w.t.Helper()
	o := w.object(ref)
	edit(w, o, o.GetName(), func(o client.Object) { common(o).Suspend = yes })
}

func common(o client.Object) *v1alpha1.Common {
	switch o := o.(type) {
	case *v1alpha1.Workspace:
		return &o.Spec.Common
	case *v1alpha1.DataSource:
		return &o.Spec.Common
	case *v1alpha1.IdentityRule:
		return &o.Spec.Common
	case *v1alpha1.Trait:
		return &o.Spec.Common
	case *v1alpha1.Segment:
		return &o.Spec.Common
	case *v1alpha1.Destination:
		return &o.Spec.Common
	case *v1alpha1.Activation:
		return &o.Spec.Common
	}
	panic(o)
}

// isSuspended is Ready, because its result stays in use, and says why nothing happens.
var isSuspended = and(ready, has(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonSuspended))

// Whatever is suspended keeps its result and stays Ready, and nothing of it runs until it is resumed.
func TestSuspend(t *testing.T) {
	for _, c := range []struct {
		ref string
		// change makes its runs due.
		change func(w *world)
		task   v1alpha1.Task
		name   string
	}{
		{"DataSource/crm", func(*world) {}, v1alpha1.TaskIngest, "crm"},
		{"IdentityRule/people", func(w *world) { w.finisher.changeData("crm"); w.runNow("DataSource/crm", "1") }, v1alpha1.TaskResolve, "people"},
		{"IdentityRule/people", func(*world) {}, v1alpha1.TaskEvaluate, "people"},
		{"Destination/esp", func(*world) {}, v1alpha1.TaskSync, "mail"},
		{"Activation/mail", func(*world) {}, v1alpha1.TaskSync, "mail"},
		{"Workspace/default", func(w *world) { w.finisher.changeData("crm") }, v1alpha1.TaskIngest, "crm"},
	} {
		t.Run(c.ref+" "+string(c.task), func(t *testing.T) {
			w := newRetail(t)
			before := statusOf(w.object(c.ref))
			w.throughout(func() {
				w.suspend(c.ref, true)
				w.eventually("it is suspended", w.is(c.ref, isSuspended, says("suspended by")))
			}, isReadyOfSome, c.ref)
			c.change(w)
			w.always(75*time.Minute, "nothing of it runs", all(w.is(c.ref, isSuspended, revision(before.Revision)), w.worked(1, c.task, c.name)))
			if at := statusOf(w.object(c.ref)).NextRunTime; at != nil {
				t.Errorf("it says that it runs at %s", at)
			}
			w.suspend(c.ref, false)
			w.eventually("it is resumed", all(w.ready(everything...), w.worked(2, c.task, c.name)))
		})
	}
}

// isReadyOfSome is Ready of the generation that was looked at last.
func isReadyOfSome(_ client.Object, s *v1alpha1.Status) error {
	if condition(s.Conditions, v1alpha1.ConditionReady).Status != metav1.ConditionTrue {
		return errors.New("it is not Ready")
	}
	return nil
}

// What is suspended is not in effect when its declaration has changed since.
func TestSuspendedAndChanged(t *testing.T) {
	for ref, change := range map[string]func(w *world){
		"DataSource/crm": func(w *world) {
			edit(w, &v1alpha1.DataSource{}, "crm", func(d *v1alpha1.DataSource) { d.Spec.Load = v1alpha1.LoadSnapshot })
		},
		"IdentityRule/people": func(w *world) {
			edit(w, &v1alpha1.IdentityRule{}, "people", func(r *v1alpha1.IdentityRule) { r.Spec.Anonymous.OnIdentify = "Isolate" })
		},
		"Segment/vip": func(w *world) { where(w, silver) },
		"Activation/mail": func(w *world) {
			edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Fields[0].As = "mail" })
		},
	} {
		t.Run(ref, func(t *testing.T) {
			w := newRetail(t)
			w.suspend(ref, true)
			w.eventually("it is suspended", w.is(ref, isSuspended))
			w.pass(time.Minute)
			change(w)
			w.eventually("what it declares now is not in effect", w.is(ref, stalled(v1alpha1.ReasonSuspended)))
			w.always(75*time.Minute, "nor does it come into effect", w.is(ref, stalled(v1alpha1.ReasonSuspended)))
			w.suspend(ref, false)
			w.eventually("it does when it is resumed", w.ready(everything...))
		})
	}
}

// A Segment that is suspended keeps its members while the others of its space go on.
func TestASuspendedSegment(t *testing.T) {
	w := newRetail(t, segment("calm", "people", "profile.known"))
	w.throughout(func() {
		w.suspend("Segment/calm", true)
		w.eventually("it is suspended", w.is("Segment/calm", isSuspended, says("suspended by Segment calm")))
		w.finisher.changeData("crm")
		w.pass(75 * time.Minute)
		where(w, silver)
		w.eventually("the other one goes on", w.ready("Segment/vip"))
	}, isReadyOfSome, "Segment/calm")
	w.check("it is still suspended", w.is("Segment/calm", isSuspended))
	for _, p := range w.finisher.committed[len(w.finisher.committed)-2:] {
		if p.Evaluate != nil && !p.Evaluate.Segments[0].Suspended {
			t.Errorf("%s is evaluated by %s", p.Evaluate.Segments[0].Name, p.Run)
		}
	}
	w.suspend("Segment/calm", false)
	w.eventually("it is resumed", w.ready("Segment/calm"))
}

// A Trait that is suspended makes no evaluation due, and is computed with the others.
func TestASuspendedTrait(t *testing.T) {
	w := newWorld(t)
	level := trait("level", "people", "level", "profile.tier")
	w.create(workspace(), source("crm"), rule("people", "crm"), level)
	w.eventually("it is Ready", w.ready("Trait/level"))
	w.suspend("Trait/level", true)
	w.eventually("it is suspended", w.is("Trait/level", isSuspended))
	w.always(70*time.Minute, "it is not computed for its age", all(w.is("Trait/level", isSuspended), w.worked(1, v1alpha1.TaskEvaluate, "people")))
	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "1")
	w.eventually("it is computed with newer data", all(w.is("Trait/level", isSuspended, fresh(true)), w.worked(2, v1alpha1.TaskEvaluate, "people")))
	w.suspend("Trait/level", false)
	w.within(2*time.Hour, "it is computed for its age", all(w.ready("Trait/level"), w.worked(3, v1alpha1.TaskEvaluate, "people")))
}

// What was never computed has no result to keep.
func TestSuspendedFromTheBeginning(t *testing.T) {
	w := newWorld(t)
	objects := retail()
	for _, o := range objects[1:] {
		if w.ref(o) != "Segment/vip" { // which is evaluated once, for the sake of those that need it
			common(o).Suspend = true
		}
	}
	w.create(objects...)
	refs := []string{"DataSource/crm", "IdentityRule/people", "Activation/mail"}
	for _, ref := range refs {
		w.eventually("nothing was ever done for it", w.is(ref, stalled(v1alpha1.ReasonSuspended)))
	}
	w.always(time.Hour, "nothing is", count("runs", 1, func() []*v1alpha1.Run { return w.made("") })) // the Workspace's own
	w.check("a Destination has no result to miss", w.is("Destination/esp", isSuspended))
	for _, ref := range append(refs, "Destination/esp") {
		w.suspend(ref, false)
	}
	w.eventually("all is Ready", w.ready(everything...))
}
