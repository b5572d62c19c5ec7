// Package operator_test runs the manager's loops against a real API server. What the test has in its own hands is time, which passes
// only when everybody has come to rest (time_test.go), and what is not there: the worker and the Job controller (finisher_test.go) and
// the garbage collector (collector_test.go). An observer watches every status that is written and checks what must always hold
// (observer_test.go).
package operator_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/controllers"
	"github.com/kith-dev/kith/test/apitest"
)

var api apitest.Shared

// atOnce is how many tests run beside each other where nobody says otherwise: they spend their time waiting for the API.
const atOnce = "8"

func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err)
	}
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr), zap.Level(zapcore.DPanicLevel)))
	code := m.Run()
	api.Stop()
	os.Exit(code)
}

// world is one namespace, with a manager that works in it.
type world struct {
	client.WithWatch // past every cache
	t                *testing.T
	ctx              context.Context
	namespace        string
	config           *rest.Config
	clock            *testclock.FakeClock
	times            times
	finisher         *finisher
	observer         *observer
	events           recorder
	log              logBuffer
	// manager that works now, nil while there is none.
	manager *manager
	// killAt is the write at which the next manager is killed, 0 for never; whether that one still reaches the API is killedLate.
	killAt     int
	killedLate bool
	// runsSeen are the UIDs of Runs there were when the garbage collector last looked.
	runsSeen map[string]bool
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

var namespaces atomic.Int32

// newWorld makes a namespace and starts a manager there. Tests run beside each other.
func newWorld(t *testing.T) *world {
	t.Helper()
	rc := api.Config(t)
	t.Parallel()
	c, err := client.NewWithWatch(rc, client.Options{Scheme: scheme()})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{
		WithWatch: c, t: t, ctx: t.Context(), namespace: fmt.Sprintf("tenant-%d", namespaces.Add(1)), config: rc,
		clock: testclock.NewFakeClock(time.Now().UTC().Truncate(time.Second)), runsSeen: map[string]bool{},
	}
	w.finisher = newFinisher(w)
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
	w.observer = observe(w)
	t.Cleanup(w.end)
	w.startManager()
	return w
}

// end stops everything and tells what was seen that must never be.
func (w *world) end() {
	w.times.thaw()
	w.stopManager()
	w.observer.end()
	for _, problem := range slices.Concat(w.observer.problems, w.observer.lies(w.finisher.committed), w.finisher.problems) {
		w.t.Error(problem)
	}
	log := w.log.String()
	if strings.Contains(log, "Observed a panic") {
		w.t.Error("a loop panicked")
	}
	if w.t.Failed() {
		w.t.Logf("plans that were worked on: %v", w.finisher.names())
		w.t.Logf("the manager's log:\n%s", log)
	}
}

// manager is one life of the program.
type manager struct {
	cached  client.Reader
	started chan *queue
	queues  []*queue
	writes  *writes
	cancel  context.CancelFunc
	done    chan error
}

// startManager runs the loops until stopManager or the end of the test, put together as main.go does.
func (w *world) startManager() {
	w.t.Helper()
	skip := true
	m, err := ctrl.NewManager(w.config, ctrl.Options{
		Scheme: w.Scheme(), Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &skip},
		Cache:  cache.Options{DefaultNamespaces: map[string]cache.Config{w.namespace: {}}, DefaultTransform: w.times.transform(w.clock)},
		Logger: zap.New(zap.WriteTo(&w.log), zap.Level(zapcore.ErrorLevel)),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	run := &manager{
		started: make(chan *queue), cached: m.GetClient(), writes: &writes{Client: m.GetClient(), left: w.killAt, reaches: w.killedLate}, done: make(chan error, 1),
	}
	options := controller.Options{MaxConcurrentReconciles: 2, NewQueue: run.newQueue(w.clock)}
	events := tee{&w.events, m.GetEventRecorder("kith")}
	tenants := &controllers.Tenant{Client: run.writes, Live: m.GetAPIReader(), Events: events, Clock: w.clock, KeepRuns: 5}
	runs := &controllers.RunLoop{
		Client: run.writes, Live: m.GetAPIReader(), Events: events, Clock: w.clock, Worker: controllers.WorkerImage{Image: "worker"},
	}
	if err := tenants.SetupWithManager(m, options); err != nil {
		w.t.Fatal(err)
	}
	if err := runs.SetupWithManager(m, options); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run.cancel = cancel
	go func() { run.done <- m.Start(ctx) }()
	for range 2 { // loops
		select {
		case q := <-run.started:
			run.queues = append(run.queues, q)
		case err := <-run.done:
			w.t.Fatal(err)
		}
	}
	for _, q := range run.queues {
		<-q.asked
	}
	w.manager = run
}

// stopManager ends the manager, if there is one.
func (w *world) stopManager() {
	if w.manager == nil {
		return
	}
	w.manager.cancel()
	if err := <-w.manager.done; err != nil {
		w.t.Error(err)
	}
	w.manager = nil
}

// restart has a new manager take over, which remembers nothing.
func (w *world) restart() {
	w.t.Helper()
	w.stopManager()
	w.startManager()
}

// away is time that passes while there is no manager.
func (w *world) away(d time.Duration) {
	w.t.Helper()
	w.stopManager()
	w.clock.Step(d)
	w.startManager()
}

// logBuffer keeps what the manager logs.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
