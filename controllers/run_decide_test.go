package controllers

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
)

// gathered is a Run in the state that a test describes.
func gathered(changes ...func(*runState)) *runState {
	s := &runState{run: &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Name: "crm-ingest-1"}, Spec: v1alpha1.RunSpec{Deadline: "6h"}}, now: noon}
	for _, c := range changes {
		c(s)
	}
	return s
}

func planned1(s *runState)   { s.plan = &plan.Plan{} }
func foreign(s *runState)    { s.foreign = "crm-ingest-0-abc" }
func worked(s *runState)     { s.run.Status.Progress = &v1alpha1.RunProgress{} }
func failedOnce(s *runState) { s.job.Status.Failed = 1 }
func aged(d time.Duration) func(*runState) {
	return func(s *runState) { s.job.CreationTimestamp = metav1.NewTime(noon.Add(-d)) }
}

func jobbed(s *runState) {
	at := metav1.NewTime(noon)
	s.job = &batchv1.Job{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: at}, Status: batchv1.JobStatus{StartTime: &at}}
}

func over(kind batchv1.JobConditionType, reason string) func(*runState) {
	return func(s *runState) {
		jobbed(s)
		s.job.Status.Conditions = []batchv1.JobCondition{
			{Type: batchv1.JobSuspended, Status: corev1.ConditionFalse},
			{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: "the Job says so"},
		}
	}
}

func reported(outcome v1alpha1.RunOutcome, class fault.Class) func(*runState) {
	return func(s *runState) {
		s.run.Status.Result = &v1alpha1.RunResult{Outcome: outcome, Class: string(class), Message: "the worker says so"}
	}
}

func pod(change func(*corev1.Pod)) func(*runState) {
	return func(s *runState) {
		var p corev1.Pod
		p.Status.Phase = corev1.PodPending
		change(&p)
		s.pods = append(s.pods, p)
	}
}

func unschedulable(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes"}}
}

func waits(reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "no such image"}}}}
	}
}

func killed(p *corev1.Pod) {
	p.Status.Phase = corev1.PodFailed
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137}}}}
}

func running(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }

func TestRunSteps(t *testing.T) {
	with := func(changes ...func(*runState)) *runState { return gathered(changes...) }
	unplanned := func(d time.Duration) func(*runState) { return func(s *runState) { s.unplanned = d } }
	const none = action(-1)
	type want struct {
		do     action
		again  time.Duration
		waits  string
		ends   string // reason, with + before it where it is complete
		saying string
	}
	for name, c := range map[string]struct {
		state *runState
		want  want
	}{
		"new, its plan is being stored":              {with(), want{doWait, lookAgain, "", "", ""}},
		"its plan was never stored":                  {with(unplanned(planGrace)), want{doWait, 0, "", "PlanMissing", "stopped before it stored the plan"}},
		"its plan was not stored yet":                {with(unplanned(planGrace - 1)), want{doWait, lookAgain, "", "", ""}},
		"planned":                                    {with(planned1), want{doStart, 0, "", "", ""}},
		"another's pod lives":                        {with(planned1, foreign), want{doWait, lookAgain, "LockHeld", "", ""}},
		"reported, its Job is gone":                  {with(planned1, reported(v1alpha1.OutcomeCommitted, "")), want{doWait, 0, "", "+Committed", ""}},
		"overtaken, its Job is gone":                 {with(reported(v1alpha1.OutcomeSuperseded, fault.Superseded)), want{doWait, 0, "", "Superseded", "the worker says so"}},
		"failed, its Job is gone":                    {with(planned1, reported(v1alpha1.OutcomeFailed, fault.DiskFull)), want{doStart, 0, "", "", ""}},
		"no pod yet":                                 {with(jobbed), want{doWait, startGrace + time.Second, "", "", ""}},
		"unschedulable":                              {with(jobbed, pod(unschedulable)), want{doWait, startGrace + time.Second, "Unschedulable", "", ""}},
		"no image":                                   {with(jobbed, aged(time.Minute), pod(waits("ImagePullBackOff"))), want{doWait, startGrace - time.Minute + time.Second, "ImagePullBackOff", "", ""}},
		"a container is being made":                  {with(jobbed, pod(waits("ContainerCreating"))), want{doWait, startGrace + time.Second, "", "", ""}},
		"a pod is being set up":                      {with(jobbed, pod(waits("PodInitializing"))), want{doWait, startGrace + time.Second, "", "", ""}},
		"waits for nothing in particular":            {with(jobbed, pod(waits(""))), want{doWait, startGrace + time.Second, "", "", ""}},
		"not started in time":                        {with(jobbed, aged(startGrace)), want{doStop, 0, "", "WorkerNotStarted", "within 15m0s"}},
		"not started in time, and it is known why":   {with(jobbed, aged(startGrace), pod(waits("ErrImagePull"))), want{doStop, 0, "ErrImagePull", "WorkerNotStarted", "ErrImagePull: no such image"}},
		"running":                                    {with(jobbed, aged(time.Hour), pod(running)), want{doWait, 0, "", "", ""}},
		"running, and its pod is out of sight":       {with(jobbed, aged(time.Hour), worked), want{doWait, 0, "", "", ""}},
		"evicted once, to be started again":          {with(jobbed, aged(time.Hour), failedOnce, pod(unschedulable)), want{doWait, 0, "Unschedulable", "", ""}},
		"committed":                                  {with(over(batchv1.JobComplete, ""), reported(v1alpha1.OutcomeCommitted, "")), want{doWait, 0, "", "+Committed", ""}},
		"unchanged":                                  {with(over(batchv1.JobComplete, ""), reported(v1alpha1.OutcomeUnchanged, "")), want{doWait, 0, "", "+Unchanged", ""}},
		"failed":                                     {with(over(batchv1.JobFailed, "PodFailurePolicy"), reported(v1alpha1.OutcomeFailed, fault.ColumnMissing)), want{doWait, 0, "", "ColumnMissing", "the worker says so"}},
		"overtaken":                                  {with(over(batchv1.JobFailed, "PodFailurePolicy"), reported(v1alpha1.OutcomeSuperseded, fault.Superseded)), want{doWait, 0, "", "Superseded", "the worker says so"}},
		"committed, and killed before it could exit": {with(over(batchv1.JobFailed, "BackoffLimitExceeded"), reported(v1alpha1.OutcomeCommitted, "")), want{doWait, 0, "", "+Committed", ""}},
		"committed just before its deadline":         {with(over(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), reported(v1alpha1.OutcomeCommitted, "")), want{doWait, 0, "", "+Committed", ""}},
		"too slow":                                   {with(over(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded)), want{doWait, 0, "", "DeadlineExceeded", "longer than 6h"}},
		"too slow, and stopped":                      {with(over(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded), reported(v1alpha1.OutcomeFailed, fault.Cancelled)), want{doWait, 0, "", "DeadlineExceeded", "longer than 6h"}},
		"failed, and its pod ended well":             {with(over(batchv1.JobComplete, ""), reported(v1alpha1.OutcomeFailed, fault.RecordsRejected)), want{doWait, 0, "", "RecordsRejected", "the worker says so"}},
		"silent":                                     {with(over(batchv1.JobComplete, "")), want{doWait, 0, "", "WorkerLost", "could not say so"}},
		"lost":                                       {with(over(batchv1.JobFailed, "BackoffLimitExceeded")), want{doWait, 0, "", "WorkerLost", "BackoffLimitExceeded: the Job says so"}},
		"killed":                                     {with(over(batchv1.JobFailed, "BackoffLimitExceeded"), pod(killed)), want{doWait, 0, "", "WorkerLost", "OOMKilled, exit code 137"}},
		"a report without a class":                   {with(over(batchv1.JobFailed, "PodFailurePolicy"), reported(v1alpha1.OutcomeFailed, "")), want{doWait, 0, "", "Internal", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			step := c.state.decide()
			got := want{do: step.do, again: step.again, saying: c.want.saying}
			if step.waiting != nil {
				got.waits = step.waiting.reason
			}
			message := ""
			if step.end != nil {
				got.ends, message = step.end.reason, step.end.message
				if step.end.complete {
					got.ends = "+" + got.ends
				}
			}
			if got != c.want || !strings.Contains(message, c.want.saying) {
				t.Errorf("%+v, saying %q; want %+v", got, message, c.want)
			}
			if got.do == none || c.state.job != nil && c.state.job.Status.StartTime != nil && step.started == nil && step.do != doStop {
				t.Errorf("when it began was forgotten: %+v", step)
			}
			checkApplied(t, step, c.state.run)
		})
	}
}

// checkApplied: what is written is what the API takes, with at most one of the conditions.
func checkApplied(t *testing.T, step runStep, run *v1alpha1.Run) {
	t.Helper()
	before := run.Status.Result
	run.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionWaiting, Status: metav1.ConditionTrue, Reason: "Before"}}
	step.apply(run, noon)
	is := func(kind string) bool { return meta.IsStatusConditionTrue(run.Status.Conditions, kind) }
	n := 0
	for _, kind := range []string{v1alpha1.ConditionComplete, v1alpha1.ConditionFailed, v1alpha1.ConditionWaiting} {
		if is(kind) {
			n++
		}
	}
	ends := step.end != nil
	if n > 1 || plan.Over(run) != ends || (run.Status.CompletionTime != nil) != ends || is(v1alpha1.ConditionWaiting) != (step.waiting != nil && !ends) {
		t.Errorf("%+v makes %+v", step, run.Status)
	}
	for _, c := range run.Status.Conditions {
		if c.Reason == "" || len(c.Reason) > 1024 || !utf8.ValidString(c.Message) {
			t.Errorf("the API would not take %+v", c)
		}
	}
	if run.Status.Result != before {
		t.Error("the worker's part of the status was changed")
	}
}

func TestStartIsTold(t *testing.T) {
	run := &v1alpha1.Run{}
	first, second := metav1.NewTime(noon), metav1.NewTime(noon.Add(time.Hour))
	runStep{started: &first}.apply(run, noon)
	runStep{started: &second}.apply(run, noon)
	if !run.Status.StartTime.Equal(&first) {
		t.Errorf("a second Job moved the start to %s", run.Status.StartTime)
	}
	long := strings.Repeat("이", 5000)
	runStep{end: &runEnd{reason: "DiskFull", message: long}}.apply(run, noon)
	if m := run.Status.Conditions[0].Message; len(m) > 8192 || !utf8.ValidString(m) || !strings.HasPrefix(long, m) {
		t.Errorf("%d bytes", len(m))
	}
}

func TestMountsAnywhere(t *testing.T) {
	for name, c := range map[string]struct {
		modes []corev1.PersistentVolumeAccessMode
		want  bool
	}{
		"one node":          {[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, false},
		"one pod":           {[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOncePod}, false},
		"many nodes":        {[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}, true},
		"many may read":     {[]corev1.PersistentVolumeAccessMode{corev1.ReadOnlyMany}, true},
		"one or many nodes": {[]corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce, corev1.ReadWriteMany}, true},
		"nobody says":       {nil, false},
	} {
		if got := mountsAnywhere(c.modes); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPlanIsMissedForAWhile(t *testing.T) {
	var p planned
	run := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{UID: "1"}}
	other := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{UID: "2"}}
	if p.missingFor(run, true, noon) != 0 || p.missingFor(other, true, noon.Add(time.Second)) != 0 {
		t.Error("the first look tells nothing")
	}
	if got := p.missingFor(run, true, noon.Add(10*time.Second)); got != 10*time.Second {
		t.Errorf("%s", got)
	}
	if p.missingFor(run, false, noon.Add(11*time.Second)) != 0 || p.missingFor(run, true, noon.Add(time.Minute)) != 0 {
		t.Error("a plan that came was missed all the same")
	}
	if got := p.missingFor(other, true, noon.Add(time.Second+planGrace)); got != planGrace {
		t.Errorf("%s", got)
	}
	if len(p.since) != 1 {
		t.Errorf("what is over is remembered: %v", p.since)
	}
}
