package v1alpha1

// Condition types.
const (
	// ConditionReady is True when the object's spec is in effect and its last run succeeded.
	ConditionReady = "Ready"
	// ConditionReconciling is True while a new generation, run-now or resume is being put into effect.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when nothing will happen until somebody acts; its reason says who.
	ConditionStalled = "Stalled"
	// ConditionFresh is True while the result is no older than the interval.
	ConditionFresh = "Fresh"
)

// Annotations.
const (
	// AnnotationRunNow asks for a run at once; any new value counts.
	AnnotationRunNow = "cdp.kith.dev/run-now"
)
