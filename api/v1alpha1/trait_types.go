package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TraitSpec is one computed value on every profile.
type TraitSpec struct {
	Common `json:",inline"`
	// IdentityRef names the IdentityRule whose people are meant.
	IdentityRef ObjectReference `json:"identityRef"`
	// Attribute is the value's name in expressions: profile.<attribute>.
	// +kubebuilder:validation:Pattern=`^[a-zA-Z][a-zA-Z0-9_]*$`
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="!(self in ['known','rank'])",message="known and rank are names that expressions already use"
	Attribute string `json:"attribute"`
	// Expression in CEL over profile, events, transactions and now.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Expression string `json:"expression"`
	// Interval after which the value is computed anew even if no data changed: time passes.
	// +optional
	// +kubebuilder:default="1h"
	Interval *Duration `json:"interval,omitempty"`
}

// Trait declares a computed value on every profile of an identity space.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith
// +kubebuilder:printcolumn:name="Attribute",type=string,JSONPath=`.spec.attribute`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Last run",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
type Trait struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   TraitSpec `json:"spec"`
	Status Status    `json:"status,omitempty"`
}

// TraitList is a list of Traits.
// +kubebuilder:object:root=true
type TraitList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Trait `json:"items"`
}
