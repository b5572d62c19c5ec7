package controllers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/jobs"
	"github.com/kith-dev/kith/internal/plan"
)

// runState is a Run with all that its next step depends on.
type runState struct {
	run  *v1alpha1.Run
	now  time.Time
	job  *batchv1.Job
	pods []corev1.Pod // of this Run
	// foreign is a pod under the same lock that still runs for another Run; empty for none.
	foreign string
	// plan is read only when there is no Job yet; nil where it is not stored, which has been seen for the time of unplanned.
	plan      *plan.Plan
	unplanned time.Duration
}

func (r *RunLoop) gather(ctx context.Context, run *v1alpha1.Run) (*runState, error) {
	s := &runState{run: run, now: r.Clock.Now()}
	var job batchv1.Job
	switch err := r.Get(ctx, client.ObjectKeyFromObject(run), &job); {
	case err == nil && metav1.IsControlledBy(&job, run):
		s.job = &job
	case err == nil:
		return nil, fmt.Errorf("there is a Job %s that is not of Run %s; delete it", job.Name, run.Name)
	case !apierrors.IsNotFound(err):
		return nil, err
	}
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(run.Namespace), client.MatchingLabels{v1alpha1.LabelLock: run.Labels[v1alpha1.LabelLock]}); err != nil {
		return nil, fmt.Errorf("listing the pods of Run %s: %w", run.Name, err)
	}
	for _, p := range pods.Items {
		switch {
		case s.job != nil && p.Labels[v1alpha1.LabelRun] == run.Name:
			s.pods = append(s.pods, p)
		case p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed:
			s.foreign = p.Name
		}
	}
	if s.job != nil {
		if finished(s.job) == nil {
			return s, nil
		}
		// The end of the Job may be known before what the worker had said of it.
		return s, r.Live.Get(ctx, client.ObjectKeyFromObject(run), run)
	}
	p, err := readPlan(ctx, r.Live, run)
	if err != nil {
		return nil, err
	}
	s.plan, s.unplanned = p, r.planned.missingFor(run, p == nil, s.now)
	return s, nil
}

// planned remembers since when Runs have been seen without their plan.
type planned struct {
	mu    sync.Mutex
	since map[types.UID]time.Time
}

func (p *planned) missingFor(run *v1alpha1.Run, missing bool, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !missing {
		delete(p.since, run.UID)
		return 0
	}
	if p.since == nil {
		p.since = map[types.UID]time.Time{}
	}
	at, ok := p.since[run.UID]
	if !ok {
		at, p.since[run.UID] = now, now
	}
	if now.Sub(at) >= planGrace {
		delete(p.since, run.UID)
	}
	return now.Sub(at)
}

// runsUnderLock are the Runs that may wait for a pod: its own, and the others under its lock.
func (r *RunLoop) runsUnderLock(ctx context.Context, o client.Object) []reconcile.Request {
	lock, ok := o.GetLabels()[v1alpha1.LabelLock]
	if !ok {
		return nil
	}
	var runs v1alpha1.RunList
	if err := r.List(ctx, &runs, client.InNamespace(o.GetNamespace()), client.MatchingLabels{v1alpha1.LabelLock: lock}); err != nil {
		return nil // the next event or look comes
	}
	var out []reconcile.Request
	for i := range runs.Items {
		if !plan.Over(&runs.Items[i]) {
			out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&runs.Items[i])})
		}
	}
	return out
}

// startJob makes what the worker needs around it, and its Job. A Job that is there already, not seen in the cache yet or of a deleted
// Run of the same name, is an error: the next look sees which.
func (r *RunLoop) startJob(ctx context.Context, run *v1alpha1.Run, s *runState) error {
	worker, err := r.workerOf(ctx, run.Namespace)
	if err != nil {
		return err
	}
	if err := r.access.ensure(ctx, r.Client, run.Namespace, jobs.ServiceAccountName(worker), s.now); err != nil {
		return err
	}
	single, err := r.singleNode(ctx, run.Namespace, jobs.Claims(s.plan))
	if err != nil {
		return err
	}
	parts, err := jobs.ConfigMaps(run, s.plan)
	if err != nil {
		return err
	}
	job := jobs.Job(run, s.plan, len(parts), jobs.Options{
		Image: r.Worker.Image, PullPolicy: r.Worker.PullPolicy, PullSecrets: r.Worker.PullSecrets, Worker: worker, SingleNode: single,
	})
	if err := r.Create(ctx, job); err != nil {
		return fmt.Errorf("making the Job of Run %s: %w", run.Name, err)
	}
	return nil
}

// workerOf a tenant is what its Workspace says; the defaults where that is gone.
func (r *RunLoop) workerOf(ctx context.Context, namespace string) (v1alpha1.Worker, error) {
	var w v1alpha1.Workspace
	err := r.Get(ctx, types.NamespacedName{Namespace: namespace, Name: "default"}, &w)
	if apierrors.IsNotFound(err) {
		return jobs.DefaultWorker(), nil
	}
	return w.Spec.Worker, err
}

// singleNode says whether one of the claims can be mounted on one node only. A claim that is not there yet keeps the pod waiting anyway.
func (r *RunLoop) singleNode(ctx context.Context, namespace string, claims []string) (bool, error) {
	for _, name := range claims {
		var c corev1.PersistentVolumeClaim
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, &c)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("reading claim %s: %w", name, err)
		}
		if !mountsAnywhere(c.Spec.AccessModes) {
			return true, nil
		}
	}
	return false, nil
}

func mountsAnywhere(modes []corev1.PersistentVolumeAccessMode) bool {
	for _, m := range modes {
		if m == corev1.ReadWriteMany || m == corev1.ReadOnlyMany {
			return true
		}
	}
	return false
}

// stopJob deletes a Job together with its pods.
func (r *RunLoop) stopJob(ctx context.Context, s *runState) error {
	if s.job == nil {
		return nil
	}
	err := r.Delete(ctx, s.job, client.PropagationPolicy(metav1.DeletePropagationForeground))
	return client.IgnoreNotFound(err)
}

// access makes what workers of a namespace share, and remembers for a while that it is there.
type access struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

const accessFor = 10 * time.Minute

func (a *access) ensure(ctx context.Context, c client.Client, namespace, account string, now time.Time) error {
	key := namespace + "/" + account
	a.mu.Lock()
	at, ok := a.seen[key]
	a.mu.Unlock()
	if ok && now.Sub(at) < accessFor {
		return nil
	}
	// An earlier version of Kith may have made the first two; what they say now is what counts.
	ours := []client.Object{jobs.Role(namespace), jobs.NetworkPolicy(namespace)}
	once := []client.Object{jobs.RoleBinding(namespace, account)}
	if account == jobs.WorkerName {
		once = append(once, jobs.ServiceAccount(namespace))
	}
	var errs []error
	for i, o := range append(ours, once...) {
		err := c.Create(ctx, o)
		if apierrors.IsAlreadyExists(err) {
			err = nil
			if i < len(ours) {
				err = c.Update(ctx, o)
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("making %T %s: %w", o, o.GetName(), err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil {
		a.seen = map[string]time.Time{}
	}
	a.seen[key] = now
	return nil
}
