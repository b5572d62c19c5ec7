package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ObjectReference names an object of a fixed kind in the same namespace; nothing crosses a tenant's border.
type ObjectReference struct {
	// Name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
}

// SecretReference names a Secret in the same namespace. It is mounted into the worker; the manager never reads it.
type SecretReference struct {
	// Name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// SecretKeyReference names one key of a Secret in the same namespace.
type SecretKeyReference struct {
	// Name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// Key in the Secret's data.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-._a-zA-Z0-9]+$`
	Key string `json:"key"`
}

// Volume names a PersistentVolumeClaim in the same namespace.
type Volume struct {
	// ClaimName of the PersistentVolumeClaim. `kith run` maps it to a folder with --volume NAME=DIR.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	ClaimName string `json:"claimName"`
}

// Common is what every kind that Kith works on has in its spec.
type Common struct {
	// DisplayName for people, in any language.
	// +optional
	// +kubebuilder:validation:MaxLength=200
	DisplayName string `json:"displayName,omitempty"`
	// Description for people, in any language.
	// +optional
	// +kubebuilder:validation:MaxLength=2000
	Description string `json:"description,omitempty"`
	// Suspend stops new runs of this object. What it produced stays.
	// +optional
	Suspend bool `json:"suspend,omitempty"`
}

// Status is what Kith tells about every kind: bounded, and never a person or a value of personal data.
type Status struct {
	// ObservedGeneration is the generation that the conditions speak of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// Conditions: Ready, Reconciling, Stalled as kstatus defines them, and Fresh.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Revision is the run whose result is in use.
	// +optional
	Revision string `json:"revision,omitempty"`
	// LastRunTime is when that run committed.
	// +optional
	LastRunTime *metav1.Time `json:"lastRunTime,omitempty"`
	// NextRunTime is when the object is looked at again: when its result reaches its interval, or a failed run is tried again.
	// +optional
	NextRunTime *metav1.Time `json:"nextRunTime,omitempty"`
	// LastHandledRunNow echoes the annotation cdp.kith.dev/run-now once its run and what that triggered have finished.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	LastHandledRunNow string `json:"lastHandledRunNow,omitempty"`
}
