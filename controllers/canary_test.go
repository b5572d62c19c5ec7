package controllers

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

func TestCanaryOfARevision(t *testing.T) {
	all := map[string]int64{
		"records": 50, "allRecords": 1000, "people": 40, "changed": 7, "moved": 9, "everyone/people": 800, "everyone/changed": 120,
		"quality/profiles": 33, "quality/largestProfile": 12, "quality/largeProfiles": 240000, "quality/sharedValues/email": 2, "quality/sharedValues/phone": 1,
		"quality/refusedMerges/limit": 4, "quality/merges": 6, "quality/splits": 1, "quality/jitter": 20000,
		"current/quality/profiles": 40, "current/quality/largestProfile": 5, "current/quality/largeProfiles": 0, "current/quality/sharedValues/email": 1,
		"current/quality/labelledRecords": 8, "current/quality/pairPrecision": 1000000, "current/quality/pairRecall": 500000, "current/quality/pairF1": 666667,
	}
	h := outputs(all)
	h.Latest = &plan.Revision{Run: "people-canary-3", Inputs: []plan.Input{{Kind: "DataSource", Name: "crm", Run: "crm-ingest-9"}, {Kind: "IdentityRule", Name: "people", Run: "people-resolve-7"}}}
	want := &v1alpha1.CanaryStatus{
		Revision: "people-canary-3", ComparedWith: "people-resolve-7", Percent: 5, Records: 50, Share: "0.0500", People: 40, Changed: 7, Merged: 6, Split: 1, MovedRecords: 9,
		Everyone: v1alpha1.CanaryReach{People: 800, Changed: 120},
		Current: v1alpha1.CanaryFigures{
			Profiles: 40, LargestProfile: 5, LargeProfiles: "0.0000", SharedValues: 1,
			Labels: &v1alpha1.LabelQuality{Records: 8, Pairs: &v1alpha1.Agreement{Precision: "1.0000", Recall: "0.5000", F1: "0.6667"}},
		},
		Canary: v1alpha1.CanaryFigures{Profiles: 33, LargestProfile: 12, LargeProfiles: "0.2400", SharedValues: 3, RefusedMerges: 4},
	}
	got := canaryOf(h, 5)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if ended := canaryOf(&plan.History{Latest: h.Latest}, 5); ended != nil {
		t.Errorf("of one that has ended: %+v", ended)
	}
	registry := prometheus.NewPedanticRegistry()
	r := v1alpha1.IdentityRule{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "people"}, Status: v1alpha1.IdentityRuleStatus{Canary: got}}
	if err := registry.Register(&qualityFigures{listed{rules: []v1alpha1.IdentityRule{r}}}); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 {
		t.Fatalf("%v, %v", families, err)
	}
	text := strings.ReplaceAll(families[0].String(), " ", "")
	for _, side := range []string{"current", "canary"} {
		if !strings.Contains(text, `"`+side+`"`) {
			t.Errorf("no gauge is of %s:\n%s", side, text)
		}
	}
	if families[0].GetName() != "kith_identity_canary_quality" || !strings.Contains(text, "value:0.24") || !strings.Contains(text, `"pairF1"`) || strings.Count(text, `"figure"`) != 5+4+5 {
		t.Errorf("%s", text)
	}
}

func (w *world) canaryCondition() metav1.Condition {
	c := meta.FindStatusCondition(w.objects.IdentityRules[0].Status.Conditions, v1alpha1.ConditionCanary)
	if c == nil {
		return metav1.Condition{}
	}
	return *c
}

func (w *world) onTrial(canary *v1alpha1.Canary) {
	r := &w.objects.IdentityRules[0]
	r.Spec.Canary = canary
	changed(r)
}

func aCanary() *v1alpha1.Canary {
	every := v1alpha1.Duration("24h")
	return &v1alpha1.Canary{Percent: 5, Interval: &every, Guards: &v1alpha1.Guards{MaxProfileRecords: 3}}
}

// A rule on trial changes nothing but what is told of it, from its declaration to its end.
func TestCanaryFromItsBeginningToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.settle()
	served := w.objects.IdentityRules[0].Status
	w.onTrial(aCanary())
	expect(t, "a canary is declared", w.settle(), "people-canary-1")
	status := w.objects.IdentityRules[0].Status
	if c := w.canaryCondition(); c.Status != metav1.ConditionTrue || c.Reason != v1alpha1.ReasonCanaryRunning || c.ObservedGeneration != 2 || !strings.Contains(c.Message, "would change 7 of 40") {
		t.Errorf("%+v", c)
	}
	if status.Canary == nil || status.Canary.ComparedWith != served.Revision || status.Revision != served.Revision || *status.Profiles != *served.Profiles {
		t.Errorf("%+v", status)
	}
	if got := w.states()["people"]; got != "Ready Succeeded" {
		t.Errorf("the rule is %s", got)
	}

	// New people, as those of somebody who withdraws, are made and delivered as ever; the trial waits for its interval.
	w.objects.DataSources[0].Annotations = map[string]string{v1alpha1.AnnotationRunNow: "again"}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	runs := w.settle()
	if !slices.Contains(runs, "people-resolve-2") || !slices.Contains(runs, "mail-sync-2") || slices.Contains(runs, "people-canary-2") {
		t.Errorf("with new rows: %v", runs)
	}
	w.answer = nil
	w.now = w.now.Add(25 * time.Hour)
	if runs := w.settle(); !slices.Contains(runs, "people-canary-2") {
		t.Errorf("after its interval: %v", runs)
	}

	// Promoted: what was on trial is the rule, and there is no trial any more.
	w.onTrial(nil)
	w.objects.IdentityRules[0].Spec.Guards = v1alpha1.Guards{MaxProfileRecords: 3}
	runs = w.settle()
	if !slices.Contains(runs, "people-canary-3") || !slices.ContainsFunc(runs, func(r string) bool { return strings.HasPrefix(r, "people-resolve-") }) {
		t.Errorf("promoted: %v", runs)
	}
	if p := w.plans["people-canary-3"]; p.Canary.Candidate != nil {
		t.Errorf("the trial goes on: %+v", p.Canary)
	}
	if status := w.objects.IdentityRules[0].Status; status.Canary != nil || w.canaryCondition().Type != "" {
		t.Errorf("%+v, %+v", status.Canary, w.canaryCondition())
	}
}

// Whatever becomes of a trial, people are made, and nothing but its own condition tells of it.
func TestCanaryThatFails(t *testing.T) {
	w := newWorld(t)
	w.settle()
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Canary != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeFailed, Class: string(fault.TooManyCandidates), Message: "too many pairs"}
		}
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	w.onTrial(aCanary())
	expect(t, "a canary that can't be made", w.settle(), "people-canary-1")
	failed := func() {
		t.Helper()
		if c := w.canaryCondition(); c.Status != metav1.ConditionFalse || c.Reason != string(fault.TooManyCandidates) || w.states()["people"] != "Ready Succeeded" {
			t.Errorf("%+v, the rule is %s", c, w.states()["people"])
		}
	}
	failed()
	w.now = w.now.Add(61 * time.Minute)
	runs := w.settle()
	if !slices.Contains(runs, "people-resolve-2") || slices.Contains(runs, "people-canary-2") {
		t.Errorf("with newer people: %v", runs)
	}
	failed()

	// A mistake that can be seen keeps the trial from being made, and people are.
	w.onTrial(&v1alpha1.Canary{Percent: 5, Guards: &v1alpha1.Guards{Separate: []string{"passport"}}})
	w.now = w.now.Add(61 * time.Minute)
	if runs := w.settle(); !slices.Contains(runs, "people-resolve-3") || slices.Contains(runs, "people-canary-2") {
		t.Errorf("with a mistake in the canary: %v", runs)
	}
	if c := w.canaryCondition(); c.Reason != string(fault.ReferenceNotFound) || !strings.Contains(c.Message, "spec.canary.guards.separate") || w.states()["people"] != "Ready Succeeded" {
		t.Errorf("%+v, the rule is %s", c, w.states()["people"])
	}
}
