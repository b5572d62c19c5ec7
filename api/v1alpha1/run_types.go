package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Task is a kind of run.
// +kubebuilder:validation:Enum=Ingest;Resolve;Evaluate;Sync;Maintain
type Task string

// The tasks.
const (
	// TaskIngest reads one DataSource.
	TaskIngest Task = "Ingest"
	// TaskResolve makes the people of one IdentityRule.
	TaskResolve Task = "Resolve"
	// TaskEvaluate computes the Traits and Segments of one IdentityRule.
	TaskEvaluate Task = "Evaluate"
	// TaskSync brings one Activation's destination up to date.
	TaskSync Task = "Sync"
	// TaskMaintain removes what no revision needs.
	TaskMaintain Task = "Maintain"
)

// RunSpec is what one run does. It never changes.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a Run does not change; the controllers make a new one"
type RunSpec struct {
	// Task of the run.
	Task Task `json:"task"`
	// Subject the run is for.
	Subject RunSubject `json:"subject"`
	// Serial counts the subject's runs of this task.
	// +kubebuilder:validation:Minimum=1
	Serial int64 `json:"serial"`
	// PlanHash is equal for two runs that would do the same.
	// +kubebuilder:validation:MaxLength=64
	PlanHash string `json:"planHash"`
	// PlanRef names the ConfigMap that holds the plan.
	PlanRef ObjectReference `json:"planRef"`
	// Inputs are the revisions that the run reads.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Inputs []RunInput `json:"inputs,omitempty"`
}

// RunSubject is the object that a run is for.
type RunSubject struct {
	// Kind of the object.
	// +kubebuilder:validation:Enum=Workspace;DataSource;IdentityRule;Activation
	Kind string `json:"kind"`
	// Name of the object.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
}

// RunInput is a revision that a run reads.
type RunInput struct {
	// Kind of the object that made it.
	// +kubebuilder:validation:MaxLength=40
	Kind string `json:"kind"`
	// Name of that object.
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// Revision is the name of the run that made it.
	// +kubebuilder:validation:MaxLength=100
	Revision string `json:"revision"`
}

// RunStatus is a run's live progress and outcome.
type RunStatus struct {
	// StartTime of the worker.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// CompletionTime of the run.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// Progress of the work.
	// +optional
	Progress *RunProgress `json:"progress,omitempty"`
	// Outputs, one for each table, segment or stage.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=600
	Outputs []RunOutput `json:"outputs,omitempty"`
	// Revision that the run committed.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	Revision string `json:"revision,omitempty"`
	// Conditions of the run: Complete or Failed.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// RunProgress says how far a run is.
type RunProgress struct {
	// Done so far.
	Done int64 `json:"done"`
	// Total to do; 0 while unknown.
	// +optional
	Total int64 `json:"total,omitempty"`
	// Unit that is counted.
	// +kubebuilder:validation:MaxLength=20
	Unit string `json:"unit"`
}

// RunOutput is one thing that a run produced.
type RunOutput struct {
	// Name of the table, segment or stage.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Name string `json:"name"`
	// Rows or people in it.
	Rows int64 `json:"rows"`
	// Added since the revision before.
	// +optional
	Added int64 `json:"added,omitempty"`
	// Removed since the revision before.
	// +optional
	Removed int64 `json:"removed,omitempty"`
}

// Run is the record of one finite piece of data work. Controllers make Runs; people read them.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith
// +kubebuilder:printcolumn:name="Task",type=string,JSONPath=`.spec.task`
// +kubebuilder:printcolumn:name="Subject",type=string,JSONPath=`.spec.subject.name`
// +kubebuilder:printcolumn:name="Done",type=integer,JSONPath=`.status.progress.done`
// +kubebuilder:printcolumn:name="Completed",type=date,JSONPath=`.status.completionTime`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Run struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RunSpec   `json:"spec"`
	Status RunStatus `json:"status,omitempty"`
}

// RunList is a list of Runs.
// +kubebuilder:object:root=true
type RunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Run `json:"items"`
}
