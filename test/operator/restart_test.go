package operator_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// untilKilled lets the manager work until it is killed, or nothing happens any more for a while.
func (w *world) untilKilled() {
	w.t.Helper()
	end := w.clock.Now().Add(soon)
	for deadline := time.Now().Add(restWithin); ; {
		if time.Now().After(deadline) {
			w.t.Fatalf("no rest within %s", restWithin)
		}
		if w.manager.writes.killed() {
			return
		}
		if !w.resting() {
			continue
		}
		next := w.manager.next()
		if next.IsZero() || next.After(end) {
			return
		}
		w.moveTo(next)
	}
}

// The manager is killed again and again, at any of its writes, while a tenant comes up, changes and goes. The observer and the finisher see
// to it that nothing ever runs twice at once and no status lies.
func TestTheManagerIsKilled(t *testing.T) {
	for seed := range uint64(3) {
		t.Run("", func(t *testing.T) {
			w := newWorld(t)
			random := rand.New(rand.NewPCG(seed, 0))
			w.stopManager()
			steps := []func(){
				func() {
					w.create(append(retail(), activation("post", "vip", "esp"), trait("level", "people", "level", "profile.tier"))...)
				},
				func() { where(w, silver) },
				func() { w.finisher.changeData("crm"); w.runNow("DataSource/crm", "1") },
				func() { where(w, gold); w.runNow("Segment/vip", "2") },
				func() { w.delete("Activation/post") },
			}
			kills := 0
			for _, step := range steps {
				step()
				for range 4 + random.IntN(4) {
					w.killAt, w.killedLate = 1+random.IntN(6), random.IntN(2) == 0
					w.startManager()
					w.untilKilled()
					if w.manager.writes.killed() {
						kills++
					}
					w.stopManager()
				}
			}
			t.Logf("killed %d times", kills)
			w.killAt = 0
			w.startManager()
			w.within(2*time.Minute, "it all comes right", all(w.ready(append(everything, "Trait/level")...), w.gone("Activation/post"),
				w.is("DataSource/crm", echo("1")), w.is("Segment/vip", echo("2")), w.inEffect("vip", gold)))
			done := len(w.made(""))
			w.always(5*time.Minute, "and stays so", count("Runs", done, func() []*v1alpha1.Run { return w.made("") }))
			if last := w.finisher.plansOf(plan.SyncSubject("post")); !last[len(last)-1].Sync.RemoveMembers {
				t.Error("the people of the deleted Activation were not taken out in the end")
			}
		})
	}
}

// plansOf a subject that workers got.
func (f *finisher) plansOf(s plan.Subject) []*plan.Plan {
	var out []*plan.Plan
	for _, p := range f.worked {
		if p.Subject == s {
			out = append(out, p)
		}
	}
	return out
}

// A manager that is replaced while all is at rest has nothing to do.
func TestANewManagerFindsNothingToDo(t *testing.T) {
	w := newRetail(t)
	w.throughout(func() {
		for range 5 {
			w.restart()
			w.pass(time.Minute)
		}
	}, func(o client.Object, s *v1alpha1.Status) error { return ready(o, s) }, everything...)
	w.check("nothing was done", count("Runs", 5, func() []*v1alpha1.Run { return w.made("") }))
}

// Every Run and every status is gone, and so is the manager's memory. The lake has it all: nothing is computed or sent again.
func TestTheLakeIsTheTruth(t *testing.T) {
	w := newRetail(t, activation("post", "vip", "esp"), trait("level", "people", "level", "profile.tier"))
	w.finisher.changeData("crm")
	w.pass(20 * time.Minute)
	where(w, silver)
	refs := append(everything, "Activation/post", "Trait/level")
	w.pass(time.Minute)
	w.check("all is Ready", w.ready(refs...))

	for _, runs := range []bool{true, false} {
		lake := map[plan.Subject]string{}
		for s, rev := range w.finisher.lake {
			lake[s] = rev.Run
		}
		committed, sent, worked := len(w.finisher.committed), len(w.finisher.sent), len(w.finisher.worked)
		w.stopManager()
		if runs {
			if err := w.DeleteAllOf(w.ctx, &v1alpha1.Run{}, client.InNamespace(w.namespace)); err != nil {
				t.Fatal(err)
			}
		}
		w.forgetStatuses(refs...)
		w.startManager()
		w.within(2*time.Minute, "all is Ready", w.ready(refs...))
		w.pass(2 * time.Minute)
		if n := w.finisher.committed[committed:]; len(n) > 0 {
			t.Errorf("computed again: %v", names(n))
		}
		if n := w.finisher.sent[sent:]; len(n) > 0 {
			t.Errorf("sent again: %v", names(n))
		}
		looked := map[plan.Subject]int{}
		for _, p := range w.finisher.worked[worked:] {
			looked[p.Subject]++
			most := 1
			if p.Ingest != nil {
				most = 2 // it learns what the lake has, and looks at the source
			}
			if looked[p.Subject] > most {
				t.Errorf("%d runs of %s, the last is %s", looked[p.Subject], p.Subject, p.Run)
			}
		}
		for s, rev := range w.finisher.lake {
			if lake[s] != rev.Run {
				t.Errorf("%s went from %s to %s", s, lake[s], rev.Run)
			}
		}
		w.check("they tell what is in the lake", all(
			w.is("DataSource/crm", revision(w.finisher.lake[plan.IngestSubject("crm")].Run), says("101 rows")), w.is("Segment/vip", says("10 members")),
			w.is("Activation/mail", says("7 people"), revision(w.finisher.lake[plan.SyncSubject("mail")].Run)), w.inEffect("vip", silver)))
	}
}

// A source may have changed while nobody knew what had been read of it.
func TestASourceIsLookedAtWhenItsRunsAreGone(t *testing.T) {
	w := newRetail(t)
	w.finisher.changeData("crm")
	w.runNow("DataSource/crm", "1")
	w.eventually("it is read twice", w.is("DataSource/crm", ready, revision("crm-ingest-2")))
	w.pass(time.Minute)
	w.stopManager()
	if err := w.DeleteAllOf(w.ctx, &v1alpha1.Run{}, client.InNamespace(w.namespace)); err != nil {
		t.Fatal(err)
	}
	w.finisher.changeData("crm")
	w.startManager()
	w.eventually("what has changed is read", w.is("DataSource/crm", ready, says("102 rows")))
}

// forgetStatuses takes the status of objects away.
func (w *world) forgetStatuses(refs ...string) {
	w.t.Helper()
	for _, ref := range refs {
		o := w.object(ref)
		if err := w.Status().Patch(w.ctx, o, client.RawPatch("application/merge-patch+json", []byte(`{"status":null}`))); err != nil {
			w.t.Fatal(err)
		}
		if s := statusOf(w.object(ref)); len(s.Conditions) > 0 {
			w.t.Fatalf("%s still has the status %+v", ref, s)
		}
	}
}

// The manager's cache is behind what the manager itself has written. Who decided on that would take what is told for what is so, and leave
// a status that is wrong, or tell a thing twice.
func TestACacheThatIsBehind(t *testing.T) {
	w := newRetail(t)
	w.pass(w.nextRun("DataSource/crm").Sub(w.clock.Now()))
	w.times.freeze(isDeclaration)
	w.finisher.failing(v1alpha1.TaskIngest, fault.DatabaseDown, "connection refused")
	w.pass(75 * time.Second) // which is when it is looked at, and some attempts
	w.finisher.mended()
	w.pass(10 * time.Second)
	w.times.thaw()
	w.within(2*time.Minute, "all is told as it is", w.ready(everything...))
	w.check("it was read", func() error { return between(w.finisher.ran(v1alpha1.TaskIngest, "crm"), 2, 20) })
	if got := w.events.of("crm"); len(slices.Compact(slices.Clone(got))) < len(got) {
		t.Errorf("events: %v", got)
	}
}

// The manager's cache does not know a Run yet that is under way: another under the same lock is not made.
func TestARunThatIsNotSeenYet(t *testing.T) {
	w := newRetail(t, narrow("slow"), activation("a", "vip", "slow"), activation("b", "vip", "slow"))
	w.times.freeze(isRun)
	w.runNow("Segment/vip", "1")
	w.runNow("Activation/b", "1") // whose turn is after that of a
	w.eventually("they are under way", func() error {
		return errors.Join(
			count("evaluations", 2, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskEvaluate) })(),
			count("Syncs", 4, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskSync) })())
	})
	w.runNow("IdentityRule/people", "1")
	w.runNow("Activation/a", "1")
	w.pass(5 * time.Second)
	w.check("nothing is made beside them", all(
		count("resolutions", 1, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskResolve) }),
		count("Syncs", 4, func() []*v1alpha1.Run { return w.made(v1alpha1.TaskSync) })))
	w.times.thaw()
	w.eventually("all are done one after the other", all(w.is("Segment/vip", ready, echo("1")), w.is("IdentityRule/people", ready, echo("1")),
		w.is("Activation/a", ready, echo("1")), w.is("Activation/b", ready, echo("1"))))
	if n := w.finisher.syncing["slow"]; n != 1 {
		t.Errorf("there were %d Syncs at once", n)
	}
}
