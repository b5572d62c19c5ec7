package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Tenant is the loop over namespaces.
type Tenant struct {
	// Client reads from the cache; Live asks the API itself.
	client.Client
	Live   client.Reader
	Events events.EventRecorder
	Clock  clock.PassiveClock
	// KeepRuns is how many ended Runs of each subject stay.
	KeepRuns int

	memory memory
}

// SetupWithManager registers the loop. A change of anything in a namespace asks for one pass over it.
func (r *Tenant) SetupWithManager(m ctrl.Manager, o controller.Options) error {
	o.RateLimiter = retryLimiter()
	b := ctrl.NewControllerManagedBy(m).Named("tenant").WithOptions(o)
	for _, o := range declared() {
		b = b.Watches(o, handler.EnqueueRequestsFromMapFunc(namespaceOf), declarationChanged())
	}
	return b.Watches(&v1alpha1.Run{}, handler.EnqueueRequestsFromMapFunc(namespaceOf), outcomeChanged()).Complete(r)
}

// declared are the kinds that people declare.
func declared() []client.Object {
	return []client.Object{
		&v1alpha1.Workspace{}, &v1alpha1.DataSource{}, &v1alpha1.IdentityRule{}, &v1alpha1.Trait{}, &v1alpha1.Segment{},
		&v1alpha1.Destination{}, &v1alpha1.Activation{},
	}
}

// Reconcile brings one namespace closer to what is declared in it: gather, decide, act, and tell.
func (r *Tenant) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	t, err := r.gather(ctx, req.Name)
	if err != nil {
		return ctrl.Result{}, err
	}
	if t.behind() {
		return ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	t.decide()
	errs := []error{r.act(ctx, t), r.tell(ctx, t)}
	r.memory.done(t)
	if err := errors.Join(errs...); err != nil {
		return ctrl.Result{}, err
	}
	if t.next.IsZero() {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: jittered(t.next.Sub(t.now))}, nil
}

// act does what was decided. Finalizers come first: nothing is done outside the cluster for an object that could vanish without it.
func (r *Tenant) act(ctx context.Context, t *tenant) error {
	for _, o := range t.adds {
		if err := r.addFinalizer(ctx, o); err != nil {
			return err
		}
		t.written.add(o)
	}
	errs := []error{r.makeRuns(ctx, t)}
	for _, d := range t.drops {
		errs = append(errs, r.dropFinalizer(ctx, d))
		t.written.add(d.object)
	}
	return errors.Join(append(errs, r.prune(ctx, t))...)
}

// makeRuns makes the Runs that are due. The cache may be behind, so the API itself is asked which are under way: there is never a
// second one under a lock.
func (r *Tenant) makeRuns(ctx context.Context, t *tenant) error {
	if len(t.starts) == 0 {
		return nil
	}
	var now v1alpha1.RunList
	if err := r.Live.List(ctx, &now, client.InNamespace(t.namespace)); err != nil {
		return fmt.Errorf("listing Runs in %s: %w", t.namespace, err)
	}
	var errs []error
	for _, s := range t.starts {
		if !t.current(s, now.Items) {
			t.look(t.now.Add(cacheLag))
			continue
		}
		run := runOf(t.namespace, s)
		err := r.makeRun(ctx, t, run, s.plan)
		if s.undo && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
			t.cannotUndo(s, "the namespace is being deleted, so no Run can be made")
			continue
		}
		if err != nil {
			errs = append(errs, err)
		}
		now.Items = append(now.Items, *run)
	}
	return errors.Join(errs...)
}

// cacheLag is when to look again after the cache was seen to be behind.
const cacheLag = 200 * time.Millisecond
