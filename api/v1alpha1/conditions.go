package v1alpha1

// Condition types of every kind but Run.
const (
	// ConditionReady is True when the object's spec is in effect and its last run succeeded.
	ConditionReady = "Ready"
	// ConditionReconciling is True while a new generation, run-now or resume is being put into effect.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when nothing will happen until somebody acts; its reason says what is wrong.
	ConditionStalled = "Stalled"
	// ConditionFresh is True while the result was made from the latest inputs and is no older than the interval.
	ConditionFresh = "Fresh"
	// ConditionCanary of an IdentityRule with a canary is True while figures of the rule on trial, as it is declared, can be compared.
	ConditionCanary = "Canary"
)

// Condition types of a Run.
const (
	// ConditionComplete is True of a Run that ended as it should; its reason is Committed or Unchanged.
	ConditionComplete = "Complete"
	// ConditionFailed is True of a Run that did not; its reason is the class of the error.
	ConditionFailed = "Failed"
	// ConditionWaiting is True while a Run's worker can't start; its reason is that of Kubernetes.
	ConditionWaiting = "Waiting"
)

// Reasons of conditions, beside the error classes of docs/troubleshooting.md.
const (
	// ReasonSucceeded: the spec is in effect and the last run succeeded.
	ReasonSucceeded = "Succeeded"
	// ReasonAccepted: the object is right; it has no runs of its own.
	ReasonAccepted = "Accepted"
	// ReasonProgressing: a run is under way or about to start.
	ReasonProgressing = "Progressing"
	// ReasonWaiting: an input has no result yet.
	ReasonWaiting = "WaitingForInput"
	// ReasonRetrying: the last run failed and is tried again.
	ReasonRetrying = "Retrying"
	// ReasonSuspended: spec.suspend is set, here or on the Workspace or Destination.
	ReasonSuspended = "Suspended"
	// ReasonUnblocked: nothing is wrong that somebody must mend.
	ReasonUnblocked = "Unblocked"
	// ReasonUpToDate: the result was made from the latest inputs within the interval.
	ReasonUpToDate = "UpToDate"
	// ReasonOutdated: an input has a newer result, or the result is older than the interval.
	ReasonOutdated = "Outdated"
	// ReasonDeleting: what the object did outside the cluster is being taken back.
	ReasonDeleting = "Deleting"
	// ReasonCanaryRunning: the rule on trial is measured beside the one in use.
	ReasonCanaryRunning = "CanaryRunning"
	// ReasonIdle: there is nothing to put into effect.
	ReasonIdle = "Idle"
)

// Reasons of a Run's failure that the worker did not see itself; the others are error classes.
const (
	// ReasonDeadlineExceeded: the worker took longer than the Run's deadline.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonWorkerLost: the worker ended without a result, or its Job is gone.
	ReasonWorkerLost = "WorkerLost"
	// ReasonWorkerNotStarted: the worker did not start in time.
	ReasonWorkerNotStarted = "WorkerNotStarted"
	// ReasonPlanMissing: the Run's plan was not stored before the manager was stopped.
	ReasonPlanMissing = "PlanMissing"
)

// ReasonLockHeld is why a Run is Waiting while a worker of an earlier one under its lock has not ended.
const ReasonLockHeld = "LockHeld"

// Reasons of events, beside those of conditions.
const (
	// EventNotUndone: a finalizer was dropped although what it stands for was not done.
	EventNotUndone = "NotUndone"
)

// Annotations.
const (
	// AnnotationRunNow asks for a run at once; any new value counts, up to 128 characters of it.
	AnnotationRunNow = "cdp.kith.dev/run-now"
	// AnnotationApprove lets the plan of the Run that it names proceed over a budget, and no later one.
	AnnotationApprove = "cdp.kith.dev/approve"
)

// Finalizers.
const (
	// FinalizerRemoveMembers keeps an Activation until its people are out of the destination.
	FinalizerRemoveMembers = "cdp.kith.dev/remove-members"
	// FinalizerRetract keeps a DataSource until its rows are out of the lake.
	FinalizerRetract = "cdp.kith.dev/retract"
)

// Labels of everything that Kith makes for a Run.
const (
	// LabelRun is the Run's name.
	LabelRun = "cdp.kith.dev/run"
	// LabelLock names what the Run has to itself: <kind>.<name>, in lower case.
	LabelLock = "cdp.kith.dev/lock"
	// LabelTask is the Run's task.
	LabelTask = "cdp.kith.dev/task"
	// LabelDestination is the Destination that a Sync sends to.
	LabelDestination = "cdp.kith.dev/destination"
)
