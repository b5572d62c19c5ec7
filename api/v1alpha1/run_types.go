package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Task is a kind of run.
// +kubebuilder:validation:Enum=Ingest;Resolve;Evaluate;Canary;Sync;Maintain
type Task string

// The tasks.
const (
	// TaskIngest reads one DataSource.
	TaskIngest Task = "Ingest"
	// TaskResolve makes the people of one IdentityRule.
	TaskResolve Task = "Resolve"
	// TaskEvaluate computes the Traits and Segments of one IdentityRule.
	TaskEvaluate Task = "Evaluate"
	// TaskCanary compares the rule on trial of one IdentityRule with the one in use.
	TaskCanary Task = "Canary"
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
	PlanRef PlanReference `json:"planRef"`
	// Inputs are the revisions that the run reads.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Inputs []RunInput `json:"inputs,omitempty"`
	// Now is the time that counts as now in the run.
	Now metav1.MicroTime `json:"now"`
	// Base is the revision that the run builds on, as the manager knew it.
	// +optional
	// +kubebuilder:validation:MaxLength=100
	Base string `json:"base,omitempty"`
	// Cause says why the run was made.
	// +kubebuilder:validation:MaxLength=100
	Cause string `json:"cause"`
	// Attempt counts the runs of the same plan that have failed one after the other, this one included.
	// +kubebuilder:validation:Minimum=1
	Attempt int32 `json:"attempt"`
	// Requests of the annotation cdp.kith.dev/run-now that this run answers.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=600
	Requests []RunRequest `json:"requests,omitempty"`
	// Deadline of the worker.
	Deadline Duration `json:"deadline"`
	// Undo is true of runs that take back what a deleted object did outside the cluster.
	// +optional
	Undo bool `json:"undo,omitempty"`
	// Destination that a Sync sends to.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Destination string `json:"destination,omitempty"`
}

// RunRequest is one object's annotation cdp.kith.dev/run-now.
type RunRequest struct {
	// Kind of the object.
	// +kubebuilder:validation:MaxLength=40
	Kind string `json:"kind"`
	// Name of the object.
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// Value of the annotation.
	// +kubebuilder:validation:MaxLength=128
	Value string `json:"value"`
}

// PlanReference names a ConfigMap. A plan that is too large for one has further ones, named after it.
type PlanReference struct {
	// Name of the ConfigMap.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Name string `json:"name"`
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

// RunStatus is a run's live progress and outcome. The worker writes progress, outputs and result; the manager the rest.
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
	// Outputs of the revision that the subject has after the run, one for each table, segment or stage.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2000
	Outputs []RunOutput `json:"outputs,omitempty"`
	// Result is how the work ended, as the worker says.
	// +optional
	Result *RunResult `json:"result,omitempty"`
	// Conditions of the run: Complete or Failed; before that, Waiting tells why the worker does not start.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// RunOutcome is how the work of a run ended.
// +kubebuilder:validation:Enum=Committed;Unchanged;Superseded;Failed
type RunOutcome string

// The outcomes.
const (
	// OutcomeCommitted: a new revision is in the lake.
	OutcomeCommitted RunOutcome = "Committed"
	// OutcomeUnchanged: there was nothing to do.
	OutcomeUnchanged RunOutcome = "Unchanged"
	// OutcomeSuperseded: the lake has another latest revision than the run's base; nothing was done.
	OutcomeSuperseded RunOutcome = "Superseded"
	// OutcomeFailed: see class and message. A Sync that failed may have committed what it achieved.
	OutcomeFailed RunOutcome = "Failed"
)

// RunResult is how the work ended.
type RunResult struct {
	// Outcome of the work.
	Outcome RunOutcome `json:"outcome"`
	// Class of the error, where it failed; docs/troubleshooting.md has an entry for each.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Class string `json:"class,omitempty"`
	// Message of the error.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Message string `json:"message,omitempty"`
	// Revision is the subject's latest in the lake after the run, whoever made it.
	// +optional
	Revision *RunRevision `json:"revision,omitempty"`
}

// RunRevision is a revision of the lake.
type RunRevision struct {
	// Run that made it.
	// +kubebuilder:validation:MaxLength=100
	Run string `json:"run"`
	// Serial of that run.
	Serial int64 `json:"serial"`
	// PlanHash of that run.
	// +kubebuilder:validation:MaxLength=64
	PlanHash string `json:"planHash"`
	// Now that counted in that run.
	Now metav1.MicroTime `json:"now"`
	// CommittedAt is when it became visible.
	CommittedAt metav1.MicroTime `json:"committedAt"`
	// Inputs that it was made from.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Inputs []RunInput `json:"inputs,omitempty"`
	// Incomplete: it left work undone that a further run can do, such as people who could not be delivered.
	// +optional
	Incomplete bool `json:"incomplete,omitempty"`
	// Failures of parts, such as one Segment of an evaluation, that did not stop the rest.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=600
	Failures []RunFailure `json:"failures,omitempty"`
}

// RunFailure is the error of one part of a run.
type RunFailure struct {
	// Kind of the part.
	// +kubebuilder:validation:MaxLength=40
	Kind string `json:"kind"`
	// Name of the part.
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// Class of the error.
	// +kubebuilder:validation:MaxLength=40
	Class string `json:"class"`
	// Message of the error.
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message"`
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
// +kubebuilder:printcolumn:name="Outcome",type=string,JSONPath=`.status.result.outcome`
// +kubebuilder:printcolumn:name="Failed",type=string,JSONPath=`.status.conditions[?(@.type=="Failed")].reason`
// +kubebuilder:printcolumn:name="Done",type=integer,JSONPath=`.status.progress.done`
// +kubebuilder:printcolumn:name="Unit",type=string,JSONPath=`.status.progress.unit`,priority=1
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.spec.cause`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.result.message`,priority=1
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
