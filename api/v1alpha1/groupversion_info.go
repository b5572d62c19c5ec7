// Package v1alpha1 holds the kinds of the API group cdp.kith.dev: what analysts, data engineers and platform teams
// declare, and what Kith tells them back. Types, defaults and the rules that one object can break live here; what needs several
// objects (references, types of expressions) is checked by internal/plan, and everything about running them lives elsewhere.
//
// +kubebuilder:object:generate=true
// +groupName=cdp.kith.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "cdp.kith.dev", Version: "v1alpha1"}

// AddToScheme registers the kinds with a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion,
		&Workspace{}, &WorkspaceList{}, &DataSource{}, &DataSourceList{}, &IdentityRule{}, &IdentityRuleList{},
		&Trait{}, &TraitList{}, &Segment{}, &SegmentList{}, &Destination{}, &DestinationList{},
		&Activation{}, &ActivationList{}, &Run{}, &RunList{})
	metav1.AddToGroupVersion(s, GroupVersion)
	return nil
}
