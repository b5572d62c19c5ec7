// Package runreport tells the API server how a run in a pod goes: it patches progress, outputs and result of the Run's status.
// A report that can't be given never fails the run: what counts is in the lake, and the next worker of the subject tells it.
//
// What does not live here: the work (worker), times and conditions of a Run (the manager's), and what is shown on a terminal (cmd/kith).
package runreport

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/worker"
)

// How often and how long. They are variables of a Reporter for tests.
const (
	progressEvery  = 5 * time.Second
	requestTimeout = 10 * time.Second
	patience       = 2 * time.Minute
	firstPause     = 500 * time.Millisecond
	longestPause   = 15 * time.Second
)

// Options say which Run is reported on.
type Options struct {
	Config         *rest.Config
	Namespace, Run string
	// Log is told of reports that could not be given.
	Log func(format string, args ...any)
}

// Reporter reports on one Run. Progress may be called at any time until Finish, which ends it.
type Reporter struct {
	Options
	runs dynamic.ResourceInterface

	every, patience time.Duration
	pause           func(ctx context.Context, d time.Duration) error

	stop    context.CancelFunc
	stopped chan struct{}

	mu   sync.Mutex
	last v1alpha1.RunProgress // as the worker told it
	told bool                 // it told something
	gone bool                 // the Run was deleted
}

// New begins to report on a Run.
func New(o Options) (*Reporter, error) {
	r, err := newReporter(o)
	if err != nil {
		return nil, err
	}
	r.start()
	return r, nil
}

func newReporter(o Options) (*Reporter, error) {
	client, err := dynamic.NewForConfig(o.Config)
	if err != nil {
		return nil, err
	}
	runs := client.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace(o.Namespace)
	return &Reporter{Options: o, runs: runs, every: progressEvery, patience: patience, pause: pause, stopped: make(chan struct{})}, nil
}

func (r *Reporter) start() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	go r.follow(ctx)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Progress of the run; total is 0 while it is unknown. It does not wait for the API server.
func (r *Reporter) Progress(done, total int64, unit string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.told = v1alpha1.RunProgress{Done: done, Total: total, Unit: bounded(unit, maxUnit)}, true
}

// follow sends the progress when it has changed, and not more often than every so many seconds.
func (r *Reporter) follow(ctx context.Context) {
	defer close(r.stopped)
	var sent v1alpha1.RunProgress
	first, logged := true, false
	for r.pause(ctx, r.every) == nil {
		r.mu.Lock()
		now, told := r.last, r.told
		r.mu.Unlock()
		if !told || !first && now == sent {
			continue
		}
		err := r.patch(ctx, progressOf(now, first))
		switch {
		case err == nil:
			sent, first = now, false
		case apierrors.IsNotFound(err):
			r.mu.Lock()
			r.gone = true
			r.mu.Unlock()
			r.Log("Run %s was deleted: its progress is not reported any more", r.Run)
			return
		case ctx.Err() == nil && !logged:
			logged = true
			r.Log("the progress of Run %s can't be reported for now: %v", r.Run, err)
		}
	}
}

// Finish reports how the run ended, and tries again for some time while the API server does not take it. The run's own context
// may be what ended it, so this has one of its own.
func (r *Reporter) Finish(out worker.Outcome, runErr error) {
	r.stop()
	<-r.stopped
	if r.gone {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.patience)
	defer cancel()
	body := resultOf(out, runErr)
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		err := r.patch(ctx, body)
		switch {
		case err == nil:
			return
		case apierrors.IsNotFound(err):
			r.Log("Run %s was deleted: its result is not reported", r.Run)
			return
		case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
			r.Log("the API server refuses the result of Run %s (are the CustomResourceDefinitions those of this version?): %v", r.Run, err)
			return
		}
		if r.pause(ctx, wait) != nil {
			r.Log("the result of Run %s could not be reported: %v", r.Run, err)
			return
		}
	}
}

// patch merges into the Run's status.
func (r *Reporter) patch(ctx context.Context, status map[string]any) error {
	body, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	_, err = r.runs.Patch(ctx, r.Run, types.MergePatchType, body, metav1.PatchOptions{FieldManager: "kith-worker"}, "status")
	return err
}
