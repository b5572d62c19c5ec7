package plan

import (
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// checking is what expressions are compiled with to find mistakes. Any time will do: a run compiles them again with its own.
func (o *Objects) checking() lang.Options {
	return lang.Options{TimeZone: o.Workspace.Spec.TimeZone, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Spaces are type-checked spaces by IdentityRule. Checking compiles every expression of a space, so it is done once for one set of
// declarations.
type Spaces struct {
	byRule map[string]checked
}

type checked struct {
	space *lang.Space
	err   error
}

// Space type-checks every Trait and Segment of an IdentityRule and says what expressions can name there.
func (o *Objects) Space(r *v1alpha1.IdentityRule) (*lang.Space, error) {
	if o.Spaces == nil {
		o.Spaces = &Spaces{}
	}
	if c, ok := o.Spaces.byRule[r.Name]; ok {
		return c.space, c.err
	}
	space, err := o.analyse(r)
	if o.Spaces.byRule == nil {
		o.Spaces.byRule = map[string]checked{}
	}
	o.Spaces.byRule[r.Name] = checked{space, err}
	return space, err
}

func (o *Objects) analyse(r *v1alpha1.IdentityRule) (*lang.Space, error) {
	var traits []lang.Trait
	for _, t := range o.Traits {
		if t.Spec.IdentityRef.Name == r.Name {
			traits = append(traits, lang.Trait{Name: t.Name, Attribute: t.Spec.Attribute, Expression: t.Spec.Expression})
		}
	}
	var segments []lang.Segment
	for _, s := range o.Segments {
		if s.Spec.IdentityRef.Name != r.Name {
			continue
		}
		g := lang.Segment{Name: s.Name, Where: s.Spec.Where}
		if s.Spec.Rank != nil {
			g.RankBy = s.Spec.Rank.By
		}
		segments = append(segments, g)
	}
	return lang.Analyse(o.sourceSchema(r), o.checking(), traits, segments)
}

// sourceSchema is what the sources of a space give to expressions. Every kind of identifier is an attribute of profiles, whatever
// source carries it.
func (o *Objects) sourceSchema(r *v1alpha1.IdentityRule) lang.Schema {
	var sources []lang.Source
	for _, src := range o.sources(r) {
		declared := lang.Source{Name: src.Name, Kind: string(src.RecordKind)}
		identifiers := lang.Source{Name: src.Name, Kind: string(v1alpha1.RecordProfile)}
		for _, a := range src.Attributes {
			declared.Attrs = append(declared.Attrs, lang.Attr{Name: a.Name, Type: a.Type})
			if a.Identifier != "" {
				identifiers.Attrs = append(identifiers.Attrs, lang.Attr{Name: a.Identifier, Type: sqlgen.String})
			}
		}
		sources = append(sources, declared, identifiers)
	}
	return lang.SchemaOf(sources, nil)
}

// expressions adds the problems of Traits, Segments and the fields of Activations.
func (c *checker) expressions() {
	for i := range c.o.Traits {
		if name := c.o.Traits[i].Spec.IdentityRef.Name; c.o.IdentityRule(name) == nil {
			c.missingRule("Trait", c.o.Traits[i].Name, name)
		}
	}
	for i := range c.o.Segments {
		if name := c.o.Segments[i].Spec.IdentityRef.Name; c.o.IdentityRule(name) == nil {
			c.missingRule("Segment", c.o.Segments[i].Name, name)
		}
	}
	for i := range c.o.IdentityRules {
		r := &c.o.IdentityRules[i]
		space, err := c.o.Space(r)
		if err != nil {
			c.add("Workspace", c.o.Workspace.Name, "spec.timeZone", fault.ClassOf(err), "%w", err)
			return
		}
		c.failed(space)
		for _, a := range c.o.activationsOf(r.Name) {
			c.fields(a, space)
		}
	}
}

func (c *checker) failed(space *lang.Space) {
	for key, err := range space.Failed {
		kind, name, _ := strings.Cut(key, " ")
		field := "spec.where"
		if kind == "Trait" {
			field = "spec.expression"
		}
		c.problems = append(c.problems, Problem{Kind: kind, Name: name, Field: field, Err: err})
	}
}
