package controllers

import (
	"cmp"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/fault"
)

// What to do for a Run.
type action int

const (
	doWait  action = iota
	doStart        // make the Job
	doStop         // delete the Job
)

// runStep is what is done for a Run now, and what its status says after it.
type runStep struct {
	do    action
	again time.Duration
	// started is when the worker's Job began, nil while it has not.
	started *metav1.Time
	// waiting is why the worker does not start; nil for nothing.
	waiting *why
	// end of the Run; nil while it goes on.
	end *runEnd
}

type why struct{ reason, message string }

type runEnd struct {
	complete        bool
	reason, message string
}

// decide is pure: the next step follows from what was gathered.
func (s *runState) decide() runStep {
	switch {
	case s.job == nil:
		return s.beforeJob()
	case finished(s.job) != nil:
		return s.afterJob(*finished(s.job))
	}
	step := runStep{started: s.job.Status.StartTime, waiting: s.waiting()}
	if !s.begun() {
		since := s.job.CreationTimestamp.Time
		if s.now.Sub(since) >= startGrace {
			step.do, step.end = doStop, &runEnd{reason: v1alpha1.ReasonWorkerNotStarted, message: s.notStarted(step.waiting)}
			return step
		}
		step.again = startGrace - s.now.Sub(since) + time.Second
	}
	return step
}

// beforeJob: the Run is new, or its Job is gone.
func (s *runState) beforeJob() runStep {
	if res := s.run.Status.Result; res != nil && res.Outcome != v1alpha1.OutcomeFailed {
		// The worker had said how it ended before the Job was removed.
		return runStep{end: s.said(res)}
	}
	if s.plan == nil {
		if s.unplanned < planGrace {
			return runStep{again: lookAgain}
		}
		return runStep{end: &runEnd{reason: v1alpha1.ReasonPlanMissing, message: "the manager was stopped before it stored the plan; the next run has another"}}
	}
	if s.foreign != "" {
		return runStep{again: lookAgain, waiting: &why{v1alpha1.ReasonLockHeld, fmt.Sprintf("pod %s of an earlier run has not ended yet", s.foreign)}}
	}
	return runStep{do: doStart}
}

// afterJob: the Job is over, and the worker has said how its work ended, or could not.
func (s *runState) afterJob(c batchv1.JobCondition) runStep {
	step := runStep{started: s.job.Status.StartTime}
	res := s.run.Status.Result
	switch {
	case res != nil && (c.Type == batchv1.JobComplete || res.Outcome != v1alpha1.OutcomeFailed):
		step.end = s.said(res)
	case c.Reason == batchv1.JobReasonDeadlineExceeded:
		step.end = &runEnd{reason: v1alpha1.ReasonDeadlineExceeded, message: fmt.Sprintf("the worker took longer than %s", s.run.Spec.Deadline)}
	case res != nil:
		step.end = s.said(res)
	case c.Type == batchv1.JobComplete:
		step.end = &runEnd{reason: v1alpha1.ReasonWorkerLost, message: "the worker ended well but could not say so; the next run finds what it did"}
	default:
		step.end = &runEnd{reason: v1alpha1.ReasonWorkerLost, message: "the worker ended without a report: " + s.lastWords(c)}
	}
	return step
}

func (s *runState) said(res *v1alpha1.RunResult) *runEnd {
	switch res.Outcome {
	case v1alpha1.OutcomeCommitted, v1alpha1.OutcomeUnchanged:
		return &runEnd{complete: true, reason: string(res.Outcome)}
	case v1alpha1.OutcomeSuperseded:
		return &runEnd{reason: string(fault.Superseded), message: res.Message}
	default:
		return &runEnd{reason: cmp.Or(res.Class, string(fault.Internal)), message: res.Message}
	}
}

// finished is the condition that ended a Job, nil while it goes on. Its pods are gone by then.
func finished(j *batchv1.Job) *batchv1.JobCondition {
	for i := range j.Status.Conditions {
		if c := &j.Status.Conditions[i]; (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return c
		}
	}
	return nil
}

// begun says whether a container of the Run has ever started.
func (s *runState) begun() bool {
	for _, p := range s.pods {
		if p.Status.Phase != corev1.PodPending && p.Status.Phase != "" {
			return true
		}
	}
	return s.run.Status.Progress != nil || s.job.Status.Failed > 0
}

// waiting is why no container starts.
func (s *runState) waiting() *why {
	for _, p := range s.pods {
		if p.Status.Phase != corev1.PodPending {
			continue
		}
		for _, c := range p.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return &why{c.Reason, c.Message}
			}
		}
		for _, c := range p.Status.ContainerStatuses {
			if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing" {
				return &why{w.Reason, w.Message}
			}
		}
	}
	return nil
}

func (s *runState) notStarted(w *why) string {
	message := fmt.Sprintf("the worker did not start within %s", startGrace)
	if w != nil {
		message += ": " + w.reason + ": " + w.message
	}
	return message
}

// lastWords tell how the newest container ended.
func (s *runState) lastWords(c batchv1.JobCondition) string {
	for _, p := range s.pods {
		for _, cs := range p.Status.ContainerStatuses {
			if t := cs.State.Terminated; t != nil {
				return fmt.Sprintf("%s, exit code %d (%s)", t.Reason, t.ExitCode, c.Reason)
			}
		}
	}
	return c.Reason + ": " + c.Message
}

// apply writes the step into the Run's status. The worker's fields are left alone.
func (p runStep) apply(run *v1alpha1.Run, now time.Time) {
	if run.Status.StartTime == nil {
		run.Status.StartTime = p.started
	}
	set := func(kind string, status metav1.ConditionStatus, reason, message string) {
		meta.SetStatusCondition(&run.Status.Conditions, metav1.Condition{
			Type: kind, Status: status, Reason: reason, Message: conditions.Cut(message, 8192), ObservedGeneration: run.Generation, LastTransitionTime: metav1.NewTime(now),
		})
	}
	switch {
	case p.end != nil:
		meta.RemoveStatusCondition(&run.Status.Conditions, v1alpha1.ConditionWaiting)
		kind := v1alpha1.ConditionFailed
		if p.end.complete {
			kind = v1alpha1.ConditionComplete
		}
		set(kind, metav1.ConditionTrue, p.end.reason, p.end.message)
		at := metav1.NewTime(now)
		run.Status.CompletionTime = &at
	case p.waiting != nil:
		set(v1alpha1.ConditionWaiting, metav1.ConditionTrue, p.waiting.reason, p.waiting.message)
	default:
		meta.RemoveStatusCondition(&run.Status.Conditions, v1alpha1.ConditionWaiting)
	}
}
