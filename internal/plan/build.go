package plan

import (
	"slices"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Waiting says what a plan can't be made without.
type Waiting struct {
	Kind, Name string
	Task       v1alpha1.Task
}

func subject(task v1alpha1.Task, kind, name string) Subject {
	return Subject{Task: task, Kind: kind, Name: name}
}

// IngestSubject is the lock of a DataSource.
func IngestSubject(name string) Subject { return subject(v1alpha1.TaskIngest, "DataSource", name) }

// ResolveSubject is the lock of an IdentityRule's people.
func ResolveSubject(name string) Subject { return subject(v1alpha1.TaskResolve, "IdentityRule", name) }

// EvaluateSubject is the lock of an IdentityRule's Traits and Segments.
func EvaluateSubject(name string) Subject {
	return subject(v1alpha1.TaskEvaluate, "IdentityRule", name)
}

// SyncSubject is the lock of an Activation.
func SyncSubject(name string) Subject { return subject(v1alpha1.TaskSync, "Activation", name) }

// MaintainSubject is the lock of a Workspace's cleaning. Cleaning leaves alone what is younger than any run, and needs no other lock.
func MaintainSubject(name string) Subject { return subject(v1alpha1.TaskMaintain, "Workspace", name) }

// Ingest plans the reading of a DataSource.
func Ingest(o *Objects, d *v1alpha1.DataSource, revs Revisions, now time.Time) *Plan {
	out := &Plan{Subject: IngestSubject(d.Name), Ingest: ingestPlan(o, d), Lake: o.lake()}
	return out.number(revs.last(out.Subject), now)
}

// ingestPlan leaves purposes and display texts out: changing them reads nothing anew.
func ingestPlan(o *Objects, d *v1alpha1.DataSource) *IngestPlan {
	spec := *d.Spec.DeepCopy()
	spec.Common, spec.Interval, spec.Purposes, spec.DeletionPolicy = v1alpha1.Common{}, nil, nil, ""
	p := &IngestPlan{Source: spec, TimeZone: o.Workspace.Spec.TimeZone, Currency: o.Workspace.Spec.Currency}
	if spec.RecordKind == v1alpha1.RecordConsent {
		for _, purpose := range o.Workspace.Spec.Purposes {
			p.Purposes = append(p.Purposes, purpose.Name)
		}
	}
	return p
}

// Resolve plans the making of an IdentityRule's people from the latest revision of each source. A source that has none yet is
// returned instead: people are never made from half of their records.
func Resolve(o *Objects, r *v1alpha1.IdentityRule, revs Revisions, now time.Time) (*Plan, *Waiting) {
	out := &Plan{
		Subject: ResolveSubject(r.Name),
		Resolve: o.resolution(r), Lake: o.lake(),
	}
	inputs := out.Resolve.Sources
	if overrides := out.Resolve.Overrides; overrides != nil {
		inputs = append(slices.Clone(inputs), *overrides)
	}
	for _, s := range inputs {
		rev := revs.last(IngestSubject(s.Name))
		if rev == nil {
			return nil, &Waiting{Kind: "DataSource", Name: s.Name, Task: v1alpha1.TaskIngest}
		}
		out.Inputs = append(out.Inputs, Input{Kind: "DataSource", Name: s.Name, Run: rev.Run})
	}
	if l := out.Resolve.Labels; l != nil {
		// People do not wait for what they are judged by.
		if rev := revs.last(IngestSubject(l.Name)); rev != nil {
			out.Inputs = append(out.Inputs, Input{Kind: "DataSource", Name: l.Name, Run: rev.Run})
		}
	}
	return out.number(revs.last(out.Subject), now), nil
}

// resolution is what a rule's people are made from and judged by.
func (o *Objects) resolution(r *v1alpha1.IdentityRule) *ResolvePlan {
	return &ResolvePlan{Rule: meaning(r), Sources: o.sources(r), Overrides: o.overrides(r), Classes: o.classes(r), Labels: o.labels(r)}
}

// Evaluate plans the Traits and Segments of an IdentityRule on the latest revision of its people and on the source revisions
// that those people were made from.
func Evaluate(o *Objects, r *v1alpha1.IdentityRule, revs Revisions, now time.Time) (*Plan, *Waiting) {
	people := revs.last(ResolveSubject(r.Name))
	if people == nil {
		return nil, &Waiting{Kind: "IdentityRule", Name: r.Name, Task: v1alpha1.TaskResolve}
	}
	e := &EvaluatePlan{
		Rule: r.Name, TimeZone: o.Workspace.Spec.TimeZone, Sources: o.sources(r), Classes: o.classes(r),
		IdentifierOrder: identifierOrder(r, o.sources(r)),
	}
	for _, t := range o.Traits {
		if t.Spec.IdentityRef.Name == r.Name {
			e.Traits = append(e.Traits, Trait{Name: t.Name, Attribute: t.Spec.Attribute, Expression: t.Spec.Expression})
		}
	}
	purposes := o.segmentPurposes(r.Name)
	for _, s := range o.Segments {
		if s.Spec.IdentityRef.Name == r.Name {
			segment := Segment{Name: s.Name, Where: s.Spec.Where, Rank: s.Spec.Rank, Purposes: purposes[s.Name], Suspended: s.Spec.Suspend}
			if s.Spec.Budget != nil {
				segment.MaxChangePercent = s.Spec.Budget.MaxChangePercent
			}
			e.Segments = append(e.Segments, segment)
		}
	}
	out := &Plan{Subject: EvaluateSubject(r.Name), Evaluate: e, Lake: o.lake()}
	out.Inputs = append([]Input{{Kind: "IdentityRule", Name: r.Name, Run: people.Run}}, people.Inputs...)
	return out.number(revs.last(out.Subject), now), nil
}

// Sync plans an Activation on the latest evaluation of its space and on the people that evaluation saw.
func Sync(o *Objects, a *v1alpha1.Activation, revs Revisions, now time.Time) (*Plan, *Waiting) {
	rule := o.RuleOf(a)
	evaluated := revs.last(EvaluateSubject(rule))
	if evaluated == nil {
		return nil, &Waiting{Kind: "IdentityRule", Name: rule, Task: v1alpha1.TaskEvaluate}
	}
	d := o.Destination(a.Spec.DestinationRef.Name)
	if d == nil {
		return nil, &Waiting{Kind: "Destination", Name: a.Spec.DestinationRef.Name}
	}
	r := o.IdentityRule(rule)
	if r == nil {
		return nil, &Waiting{Kind: "IdentityRule", Name: rule}
	}
	spec := *a.Spec.DeepCopy()
	spec.Common, spec.Interval, spec.DeletionPolicy = v1alpha1.Common{}, nil, ""
	s := &SyncPlan{
		Rule: rule, Activation: spec, Connector: d.Spec.Connector, Delivery: d.Spec.Delivery, Destination: d.Name,
		Purpose: *o.Purpose(a.Spec.Purpose), TimeZone: o.Workspace.Spec.TimeZone, Profile: o.profile(r),
	}
	for _, c := range o.classes(r) {
		if slices.Contains(c.Purposes, a.Spec.Purpose) {
			s.Class = c.Name
		}
	}
	out := &Plan{Subject: SyncSubject(a.Name), Sync: s, Lake: o.lake()}
	out.Inputs = []Input{{Kind: "IdentityRule", Name: rule, Run: evaluated.Run}}
	for _, in := range evaluated.Inputs {
		if in.Kind == "IdentityRule" {
			out.Inputs = append(out.Inputs, in)
		}
	}
	return out.number(revs.last(out.Subject), now), nil
}

// Maintain plans the removal of what no revision needs.
func Maintain(o *Objects, revs Revisions, now time.Time) *Plan {
	out := &Plan{
		Subject: MaintainSubject(o.Workspace.Name), Maintain: &MaintainPlan{Retention: "168h"}, Lake: o.lake(),
	}
	if d := o.Workspace.Spec.Retention.Snapshots; d != nil {
		out.Maintain.Retention = *d
	}
	return out.number(revs.last(out.Subject), now)
}

// EvaluateInterval is the shortest interval of a space's Traits and Segments that are not suspended, 0 when none has one.
func (o *Objects) EvaluateInterval(rule string) time.Duration {
	var out time.Duration
	take := func(d *v1alpha1.Duration, suspended bool) {
		if v := d.Value(); v > 0 && !suspended && (out == 0 || v < out) {
			out = v
		}
	}
	for i := range o.Traits {
		if o.Traits[i].Spec.IdentityRef.Name == rule {
			take(o.Traits[i].Spec.Interval, o.Traits[i].Spec.Suspend)
		}
	}
	for i := range o.Segments {
		if o.Segments[i].Spec.IdentityRef.Name == rule {
			take(o.Segments[i].Spec.Interval, o.Segments[i].Spec.Suspend)
		}
	}
	return out
}

// identifierOrder is the order in which an event's identifiers are tried: as the rules name them, then the others by name, and
// anonymousId last.
func identifierOrder(r *v1alpha1.IdentityRule, sources []Source) []string {
	var out, rest []string
	add := func(list *[]string, k string) {
		if k != "anonymousId" && !slices.Contains(out, k) && !slices.Contains(rest, k) {
			*list = append(*list, k)
		}
	}
	known := map[string]bool{}
	for _, s := range sources {
		for _, a := range s.Attributes {
			known[a.Identifier] = a.Identifier != ""
		}
	}
	for _, d := range r.Spec.Deterministic {
		for _, k := range d.Identifiers {
			if known[k] {
				add(&out, k)
			}
		}
	}
	for _, s := range sources {
		for _, a := range s.Attributes {
			if a.Identifier != "" {
				add(&rest, a.Identifier)
			}
		}
	}
	slices.Sort(rest)
	return append(append(out, rest...), "anonymousId")
}

// profile is what the fields of an Activation can name. With a time zone that does not exist, which Check reports, it is empty.
func (o *Objects) profile(r *v1alpha1.IdentityRule) []Attribute {
	space, err := o.Space(r)
	if err != nil {
		return nil
	}
	out := make([]Attribute, len(space.Schema.Profile))
	for i, a := range space.Schema.Profile {
		out[i] = Attribute{Name: a.Name, Type: a.Type}
	}
	return out
}
