package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ActivationSpec says which people are sent where, for what, and with which values.
type ActivationSpec struct {
	Common `json:",inline"`
	// Audience of Segments of one identity space.
	Audience Audience `json:"audience"`
	// Purpose the people are reached for; a name of the Workspace's purposes. Only those who permit it are sent.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Purpose string `json:"purpose"`
	// DestinationRef names the Destination.
	DestinationRef ObjectReference `json:"destinationRef"`
	// Fields that are sent; nothing else leaves. Exactly one is the key that names the person at the destination.
	// +listType=map
	// +listMapKey=as
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:XValidation:rule="self.exists_one(f, has(f.key) && f.key)",message="exactly one field must be the key"
	Fields []ActivationField `json:"fields"`
	// Mode: Mirror keeps the destination equal to the audience; Upsert adds and updates people and takes out only those
	// who said no or are excluded; Append sends each person once.
	// +optional
	// +kubebuilder:default=Mirror
	// +kubebuilder:validation:Enum=Mirror;Upsert;Append
	Mode string `json:"mode,omitempty"`
	// Interval after which the audience is compared with the destination anew even if no data changed: consent expires.
	// +optional
	// +kubebuilder:default="1h"
	Interval *Duration `json:"interval,omitempty"`
	// Budget holds a run back that would change too much at the destination.
	// +optional
	// +kubebuilder:default={}
	Budget ActivationBudget `json:"budget,omitempty"`
	// DeletionPolicy says what becomes of the people at the destination when the Activation is deleted: RemoveMembers takes out
	// whom it sent before the Activation goes, Retain leaves them.
	// +optional
	// +kubebuilder:default=RemoveMembers
	// +kubebuilder:validation:Enum=RemoveMembers;Retain
	DeletionPolicy string `json:"deletionPolicy,omitempty"`
}

// ActivationBudget limits how much one run may change at the destination.
type ActivationBudget struct {
	// MaxChangePercent of the people at the destination who may be added and removed by one run; without it there is no limit. The first run has none.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	MaxChangePercent *int32 `json:"maxChangePercent,omitempty"`
	// OnEmptyAudience: Refuse to empty a destination that holds people, or Proceed.
	// +optional
	// +kubebuilder:default=Refuse
	// +kubebuilder:validation:Enum=Refuse;Proceed
	OnEmptyAudience string `json:"onEmptyAudience,omitempty"`
}

// Audience is any of the included Segments and none of the excluded.
// +kubebuilder:validation:XValidation:rule="!has(self.exclude) || !self.exclude.exists(e, self.include.exists(i, i.name == e.name))",message="a Segment is either included or excluded"
type Audience struct {
	// Include the members of any of these Segments.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Include []ObjectReference `json:"include"`
	// Exclude the members of each of these Segments, whatever the purpose of the data that tells so.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Exclude []ObjectReference `json:"exclude,omitempty"`
}

// ActivationField is one value that is sent.
type ActivationField struct {
	// Value is a CEL expression over profile and rank.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Value string `json:"value"`
	// As is the field's name at the destination.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	As string `json:"as"`
	// Hash the value before it is sent.
	// +optional
	// +kubebuilder:validation:Enum=SHA256
	Hash string `json:"hash,omitempty"`
	// Key names the person at the destination.
	// +optional
	Key bool `json:"key,omitempty"`
}

// ActivationStatus adds the counts of the last run.
type ActivationStatus struct {
	Status `json:",inline"`
	// Sent people who are at the destination.
	// +optional
	Sent *int64 `json:"sent,omitempty"`
	// Withheld people of the audience, for any reason.
	// +optional
	Withheld *int64 `json:"withheld,omitempty"`
	// Failed people of the last run.
	// +optional
	Failed *int64 `json:"failed,omitempty"`
}

// Activation sends an audience to a Destination and keeps it current there.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith,shortName=act
// +kubebuilder:printcolumn:name="Destination",type=string,JSONPath=`.spec.destinationRef.name`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Sent",type=integer,JSONPath=`.status.sent`
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.failed`
// +kubebuilder:printcolumn:name="Fresh",type=string,JSONPath=`.status.conditions[?(@.type=="Fresh")].status`
// +kubebuilder:printcolumn:name="Last run",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.endsWith('-dead-letters')",message="names that end in -dead-letters belong to the tables of refused people"
type Activation struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ActivationSpec   `json:"spec"`
	Status ActivationStatus `json:"status,omitempty"`
}

// ActivationList is a list of Activations.
// +kubebuilder:object:root=true
type ActivationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Activation `json:"items"`
}
