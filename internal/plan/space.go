package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/segment/lang"
)

// Space is what expressions of one IdentityRule can name, with the problems of the Traits and Segments in it.
type Space struct {
	Schema lang.Schema
	// Errors by "Trait/name" and "Segment/name".
	Errors map[string]error
}

// Space type-checks everything that belongs to an IdentityRule.
func (o *Objects) Space(r *v1alpha1.IdentityRule) Space {
	s := Space{Schema: o.sourceSchema(r), Errors: map[string]error{}}
	for _, seg := range o.Segments {
		if seg.Spec.IdentityRef.Name == r.Name {
			s.Schema.Segments = append(s.Schema.Segments, seg.Name)
		}
	}
	o.checkTraits(r, &s)
	o.checkSegments(r, &s)
	return s
}

// checking is what expressions are compiled with to find mistakes. Any time will do: a run compiles them again with its own.
func (o *Objects) checking() lang.Options {
	return lang.Options{TimeZone: o.Workspace.Spec.TimeZone, Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// checkTraits compiles the Traits of a space in whatever order their needs allow; each that compiles becomes an attribute.
func (o *Objects) checkTraits(r *v1alpha1.IdentityRule, s *Space) {
	var open []*v1alpha1.Trait
	for i := range o.Traits {
		if o.Traits[i].Spec.IdentityRef.Name == r.Name {
			open = append(open, &o.Traits[i])
		}
	}
	for progress := true; progress; {
		progress = false
		open = slices.DeleteFunc(open, func(t *v1alpha1.Trait) bool {
			if err := o.checkTrait(t, s); err != nil {
				s.Errors["Trait/"+t.Name] = err
				return false
			}
			delete(s.Errors, "Trait/"+t.Name)
			progress = true
			return true
		})
	}
	s.circle(open)
}

// circle says of Traits that could not be compiled because they need each other that they do.
func (s *Space) circle(open []*v1alpha1.Trait) {
	needs := map[string][]string{}
	for _, t := range open {
		needs["profile."+t.Spec.Attribute] = profileField.FindAllString(t.Spec.Expression, -1)
	}
	_, failed := lang.Order(needs)
	for _, t := range open {
		if err := failed["profile."+t.Spec.Attribute]; err != nil {
			s.Errors["Trait/"+t.Name] = err
		}
	}
}

// profileField finds the fields that an expression names; it only chooses between two messages for an expression that failed.
var profileField = regexp.MustCompile(`\bprofile\.[a-zA-Z][a-zA-Z0-9_]*`)

func (o *Objects) checkTrait(t *v1alpha1.Trait, s *Space) error {
	for _, a := range s.Schema.Profile {
		if strings.EqualFold(a.Name, t.Spec.Attribute) {
			return fault.New(fault.InvalidManifest, "profile.%s is there already, from a source or another Trait; choose another attribute", t.Spec.Attribute)
		}
	}
	c, err := lang.New(s.Schema, o.checking())
	if err != nil {
		return err
	}
	out, err := c.Value(t.Spec.Expression)
	if err != nil {
		return err
	}
	s.Schema.Profile = append(s.Schema.Profile, lang.Attr{Name: t.Spec.Attribute, Type: out.Type})
	return nil
}

func (o *Objects) checkSegments(r *v1alpha1.IdentityRule, s *Space) {
	needs := map[string][]string{}
	for _, seg := range o.Segments {
		if seg.Spec.IdentityRef.Name != r.Name {
			continue
		}
		asks, err := o.checkSegment(&seg, s)
		if err != nil {
			s.Errors["Segment/"+seg.Name] = err
			continue
		}
		needs[seg.Name] = asks
	}
	_, failed := lang.Order(needs)
	for name, err := range failed {
		s.Errors["Segment/"+name] = err
	}
}

// checkSegment gives the Segments that seg asks for.
func (o *Objects) checkSegment(seg *v1alpha1.Segment, s *Space) ([]string, error) {
	c, err := lang.New(s.Schema, o.checking())
	if err != nil {
		return nil, err
	}
	out, err := c.Condition(seg.Spec.Where)
	if err != nil {
		return nil, err
	}
	if seg.Spec.Rank == nil {
		return out.Segments, nil
	}
	rank, err := c.Value(seg.Spec.Rank.By)
	if err != nil {
		return nil, fmt.Errorf("rank.by: %w", err)
	}
	return append(out.Segments, rank.Segments...), nil
}

// sourceSchema is what the sources of a space give to expressions. An attribute that two sources declare with different types
// can't be named.
func (o *Objects) sourceSchema(r *v1alpha1.IdentityRule) lang.Schema {
	var out lang.Schema
	for _, src := range o.sources(r) {
		list := &out.Profile
		switch src.RecordKind {
		case v1alpha1.RecordEvent:
			list = &out.Events
		case v1alpha1.RecordTransaction:
			list = &out.Transactions
		case v1alpha1.RecordConsent:
			continue
		}
		for _, a := range src.Attributes {
			addAttribute(list, a, src.Name)
		}
	}
	return out
}

func addAttribute(list *[]lang.Attr, a Attribute, source string) {
	for i, have := range *list {
		if have.Name != a.Name {
			continue
		}
		if have.Type != a.Type && have.Conflict == "" {
			(*list)[i].Conflict = fmt.Sprintf("it is %s in one source and %s in %s", have.Type, a.Type, source)
		}
		return
	}
	*list = append(*list, lang.Attr{Name: a.Name, Type: a.Type})
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
		space := c.o.Space(r)
		c.spaceErrors(space)
		for _, a := range c.o.activationsOf(r.Name) {
			c.fields(a, space)
		}
	}
}

func (c *checker) spaceErrors(space Space) {
	for key, err := range space.Errors {
		kind, name, _ := strings.Cut(key, "/")
		field := "spec.where"
		if kind == "Trait" {
			field = "spec.expression"
		}
		c.problems = append(c.problems, Problem{Kind: kind, Name: name, Field: field, Err: err})
	}
}
