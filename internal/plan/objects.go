package plan

import (
	"slices"
	"strings"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Objects are one tenant's declarations, each list in order of name.
type Objects struct {
	Workspace     *v1alpha1.Workspace
	DataSources   []v1alpha1.DataSource
	IdentityRules []v1alpha1.IdentityRule
	Traits        []v1alpha1.Trait
	Segments      []v1alpha1.Segment
	Destinations  []v1alpha1.Destination
	Activations   []v1alpha1.Activation

	// Spaces remembers what expressions were found to mean; nil for nothing. Whoever sets it makes a new one when a declaration changes.
	Spaces *Spaces
}

// Sort puts every list in order of name, so that plans do not depend on the order of files.
func (o *Objects) Sort() {
	slices.SortFunc(o.DataSources, func(a, b v1alpha1.DataSource) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.IdentityRules, func(a, b v1alpha1.IdentityRule) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Traits, func(a, b v1alpha1.Trait) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Segments, func(a, b v1alpha1.Segment) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Destinations, func(a, b v1alpha1.Destination) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Activations, func(a, b v1alpha1.Activation) int { return strings.Compare(a.Name, b.Name) })
}

func find[T any](xs []T, name string, nameOf func(*T) string) *T {
	for i := range xs {
		if nameOf(&xs[i]) == name {
			return &xs[i]
		}
	}
	return nil
}

// DataSource by name, or nil.
func (o *Objects) DataSource(name string) *v1alpha1.DataSource {
	return find(o.DataSources, name, func(d *v1alpha1.DataSource) string { return d.Name })
}

// IdentityRule by name, or nil.
func (o *Objects) IdentityRule(name string) *v1alpha1.IdentityRule {
	return find(o.IdentityRules, name, func(d *v1alpha1.IdentityRule) string { return d.Name })
}

// Segment by name, or nil.
func (o *Objects) Segment(name string) *v1alpha1.Segment {
	return find(o.Segments, name, func(d *v1alpha1.Segment) string { return d.Name })
}

// Destination by name, or nil.
func (o *Objects) Destination(name string) *v1alpha1.Destination {
	return find(o.Destinations, name, func(d *v1alpha1.Destination) string { return d.Name })
}

// Activation by name, or nil.
func (o *Objects) Activation(name string) *v1alpha1.Activation {
	return find(o.Activations, name, func(d *v1alpha1.Activation) string { return d.Name })
}

// Purpose of the Workspace by name, or nil.
func (o *Objects) Purpose(name string) *v1alpha1.Purpose {
	return find(o.Workspace.Spec.Purposes, name, func(p *v1alpha1.Purpose) string { return p.Name })
}

// AttributeOf is the column that a field becomes.
func AttributeOf(f v1alpha1.Field) Attribute {
	a := Attribute{
		Name: normalise.Attribute(string(f.Semantic), f.Name), Type: normalise.TypeOf(string(f.Semantic), sqlgen.Type(f.Type)),
		Semantic: string(f.Semantic), Compare: f.Compare,
	}
	switch a.Semantic {
	case normalise.SemanticEmail, normalise.SemanticPhone:
		a.Identifier = a.Semantic
	case normalise.SemanticIdentifier:
		a.Identifier = a.Name
	}
	return a
}

// Attributes of a DataSource, in the order of its fields.
func Attributes(d *v1alpha1.DataSource) []Attribute {
	out := make([]Attribute, len(d.Spec.Fields))
	for i, f := range d.Spec.Fields {
		out[i] = AttributeOf(f)
	}
	return out
}

// InputsOf an IdentityRule are the names of the DataSources that it reads: those of its records, of decisions about them, and of labels.
func InputsOf(r *v1alpha1.IdentityRule) []string {
	var out []string
	for _, s := range r.Spec.Sources {
		out = append(out, s.Name)
	}
	if r.Spec.Overrides != nil {
		out = append(out, r.Spec.Overrides.SourceRef.Name)
	}
	if name := labelsOf(r); name != "" {
		out = append(out, name)
	}
	return out
}

// overrides of an IdentityRule; nil where it has none, or the DataSource is not there.
func (o *Objects) overrides(r *v1alpha1.IdentityRule) *Source {
	if r.Spec.Overrides == nil {
		return nil
	}
	d := o.DataSource(r.Spec.Overrides.SourceRef.Name)
	if d == nil {
		return nil
	}
	return &Source{Name: d.Name, RecordKind: d.Spec.RecordKind, Attributes: Attributes(d)}
}

// sources of an IdentityRule, in order of name; DataSources that are not there are left out.
func (o *Objects) sources(r *v1alpha1.IdentityRule) []Source {
	var out []Source
	for _, s := range r.Spec.Sources {
		if d := o.DataSource(s.Name); d != nil {
			out = append(out, Source{Name: s.Name, RecordKind: d.Spec.RecordKind, Priority: s.Priority, Attributes: Attributes(d)})
		}
	}
	slices.SortFunc(out, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	return out
}
