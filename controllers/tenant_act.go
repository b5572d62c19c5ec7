package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// current says whether a start still is what the Runs that there are now ask for: nothing is under way under its lock, no run has
// ended there that the decision did not know, and its Destination takes another one.
func (t *tenant) current(s start, now []v1alpha1.Run) bool {
	lock, syncing := lockOf(s.plan.Subject), int32(0)
	for i := range now {
		r := &now[i]
		if r.Labels[v1alpha1.LabelLock] == lock {
			known := slices.ContainsFunc(t.runs, func(k v1alpha1.Run) bool { return k.UID == r.UID && plan.Over(&k) })
			if !plan.Over(r) || !known {
				return false
			}
		}
		if s.plan.Sync != nil && r.Spec.Destination == s.plan.Sync.Destination && !plan.Over(r) {
			syncing++
		}
	}
	return s.plan.Sync == nil || syncing < atOnce(s.plan.Sync)
}

// makeRun makes a Run and then its plan. A Run whose plan was not stored before the manager died ends as PlanMissing, and its
// subject gets another.
func (r *Tenant) makeRun(ctx context.Context, t *tenant, run *v1alpha1.Run, p *plan.Plan) error {
	maps, err := jobs.ConfigMaps(run, p)
	if err != nil {
		return err
	}
	if err := r.Create(ctx, run); err != nil {
		if apierrors.IsAlreadyExists(err) {
			t.look(t.now.Add(cacheLag))
			return nil
		}
		return fmt.Errorf("making Run %s: %w", run.Name, err)
	}
	for _, c := range maps {
		c.OwnerReferences[0].UID = run.UID
		if err := r.Create(ctx, c); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("storing the plan of Run %s: %w", run.Name, err)
		}
	}
	return nil
}

func runOf(namespace string, s start) *v1alpha1.Run {
	p := s.plan
	run := &v1alpha1.Run{
		ObjectMeta: metav1.ObjectMeta{
			Name: p.Run, Namespace: namespace,
			Labels: map[string]string{
				jobs.LabelManagedBy: jobs.ManagedBy, v1alpha1.LabelLock: lockOf(p.Subject), v1alpha1.LabelTask: string(p.Subject.Task),
			},
		},
		Spec: v1alpha1.RunSpec{
			Task: p.Subject.Task, Subject: v1alpha1.RunSubject{Kind: p.Subject.Kind, Name: p.Subject.Name}, Serial: p.Serial,
			PlanHash: p.Hash(), PlanRef: v1alpha1.PlanReference{Name: planRef(p.Run)}, Now: metav1.NewMicroTime(p.Now), Base: p.Base,
			Cause: string(s.cause), Attempt: s.attempt, Requests: s.requests, Deadline: s.deadline, Undo: s.undo,
		},
	}
	for _, in := range p.Inputs {
		run.Spec.Inputs = append(run.Spec.Inputs, v1alpha1.RunInput{Kind: in.Kind, Name: in.Name, Revision: in.Run})
	}
	if p.Sync != nil {
		run.Spec.Destination = p.Sync.Destination
		run.Labels[v1alpha1.LabelDestination] = p.Sync.Destination
	}
	if s.owner != nil {
		kind := v1alpha1.GroupVersion.WithKind(p.Subject.Kind)
		run.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(s.owner, kind)}
	}
	return run
}

// planRef is the name of a new Run's plan. It is used once: a Run that was deleted takes its plan along only after a while, and another Run
// of its name must not be left with that.
func planRef(run string) string { return run + "-" + rand.String(5) }

// lockOf a subject: what its run has to itself. All tasks of a kind share it.
func lockOf(s plan.Subject) string { return strings.ToLower(s.Kind) + "." + s.Name }

func (r *Tenant) addFinalizer(ctx context.Context, o client.Object) error {
	before := o.DeepCopyObject().(client.Object)
	switch o.(type) {
	case *v1alpha1.Activation:
		controllerutil.AddFinalizer(o, v1alpha1.FinalizerRemoveMembers)
	case *v1alpha1.DataSource:
		controllerutil.AddFinalizer(o, v1alpha1.FinalizerRetract)
	}
	// A list is replaced as a whole, so the patch must not meet an object that somebody else has changed.
	err := r.Patch(ctx, o, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return fmt.Errorf("adding a finalizer to %s: %w", o.GetName(), err)
	}
	return nil
}

func (r *Tenant) dropFinalizer(ctx context.Context, d drop) error {
	before := d.object.DeepCopyObject().(client.Object)
	if !controllerutil.RemoveFinalizer(d.object, d.finalizer) {
		return nil
	}
	err := r.Patch(ctx, d.object, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if err != nil {
		return client.IgnoreNotFound(fmt.Errorf("removing the finalizer of %s: %w", d.object.GetName(), err))
	}
	if !d.undone {
		kind := kindOf(r.Scheme(), d.object)
		finalizersDropped.WithLabelValues(kind).Inc()
		// A namespace that is being deleted takes no events, so the log has to tell of it as well.
		log.FromContext(ctx).Info("a finalizer was dropped although what it stands for was not done", "kind", kind, "name", d.object.GetName(), "why", brief(d.why))
		r.Events.Eventf(d.object, nil, corev1.EventTypeWarning, v1alpha1.EventNotUndone, "Delete", "%s", brief(d.why))
	}
	return nil
}

// cannotUndo drops the finalizer of the object whose undoing run can't be made.
func (t *tenant) cannotUndo(s start, why string) {
	for _, a := range t.activationsGone {
		if plan.SyncSubject(a.Name) == s.plan.Subject {
			t.drops = append(t.drops, drop{object: a, finalizer: v1alpha1.FinalizerRemoveMembers, why: why})
		}
	}
	for _, d := range t.sourcesGone {
		if plan.IngestSubject(d.Name) == s.plan.Subject {
			t.drops = append(t.drops, drop{object: d, finalizer: v1alpha1.FinalizerRetract, why: why})
		}
	}
}

// prune deletes ended Runs beyond the history that is kept, and those whose subject is gone.
func (r *Tenant) prune(ctx context.Context, t *tenant) error {
	surplus := plan.Surplus(t.runs, r.KeepRuns)
	for i := range t.runs {
		if run := &t.runs[i]; plan.Over(run) && !t.has(run) {
			surplus = append(surplus, run.Name)
		}
	}
	slices.Sort(surplus)
	var errs []error
	for _, name := range slices.Compact(surplus) {
		run := &v1alpha1.Run{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: t.namespace}}
		err := r.Delete(ctx, run, client.PropagationPolicy(metav1.DeletePropagationBackground))
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return errors.Join(errs...)
}

// has says whether a Run's subject is there, or is being deleted and needs its Runs for it.
func (t *tenant) has(run *v1alpha1.Run) bool {
	name := run.Spec.Subject.Name
	switch run.Spec.Subject.Kind {
	case "Workspace":
		return t.objects.Workspace != nil
	case "DataSource":
		return t.objects.DataSource(name) != nil || slices.ContainsFunc(t.sourcesGone, func(d *v1alpha1.DataSource) bool { return d.Name == name })
	case "IdentityRule":
		return t.objects.IdentityRule(name) != nil
	default:
		return t.objects.Activation(name) != nil || slices.ContainsFunc(t.activationsGone, func(a *v1alpha1.Activation) bool { return a.Name == name })
	}
}
