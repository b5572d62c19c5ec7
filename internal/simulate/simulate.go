// Package simulate tells what declarations would change without changing it: people, Traits and Segments are computed in a lake that lies over
// the tenant's and is thrown away, and what Activations would deliver is counted. Sources are taken as they are in the lake. `kith plan`
// shows it.
//
// What does not live here: making plans (plan), carrying them out (worker), comparing revisions of people (identity) and showing
// the result (report).
package simulate

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/segment"
	"github.com/kith-dev/kith/internal/worker"
)

// Options of a simulation.
type Options struct {
	Objects *plan.Objects
	// Env has the lake, which is only read.
	Env worker.Env
	// Now counts as now. The zero time takes, for each rule, that of its last evaluation, so that what only the passing of time changes is left out.
	Now time.Time
	// Examples is how many there are to be for each event of lineage.
	Examples int
	// Begin is told what is computed next. It may be nil.
	Begin func(plan.Subject)
}

// Run simulates every IdentityRule. Budgets hold nothing back in it: what would go over one is computed all the same, and said. The error is
// of what stops it: of a Trait, a Segment or an Activation that fails by itself the result tells.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Begin == nil {
		o.Begin = func(plan.Subject) {}
	}
	dir, release, err := engine.Claim()
	if err != nil {
		return Result{}, err
	}
	defer release()
	below := o.Env.Lake
	if o.Env.Lake, err = below.Over(ctx, dir); err != nil {
		return Result{}, err
	}
	o.Env.LakeDir = dir
	revisions, latest, err := local.Revisions(ctx, below)
	if err != nil {
		return Result{}, err
	}
	var out Result
	for i := range o.Objects.IdentityRules {
		s := simulation{Options: o, rule: &o.Objects.IdentityRules[i], revisions: revisions, latest: latest}
		if err := s.run(ctx); err != nil {
			return Result{}, err
		}
		out.Rules = append(out.Rules, s.out)
	}
	return out, nil
}

// simulation of one rule.
type simulation struct {
	Options
	rule      *v1alpha1.IdentityRule
	revisions plan.Revisions
	latest    map[plan.Subject]*lake.Revision
	out       Rule
}

func (s *simulation) run(ctx context.Context) error {
	s.clock()
	s.out = Rule{Name: s.rule.Name, Now: s.Now, Values: []Value{}, Segments: []Segment{}, Activations: []Activation{}}
	for _, step := range []func(context.Context) error{s.people, s.evaluate, s.activations} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// clock sets the time that counts as now where nobody did.
func (s *simulation) clock() {
	for _, subject := range []plan.Subject{plan.EvaluateSubject(s.rule.Name), plan.ResolveSubject(s.rule.Name)} {
		if last, ok := s.revisions[subject]; ok && s.Now.IsZero() {
			s.Now = last.Now
		}
	}
	if s.Now.IsZero() {
		s.Now = time.Now().UTC()
	}
}

// do carries out a plan in the lake that is thrown away, its parts approved.
func (s *simulation) do(ctx context.Context, p *plan.Plan, wait *plan.Waiting, approved ...string) (base, rev *lake.Revision, err error) {
	if wait != nil {
		return nil, nil, fault.New(fault.ReferenceNotFound, "IdentityRule %s: %s %s has no revision yet: run `kith run` first", s.rule.Name, wait.Kind, wait.Name)
	}
	s.Begin(p.Subject)
	p.Approved = approved
	base = s.latest[p.Subject]
	out, err := worker.Run(ctx, s.Env, p)
	if err != nil {
		return nil, nil, err
	}
	s.revisions[p.Subject] = worker.Known(out.Revision)
	return base, out.Revision, nil
}

func (s *simulation) people(ctx context.Context) error {
	p, wait := plan.Resolve(s.Objects, s.rule, s.revisions, s.Now)
	base, rev, err := s.do(ctx, p, wait, s.rule.Name)
	if err != nil {
		return err
	}
	d, err := worker.Difference(ctx, s.Env, p, base, rev, s.Examples)
	if err != nil {
		return err
	}
	out := &s.out
	if base != nil {
		out.Base, out.NewerSources = base.Run, newer(base.Inputs, rev.Inputs, p.Resolve.Labels)
	}
	out.People, out.Visitors = profiles(base, rev, "known"), profiles(base, rev, "anonymous")
	out.Change = s.change(identity.ChurnOf(base, rev))
	out.Records = Records{Moved: d.Moved, Added: d.Added, Gone: d.Gone}
	for _, v := range d.Values {
		out.Values = append(out.Values, Value{Attribute: v.Name, Profiles: v.N})
	}
	for _, e := range d.Examples {
		out.Examples = append(out.Examples, Example(e))
	}
	return nil
}

func (s *simulation) change(c identity.Churn) Change {
	out := Change{People: c.Changed, Percent: c.Percent(), Merges: c.Merges, Splits: c.Splits, Moves: c.Moves, Retired: c.Retired}
	if b := s.rule.Spec.Budget; b != nil {
		out.MaxChangePercent, out.OverBudget = b.MaxChangePercent, c.Over(int(b.MaxChangePercent))
	}
	return out
}

// newer are the sources of which two lists name different revisions, but that of labels, of which nobody is made.
func newer(before, after []lake.Input, labels *plan.Source) []string {
	var out []string
	for _, in := range after {
		if !slices.Contains(before, in) && (labels == nil || in.Name != labels.Name) {
			out = append(out, in.Name)
		}
	}
	return out
}

func profiles(base, rev *lake.Revision, output string) Profiles {
	o := outputOf(rev, output)
	return Profiles{Before: outputOf(base, output).Rows, After: o.Rows, Begin: o.Added, End: o.Removed}
}

func outputOf(rev *lake.Revision, name string) lake.Output {
	if rev == nil {
		return lake.Output{}
	}
	o, _ := lake.FindOutput(rev.Outputs, name)
	return o
}

func (s *simulation) evaluate(ctx context.Context) error {
	p, wait := plan.Evaluate(s.Objects, s.rule, s.revisions, s.Now)
	var names []string
	limits := map[string]int64{}
	if p != nil {
		for _, g := range p.Evaluate.Segments {
			names, limits[g.Name] = append(names, g.Name), int64(g.MaxChangePercent)
		}
	}
	_, rev, err := s.do(ctx, p, wait, names...)
	if err != nil {
		return err
	}
	for _, part := range worker.Parts(rev) {
		s.out.Problems = append(s.out.Problems, *local.ProblemOf(part.Err()))
	}
	for _, o := range rev.Outputs {
		parts := strings.Split(o.Name, "/")
		if len(parts) != 3 || parts[0] != "segment" {
			continue
		}
		before := o.Rows - o.Added + o.Removed
		s.out.Segments = append(s.out.Segments, Segment{
			Name: parts[1], Purpose: parts[2], Before: before, Entering: o.Added, Leaving: o.Removed, After: o.Rows,
			OverBudget: segment.Over(limits[parts[1]], before, o.Added, o.Removed),
		})
	}
	return nil
}

func (s *simulation) activations(ctx context.Context) error {
	for i := range s.Objects.Activations {
		a := &s.Objects.Activations[i]
		if s.Objects.RuleOf(a) != s.rule.Name {
			continue
		}
		p, wait := plan.Sync(s.Objects, a, s.revisions, s.Now)
		if wait != nil {
			return fault.New(fault.ReferenceNotFound, "Activation %s: there is no %s %s", a.Name, wait.Kind, wait.Name)
		}
		s.Begin(p.Subject)
		out := Activation{Name: a.Name}
		switch found, err := worker.Preview(ctx, s.Env, p); {
		case err != nil && ctx.Err() != nil:
			return err
		case err != nil:
			out.Problem = local.ProblemOf(err)
		default:
			out = Activation{
				Name: a.Name, Audience: found.Audience, Eligible: found.Eligible, Before: found.Before, Added: found.Added, Updated: found.Updated,
				Removed: found.Removed, After: found.Before + found.Added - found.Removed,
			}
			if found.OverBudget != nil {
				out.OverBudget, out.Refusal = true, found.OverBudget.Error()
			}
		}
		s.out.Activations = append(s.out.Activations, out)
	}
	return nil
}
