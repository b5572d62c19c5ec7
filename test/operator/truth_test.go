package operator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// lies are the versions of objects that were Ready before any run had put into effect what they declare.
func (o *observer) lies(committed []*plan.Plan) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for ref, versions := range o.seen {
		for i, object := range versions {
			s := statusOf(object)
			c := condition(s.Conditions, v1alpha1.ConditionReady)
			if c.Status != metav1.ConditionTrue || c.ObservedGeneration != object.GetGeneration() {
				continue
			}
			switch object.(type) {
			case *v1alpha1.Workspace, *v1alpha1.Destination:
				continue // nothing is computed for them
			}
			known := slices.ContainsFunc(committed[:o.commits[ref][i]], func(p *plan.Plan) bool { return effects(p, object) })
			if !known {
				out = append(out, fmt.Sprintf("%s, version %s of generation %d, is Ready (%s), and no run has put that into effect", ref, object.GetResourceVersion(), object.GetGeneration(), c.Reason))
			}
		}
	}
	slices.Sort(out)
	return out
}

// effects says whether a plan puts what an object declares into effect.
func effects(p *plan.Plan, o client.Object) bool {
	switch o := o.(type) {
	case *v1alpha1.DataSource:
		spec := *o.Spec.DeepCopy()
		spec.Common, spec.Interval, spec.Purposes, spec.DeletionPolicy = v1alpha1.Common{}, nil, nil, ""
		return p.Subject.Name == o.Name && p.Ingest != nil && same(p.Ingest.Source, spec)
	case *v1alpha1.IdentityRule:
		spec := *o.Spec.DeepCopy()
		spec.Common, spec.Interval, spec.Canary = v1alpha1.Common{}, nil, nil // nobody is served by a rule on trial
		return p.Subject.Name == o.Name && p.Resolve != nil && same(p.Resolve.Rule, spec)
	case *v1alpha1.Trait:
		return p.Evaluate != nil && slices.Contains(p.Evaluate.Traits, plan.Trait{Name: o.Name, Attribute: o.Spec.Attribute, Expression: o.Spec.Expression})
	case *v1alpha1.Segment:
		return p.Evaluate != nil && slices.ContainsFunc(p.Evaluate.Segments, func(s plan.Segment) bool {
			return s.Name == o.Name && s.Where == o.Spec.Where && same(s.Rank, o.Spec.Rank) && (!s.Suspended || o.Generation == 1)
		})
	case *v1alpha1.Activation:
		spec := *o.Spec.DeepCopy()
		spec.Common, spec.Interval, spec.DeletionPolicy = v1alpha1.Common{}, nil, ""
		return p.Subject.Name == o.Name && p.Sync != nil && !p.Sync.RemoveMembers && same(p.Sync.Activation, spec)
	}
	return false
}

func same(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	return bytes.Equal(x, y)
}
