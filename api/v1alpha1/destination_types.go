package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DestinationSpec is an account at a receiving system, shared by Activations.
type DestinationSpec struct {
	Common `json:",inline"`
	// Connector that delivers: exactly one.
	Connector DestinationConnector `json:"connector"`
	// Purposes that people may be sent here for; names of the Workspace's purposes.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=40
	Purposes []string `json:"purposes"`
	// Delivery: how much at once, how fast, how often again.
	// +optional
	// +kubebuilder:default={}
	Delivery Delivery `json:"delivery,omitempty"`
}

// DestinationConnector is exactly one way to deliver.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:MaxProperties=1
type DestinationConnector struct {
	// Webhook takes batches as JSON over HTTP.
	// +optional
	Webhook *WebhookDestination `json:"webhook,omitempty"`
	// Files on a volume.
	// +optional
	Files *FilesDestination `json:"files,omitempty"`
}

// WebhookDestination posts batches to a URL.
type WebhookDestination struct {
	// URL that takes the batches.
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s@]+$`
	URL string `json:"url"`
	// CredentialsSecretRef names a Secret whose key `token` is sent as a bearer token.
	// +optional
	CredentialsSecretRef *SecretReference `json:"credentialsSecretRef,omitempty"`
}

// FilesDestination writes a file below a volume's root.
type FilesDestination struct {
	// Volume the file is written to.
	Volume Volume `json:"volume"`
	// Path of the file. In mode Mirror it holds the whole audience and is replaced as one; in the other modes each run
	// adds a file with the run's name before the extension.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..')",message="path is relative to the volume and has no .."
	Path string `json:"path"`
	// Format of the file.
	// +kubebuilder:validation:Enum=CSV;NDJSON
	Format string `json:"format"`
}

// Delivery limits what a destination is asked to take.
type Delivery struct {
	// BatchSize is the most people in one request.
	// +optional
	// +kubebuilder:default=500
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	BatchSize int32 `json:"batchSize,omitempty"`
	// Concurrency is how many Syncs to this Destination run at once in a cluster. Each gets its share of the rate.
	// +optional
	// +kubebuilder:default=2
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=50
	Concurrency int32 `json:"concurrency,omitempty"`
	// RateLimit of requests to this Destination, all Syncs together.
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`
	// Timeout of one attempt.
	// +optional
	// +kubebuilder:default="30s"
	Timeout *Duration `json:"timeout,omitempty"`
	// MaxAttempts of one batch within a run.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	MaxAttempts int32 `json:"maxAttempts,omitempty"`
}

// RateLimit is a number of requests per length of time.
type RateLimit struct {
	// Requests allowed.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Requests int32 `json:"requests"`
	// Per this time.
	// +optional
	// +kubebuilder:default="1s"
	Per *Duration `json:"per,omitempty"`
}

// Destination declares where people can be sent.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith,shortName=dest
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
type Destination struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   DestinationSpec `json:"spec"`
	Status Status          `json:"status,omitempty"`
}

// DestinationList is a list of Destinations.
// +kubebuilder:object:root=true
type DestinationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Destination `json:"items"`
}
