package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// SegmentSpec says which people belong together.
type SegmentSpec struct {
	Common `json:",inline"`
	// IdentityRef names the IdentityRule whose people are meant.
	IdentityRef ObjectReference `json:"identityRef"`
	// Where is a CEL condition over profile, events, transactions and now; the people for whom it is true are members.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Where string `json:"where"`
	// Rank orders the members and can keep only the first of them.
	// +optional
	Rank *Rank `json:"rank,omitempty"`
	// Interval after which the segment is evaluated anew even if no data changed: time passes.
	// +optional
	// +kubebuilder:default="1h"
	Interval *Duration `json:"interval,omitempty"`
	// Budget holds a result back that changes too much.
	// +optional
	Budget *SegmentBudget `json:"budget,omitempty"`
}

// SegmentBudget limits how much one evaluation may change.
type SegmentBudget struct {
	// MaxChangePercent of the members who may enter and leave in one evaluation, for each purpose. Beyond it the segment keeps its
	// members until the run is approved.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxChangePercent int32 `json:"maxChangePercent"`
}

// Rank orders the members of a Segment.
type Rank struct {
	// By is a CEL expression over profile; people without a value come last.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	By string `json:"by"`
	// Order: Descending puts the highest value first.
	// +optional
	// +kubebuilder:default=Descending
	// +kubebuilder:validation:Enum=Ascending;Descending
	Order string `json:"order,omitempty"`
	// Limit keeps this many members.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Limit *int64 `json:"limit,omitempty"`
}

// SegmentStatus adds the size of the revision in use.
type SegmentStatus struct {
	Status `json:",inline"`
	// Members, for the default purpose.
	// +optional
	Members *int64 `json:"members,omitempty"`
}

// Segment declares which people of an identity space belong together.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith,shortName=seg
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Members",type=integer,JSONPath=`.status.members`
// +kubebuilder:printcolumn:name="Fresh",type=string,JSONPath=`.status.conditions[?(@.type=="Fresh")].status`
// +kubebuilder:printcolumn:name="Last run",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
type Segment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   SegmentSpec   `json:"spec"`
	Status SegmentStatus `json:"status,omitempty"`
}

// SegmentList is a list of Segments.
// +kubebuilder:object:root=true
type SegmentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Segment `json:"items"`
}
