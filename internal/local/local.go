// Package local does on one machine what the controllers do in a cluster: it takes a tenant's declarations, asks
// internal/plan what is due, has each plan carried out in order, and tells what happened. It is what `kith run` runs.
//
// What does not live here: decisions about what is due (plan), carrying out a plan (worker) and showing the result (cmd/kith, report).
package local

import (
	"context"
	"slices"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

// State is what became of one subject in this run.
type State string

// The states.
const (
	Done      State = "Done"      // a new revision was committed
	Unchanged State = "Unchanged" // nothing to do
	Waiting   State = "Waiting"   // an input has no revision yet
	Suspended State = "Suspended" // spec.suspend
	Failed    State = "Failed"    // see Problem
)

// Problem is an error as it is shown: its class, who has to act, and the message.
type Problem struct {
	Class   fault.Class `json:"class"`
	Owner   fault.Owner `json:"owner"`
	Message string      `json:"message"`
}

// ProblemOf an error.
func ProblemOf(err error) *Problem {
	c := fault.ClassOf(err)
	return &Problem{Class: c, Owner: c.Owner(), Message: err.Error()}
}

// Step is one subject's part of the run.
type Step struct {
	Subject plan.Subject
	State   State
	Cause   plan.Cause
	Problem *Problem
	Elapsed time.Duration
	// Revision in use after the step, new or old; nil when there is none yet.
	Revision *lake.Revision
	// Warnings are errors of parts that did not stop the rest, such as one Segment of an evaluation.
	Warnings []Problem

	err error
}

// Worker carries out one plan. It can return both a revision and an error: progress that was made and what still failed.
type Worker func(ctx context.Context, p *plan.Plan) (worker.Outcome, error)

// Watcher is told of steps as they begin and end.
type Watcher interface {
	Begin(s plan.Subject, cause plan.Cause)
	End(s Step)
}

// Runner carries out everything that is due.
type Runner struct {
	Objects *plan.Objects
	Lake    *lake.Lake
	Worker  Worker
	Watcher Watcher
	Now     time.Time
	// Approve are the names of IdentityRules, Segments and Activations that may exceed their budgets in this run.
	Approve []string

	revisions plan.Revisions
	latest    map[plan.Subject]*lake.Revision
	steps     []Step
}

// Run does what is due, sources first and activations last, and goes on past failures: a broken source keeps its
// last revision, a broken destination stalls no other. The error is the first step's that failed; the steps are complete in either case.
func (r *Runner) Run(ctx context.Context) ([]Step, error) {
	var err error
	if r.revisions, r.latest, err = Revisions(ctx, r.Lake); err != nil {
		return nil, err
	}
	for i := range r.Objects.DataSources {
		d := &r.Objects.DataSources[i]
		p := plan.Ingest(r.Objects, d, r.revisions, r.Now)
		r.step(ctx, p, d.Spec.Suspend, plan.CausePoll)
	}
	for i := range r.Objects.IdentityRules {
		rule := &r.Objects.IdentityRules[i]
		p, wait := plan.Resolve(r.Objects, rule, r.revisions, r.Now)
		r.due(ctx, plan.ResolveSubject(rule.Name), p, wait, rule.Spec.Suspend, rule.Spec.Interval.Value())
		p, wait = plan.Evaluate(r.Objects, rule, r.revisions, r.Now)
		r.due(ctx, plan.EvaluateSubject(rule.Name), p, wait, rule.Spec.Suspend, r.Objects.EvaluateInterval(rule.Name))
	}
	for i := range r.Objects.Activations {
		a := &r.Objects.Activations[i]
		p, wait := plan.Sync(r.Objects, a, r.revisions, r.Now)
		suspended := a.Spec.Suspend || r.Objects.Destination(a.Spec.DestinationRef.Name).Spec.Suspend
		r.due(ctx, plan.SyncSubject(a.Name), p, wait, suspended, a.Spec.Interval.Value())
	}
	r.canaries(ctx)
	if err := r.maintain(ctx); err != nil {
		return r.steps, err
	}
	for _, s := range r.steps {
		if s.err != nil {
			return r.steps, s.err
		}
	}
	return r.steps, ctx.Err()
}

// canaries come last: nobody waits for a rule on trial.
func (r *Runner) canaries(ctx context.Context) {
	for i := range r.Objects.IdentityRules {
		rule := &r.Objects.IdentityRules[i]
		p, interval, wait := plan.Canary(r.Objects, rule, r.revisions, r.Now)
		if p != nil || wait != nil {
			r.due(ctx, plan.CanarySubject(rule.Name), p, wait, rule.Spec.Suspend, interval)
		}
	}
}

// Revisions are the latest ones of a lake by subject, as the planner and as people see them.
func Revisions(ctx context.Context, l *lake.Lake) (plan.Revisions, map[plan.Subject]*lake.Revision, error) {
	revs, err := l.Revisions(ctx)
	if err != nil {
		return nil, nil, err
	}
	known, latest := plan.Revisions{}, map[plan.Subject]*lake.Revision{}
	for i := range revs {
		s := subjectOf(&revs[i])
		known[s], latest[s] = worker.Known(&revs[i]), &revs[i]
	}
	return known, latest, nil
}

func subjectOf(rev *lake.Revision) plan.Subject {
	return plan.Subject{Task: v1alpha1.Task(rev.Task), Kind: rev.Kind, Name: rev.Subject}
}

func (r *Runner) due(ctx context.Context, s plan.Subject, p *plan.Plan, wait *plan.Waiting, suspended bool, interval time.Duration) {
	if wait != nil {
		r.end(Step{Subject: s, State: Waiting, Revision: r.latest[s], Problem: &Problem{
			Class: fault.ReferenceNotFound, Owner: fault.User,
			Message: "waits for " + wait.Kind + " " + wait.Name + ", which has no revision yet",
		}})
		return
	}
	var last *plan.Revision
	if rev, ok := r.revisions[s]; ok {
		last = &rev
	}
	cause := p.Due(last, interval)
	if r.approve(p) && cause == plan.CauseNone {
		cause = plan.CauseApproved
	}
	r.step(ctx, p, suspended, cause)
}

// approve lets the parts of a plan that were named exceed their budgets. It says whether the latest revision is without
// one of them for that reason, so that the plan has to be carried out again although nothing has changed.
func (r *Runner) approve(p *plan.Plan) bool {
	named := func(name string) bool { return slices.Contains(r.Approve, name) }
	if (p.Sync != nil || p.Resolve != nil) && named(p.Subject.Name) {
		p.Approved = []string{p.Subject.Name}
	}
	if p.Evaluate == nil {
		return false
	}
	for _, s := range p.Evaluate.Segments {
		if named(s.Name) {
			p.Approved = append(p.Approved, s.Name)
		}
	}
	return slices.ContainsFunc(worker.Parts(r.latest[p.Subject]), func(f worker.Part) bool {
		return f.Class == fault.BudgetExceeded && slices.Contains(p.Approved, f.Name)
	})
}

func (r *Runner) step(ctx context.Context, p *plan.Plan, suspended bool, cause plan.Cause) {
	s := Step{Subject: p.Subject, Cause: cause, Revision: r.latest[p.Subject], State: Unchanged}
	switch {
	case suspended:
		s.State = Suspended
	case cause == plan.CauseNone:
	case ctx.Err() != nil:
		s.State, s.err = Failed, fault.New(fault.Cancelled, "stopped before this step: %w", ctx.Err())
	default:
		r.Watcher.Begin(p.Subject, cause)
		began := time.Now()
		out, err := r.Worker(ctx, p)
		s.Elapsed = time.Since(began)
		if out.Revision != nil {
			r.revisions[p.Subject], r.latest[p.Subject] = worker.Known(out.Revision), out.Revision
			s.State, s.Revision = Done, out.Revision
		}
		if err != nil {
			s.State, s.err = Failed, err
		}
	}
	for _, part := range worker.Parts(s.Revision) {
		err := part.Err()
		s.Warnings = append(s.Warnings, *ProblemOf(err))
		if s.err == nil {
			s.err = err
		}
	}
	if s.State == Failed {
		s.Problem = ProblemOf(s.err)
	}
	r.end(s)
}

func (r *Runner) end(s Step) {
	r.steps = append(r.steps, s)
	r.Watcher.End(s)
}

// maintain cleans up after a run that committed something; there is nothing to clean after one that did not.
func (r *Runner) maintain(ctx context.Context) error {
	for _, s := range r.steps {
		if s.State == Done && ctx.Err() == nil {
			_, err := r.Worker(ctx, plan.Maintain(r.Objects, r.revisions, r.Now))
			return err
		}
	}
	return nil
}
