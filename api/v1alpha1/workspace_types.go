package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkspaceSpec says where a tenant's data lives and what it may be used for.
// +kubebuilder:validation:XValidation:rule="self.purposes.exists(p, p.name == self.defaultPurpose)",message="defaultPurpose must be one of purposes"
type WorkspaceSpec struct {
	// Lake is where every table of the tenant lives.
	Lake Lake `json:"lake"`
	// TimeZone, an IANA name, for days and times that name no zone of their own.
	// +kubebuilder:default=UTC
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
	// Currency, ISO 4217, of every amount. Rows in another currency are quarantined, never converted by guess.
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	Currency string `json:"currency"`
	// Purposes that data may be used for.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Purposes []Purpose `json:"purposes"`
	// DefaultPurpose is what Segments and Traits are evaluated for when no Activation uses them.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	DefaultPurpose string `json:"defaultPurpose"`
	// Retention of what is no longer in use.
	// +optional
	// +kubebuilder:default={}
	Retention Retention `json:"retention,omitempty"`
}

// Lake is exactly one place.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:MaxProperties=1
type Lake struct {
	// Volume is a PersistentVolumeClaim; tables are Apache Iceberg with a hadoop catalog.
	// +optional
	Volume *Volume `json:"volume,omitempty"`
}

// LawfulBasis on which a purpose rests.
// +kubebuilder:validation:Enum=Consent;LegitimateInterest;Contract
type LawfulBasis string

// Unknown says what silence means.
// +kubebuilder:validation:Enum=Deny;Allow
type Unknown string

// Conflict decides between the records of one person that disagree.
// +kubebuilder:validation:Enum=MostRestrictive;MostRecent
type Conflict string

// Purpose is why data may be used.
// +kubebuilder:validation:XValidation:rule="self.lawfulBasis != 'Consent' || self.whenUnknown == 'Deny'",message="a purpose that rests on Consent must have whenUnknown: Deny"
type Purpose struct {
	// Name of the purpose.
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// LawfulBasis: Consent, LegitimateInterest or Contract.
	LawfulBasis LawfulBasis `json:"lawfulBasis"`
	// WhenUnknown says whether a person who said nothing may be reached.
	// +kubebuilder:default=Deny
	// +optional
	WhenUnknown Unknown `json:"whenUnknown,omitempty"`
	// Conflict decides when a person's identifiers disagree.
	// +kubebuilder:default=MostRestrictive
	// +optional
	Conflict Conflict `json:"conflict,omitempty"`
	// ExpiresAfter is how long a given consent holds; without it, until it is withdrawn.
	// +optional
	ExpiresAfter *Duration `json:"expiresAfter,omitempty"`
}

// Retention says how long old data stays.
type Retention struct {
	// Snapshots that no revision in use needs are removed when they are older than this.
	// +optional
	// +kubebuilder:default="168h"
	Snapshots *Duration `json:"snapshots,omitempty"`
}

// Workspace holds what all of a tenant's objects share. There is one in a namespace, named "default".
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Currency",type=string,JSONPath=`.spec.currency`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == 'default'",message="a namespace has one Workspace, named default"
type Workspace struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   WorkspaceSpec `json:"spec"`
	Status Status        `json:"status,omitempty"`
}

// WorkspaceList is a list of Workspaces.
// +kubebuilder:object:root=true
type WorkspaceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Workspace `json:"items"`
}
