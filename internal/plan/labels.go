package plan

import (
	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
)

// labelsOf is the name of the DataSource of a rule's labels, or empty.
func labelsOf(r *v1alpha1.IdentityRule) string {
	if q := r.Spec.Quality; q != nil && q.Labels != nil {
		return q.Labels.SourceRef.Name
	}
	return ""
}

// labels of an IdentityRule; nil where it has none, or their DataSource is not there.
func (o *Objects) labels(r *v1alpha1.IdentityRule) *Source {
	d := o.DataSource(labelsOf(r))
	if d == nil {
		return nil
	}
	return &Source{Name: d.Name, RecordKind: d.Spec.RecordKind, Attributes: Attributes(d)}
}

// labels are of recordKind Label, and nothing else is: whoever is matched by the truth learns nothing about his matching.
func (c *checker) labels(r *v1alpha1.IdentityRule) {
	for _, s := range r.Spec.Sources {
		if d := c.o.DataSource(s.Name); d != nil && d.Spec.RecordKind == v1alpha1.RecordLabel {
			c.add("IdentityRule", r.Name, "spec.sources", fault.InvalidManifest,
				"DataSource %q has labels, by which nothing is matched; name it in quality.labels.sourceRef instead", d.Name)
		}
	}
	name := labelsOf(r)
	switch d := c.o.DataSource(name); {
	case name == "":
	case d == nil:
		c.add("IdentityRule", r.Name, "spec.quality", fault.ReferenceNotFound, "there is no DataSource %q", name)
	case d.Spec.RecordKind != v1alpha1.RecordLabel:
		c.add("IdentityRule", r.Name, "spec.quality", fault.InvalidManifest, "DataSource %q has records of kind %s; labels are of recordKind Label", name, d.Spec.RecordKind)
	}
}
