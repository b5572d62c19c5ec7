package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Problem is what is wrong with one object in the company of the others.
type Problem struct {
	Kind, Name string
	// Field is the path of the field that has to change, such as spec.audience.include.
	Field string
	Err   error
}

type checker struct {
	o        *Objects
	problems []Problem
}

// Check finds everything that is wrong with the objects together: references to nothing, purposes that are not permitted, attributes
// that contradict each other, expressions that do not type-check, segments that need each other. What one object can break by itself, its schema says.
func Check(o *Objects) []Problem {
	c := &checker{o: o}
	for i := range o.DataSources {
		d := &o.DataSources[i]
		c.purposes("DataSource", d.Name, d.Spec.Purposes)
		c.dataSource(d.Name, ingestPlan(o, d))
	}
	for i := range o.IdentityRules {
		c.rule(&o.IdentityRules[i])
		c.canary(&o.IdentityRules[i])
	}
	for i := range o.Destinations {
		d := &o.Destinations[i]
		c.purposes("Destination", d.Name, d.Spec.Purposes)
	}
	for i := range o.Activations {
		c.activation(&o.Activations[i])
	}
	c.expressions()
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return c.problems
}

func (c *checker) add(kind, name, field string, class fault.Class, format string, args ...any) {
	c.problems = append(c.problems, Problem{Kind: kind, Name: name, Field: field, Err: fault.New(class, format, args...)})
}

func (c *checker) missingRule(kind, name, rule string) {
	c.add(kind, name, "spec.identityRef", fault.ReferenceNotFound, "there is no IdentityRule %q", rule)
}

func (c *checker) fields(a *v1alpha1.Activation, space *lang.Space) {
	for i, f := range a.Spec.Fields {
		options := c.o.checking()
		options.Rank = true
		_, _, err := lang.CompileProfile(space.Schema, f.Value, options)
		if err != nil {
			c.problems = append(c.problems, Problem{Kind: "Activation", Name: a.Name, Field: fmt.Sprintf("spec.fields[%d].value", i), Err: err})
		}
	}
}

func (c *checker) purposes(kind, name string, purposes []string) {
	for _, p := range purposes {
		if c.o.Purpose(p) == nil {
			c.add(kind, name, "spec.purposes", fault.ReferenceNotFound, "the Workspace has no purpose %q; add it there or correct the name", p)
		}
	}
}

func (c *checker) rule(r *v1alpha1.IdentityRule) {
	for _, s := range r.Spec.Sources {
		switch d := c.o.DataSource(s.Name); {
		case d == nil:
			c.add("IdentityRule", r.Name, "spec.sources", fault.ReferenceNotFound, "there is no DataSource %q", s.Name)
		case d.Spec.RecordKind == v1alpha1.RecordOverride:
			c.add("IdentityRule", r.Name, "spec.sources", fault.InvalidManifest, "DataSource %q has records of kind Override; name it in spec.overrides.sourceRef instead", s.Name)
		}
	}
	c.overrides(r)
	identifiers, attributes := map[string]bool{}, map[string]bool{}
	types := map[string]Attribute{}
	for _, s := range c.o.sources(r) {
		for _, a := range s.Attributes {
			if a.Identifier != "" {
				identifiers[a.Identifier] = true
			}
			if s.RecordKind != v1alpha1.RecordProfile {
				continue
			}
			attributes[a.Name] = true
			if t, ok := types[a.Name]; ok && t.Type != a.Type {
				c.add("IdentityRule", r.Name, "spec.sources", fault.InvalidManifest,
					"attribute %q is %s in one source and %s in %s; give one of them another name", a.Name, t.Type, a.Type, s.Name)
			}
			types[a.Name] = a
		}
	}
	for _, d := range r.Spec.Deterministic {
		if !slices.ContainsFunc(d.Identifiers, func(k string) bool { return identifiers[k] }) {
			c.add("IdentityRule", r.Name, "spec.deterministic", fault.ReferenceNotFound, "rule %v has no identifier that a source carries", d.Identifiers)
		}
		for _, k := range d.Identifiers {
			if !identifiers[k] && !attributes[k] {
				c.add("IdentityRule", r.Name, "spec.deterministic", fault.ReferenceNotFound, "no source has an identifier or attribute %q", k)
			}
		}
	}
	c.labels(r)
	c.guards(r, identifiers, attributes)
	c.automatic(r)
	c.survivorship(r, identifiers, types)
	c.probabilistic(r)
}

func (c *checker) overrides(r *v1alpha1.IdentityRule) {
	if r.Spec.Overrides == nil {
		return
	}
	name := r.Spec.Overrides.SourceRef.Name
	switch d := c.o.DataSource(name); {
	case d == nil:
		c.add("IdentityRule", r.Name, "spec.overrides.sourceRef", fault.ReferenceNotFound, "there is no DataSource %q", name)
	case d.Spec.RecordKind != v1alpha1.RecordOverride:
		c.add("IdentityRule", r.Name, "spec.overrides.sourceRef", fault.InvalidManifest, "DataSource %q has records of kind %s; overrides are of kind Override", name, d.Spec.RecordKind)
	}
}

func (c *checker) guards(r *v1alpha1.IdentityRule, identifiers, attributes map[string]bool) {
	need := func(field, k string) {
		if !identifiers[k] {
			c.add("IdentityRule", r.Name, "spec.guards."+field, fault.ReferenceNotFound, "no source has an identifier %q", k)
		}
	}
	for _, b := range r.Spec.Guards.BlockedValues {
		need("blockedValues", b.Identifier)
	}
	for _, l := range r.Spec.Guards.Limits {
		need("limits", l.Identifier)
	}
	for _, k := range r.Spec.Guards.Separate {
		if !attributes[k] {
			need("separate", k)
		}
	}
}

// automatic guards look at Profile records only, and count attributes by their semantic too.
func (c *checker) automatic(r *v1alpha1.IdentityRule) {
	per, distinct := map[string]bool{}, map[string]bool{}
	for _, s := range c.o.sources(r) {
		if s.RecordKind != v1alpha1.RecordProfile {
			continue
		}
		for _, a := range s.Attributes {
			distinct[a.Name] = true
			if a.Identifier != "" {
				per[a.Identifier], distinct[a.Identifier] = true, true
			} else {
				distinct[a.Semantic] = true
			}
		}
	}
	for _, g := range r.Spec.Guards.Automatic {
		if !per[g.Per] {
			c.add("IdentityRule", r.Name, "spec.guards.automatic", fault.ReferenceNotFound, "no Profile source has an identifier %q", g.Per)
		}
		if !distinct[g.Distinct] {
			c.add("IdentityRule", r.Name, "spec.guards.automatic", fault.ReferenceNotFound, "no Profile source has an identifier or attribute %q", g.Distinct)
		}
	}
}

// survivorship knows the attributes of Profile records with their types.
func (c *checker) survivorship(r *v1alpha1.IdentityRule, identifiers map[string]bool, attributes map[string]Attribute) {
	seen := map[string]bool{}
	for _, g := range r.Spec.Survivorship {
		for _, a := range g.Attributes {
			if _, ok := attributes[a]; !ok && !identifiers[a] {
				c.add("IdentityRule", r.Name, "spec.survivorship", fault.ReferenceNotFound, "no Profile source has an attribute %q, and no source such an identifier", a)
			}
			if seen[a] {
				c.add("IdentityRule", r.Name, "spec.survivorship", fault.InvalidManifest, "attribute %q stands in two groups; it can move with one only", a)
			}
			seen[a] = true
		}
		if g.VerifiedBy == "" {
			continue
		}
		switch v, ok := attributes[g.VerifiedBy]; {
		case !ok:
			c.add("IdentityRule", r.Name, "spec.survivorship", fault.ReferenceNotFound, "no Profile source has an attribute %q to verify by", g.VerifiedBy)
		case v.Type != sqlgen.Boolean:
			c.add("IdentityRule", r.Name, "spec.survivorship", fault.InvalidManifest, "attribute %q is %s; values are verified by a boolean", g.VerifiedBy, v.Type)
		}
	}
}

func (c *checker) activation(a *v1alpha1.Activation) {
	rule := c.o.RuleOf(a)
	for _, ref := range slices.Concat(a.Spec.Audience.Include, a.Spec.Audience.Exclude) {
		s := c.o.Segment(ref.Name)
		switch {
		case s == nil:
			c.add("Activation", a.Name, "spec.audience", fault.ReferenceNotFound, "there is no Segment %q", ref.Name)
		case rule != "" && s.Spec.IdentityRef.Name != rule:
			c.add("Activation", a.Name, "spec.audience", fault.InvalidManifest,
				"Segment %q is of IdentityRule %q and the first is of %q; an audience is of one", ref.Name, s.Spec.IdentityRef.Name, rule)
		}
	}
	if c.o.Purpose(a.Spec.Purpose) == nil {
		c.add("Activation", a.Name, "spec.purpose", fault.ReferenceNotFound, "the Workspace has no purpose %q; add it there or correct the name", a.Spec.Purpose)
	}
	d := c.o.Destination(a.Spec.DestinationRef.Name)
	switch {
	case d == nil:
		c.add("Activation", a.Name, "spec.destinationRef", fault.ReferenceNotFound, "there is no Destination %q", a.Spec.DestinationRef.Name)
	case !slices.Contains(d.Spec.Purposes, a.Spec.Purpose):
		c.add("Activation", a.Name, "spec.purpose", fault.InvalidManifest, "Destination %q does not permit purpose %q", d.Name, a.Spec.Purpose)
	}
}
