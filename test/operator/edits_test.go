package operator_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

const (
	gold   = `profile.tier == "gold"`
	silver = `profile.tier == "silver"`
)

func where(w *world, expression string) {
	w.t.Helper()
	edit(w, &v1alpha1.Segment{}, "vip", func(s *v1alpha1.Segment) { s.Spec.Where = expression })
}

// inEffect says whether the latest evaluation was made with an expression of a Segment.
func (w *world) inEffect(name, expression string) func() error {
	return func() error {
		latest := w.finisher.lake[plan.EvaluateSubject("people")]
		if latest == nil {
			return errors.New("nothing was evaluated")
		}
		run := latest.Run
		for _, p := range w.finisher.committed {
			if p.Run != run {
				continue
			}
			for _, s := range p.Evaluate.Segments {
				if s.Name == name && s.Where != expression {
					return fmt.Errorf("run %s evaluated %s", run, s.Where)
				}
			}
		}
		return nil
	}
}

// A Segment goes from A to B and back to A while B is being evaluated, and that evaluation commits.
func TestBackAgainWhileItRuns(t *testing.T) {
	w := newRetail(t)
	w.finisher.hold(v1alpha1.TaskEvaluate)
	where(w, silver)
	w.eventually("B is evaluated", w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says("people-evaluate-2")))
	where(w, gold)
	w.always(30*time.Second, "A is not Ready while B is about to be in effect", w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says("people-evaluate-2")))
	w.finisher.held = func(r *v1alpha1.Run) bool { return r.Name == "people-evaluate-3" }
	w.eventually("B is in effect, and A evaluated", all(
		w.inEffect("vip", silver), w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says("people-evaluate-3"))))
	w.finisher.letGo()
	w.eventually("A is in effect", w.ready(everything...))
	w.check("A is in effect", w.inEffect("vip", gold))
	w.pass(2 * time.Minute)
	w.check("there was one further evaluation", w.worked(3, v1alpha1.TaskEvaluate, "people"))
}

// The same for a DataSource, of whose B nothing comes: what A made is in effect all along.
func TestBackAgainBeforeAnythingCameOfIt(t *testing.T) {
	w := newRetail(t)
	key := func(name string) {
		edit(w, &v1alpha1.DataSource{}, "crm", func(d *v1alpha1.DataSource) { d.Spec.Key = []string{name} })
	}
	w.finisher.failing(v1alpha1.TaskIngest, fault.ColumnMissing, "no column other-id")
	key("other-id")
	w.eventually("B fails", w.is("DataSource/crm", stalled(string(fault.ColumnMissing)), revision("crm-ingest-1")))
	key("id")
	w.eventually("A is in effect", w.ready("DataSource/crm"))

	w.finisher.failing(v1alpha1.TaskEvaluate, fault.LakeCorrupt, "a file is missing")
	where(w, silver)
	w.eventually("B fails", w.is("Segment/vip", unready(string(fault.LakeCorrupt))))
	where(w, gold)
	w.eventually("A is in effect", w.ready("Segment/vip"))
	w.finisher.mended()
	done := len(w.finisher.committed)
	w.always(10*time.Minute, "A stays in effect", w.ready(everything...))
	if now := w.finisher.committed; len(now) != done {
		t.Errorf("runs of what was in effect: %v", names(now[done:]))
	}
}

// An Activation whose B failed may have sent something: A is sent once more.
func TestAnActivationBackAgainIsSentOnceMore(t *testing.T) {
	w := newRetail(t)
	as := func(name string) {
		edit(w, &v1alpha1.Activation{}, "mail", func(a *v1alpha1.Activation) { a.Spec.Fields[0].As = name })
	}
	w.finisher.failing(v1alpha1.TaskSync, fault.DestinationRefused, "403")
	as("mail")
	w.eventually("B fails", w.is("Activation/mail", stalled(string(fault.DestinationRefused)), revision("mail-sync-1")))
	w.finisher.mended()
	as("email")
	w.eventually("A is in effect", w.is("Activation/mail", ready, revision("mail-sync-3")))
	w.pass(10 * time.Minute)
	w.check("there was one further run", w.worked(3, v1alpha1.TaskSync, "mail"))
	if last := w.finisher.sent[len(w.finisher.sent)-1]; last.Sync.Activation.Fields[0].As != "email" {
		t.Errorf("the last that was sent is %s", last.Sync.Activation.Fields[0].As)
	}
}

// A Segment is edited while the evaluation of what it was before goes on: that one counts for the others and not for it.
func TestASegmentEditedWhileItIsEvaluated(t *testing.T) {
	w := newRetail(t, segment("calm", "people", "profile.known"))
	w.finisher.hold(v1alpha1.TaskEvaluate)
	where(w, silver)
	w.eventually("it is evaluated", w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says("people-evaluate-")))
	first := w.made(v1alpha1.TaskEvaluate)
	where(w, `profile.tier == "bronze"`)
	second := fmt.Sprintf("people-evaluate-%d", len(first)+1)
	w.finisher.held = func(r *v1alpha1.Run) bool { return r.Name == second }
	w.eventually("the first evaluation has committed, the second goes on", all(
		w.inEffect("vip", silver), w.is("Segment/vip", reconciling(v1alpha1.ReasonProgressing), says(second)), w.ready("Segment/calm")))
	w.finisher.letGo()
	w.eventually("it is Ready", w.ready("Segment/vip", "Segment/calm", "Activation/mail"))
	w.check("the newest is in effect", w.inEffect("vip", `profile.tier == "bronze"`))

	since := slices.IndexFunc(w.history("Segment/calm"), func(o client.Object) bool { return state(o, statusOf(o)) == "Current" })
	for _, o := range w.history("Segment/calm")[since:] {
		if err := ready(o, statusOf(o)); err != nil {
			t.Errorf("the other Segment: %v: %s", err, told(statusOf(o)))
		}
	}
	for _, o := range w.history("Segment/vip") {
		s := o.(*v1alpha1.Segment)
		if ready(s, &s.Status.Status) == nil && s.Spec.Where == silver {
			t.Error("it was Ready with an expression that was replaced before it was evaluated")
		}
	}
}
