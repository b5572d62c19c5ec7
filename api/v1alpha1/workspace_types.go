package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkspaceSpec says where a tenant's data lives and what it may be used for.
// +kubebuilder:validation:XValidation:rule="self.purposes.exists(p, p.name == self.defaultPurpose)",message="defaultPurpose must be one of purposes"
type WorkspaceSpec struct {
	// Common: suspending the Workspace stops new runs of everything in the namespace.
	Common `json:",inline"`
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
	// Worker shapes the pods that do the work. `kith run` takes no notice of it.
	// +optional
	// +kubebuilder:default={}
	Worker Worker `json:"worker,omitempty"`
}

// Worker shapes the pods of a tenant's runs.
type Worker struct {
	// Resources of the container. The engine takes 60% of the memory limit and spills to scratch beyond it.
	// +optional
	// +kubebuilder:default={requests: {cpu: "250m", memory: "512Mi"}, limits: {memory: "2Gi"}}
	Resources WorkerResources `json:"resources,omitempty"`
	// NodeSelector that a node's labels must match.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// Tolerations of nodes' taints.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// Scratch space on the node; a run that needs more is evicted.
	// +optional
	// +kubebuilder:default="20Gi"
	Scratch *resource.Quantity `json:"scratch,omitempty"`
	// ServiceAccountName of the pods, such as one with a cloud identity; without it Kith makes one named kith-worker. Kith
	// binds it to a Role that may report on Runs and nothing else.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// Deadline of one run; one that takes longer is stopped and tried again. The lake forgets the files of runs that take longer than a day.
	// +optional
	// +kubebuilder:default="6h"
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('20h')",message="the deadline of a run is between 1m and 20h"
	Deadline *Duration `json:"deadline,omitempty"`
}

// WorkerResources are what a worker's container asks for and may take, as Kubernetes names them: cpu, memory.
type WorkerResources struct {
	// Requests that a node must have free.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	Requests corev1.ResourceList `json:"requests,omitempty"`
	// Limits of the container.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	Limits corev1.ResourceList `json:"limits,omitempty"`
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
// +kubebuilder:printcolumn:name="Lake",type=string,JSONPath=`.spec.lake.volume.claimName`
// +kubebuilder:printcolumn:name="Cleaned",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
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
