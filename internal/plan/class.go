package plan

import (
	"slices"
	"strings"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Unrestricted is the purpose of what can only take people out: it may read every source.
const Unrestricted = "*"

// Class is a set of purposes that may use the same sources: profiles, traits and segments are computed once for it.
type Class struct {
	Name     string   `json:"name"`
	Purposes []string `json:"purposes"`
	Sources  []string `json:"sources"`
}

// classes groups the purposes in use by the sources that permit them. A class has the name of its first purpose.
func (o *Objects) classes(r *v1alpha1.IdentityRule) []Class {
	bySources := map[string]*Class{}
	for _, p := range o.purposesInUse(r.Name) {
		sources := o.permitted(r, p)
		key := strings.Join(sources, " ")
		if c, ok := bySources[key]; ok {
			c.Purposes = append(c.Purposes, p)
			continue
		}
		bySources[key] = &Class{Name: p, Purposes: []string{p}, Sources: sources}
	}
	out := make([]Class, 0, len(bySources))
	for _, c := range bySources {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b Class) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// permitted sources of a rule for a purpose, in order of name. What people said about being reached may always be read.
func (o *Objects) permitted(r *v1alpha1.IdentityRule, purpose string) []string {
	var out []string
	for _, s := range r.Spec.Sources {
		d := o.DataSource(s.Name)
		if d == nil {
			continue
		}
		if purpose == Unrestricted || d.Spec.RecordKind == v1alpha1.RecordConsent || slices.Contains(d.Spec.Purposes, purpose) {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// purposesInUse of a space, in order: those of its Activations, the default purpose, and Unrestricted where something is excluded.
func (o *Objects) purposesInUse(rule string) []string {
	out := []string{o.Workspace.Spec.DefaultPurpose}
	for _, a := range o.activationsOf(rule) {
		out = append(out, a.Spec.Purpose)
		if len(a.Spec.Audience.Exclude) > 0 {
			out = append(out, Unrestricted)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// activationsOf a space: those whose first included Segment belongs to it.
func (o *Objects) activationsOf(rule string) []*v1alpha1.Activation {
	var out []*v1alpha1.Activation
	for i := range o.Activations {
		if o.RuleOf(&o.Activations[i]) == rule {
			out = append(out, &o.Activations[i])
		}
	}
	return out
}

// RuleOf an Activation is the IdentityRule of its first included Segment, or empty where that Segment is not there.
func (o *Objects) RuleOf(a *v1alpha1.Activation) string {
	if s := o.Segment(a.Spec.Audience.Include[0].Name); s != nil {
		return s.Spec.IdentityRef.Name
	}
	return ""
}

// segmentPurposes is, for each Segment of a space, the purposes it is evaluated for: the default one, that of each Activation that
// includes it, and Unrestricted where one excludes it. An evaluation adds those of the Segments and Traits that ask for it.
func (o *Objects) segmentPurposes(rule string) map[string][]string {
	out := map[string][]string{}
	for i := range o.Segments {
		if o.Segments[i].Spec.IdentityRef.Name == rule {
			out[o.Segments[i].Name] = []string{o.Workspace.Spec.DefaultPurpose}
		}
	}
	for _, a := range o.activationsOf(rule) {
		for _, r := range a.Spec.Audience.Include {
			out[r.Name] = append(out[r.Name], a.Spec.Purpose)
		}
		for _, r := range a.Spec.Audience.Exclude {
			out[r.Name] = append(out[r.Name], Unrestricted)
		}
	}
	for name, ps := range out {
		slices.Sort(ps)
		out[name] = slices.Compact(ps)
	}
	return out
}
