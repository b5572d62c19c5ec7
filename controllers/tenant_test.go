package controllers

import (
	"fmt"
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

// TestPeopleFollowDecisions: the source of a rule's overrides is one that people wait for, and its run-now is over when they are made anew.
func TestPeopleFollowDecisions(t *testing.T) {
	w := newWorld(t)
	steward := aSource("stewardship")
	steward.Spec.RecordKind, steward.Spec.Fields = v1alpha1.RecordOverride, nil
	steward.Spec.Timestamp = &v1alpha1.TimestampColumn{Column: "at"}
	for _, s := range []v1alpha1.Semantic{"decision", "firstSource", "firstKey", "secondSource", "secondKey", "reason"} {
		steward.Spec.Fields = append(steward.Spec.Fields, v1alpha1.Field{Column: string(s), Semantic: s})
	}
	w.objects.DataSources = append(w.objects.DataSources, steward)
	w.objects.IdentityRules[0].Spec.Overrides = &v1alpha1.Overrides{SourceRef: v1alpha1.ObjectReference{Name: "stewardship"}}
	expect(t, "the first pass", w.pass(), "crm-ingest-1", "default-maintain-1", "shop-ingest-1", "stewardship-ingest-1")
	w.finish("crm-ingest-1", "shop-ingest-1", "default-maintain-1")
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "people wait for the decisions", w.pass())
	w.finish()
	expect(t, "then all of it", w.settle(), "people-resolve-1", "people-evaluate-1", "letter-sync-1", "mail-sync-1")
	d := w.objects.DataSource("stewardship")
	d.Annotations = map[string]string{v1alpha1.AnnotationRunNow: "today"}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	expect(t, "a decision", w.pass(), "stewardship-ingest-2")
	w.finish()
	w.pass()
	if got := w.objects.DataSource("stewardship").Status.LastHandledRunNow; got != "" {
		t.Error("run-now is over before the people are made")
	}
	expect(t, "people follow", w.settle(), "people-resolve-2", "people-evaluate-2", "letter-sync-2", "mail-sync-2")
	if got := w.objects.DataSource("stewardship").Status.LastHandledRunNow; got != "today" {
		t.Errorf("handled: %q", got)
	}
}
