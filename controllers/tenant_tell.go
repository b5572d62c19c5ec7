package controllers

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/conditions"
	"github.com/kith-dev/kith/internal/plan"
)

// tell writes each object's status, where it has changed.
func (r *Tenant) tell(ctx context.Context, t *tenant) error {
	var errs []error
	write := func(o client.Object) { errs = append(errs, r.writeStatus(ctx, t, o)) }
	t.each(write)
	return errors.Join(errs...)
}

// writeStatus replaces one object's status, and tells of it in an event where a condition has changed.
func (r *Tenant) writeStatus(ctx context.Context, t *tenant, o client.Object) error {
	before := o.DeepCopyObject().(client.Object)
	t.setStatus(o)
	if equality.Semantic.DeepEqual(before, o) {
		return nil
	}
	// Nobody else writes an object's status, so there is nothing to be in conflict with.
	if err := r.Status().Patch(ctx, o, client.MergeFrom(before)); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status of %s: %w", o.GetName(), err))
	}
	t.written.add(o)
	r.announce(o, conditionsOf(before), conditionsOf(o))
	return nil
}

// setStatus works an object's status out.
func (t *tenant) setStatus(o client.Object) {
	if o.GetDeletionTimestamp() != nil {
		t.setDeleting(o)
		return
	}
	switch o := o.(type) {
	case *v1alpha1.Workspace:
		o.Status = t.workspaceStatus(o)
	case *v1alpha1.DataSource:
		o.Status = t.dataSourceStatus(o)
	case *v1alpha1.IdentityRule:
		o.Status = t.identityRuleStatus(o)
	case *v1alpha1.Trait:
		o.Status = t.traitStatus(o)
	case *v1alpha1.Segment:
		o.Status = t.segmentStatus(o)
	case *v1alpha1.Destination:
		o.Status = t.destinationStatus(o)
	case *v1alpha1.Activation:
		o.Status = t.activationStatus(o)
	}
}

// setDeleting tells how the undoing of an object that is being deleted goes.
func (t *tenant) setDeleting(o client.Object) {
	var s *v1alpha1.Status
	var subject plan.Subject
	switch o := o.(type) {
	case *v1alpha1.Activation:
		s, subject = &o.Status.Status, plan.SyncSubject(o.Name)
	case *v1alpha1.DataSource:
		s, subject = &o.Status.Status, plan.IngestSubject(o.Name)
	default:
		return
	}
	summary := conditions.Summary{Reason: v1alpha1.ReasonDeleting, Reconciling: v1alpha1.ReasonDeleting, Message: "what it did outside the cluster is being taken back"}
	if e := t.history(subject).Ended; e.Failed() && e.Undo {
		summary.Message = fmt.Sprintf("run %s: %s: %s", e.Run, e.Class, e.Message)
	}
	s.ObservedGeneration, s.NextRunTime = o.GetGeneration(), nil
	conditions.Apply(&s.Conditions, o.GetGeneration(), summary, t.now)
}

func conditionsOf(o client.Object) []metav1.Condition {
	if d, ok := o.(v1alpha1.Declared); ok {
		return d.CommonStatus().Conditions
	}
	return nil
}

// announce makes an event of Ready or Stalled where one of them has another status or reason than before.
func (r *Tenant) announce(o client.Object, old, now []metav1.Condition) {
	before, after := meta.FindStatusCondition(old, v1alpha1.ConditionReady), meta.FindStatusCondition(now, v1alpha1.ConditionReady)
	if after == nil || before != nil && before.Status == after.Status && before.Reason == after.Reason {
		return
	}
	kind := corev1.EventTypeNormal
	if isWrong(now, after) {
		kind = corev1.EventTypeWarning
	}
	message := after.Message
	if message == "" {
		message = after.Reason
	}
	r.Events.Eventf(o, nil, kind, after.Reason, "Reconcile", "%s", brief(message))
}

// isWrong says whether an object that is not Ready has failed, rather than being on its way.
func isWrong(all []metav1.Condition, ready *metav1.Condition) bool {
	switch ready.Reason {
	case v1alpha1.ReasonSuspended:
		return false
	case v1alpha1.ReasonProgressing, v1alpha1.ReasonWaiting, v1alpha1.ReasonDeleting, missingReason:
		return meta.IsStatusConditionTrue(all, v1alpha1.ConditionStalled)
	default:
		return ready.Status != metav1.ConditionTrue
	}
}

// brief is a message as short as an event may be.
func brief(s string) string { return conditions.Cut(s, 1000) }

func kindOf(s *runtime.Scheme, o client.Object) string {
	gvk, err := apiutil.GVKForObject(o, s)
	if err != nil {
		return "unknown"
	}
	return gvk.Kind
}
