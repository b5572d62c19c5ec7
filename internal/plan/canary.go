package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// CanarySubject is the lock of an IdentityRule's rule on trial.
func CanarySubject(name string) Subject { return subject(v1alpha1.TaskCanary, "IdentityRule", name) }

// CanaryPlan makes people by a rule on trial and compares them with those in use.
type CanaryPlan struct {
	// Candidate is the rule on trial; nil takes away what is kept of an earlier one.
	Candidate *ResolvePlan `json:"candidate,omitempty"`
	Percent   int32        `json:"percent,omitempty"`
}

// Canary plans the trial of an IdentityRule's canary on the latest revision of its people and on the source revisions that those were made
// from. The interval is how old the result may be; until then newer people alone are no reason to make it anew, and the plan is for those of the last
// one. Without a canary the plan is to take away what is kept of one, and nil where nothing is.
func Canary(o *Objects, r *v1alpha1.IdentityRule, revs Revisions, now time.Time) (p *Plan, interval time.Duration, wait *Waiting) {
	s := CanarySubject(r.Name)
	last, people := revs.last(s), revs.last(ResolveSubject(r.Name))
	out := &Plan{Subject: s, Canary: &CanaryPlan{}, Lake: o.lake()}
	switch {
	case r.Spec.Canary == nil && (last == nil || out.InEffect(last)):
		return nil, 0, nil
	case r.Spec.Canary == nil:
		return out.number(last, now), 0, nil
	case people == nil:
		return nil, 0, &Waiting{Kind: "IdentityRule", Name: r.Name, Task: v1alpha1.TaskResolve}
	}
	out.Canary.Candidate, out.Canary.Percent = o.resolution(Candidate(r)), r.Spec.Canary.Percent
	out.Inputs = append([]Input{{Kind: "IdentityRule", Name: r.Name, Run: people.Run}}, people.Inputs...)
	every := r.Spec.Canary.Interval.Value()
	if last != nil && !slices.Equal(out.Inputs, last.Inputs) && out.InEffect(last) && now.Sub(last.Now) < every {
		out.Inputs, interval = last.Inputs, every
	}
	return out.number(last, now), interval, nil
}

// PutOff has a trial that failed wait for another declaration or for the end of its interval, and not for newer people: each trial takes the
// time of a run over everything, under the lock that new people wait for. It gives the time until which it waits, the zero time for none.
func (p *Plan) PutOff(e *Ended, interval time.Duration, now time.Time) (until time.Time) {
	if e.Failed() && now.Sub(e.At) < interval && e.Of(p) {
		p.Inputs, until = e.Inputs, e.At.Add(interval)
	}
	return until
}

// meaning of an IdentityRule is what decides about its people.
func meaning(r *v1alpha1.IdentityRule) v1alpha1.IdentityRuleSpec {
	spec := *r.Spec.DeepCopy()
	spec.Common, spec.Interval, spec.Canary = v1alpha1.Common{}, nil, nil
	return spec
}

// Candidate is an IdentityRule as it would be if its canary were the rule. It has no budget: nobody is changed by a trial.
func Candidate(r *v1alpha1.IdentityRule) *v1alpha1.IdentityRule {
	out := r.DeepCopy()
	c := out.Spec.Canary
	out.Spec.Canary, out.Spec.Budget = nil, nil
	if c.Deterministic != nil || c.Probabilistic != nil {
		out.Spec.Deterministic, out.Spec.Probabilistic = c.Deterministic, c.Probabilistic
	}
	if c.Guards != nil {
		out.Spec.Guards = *c.Guards
	}
	if c.Survivorship != nil {
		out.Spec.Survivorship = c.Survivorship
	}
	return out
}

const canaryField = "spec.canary"

// OfCanary says whether the problem is of a rule on trial: it keeps nothing from being done but the trial.
func (p Problem) OfCanary() bool {
	return p.Kind == "IdentityRule" && (p.Field == canaryField || strings.HasPrefix(p.Field, canaryField+"."))
}

// canary checks what the rule on trial has otherwise, as if it were the rule.
func (c *checker) canary(r *v1alpha1.IdentityRule) {
	if r.Spec.Canary == nil {
		return
	}
	alone := &checker{o: c.o}
	alone.rule(Candidate(r))
	own := map[string]bool{
		"deterministic": r.Spec.Canary.Deterministic != nil, "probabilistic": r.Spec.Canary.Probabilistic != nil,
		"guards": r.Spec.Canary.Guards != nil, "survivorship": r.Spec.Canary.Survivorship != nil,
	}
	for _, p := range alone.problems {
		field := strings.TrimPrefix(p.Field, "spec.")
		first, _, _ := strings.Cut(field, ".")
		if own[first] {
			p.Field = canaryField + "." + field
			c.problems = append(c.problems, p)
		}
	}
}
