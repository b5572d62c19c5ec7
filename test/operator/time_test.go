package operator_test

import (
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Time stands still while anybody has something to do. When everybody is at rest it jumps to when the manager asked to be called
// next; what it does not ask for does not happen. So nothing here waits, and a pass that was forgotten shows.

const (
	// soon is how long something may take that nothing stands in the way of.
	soon = time.Minute
	// restWithin is how long it may take on the real clock until everybody is at rest. Nothing is measured with it.
	restWithin = time.Minute
)

// eventually lets time pass until something is so, which is to be soon. is tells what is seen instead.
func (w *world) eventually(what string, is func() error) {
	w.t.Helper()
	w.within(soon, what, is)
}

// within is eventually with another time.
func (w *world) within(d time.Duration, what string, is func() error) {
	w.t.Helper()
	end := w.clock.Now().Add(d)
	for {
		w.rest()
		err := is()
		if err == nil {
			return
		}
		next := w.manager.next()
		if next.IsZero() || next.After(end) {
			w.t.Fatalf("%s: not within %s: %v", what, d, err)
		}
		w.moveTo(next)
	}
}

// pass lets time pass, and everything happen that happens meanwhile.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	end := w.clock.Now().Add(d)
	for {
		w.rest()
		next := w.manager.next()
		if next.IsZero() || next.After(end) {
			break
		}
		w.moveTo(next)
	}
	w.moveTo(end)
	w.rest()
}

// always lets time pass like pass, while something has to be so at every moment at which all is at rest.
func (w *world) always(d time.Duration, what string, is func() error) {
	w.t.Helper()
	end := w.clock.Now().Add(d)
	for {
		w.rest()
		if err := is(); err != nil {
			w.t.Fatalf("%s, %s before the end: %v", what, end.Sub(w.clock.Now()), err)
		}
		next := w.manager.next()
		if next.IsZero() || next.After(end) {
			break
		}
		w.moveTo(next)
	}
	w.moveTo(end)
	w.check(what, is)
}

func (w *world) moveTo(at time.Time) {
	if at.After(w.clock.Now()) {
		w.clock.SetTime(at)
	}
	w.manager.release(w.clock.Now())
}

// rest waits until there is nothing to do for anybody before time passes.
func (w *world) rest() {
	w.t.Helper()
	for end := time.Now().Add(restWithin); !w.resting(); {
		if time.Now().After(end) {
			w.t.Fatalf("no rest within %s", restWithin)
		}
	}
}

// resting says whether the loops have nothing to do, know what the API knows, and what their Jobs and deletions call for is done.
func (w *world) resting() bool {
	m := w.manager
	before := m.added()
	if !m.idle() {
		time.Sleep(time.Millisecond)
		return false
	}
	now := w.look()
	if w.finisher.pass(now) || w.collect(now) {
		return false
	}
	for tries := 20; !w.known(now); tries-- {
		if tries == 0 || !m.idle() {
			return false
		}
		time.Sleep(time.Millisecond)
	}
	time.Sleep(2 * time.Millisecond) // from the cache to the queue
	return m.idle() && m.added() == before
}

func (m *manager) newQueue(c *testclock.FakeClock) func(string, workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	return func(_ string, l workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
		q := &queue{
			TypedInterface: workqueue.NewTyped[reconcile.Request](), limiter: l, clock: c, due: map[reconcile.Request]time.Time{}, asked: make(chan struct{}),
		}
		m.started <- q
		return q
	}
}

func (m *manager) idle() bool {
	for _, q := range m.queues {
		if !q.idle() {
			return false
		}
	}
	return true
}

// added counts what was put into the queues.
func (m *manager) added() int {
	n := 0
	for _, q := range m.queues {
		q.mu.Lock()
		n += q.added
		q.mu.Unlock()
	}
	return n
}

// next is when a loop wants to be called; the zero time is never.
func (m *manager) next() time.Time {
	var out time.Time
	for _, q := range m.queues {
		q.mu.Lock()
		for _, at := range q.due {
			if out.IsZero() || at.Before(out) {
				out = at
			}
		}
		q.mu.Unlock()
	}
	return out
}

func (m *manager) release(now time.Time) {
	for _, q := range m.queues {
		q.release(now)
	}
}

// queue is a workqueue whose delays are by the test's clock.
type queue struct {
	workqueue.TypedInterface[reconcile.Request]
	limiter workqueue.TypedRateLimiter[reconcile.Request]
	clock   *testclock.FakeClock

	// asked is closed when a loop has begun to work.
	asked chan struct{}
	once  sync.Once

	mu          sync.Mutex
	due         map[reconcile.Request]time.Time
	busy, added int
}

func (q *queue) Add(r reconcile.Request) {
	q.mu.Lock()
	q.added++
	q.mu.Unlock()
	q.TypedInterface.Add(r)
}

func (q *queue) AddAfter(r reconcile.Request, d time.Duration) {
	if d <= 0 {
		q.Add(r)
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	at := q.clock.Now().Add(d)
	if earlier, ok := q.due[r]; !ok || at.Before(earlier) {
		q.due[r] = at
	}
}

func (q *queue) AddRateLimited(r reconcile.Request) { q.AddAfter(r, q.limiter.When(r)) }

func (q *queue) Forget(r reconcile.Request) { q.limiter.Forget(r) }

func (q *queue) NumRequeues(r reconcile.Request) int { return q.limiter.NumRequeues(r) }

func (q *queue) Get() (reconcile.Request, bool) {
	q.once.Do(func() { close(q.asked) })
	r, down := q.TypedInterface.Get()
	if !down {
		q.mu.Lock()
		q.busy++
		q.added++ // it may have left the queue before it was counted as being worked on
		q.mu.Unlock()
	}
	return r, down
}

func (q *queue) Done(r reconcile.Request) {
	q.TypedInterface.Done(r)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
}

func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.busy == 0 && q.Len() == 0
}

func (q *queue) release(now time.Time) {
	q.mu.Lock()
	var ready []reconcile.Request
	for r, at := range q.due {
		if !at.After(now) {
			ready = append(ready, r)
			delete(q.due, r)
		}
	}
	q.mu.Unlock()
	for _, r := range ready {
		q.Add(r)
	}
}

// times puts the test's clock in the place of the API server's: when an object was made and deleted is when the manager first saw it.
type times struct {
	mu            sync.Mutex
	made, deleted map[types.UID]metav1.Time
	// frozen is what the manager's cache waits for where keeps says so; nil for nothing.
	frozen chan struct{}
	keeps  func(client.Object) bool
}

// freeze has the manager's cache of some kinds stay behind until it is thawed.
func (t *times) freeze(keeps func(client.Object) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.frozen, t.keeps = make(chan struct{}), keeps
}

func (t *times) thaw() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frozen != nil {
		close(t.frozen)
		t.frozen = nil
	}
}

// isFrozen gives the channel for an object that is kept back, else nil.
func (t *times) isFrozen(o client.Object) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.frozen == nil || !t.keeps(o) {
		return nil
	}
	return t.frozen
}

func isRun(o client.Object) bool {
	_, ok := o.(*v1alpha1.Run)
	return ok
}

// isDeclaration of somebody.
func isDeclaration(o client.Object) bool {
	switch o.(type) {
	case *v1alpha1.Run, *batchv1.Job, *corev1.Pod:
		return false
	}
	return true
}

func (t *times) transform(c *testclock.FakeClock) func(any) (any, error) {
	return func(in any) (any, error) {
		o, ok := in.(client.Object)
		if !ok {
			return in, nil
		}
		if frozen := t.isFrozen(o); frozen != nil {
			<-frozen
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.made == nil {
			t.made, t.deleted = map[types.UID]metav1.Time{}, map[types.UID]metav1.Time{}
		}
		now := metav1.NewTime(c.Now().Truncate(time.Second))
		o.SetManagedFields(nil)
		o.SetCreationTimestamp(first(t.made, o.GetUID(), now))
		if o.GetDeletionTimestamp() != nil {
			at := first(t.deleted, o.GetUID(), now)
			o.SetDeletionTimestamp(&at)
		}
		return o, nil
	}
}

func first(known map[types.UID]metav1.Time, id types.UID, now metav1.Time) metav1.Time {
	if at, ok := known[id]; ok {
		return at
	}
	known[id] = now
	return now
}
