package controllers

import (
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// tenant is one namespace as it was gathered, and what is decided about it. Nothing in here talks to the API.
type tenant struct {
	namespace string
	now       time.Time
	// objects that are declared; those that are being deleted are not among them.
	objects plan.Objects
	// Being deleted, with a finalizer of ours.
	activationsGone []*v1alpha1.Activation
	sourcesGone     []*v1alpha1.DataSource
	runs            []v1alpha1.Run
	histories       map[plan.Subject]*plan.History
	revisions       plan.Revisions
	problems        map[string]plan.Problem // the first of each object, by kind and name
	lastPlans       map[plan.Subject]*plan.Plan
	holds           *holds
	written         written

	verdicts map[plan.Subject]*verdict
	// syncing counts the Syncs under way and starting, by Destination.
	syncing map[string]int32
	starts  []start
	adds    []client.Object // that need their finalizer before anything is done for them
	drops   []drop
	next    time.Time
}

// start is a Run to be made.
type start struct {
	plan     *plan.Plan
	cause    plan.Cause
	attempt  int32
	requests []v1alpha1.RunRequest
	owner    client.Object // nil where the Run has to outlive its subject
	undo     bool
	deadline v1alpha1.Duration
}

// drop is a finalizer to be removed. Undone is false where what it stood for was not done, and why says why.
type drop struct {
	object    client.Object
	finalizer string
	undone    bool
	why       string
}

func key(kind, name string) string { return kind + "/" + name }

// history of a subject, never nil.
func (t *tenant) history(s plan.Subject) *plan.History {
	if h := t.histories[s]; h != nil {
		return h
	}
	return &plan.History{}
}

// look asks for another pass at a time.
func (t *tenant) look(at time.Time) {
	if !at.IsZero() && (t.next.IsZero() || at.Before(t.next)) {
		t.next = at
	}
}

// blockOf is what stands in the way of anything that is done for an object, apart from its inputs.
func (t *tenant) blockOf(kind, name string, suspend bool) *block {
	w := t.objects.Workspace
	if w == nil {
		return &block{
			reason: string(fault.ReferenceNotFound), message: `waits for a Workspace named "default" in this namespace`, missing: true,
		}
	}
	if p, ok := t.problems[key(kind, name)]; ok {
		class := fault.ClassOf(p.Err)
		return &block{reason: string(class), message: p.Field + ": " + p.Err.Error(), missing: class == fault.ReferenceNotFound, stalled: class != fault.ReferenceNotFound}
	}
	switch {
	case suspend:
		return suspended(kind + " " + name)
	case w.Spec.Suspend:
		return suspended("the Workspace")
	}
	return nil
}

// judge decides about one subject. A plan that has to wait for an input is nil.
func (t *tenant) judge(s plan.Subject, owner client.Object, b *block, p *plan.Plan, wait *plan.Waiting, sit plan.Situation) *verdict {
	v := &verdict{subject: s, owner: owner, history: t.history(s), block: b, pending: sit.Requests}
	t.verdicts[s] = v
	if p == nil {
		if v.block == nil && wait != nil {
			v.block = waiting("waits for the first result of %s %s", wait.Kind, wait.Name)
		}
		return v
	}
	sit.Plan, sit.History, sit.Now = p, v.history, t.now
	v.decision = plan.Decide(sit)
	if v.block == nil {
		t.look(v.decision.Next)
	}
	return v
}

// decide about everything, inputs before what is made of them.
func (t *tenant) decide() {
	t.verdicts, t.syncing = map[plan.Subject]*verdict{}, map[string]int32{}
	for i := range t.runs {
		if r := &t.runs[i]; !plan.Over(r) && r.Spec.Destination != "" {
			t.syncing[r.Spec.Destination]++
		}
	}
	for i := range t.objects.DataSources {
		t.startWanted(t.dataSource(&t.objects.DataSources[i]))
	}
	for i := range t.objects.IdentityRules {
		t.identityRule(&t.objects.IdentityRules[i])
	}
	for _, a := range t.activationsGone {
		t.removeMembers(a) // before others that send to the same Destination: somebody waits for its end
	}
	t.activations()
	if w := t.objects.Workspace; w != nil {
		t.startWanted(t.workspace(w))
	}
	for _, d := range t.sourcesGone {
		t.retract(d)
	}
}

// startWanted makes a run that is due, unless one is under way.
func (t *tenant) startWanted(v *verdict) {
	if v.wanted() && v.live() == nil {
		t.start(v)
	}
}

func (t *tenant) start(v *verdict) {
	v.starting = true
	d := v.decision
	s := start{plan: d.Plan, cause: d.Cause, attempt: d.Attempt, requests: unanswered(v), owner: v.owner, deadline: t.deadline()}
	t.starts = append(t.starts, s)
}

// unanswered requests, as many as a Run can hold; the others are answered by the next.
func unanswered(v *verdict) []v1alpha1.RunRequest {
	return v.pending[:min(len(v.pending), 600)]
}

func (t *tenant) deadline() v1alpha1.Duration {
	if w := t.objects.Workspace; w != nil && w.Spec.Worker.Deadline != nil {
		return *w.Spec.Worker.Deadline
	}
	return "6h"
}

// request is the annotation run-now of an object as far as it is not handled.
func request(kind string, o declaredObject) *v1alpha1.RunRequest {
	value := conditions.Cut(o.GetAnnotations()[v1alpha1.AnnotationRunNow], 128)
	if value == "" || value == o.CommonStatus().LastHandledRunNow {
		return nil
	}
	return &v1alpha1.RunRequest{Kind: kind, Name: o.GetName(), Value: value}
}

// declaredObject is an object that people declare.
type declaredObject interface {
	client.Object
	v1alpha1.Declared
}

// open are the requests among rs that no run of the subject that is over has answered.
func (t *tenant) open(s plan.Subject, rs ...*v1alpha1.RunRequest) []v1alpha1.RunRequest {
	var out []v1alpha1.RunRequest
	for _, r := range rs {
		if r != nil && !t.history(s).Handled(*r) {
			out = append(out, *r)
		}
	}
	return out
}

// downstream says whether all that follows from rules is settled: their people, evaluations, and the Activations of those.
func (t *tenant) downstream(rules ...string) bool {
	for _, r := range rules {
		if !t.verdicts[plan.ResolveSubject(r)].settled() || !t.verdicts[plan.EvaluateSubject(r)].settled() {
			return false
		}
	}
	for i := range t.objects.Activations {
		a := &t.objects.Activations[i]
		if slices.Contains(rules, t.objects.RuleOf(a)) && !t.verdicts[plan.SyncSubject(a.Name)].settled() {
			return false
		}
	}
	return true
}

// rulesOf are the IdentityRules that a DataSource feeds.
func (t *tenant) rulesOf(source string) []string {
	var out []string
	for i := range t.objects.IdentityRules {
		if r := &t.objects.IdentityRules[i]; slices.Contains(plan.InputsOf(r), source) {
			out = append(out, r.Name)
		}
	}
	return out
}

// handled is what status.lastHandledRunNow is to say: the annotation once its run is over and all that follows from it has settled.
func handled(before string, r *v1alpha1.RunRequest, open, settled bool) string {
	if r == nil || open || !settled {
		return before
	}
	return r.Value
}
