package manifest

import (
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// add decodes a checked document into its type and puts it into the Set.
func (s *Set) add(d *document) Problems {
	kind, o := d.kind(), &s.Objects
	r := ref{kind, d.name()}
	if other := s.where[r]; other != nil {
		return Problems{d.problem("metadata.name", "is already the name of the %s at %s", kind, other.pos(""))}
	}
	s.where[r] = d
	var err error
	switch kind {
	case "Workspace":
		o.Workspace = &v1alpha1.Workspace{}
		err = decode(d, o.Workspace)
	case "DataSource":
		o.DataSources, err = appendTo(o.DataSources, d)
	case "IdentityRule":
		o.IdentityRules, err = appendTo(o.IdentityRules, d)
	case "Trait":
		o.Traits, err = appendTo(o.Traits, d)
	case "Segment":
		o.Segments, err = appendTo(o.Segments, d)
	case "Destination":
		o.Destinations, err = appendTo(o.Destinations, d)
	case "Activation":
		o.Activations, err = appendTo(o.Activations, d)
	default:
		s.ignore(d, "made by Kith, not declared")
	}
	if err != nil {
		return Problems{d.problem("", "%v", err)}
	}
	return nil
}

func decode(d *document, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(d.object, into)
}

func appendTo[T any](list []T, d *document) ([]T, error) {
	var x T
	if err := decode(d, &x); err != nil {
		return list, err
	}
	return append(list, x), nil
}
