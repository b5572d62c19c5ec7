package controllers

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

// RunLoop carries Runs to their end.
type RunLoop struct {
	// Client reads from the cache; Live asks the API itself.
	client.Client
	Live   client.Reader
	Events events.EventRecorder
	Clock  clock.PassiveClock
	Worker WorkerImage

	access  access
	planned planned
}

// WorkerImage is what workers are started from.
type WorkerImage struct {
	Image       string
	PullPolicy  corev1.PullPolicy
	PullSecrets []string
}

// SetupWithManager registers the loop.
func (r *RunLoop) SetupWithManager(m ctrl.Manager, o controller.Options) error {
	o.RateLimiter = retryLimiter()
	return ctrl.NewControllerManagedBy(m).Named("run").WithOptions(o).
		For(&v1alpha1.Run{}, builder.WithPredicates(predicate.NewPredicateFuncs(isLive))).
		Owns(&batchv1.Job{}).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(r.runsUnderLock)).
		Complete(r)
}

func isLive(o client.Object) bool {
	run, ok := o.(*v1alpha1.Run)
	return ok && !plan.Over(run)
}

// Reconcile brings one Run closer to its end: gather, decide, act, and one write of its status.
func (r *RunLoop) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	var run v1alpha1.Run
	if err := r.Get(ctx, req.NamespacedName, &run); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if plan.Over(&run) || run.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	s, err := r.gather(ctx, &run)
	if err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if plan.Over(&run) {
		return ctrl.Result{}, nil // the cache did not know yet; it was told of already
	}
	before := run.DeepCopy()
	step := s.decide()
	switch step.do {
	case doStart:
		if err := r.startJob(ctx, &run, s); err != nil {
			return ctrl.Result{}, err
		}
	case doStop:
		// Its Job goes first: once the Run is over, another may start.
		if err := r.stopJob(ctx, s); err != nil {
			return ctrl.Result{}, err
		}
	}
	step.apply(&run, s.now)
	if !equality.Semantic.DeepEqual(before.Status, run.Status) {
		if err := r.Status().Patch(ctx, &run, client.MergeFrom(before)); err != nil {
			return ctrl.Result{}, client.IgnoreNotFound(fmt.Errorf("writing the status of Run %s: %w", run.Name, err))
		}
	}
	if plan.Over(&run) {
		r.ended(&run)
	}
	return ctrl.Result{RequeueAfter: step.again}, nil
}

// ended counts a Run that is over, and tells people of one that failed.
func (r *RunLoop) ended(run *v1alpha1.Run) {
	e := plan.EndOf(run)
	runsEnded.WithLabelValues(string(run.Spec.Task), string(e.Outcome)).Inc()
	if run.Status.StartTime != nil && run.Status.CompletionTime != nil {
		runDuration.WithLabelValues(string(run.Spec.Task)).Observe(run.Status.CompletionTime.Sub(run.Status.StartTime.Time).Seconds())
	}
	if e.Failed() {
		r.Events.Eventf(run, nil, corev1.EventTypeWarning, string(e.Class), "Run", "%s", brief(e.Message))
	}
}

// Deadlines of waits.
const (
	// planGrace is how long a Run may be without its plan: the manager stores it right after the Run.
	planGrace = 20 * time.Second
	// startGrace is how long a worker may take to start: nodes have to be found, images pulled, volumes mounted.
	startGrace = 15 * time.Minute
	// lookAgain is how often a wait is looked at that no event ends.
	lookAgain = 2 * time.Second
)
