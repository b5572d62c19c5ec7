// Package operator_test runs the manager's loops against a real API server, with a clock that the test moves and a finisher in the
// place of kubelet and worker: it ends Jobs with what a small lake in memory says.
package operator_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/zap/zapcore"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	testclock "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/controllers"
)

// within is how long a state may take to come about. Nothing is measured with it.
const within = 30 * time.Second

// world is one namespace with a manager that works in it.
type world struct {
	client.Client
	t         testing.TB
	ctx       context.Context
	namespace string
	clock     *testclock.FakeClock
	finisher  *finisher
	config    *rest.Config
	stop      func()
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

func TestMain(m *testing.M) {
	ctrl.SetLogger(zap.New(zap.Level(zapcore.ErrorLevel), zap.WriteTo(os.Stderr)))
	os.Exit(m.Run())
}

var namespaces int

// newWorld makes a namespace on an API server of the test's own, and starts a manager there.
func newWorld(t testing.TB, api *rest.Config) *world {
	t.Helper()
	c, err := client.New(api, client.Options{Scheme: scheme()})
	if err != nil {
		t.Fatal(err)
	}
	namespaces++
	w := &world{
		Client: c, t: t, ctx: t.Context(), namespace: fmt.Sprintf("tenant-%d", namespaces), config: api,
		clock: testclock.NewFakeClock(time.Now().UTC().Truncate(time.Second)),
	}
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})
	w.finisher = newFinisher(w)
	w.startManager()
	go w.finisher.run(w.ctx)
	return w
}

// startManager runs the loops until stopManager or the end of the test.
func (w *world) startManager() {
	w.t.Helper()
	skip := true
	m, err := ctrl.NewManager(w.config, ctrl.Options{
		Scheme: w.Scheme(), Metrics: metricsserver.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &skip},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{w.namespace: {}}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	tenants := &controllers.Tenant{Client: m.GetClient(), Live: m.GetAPIReader(), Events: m.GetEventRecorder("kith"), Clock: w.clock, KeepRuns: 5}
	runs := &controllers.RunLoop{
		Client: m.GetClient(), Live: m.GetAPIReader(), Events: m.GetEventRecorder("kith"), Clock: w.clock, Worker: controllers.WorkerImage{Image: "worker"},
	}
	if err := tenants.SetupWithManager(m, 2); err != nil {
		w.t.Fatal(err)
	}
	if err := runs.SetupWithManager(m, 2); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.ctx)
	done := make(chan error, 1)
	go func() { done <- m.Start(ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
	w.t.Cleanup(func() { cancel() })
}

func (w *world) create(objects ...client.Object) {
	w.t.Helper()
	for _, o := range objects {
		if _, ok := o.(*corev1.Namespace); !ok {
			o.SetNamespace(w.namespace)
		}
		if err := w.Create(w.ctx, o); err != nil {
			w.t.Fatal(err)
		}
	}
}

// eventually waits until what is true, moving the clock a little each time: waits of the manager are short or moved by hand.
func (w *world) eventually(what string, is func() (bool, string)) {
	w.t.Helper()
	end := time.Now().Add(within)
	last := ""
	for time.Now().Before(end) {
		ok, now := is()
		if ok {
			return
		}
		last = now
		w.clock.Step(500 * time.Millisecond)
		time.Sleep(50 * time.Millisecond)
	}
	w.t.Fatalf("%s: not within %s; last seen: %s", what, within, last)
}

// get reads an object anew.
func get[T client.Object](w *world, o T, name string) T {
	w.t.Helper()
	if err := w.Get(w.ctx, client.ObjectKey{Namespace: w.namespace, Name: name}, o); err != nil {
		w.t.Fatal(err)
	}
	return o
}

func condition(cs []metav1.Condition, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(cs, kind); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// runs of a task, oldest first.
func (w *world) runs(task v1alpha1.Task) []v1alpha1.Run {
	w.t.Helper()
	var l v1alpha1.RunList
	if err := w.List(w.ctx, &l, client.InNamespace(w.namespace), client.MatchingLabels{v1alpha1.LabelTask: string(task)}); err != nil {
		w.t.Fatal(err)
	}
	return l.Items
}
