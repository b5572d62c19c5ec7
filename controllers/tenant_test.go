package controllers

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
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

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestInputsComeFirst(t *testing.T) {
	w := newWorld(t)
	expect(t, "the first pass", w.pass(), "crm-ingest-1", "default-maintain-1", "shop-ingest-1")
	w.finish("crm-ingest-1", "default-maintain-1")
	expect(t, "one source is there", w.pass())
	w.finish()
	expect(t, "people wait for a quiet moment", w.pass())
	if want := w.now.Add(quiet); !w.last.next.Equal(want) {
		t.Errorf("the next look is at %s, want %s", w.last.next, want)
	}
	w.now = w.last.next
	expect(t, "after it", w.pass(), "people-resolve-1")
	w.finish()
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "then what is made of people", w.pass(), "people-evaluate-1")
	w.finish()
	expect(t, "and the Activations, at once", w.pass(), "letter-sync-1", "mail-sync-1")
	w.finish()
	expect(t, "that was all", w.settle())
	want := map[string]string{
		"default": "Ready Succeeded", "crm": "Ready Succeeded", "shop": "Ready Succeeded", "people": "Ready Succeeded", "vip": "Ready Succeeded",
		"grade": "Ready Succeeded", "esp": "Ready Accepted", "letter": "Ready Succeeded", "mail": "Ready Succeeded",
	}
	if got := w.states(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	a := w.objects.Activation("mail").Status
	if number(a.Sent) != 7 || number(a.Withheld) != 3 || a.Revision != "mail-sync-1" || a.NextRunTime == nil || number(w.objects.Segments[0].Status.Members) != 10 {
		t.Errorf("%+v", a)
	}
}

func TestAConditionIsEvaluatedOnceForAllOfItsChanges(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.objects.Segments = append(w.objects.Segments, aSegment(fmt.Sprintf("s%d", i), "people"))
	}
	w.settle()
	for i := range 5 {
		s := w.objects.Segment(fmt.Sprintf("s%d", i))
		s.Spec.Where = `profile.tier == "silver"`
		changed(s)
		w.now = w.now.Add(time.Second)
		expect(t, "while changes come", w.pass())
	}
	expect(t, "for all of them", w.settle(), "people-evaluate-2", "letter-sync-2", "mail-sync-2")
}

func TestAChangeThatWasTakenBackLeavesNoHold(t *testing.T) {
	w := newWorld(t)
	w.settle()
	s := w.objects.Segment("vip")
	s.Spec.Where = `profile.tier == "silver"`
	changed(s)
	expect(t, "a change", w.pass())
	s = w.objects.Segment("vip")
	s.Spec.Where = `profile.tier == "gold"`
	changed(s)
	expect(t, "taken back", w.settle())
	w.now = w.now.Add(10 * time.Minute)
	s = w.objects.Segment("vip")
	s.Spec.Where = `profile.tier == "bronze"`
	changed(s)
	expect(t, "another, ten minutes later, waits for more of them", w.pass())
	expect(t, "and runs", w.settle(), "people-evaluate-2", "letter-sync-2", "mail-sync-2")
}

func TestDestinationsTakeSoMany(t *testing.T) {
	w := newWorld(t)
	w.objects.Destinations = append(w.objects.Destinations, aDestination("ads", 1))
	w.objects.Activations = nil
	for i := range 5 {
		w.objects.Activations = append(w.objects.Activations, anActivation(fmt.Sprintf("e%d", i), "vip", "esp"), anActivation(fmt.Sprintf("a%d", i), "vip", "ads"))
	}
	for len(w.runs) == 0 || w.runs[len(w.runs)-1].Spec.Task != v1alpha1.TaskSync {
		if len(w.pass()) == 0 {
			w.now = w.now.Add(quiet)
		} else if w.live()[0].Spec.Task != v1alpha1.TaskSync {
			w.finish()
		}
	}
	names := func() []string {
		var out []string
		for _, r := range w.live() {
			out = append(out, r.Name)
		}
		return out
	}
	expect(t, "as many as each takes", names(), "a0-sync-1", "e0-sync-1", "e1-sync-1")
	w.finish("e0-sync-1", "a0-sync-1")
	expect(t, "the next ones", w.pass(), "e2-sync-1", "a1-sync-1")
	w.settle()
	// An hour later all are due again. Who has waited longest goes first.
	e3 := w.objects.Activation("e3")
	e3.Annotations = map[string]string{v1alpha1.AnnotationRunNow: "1"}
	expect(t, "asked for", w.settle(), "e3-sync-2")
	var before []string
	w.now = w.now.Add(2 * time.Hour)
	for range 30 {
		for _, name := range w.pass() {
			if strings.HasPrefix(name, "e") {
				before = append(before, name)
			}
		}
		w.finish()
	}
	if len(before) < 5 || before[len(before)-1] != "e3-sync-3" {
		t.Errorf("the order of Syncs: %v", before)
	}
}

func TestPeopleBeforeSegments(t *testing.T) {
	w := newWorld(t)
	w.settle()
	s, r := w.objects.Segment("vip"), w.objects.IdentityRule("people")
	s.Spec.Where = `profile.tier == "silver"`
	r.Spec.Guards.Separate = []string{"tier"}
	changed(s)
	changed(r)
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "one lock, people first", w.pass(), "people-resolve-2")
	expect(t, "nothing beside it", w.pass())
	expect(t, "then the rest", w.settle(), "people-evaluate-2", "letter-sync-2", "mail-sync-2")
}

func TestSegmentsDoNotWaitForPeopleThatFailed(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Resolve != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(fault.OutOfMemory), Message: "too many"}
		}
		return nil
	}
	r, s := w.objects.IdentityRule("people"), w.objects.Segment("vip")
	r.Spec.Guards.Separate = []string{"tier"}
	changed(r)
	s.Spec.Where = `profile.tier == "silver"`
	changed(s)
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "people", w.pass(), "people-resolve-2")
	w.finish()
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "while they wait to be tried again", w.pass(), "people-evaluate-2")
	if got := w.states(); got["people"] != "NotReady OutOfMemory" {
		t.Errorf("%v", got)
	}
}

// TestAnIdentityRuleThatIsGone: its Segments and Activations stay and wait, although its results are known for a while.
func TestAnIdentityRuleThatIsGone(t *testing.T) {
	for _, suspend := range []bool{false, true} {
		w := newWorld(t)
		w.settle()
		w.objects.IdentityRules = nil
		for i := range w.objects.Activations {
			if a := &w.objects.Activations[i]; suspend {
				a.Spec.Suspend = true
				changed(a)
			}
		}
		expect(t, "nothing can be made", w.settle())
		if got := w.states(); !suspend && got["mail"] != "Ready WaitingForInput" || !strings.Contains(got["vip"], "ReferenceNotFound") {
			t.Errorf("suspended %v: %v", suspend, got)
		}
	}
}

func TestMistakesBlockOnlyWhatTheyTouch(t *testing.T) {
	w := newWorld(t)
	w.objects.Segments = append(w.objects.Segments, aSegment("bad", "people"))
	w.objects.Segment("bad").Spec.Where = "profile.nothing == 1"
	w.objects.Activations = append(w.objects.Activations, anActivation("lost", "vip", "nowhere"))
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Evaluate == nil {
			return nil
		}
		return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: &v1alpha1.RunRevision{
			Failures: []v1alpha1.RunFailure{{Kind: "Segment", Name: "bad", Class: string(fault.InvalidExpression), Message: "no such field"}},
		}}
	}
	w.settle()
	got := w.states()
	for name, want := range map[string]string{"vip": "Ready Succeeded", "mail": "Ready Succeeded", "bad": "Stalled InvalidExpression", "lost": "NotReady ReferenceNotFound"} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if at := w.last.next; at.IsZero() || at.After(w.now.Add(missingGrace)) {
		t.Errorf("nobody looks whether the missing Destination is a mistake: %s", at)
	}
	w.now = w.now.Add(missingGrace)
	w.pass()
	if got := w.states()["lost"]; got != "Stalled ReferenceNotFound" {
		t.Errorf("after the grace: %s", got)
	}
	w.objects.Destinations = append(w.objects.Destinations, aDestination("nowhere", 2))
	expect(t, "mended", w.settle(), "lost-sync-1")
}

func TestSuspension(t *testing.T) {
	for name, suspend := range map[string]func(*world) client.Object{
		"Workspace": func(w *world) client.Object { w.objects.Workspace.Spec.Suspend = true; return w.objects.Workspace },
		"Destination": func(w *world) client.Object {
			w.objects.Destinations[0].Spec.Suspend = true
			return &w.objects.Destinations[0]
		},
		"Activation": func(w *world) client.Object {
			w.objects.Activations[1].Spec.Suspend = true
			return &w.objects.Activations[1]
		},
	} {
		w := newWorld(t)
		w.settle()
		changed(suspend(w))
		w.settle()
		if got := w.states()["mail"]; got != "Suspended Suspended" {
			t.Errorf("%s: %s", name, got)
		}
		if c := conditionsOf(&w.objects.Activations[1]); !isReady(c) {
			t.Errorf("%s: the result of a suspended Activation is not in use any more: %+v", name, c)
		}
		w.now = w.now.Add(10 * time.Hour)
		for range 3 {
			for _, started := range w.pass() {
				if strings.HasPrefix(started, "mail") || name == "Workspace" {
					t.Errorf("%s is suspended, and %s was started", name, started)
				}
			}
			w.finish()
		}
	}
}

func isReady(cs []metav1.Condition) bool {
	return slices.ContainsFunc(cs, func(c metav1.Condition) bool {
		return c.Type == v1alpha1.ConditionReady && c.Status == metav1.ConditionTrue
	})
}

func TestRunNowIsEchoedWhenAllOfItIsDone(t *testing.T) {
	w := newWorld(t)
	w.settle()
	d := w.objects.DataSource("crm")
	d.Annotations = map[string]string{v1alpha1.AnnotationRunNow: "2026-06-01"}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	handled := func() string { return w.objects.DataSource("crm").Status.LastHandledRunNow }
	expect(t, "at once", w.pass(), "crm-ingest-2")
	for len(w.runs) == 0 || w.runs[len(w.runs)-1].Name != "mail-sync-2" {
		if handled() != "" {
			t.Fatalf("handled before the last Activation: %v", w.runs[len(w.runs)-1].Name)
		}
		w.finish()
		if len(w.pass()) == 0 {
			w.now = w.now.Add(quiet)
		}
	}
	w.settle()
	if handled() != "2026-06-01" {
		t.Errorf("handled: %q", handled())
	}
	for _, c := range w.objects.DataSource("crm").Status.Conditions {
		if c.Type == v1alpha1.ConditionReconciling && c.Status == metav1.ConditionTrue {
			t.Errorf("%+v", c)
		}
	}
}

func TestRunNowOfEveryKind(t *testing.T) {
	for name, c := range map[string]struct {
		of   func(*world) client.Object
		want []string
	}{
		"Workspace":    {func(w *world) client.Object { return w.objects.Workspace }, []string{"default-maintain-2"}},
		"DataSource":   {func(w *world) client.Object { return w.objects.DataSource("crm") }, []string{"crm-ingest-2"}},
		"IdentityRule": {func(w *world) client.Object { return w.objects.IdentityRule("people") }, []string{"people-resolve-2", "people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Trait":        {func(w *world) client.Object { return &w.objects.Traits[0] }, []string{"people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Segment":      {func(w *world) client.Object { return w.objects.Segment("vip") }, []string{"people-evaluate-2", "letter-sync-2", "mail-sync-2"}},
		"Destination":  {func(w *world) client.Object { return w.objects.Destination("esp") }, []string{"letter-sync-2", "mail-sync-2"}},
		"Activation":   {func(w *world) client.Object { return w.objects.Activation("mail") }, []string{"mail-sync-2"}},
	} {
		for _, value := range []string{"now", strings.Repeat("지금", 100), strings.Repeat("x", 127) + "이"} {
			w := newWorld(t)
			w.settle()
			o := c.of(w)
			o.SetAnnotations(map[string]string{v1alpha1.AnnotationRunNow: value})
			expect(t, name, w.settle(), c.want...)
			got := statusOf(c.of(w)).LastHandledRunNow
			if got == "" || !strings.HasPrefix(value, got) || len([]rune(got)) > 128 {
				t.Errorf("%s: handled %q of %q", name, got, value)
			}
			c.of(w).SetAnnotations(map[string]string{v1alpha1.AnnotationRunNow: "again"})
			if again := w.settle(); len(again) != len(c.want) {
				t.Errorf("%s, again: %v", name, again)
			}
		}
	}
}

func statusOf(o client.Object) *v1alpha1.Status {
	switch o := o.(type) {
	case *v1alpha1.Workspace:
		return &o.Status
	case *v1alpha1.DataSource:
		return &o.Status.Status
	case *v1alpha1.IdentityRule:
		return &o.Status.Status
	case *v1alpha1.Segment:
		return &o.Status.Status
	case *v1alpha1.Trait:
		return &o.Status
	case *v1alpha1.Destination:
		return &o.Status
	case *v1alpha1.Activation:
		return &o.Status.Status
	}
	panic(fmt.Sprintf("%T", o))
}

func TestFinalizersComeBeforeRuns(t *testing.T) {
	w := newWorld(t)
	w.objects.DataSources[0].Spec.DeletionPolicy = "Retract"
	w.objects.Activations[0].Spec.DeletionPolicy = "Retain"
	w.settle()
	for _, o := range []struct {
		object client.Object
		want   []string
	}{
		{w.objects.DataSource("crm"), []string{v1alpha1.FinalizerRetract}}, {w.objects.DataSource("shop"), nil},
		{w.objects.Activation("letter"), nil}, {w.objects.Activation("mail"), []string{v1alpha1.FinalizerRemoveMembers}},
	} {
		if got := o.object.GetFinalizers(); !slices.Equal(got, o.want) {
			t.Errorf("%s: %v, want %v", o.object.GetName(), got, o.want)
		}
	}
	w.objects.DataSource("crm").Spec.DeletionPolicy = "Retain"
	w.objects.Activation("letter").Spec.DeletionPolicy = "RemoveMembers"
	w.settle()
	if f := w.objects.DataSource("crm").GetFinalizers(); len(f) != 0 {
		t.Errorf("a policy that was taken back: %v", f)
	}
	if f := w.objects.Activation("letter").GetFinalizers(); len(f) != 1 {
		t.Errorf("a policy that was made stricter: %v", f)
	}
}

// TestOrderInWhichObjectsComeDoesNotMatter: whatever order a tenant is applied in, everything becomes Ready with the fewest runs.
func TestOrderInWhichObjectsComeDoesNotMatter(t *testing.T) {
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		w := newWorld(t)
		all := w.objects
		w.objects = plan.Objects{}
		var adds []func()
		adds = append(adds, func() { w.objects.Workspace = all.Workspace })
		for _, o := range all.DataSources {
			adds = append(adds, func() { w.objects.DataSources = append(w.objects.DataSources, o) })
		}
		for _, o := range all.IdentityRules {
			adds = append(adds, func() { w.objects.IdentityRules = append(w.objects.IdentityRules, o) })
		}
		for _, o := range all.Traits {
			adds = append(adds, func() { w.objects.Traits = append(w.objects.Traits, o) })
		}
		for _, o := range all.Segments {
			adds = append(adds, func() { w.objects.Segments = append(w.objects.Segments, o) })
		}
		for _, o := range all.Destinations {
			adds = append(adds, func() { w.objects.Destinations = append(w.objects.Destinations, o) })
		}
		for _, o := range all.Activations {
			adds = append(adds, func() { w.objects.Activations = append(w.objects.Activations, o) })
		}
		rng.Shuffle(len(adds), func(i, j int) { adds[i], adds[j] = adds[j], adds[i] })
		for _, add := range adds {
			add()
			w.now = w.now.Add(100 * time.Millisecond)
			w.pass()
		}
		w.settle()
		for name, state := range w.states() {
			if !strings.HasPrefix(state, "Ready") {
				t.Errorf("seed %d: %s is %s", seed, name, state)
			}
		}
		if len(w.runs) != 7 {
			t.Errorf("seed %d: %d runs where 7 do", seed, len(w.runs))
		}
	}
}

// TestWhateverHappens: with declarations that change, runs that fail and managers that forget, there is one Run under a lock, no
// Destination gets more Syncs than it takes (pass checks both), and once people leave it alone everything becomes Ready and quiet.
func TestWhateverHappens(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 2))
		w := newWorld(t)
		w.objects.Destinations[0].Spec.Delivery.Concurrency = 1
		classes := []fault.Class{fault.OutOfMemory, fault.DestinationDown, fault.SecretMissing, v1alpha1.ReasonWorkerLost}
		w.answer = func(*plan.Plan) *v1alpha1.RunResult {
			if rng.IntN(3) == 0 {
				return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(classes[rng.IntN(len(classes))]), Message: "as told"}
			}
			return nil
		}
		for range 150 {
			switch rng.IntN(8) {
			case 0:
				s := w.objects.Segment("vip")
				s.Spec.Where = fmt.Sprintf(`profile.tier == "%d"`, rng.IntN(3))
				changed(s)
			case 1:
				d := &w.objects.DataSources[rng.IntN(2)]
				d.Spec.Key = []string{fmt.Sprint(rng.IntN(3))}
				changed(d)
			case 2:
				a := &w.objects.Activations[rng.IntN(2)]
				a.Annotations = map[string]string{v1alpha1.AnnotationRunNow: fmt.Sprint(w.now.UnixNano())}
			case 3:
				w.memory = memory{} // the manager is started anew
			case 4:
				w.now = w.now.Add([]time.Duration{time.Second, time.Minute, time.Hour}[rng.IntN(3)])
			case 5:
				if live := w.live(); len(live) > 0 {
					w.finish(live[rng.IntN(len(live))].Name)
				}
			case 6:
				surplus := plan.Surplus(w.runs, 1)
				w.runs = slices.DeleteFunc(w.runs, func(r v1alpha1.Run) bool { return slices.Contains(surplus, r.Name) })
			default:
				w.pass()
			}
		}
		w.answer = nil
		for range 30 {
			w.settle()
			if !slices.ContainsFunc(slices.Collect(maps.Values(w.states())), func(s string) bool { return !strings.HasPrefix(s, "Ready") }) {
				break
			}
			w.now = w.last.next // of a retry
		}
		for name, state := range w.states() {
			if !strings.HasPrefix(state, "Ready") {
				t.Errorf("seed %d: %s is %s", seed, name, state)
			}
		}
	}
}

func TestApprovals(t *testing.T) {
	w := newWorld(t)
	w.settle()
	over := map[string]bool{"vip": true, "mail": true}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		switch {
		case p.Evaluate != nil && over["vip"] && !slices.Contains(p.Approved, "vip"):
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: &v1alpha1.RunRevision{
				Failures: []v1alpha1.RunFailure{{Kind: "Segment", Name: "vip", Class: string(fault.BudgetExceeded), Message: "9 of 10 would leave"}},
			}}
		case p.Sync != nil && over[p.Subject.Name] && !slices.Contains(p.Approved, p.Subject.Name):
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(fault.BudgetExceeded), Message: "9 of 10 would be removed"}
		}
		return nil
	}
	s := w.objects.Segment("vip")
	s.Spec.Where = `profile.tier == "silver"`
	changed(s)
	expect(t, "a condition that changes too much", w.settle(), "people-evaluate-2", "letter-sync-2", "mail-sync-2")
	if got := w.states(); got["vip"] != "Stalled BudgetExceeded" || got["grade"] != "Ready Succeeded" || got["mail"] != "Stalled BudgetExceeded" || got["letter"] != "Ready Succeeded" {
		t.Errorf("%v", got)
	}
	for _, wrong := range []string{"people-evaluate-1", "x"} {
		w.objects.Segment("vip").Annotations = map[string]string{v1alpha1.AnnotationApprove: wrong}
		expect(t, "the approval of another run", w.settle())
	}
	w.objects.Segment("vip").Annotations = map[string]string{v1alpha1.AnnotationApprove: "people-evaluate-2"}
	expect(t, "approved", w.settle(), "people-evaluate-3", "letter-sync-3", "mail-sync-3")
	if got := w.states()["vip"]; got != "Ready Succeeded" {
		t.Errorf("%s", got)
	}
	w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationApprove: "mail-sync-2"}
	expect(t, "the approval of older data", w.settle())
	w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationApprove: "mail-sync-3"}
	expect(t, "approved", w.settle(), "mail-sync-4")
	if got := w.states()["mail"]; got != "Ready Succeeded" {
		t.Errorf("%s", got)
	}
}

// TestADecisionThatWasMadeOnOldRuns: the cache may be behind what the API has.
func TestADecisionThatWasMadeOnOldRuns(t *testing.T) {
	begin := func() (*world, *tenant) {
		w := newWorld(t)
		w.objects.Destinations[0].Spec.Delivery.Concurrency = 1
		w.settle()
		w.objects.Activation("mail").Annotations = map[string]string{v1alpha1.AnnotationRunNow: "1"}
		g := w.gather()
		g.decide()
		if len(g.starts) != 1 {
			t.Fatal(g.starts)
		}
		return w, g
	}
	w, g := begin()
	s := g.starts[0]
	if !g.current(s, w.runs) {
		t.Error("nothing has changed")
	}
	if g.current(s, append(slices.Clone(w.runs), *runOf("acme", s))) {
		t.Error("the very run is there already")
	}
	ended := *runOf("acme", s)
	runStep{end: &runEnd{complete: true, reason: "Committed"}}.apply(&ended, w.now)
	if g.current(s, append(slices.Clone(w.runs), ended)) {
		t.Error("a run that the decision did not know of has ended")
	}
	letter := *runOf("acme", start{plan: w.plans["letter-sync-1"]})
	letter.Name, letter.UID = "letter-sync-2", "letter-sync-2"
	if g.current(s, append(slices.Clone(w.runs), letter)) {
		t.Error("the Destination takes one at a time")
	}
	if s.undo = true; g.current(s, append(slices.Clone(w.runs), letter)) {
		t.Error("the Destination takes one at a time, of what is to be undone, too")
	}
	crm := *runOf("acme", start{plan: w.plans["crm-ingest-1"]})
	crm.Name, crm.UID = "crm-ingest-2", "crm-ingest-2"
	if s.undo = false; !g.current(s, append(slices.Clone(w.runs), crm)) {
		t.Error("a run under another lock is in the way")
	}
}
