package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

func withCanary(o *Objects) *v1alpha1.IdentityRule {
	every := v1alpha1.Duration("24h")
	r := &o.IdentityRules[0]
	r.Spec.Canary = &v1alpha1.Canary{Percent: 5, Interval: &every, Deterministic: []v1alpha1.DeterministicRule{{Identifiers: []string{"email"}}}}
	return r
}

// resolved are the revisions of a tenant whose people were made.
func resolved(o *Objects, r *v1alpha1.IdentityRule) Revisions {
	revs := Revisions{}
	for _, name := range InputsOf(r) {
		revs[IngestSubject(name)] = Revision{Run: name + "-ingest-1", Serial: 1}
	}
	p, _ := Resolve(o, r, revs, noon)
	revs[ResolveSubject(r.Name)] = Revision{Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: noon, Inputs: p.Inputs}
	return revs
}

func madeBy(p *Plan, at time.Time) Revision {
	return Revision{Run: p.Run, Serial: p.Serial, PlanHash: p.Hash(), Now: at, Inputs: p.Inputs}
}

// A rule on trial is tried on the people in use, and is no part of the rule: whether it is there or another, they are made by the same plan.
func TestACanaryIsNoPartOfTheRule(t *testing.T) {
	o := tenant()
	r := &o.IdentityRules[0]
	revs := resolved(o, r)
	before, _ := Resolve(o, r, revs, noon)
	if p, _, wait := Canary(o, r, revs, noon); p != nil || wait != nil {
		t.Errorf("without a canary: %+v, %+v", p, wait)
	}
	withCanary(o)
	after, _ := Resolve(o, r, revs, noon)
	if before.Hash() != after.Hash() {
		t.Error("a canary makes another plan of the people")
	}
	if _, _, wait := Canary(o, r, Revisions{}, noon); wait == nil || wait.Kind != "IdentityRule" {
		t.Errorf("without people it waits for %+v", wait)
	}
	p, _, _ := Canary(o, r, revs, noon)
	rule := p.Canary.Candidate.Rule
	if p.Run != "customers-canary-1" || p.Inputs[0] != (Input{"IdentityRule", "customers", revs[ResolveSubject("customers")].Run}) || p.Canary.Percent != 5 ||
		rule.Canary != nil || len(rule.Deterministic) != 1 || len(p.Canary.Candidate.Sources) == 0 || len(p.Canary.Candidate.Classes) == 0 {
		t.Errorf("%+v, %+v", p, p.Canary.Candidate)
	}
	first := madeBy(p, noon)
	revs[p.Subject] = first
	r.Spec.Canary = nil
	end, _, _ := Canary(o, r, revs, noon)
	if end == nil || end.Canary.Candidate != nil || end.Due(&first, 0) != CauseChanged || end.Base != first.Run {
		t.Fatalf("when it is taken out: %+v", end)
	}
	revs[p.Subject] = madeBy(end, noon)
	if again, _, _ := Canary(o, r, revs, noon); again != nil {
		t.Errorf("and once it is: %+v", again)
	}
}

// What a canary has takes the place of what the rule has; its matching is taken as a whole.
func TestCandidate(t *testing.T) {
	rules := func(kinds ...string) (out []v1alpha1.DeterministicRule) {
		for _, k := range kinds {
			out = append(out, v1alpha1.DeterministicRule{Identifiers: []string{k}})
		}
		return out
	}
	r := &v1alpha1.IdentityRule{Spec: v1alpha1.IdentityRuleSpec{
		Deterministic: rules("email"), Probabilistic: &v1alpha1.Probabilistic{Threshold: 2}, Guards: v1alpha1.Guards{MaxProfileRecords: 9},
		Survivorship: []v1alpha1.Survivorship{{Attributes: []string{"city"}}}, Budget: &v1alpha1.IdentityBudget{MaxChangePercent: 1},
	}}
	for name, c := range map[string]struct {
		canary        v1alpha1.Canary
		deterministic int
		probabilistic bool
		guards        int32
		survivorship  int
	}{
		"one rule more":      {v1alpha1.Canary{Deterministic: rules("email", "phone")}, 2, false, 9, 1},
		"likeness alone":     {v1alpha1.Canary{Probabilistic: &v1alpha1.Probabilistic{}}, 0, true, 9, 1},
		"other guards":       {v1alpha1.Canary{Guards: &v1alpha1.Guards{MaxProfileRecords: 3}}, 1, true, 3, 1},
		"no survivorship":    {v1alpha1.Canary{Survivorship: []v1alpha1.Survivorship{}}, 1, true, 9, 0},
		"rules and likeness": {v1alpha1.Canary{Deterministic: rules("a", "b", "c"), Probabilistic: &v1alpha1.Probabilistic{}}, 3, true, 9, 1},
	} {
		r.Spec.Canary = &c.canary
		s := Candidate(r).Spec
		if len(s.Deterministic) != c.deterministic || (s.Probabilistic != nil) != c.probabilistic || s.Guards.MaxProfileRecords != c.guards ||
			len(s.Survivorship) != c.survivorship || s.Canary != nil || s.Budget != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if r.Spec.Budget == nil || r.Spec.Canary == nil {
		t.Error("the rule itself has changed")
	}
}

// Newer people alone are no reason for another trial before the interval is over; a change of what is declared is.
func TestCanaryKeepsItsPace(t *testing.T) {
	o := tenant()
	r := withCanary(o)
	revs := resolved(o, r)
	p, _, _ := Canary(o, r, revs, noon)
	last := madeBy(p, noon)
	revs[p.Subject] = last
	newer := revs[ResolveSubject(r.Name)]
	newer.Run = "customers-resolve-2"
	due := func(after time.Duration) Cause {
		t.Helper()
		p, interval, _ := Canary(o, r, revs, noon.Add(after))
		return p.Due(&last, interval)
	}
	if got := due(48 * time.Hour); got != CauseNone {
		t.Errorf("of the same people it is due: %s", got)
	}
	revs[ResolveSubject(r.Name)] = newer
	if got := due(23 * time.Hour); got != CauseNone {
		t.Errorf("of newer people, within its interval, it is due: %s", got)
	}
	if got := due(24 * time.Hour); got != CauseChanged {
		t.Errorf("and after it: %s", got)
	}
	r.Spec.Canary.Percent = 10
	if got := due(time.Minute); got != CauseChanged {
		t.Errorf("of a larger share: %s", got)
	}
	// One that failed waits too, but for another declaration.
	failed := &Ended{PlanHash: p.Hash(), Inputs: p.Inputs, At: noon, Outcome: v1alpha1.OutcomeFailed, Class: fault.TooManyCandidates}
	r.Spec.Canary.Percent = 5
	again, _, _ := Canary(o, r, Revisions{ResolveSubject(r.Name): newer}, noon.Add(time.Hour))
	if until := again.PutOff(failed, 24*time.Hour, noon.Add(time.Hour)); again.Hash() != failed.PlanHash || !until.Equal(noon.Add(24*time.Hour)) {
		t.Errorf("newer people have it tried again, until %s", until)
	}
	for what, put := range map[string]func() *Plan{
		"another declaration": func() *Plan { r.Spec.Canary.Percent = 6; return nil },
		"its interval":        func() *Plan { r.Spec.Canary.Percent = 5; failed.At = noon.Add(-24 * time.Hour); return nil },
	} {
		failed.At = noon
		put()
		p, _, _ := Canary(o, r, Revisions{ResolveSubject(r.Name): newer}, noon.Add(time.Hour))
		if until := p.PutOff(failed, 24*time.Hour, noon.Add(time.Hour)); p.Hash() == failed.PlanHash || !until.IsZero() {
			t.Errorf("%s does not have it tried again", what)
		}
	}
}

// A mistake in the rule on trial is told of its field, and is told apart from one in the rule.
func TestMistakesOfACanary(t *testing.T) {
	o := tenant()
	r := withCanary(o)
	r.Spec.Canary.Deterministic = []v1alpha1.DeterministicRule{{Identifiers: []string{"nothing"}}}
	r.Spec.Canary.Guards = &v1alpha1.Guards{Separate: []string{"nobody"}}
	r.Spec.Canary.Survivorship = []v1alpha1.Survivorship{{Attributes: []string{"nowhere"}, Strategy: "MostRecent"}}
	r.Spec.Canary.Probabilistic = &v1alpha1.Probabilistic{Exclude: []string{"never"}}
	var fields []string
	for _, p := range Check(o) {
		if !p.OfCanary() || !fault.Is(p.Err, fault.ReferenceNotFound) {
			t.Errorf("%s %s: %v", p.Name, p.Field, p.Err)
		}
		fields = append(fields, p.Field)
	}
	slices.Sort(fields)
	want := []string{"spec.canary.deterministic", "spec.canary.guards.separate", "spec.canary.probabilistic.exclude[0]", "spec.canary.survivorship"}
	if fields = slices.Compact(fields); !slices.Equal(fields, want) {
		t.Errorf("%v", fields)
	}
	r.Spec.Canary = nil
	r.Spec.Guards.Separate = []string{"nobody"}
	withCanary(o)
	for _, p := range Check(o) {
		if p.OfCanary() {
			t.Errorf("a mistake of the rule itself is told of its canary: %s", p.Field)
		}
	}
}
