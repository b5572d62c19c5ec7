// Command manager is the operator: it keeps the results of every tenant's declarations as they ask. See docs/operations.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/controllers"
	"github.com/kith-dev/kith/internal/jobs"
)

// options are the command line.
type options struct {
	workerImage, workerPullPolicy, workerPullSecrets string
	namespaces                                       string
	leaderElect                                      bool
	leaderElectionNamespace                          string
	metricsAddress, probeAddress                     string
	concurrency, keepRuns                            int
	qps                                              float64
	log                                              zap.Options
}

func (o *options) bind(f *flag.FlagSet) {
	f.StringVar(&o.workerImage, "worker-image", os.Getenv("KITH_WORKER_IMAGE"), "image of the workers; KITH_WORKER_IMAGE without it")
	f.StringVar(&o.workerPullPolicy, "worker-image-pull-policy", string(corev1.PullIfNotPresent), "pull policy of the workers' image")
	f.StringVar(&o.workerPullSecrets, "worker-image-pull-secrets", "", "names of Secrets in each tenant's namespace that pull the workers' image, with commas between")
	f.StringVar(&o.namespaces, "namespaces", "", "namespaces to work in, with commas between; all of them without it")
	f.BoolVar(&o.leaderElect, "leader-elect", true, "work only while holding the Lease kith-manager")
	f.StringVar(&o.leaderElectionNamespace, "leader-election-namespace", "", "namespace of the Lease; the pod's own without it")
	f.StringVar(&o.metricsAddress, "metrics-bind-address", ":8080", "where metrics are served; 0 for nowhere")
	f.StringVar(&o.probeAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served")
	f.IntVar(&o.concurrency, "concurrency", 4, "tenants, and Runs, that are worked on at once")
	f.IntVar(&o.keepRuns, "keep-runs", 5, "ended Runs of each subject that are kept")
	f.Float64Var(&o.qps, "kube-api-qps", 200, "requests a second to the API at most, with bursts of twice as many")
	o.log.BindFlags(f)
}

func main() {
	var o options
	o.bind(flag.CommandLine)
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.log)))
	if err := run(o); err != nil {
		ctrl.Log.Error(err, "the manager ends")
		os.Exit(1)
	}
}

func run(o options) error {
	if o.workerImage == "" {
		return fmt.Errorf("--worker-image is missing: the image that workers are started from")
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("no way to the Kubernetes API: %w", err)
	}
	config.QPS, config.Burst = float32(o.qps), int(2*o.qps)
	m, err := ctrl.NewManager(config, managerOptions(o))
	if err != nil {
		return err
	}
	if err := setup(m, o); err != nil {
		return err
	}
	return m.Start(ctrl.SetupSignalHandler())
}

func managerOptions(o options) ctrl.Options {
	out := ctrl.Options{
		Scheme:                  scheme(),
		Cache:                   cache.Options{ByObject: cached(), DefaultTransform: cache.TransformStripManagedFields()},
		LeaderElection:          o.leaderElect,
		LeaderElectionID:        "kith-manager",
		LeaderElectionNamespace: o.leaderElectionNamespace,
		// A stopped manager hands over at once; it stops working before it does.
		LeaderElectionReleaseOnCancel: true,
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddress},
		HealthProbeBindAddress:        o.probeAddress,
	}
	if o.namespaces != "" {
		out.Cache.DefaultNamespaces = map[string]cache.Config{}
		for _, n := range strings.Split(o.namespaces, ",") {
			out.Cache.DefaultNamespaces[strings.TrimSpace(n)] = cache.Config{}
		}
	}
	return out
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err) // two kinds of one name: a mistake in the program
		}
	}
	return s
}

// cached are the foreign kinds that are watched: only what Kith made. Claims, ConfigMaps and the rest are read when needed, Secrets never.
func cached() map[client.Object]cache.ByObject {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{jobs.LabelManagedBy: jobs.ManagedBy}), Transform: withoutSpec}
	return map[client.Object]cache.ByObject{&batchv1.Job{}: ours, &corev1.Pod{}: ours}
}

// withoutSpec keeps of Jobs and pods what the loops look at: how they end. What they are made of is a third of a manager's memory.
func withoutSpec(o any) (any, error) {
	switch o := o.(type) {
	case *batchv1.Job:
		o.ManagedFields, o.Spec = nil, batchv1.JobSpec{}
	case *corev1.Pod:
		o.ManagedFields, o.Spec = nil, corev1.PodSpec{}
	}
	return o, nil
}

// setup registers the loops, which are all that the manager does.
func setup(m ctrl.Manager, o options) error {
	tenants := &controllers.Tenant{
		Client: m.GetClient(), Live: m.GetAPIReader(), Events: m.GetEventRecorder("kith"), Clock: clock.RealClock{}, KeepRuns: o.keepRuns,
	}
	image := controllers.WorkerImage{Image: o.workerImage, PullPolicy: corev1.PullPolicy(o.workerPullPolicy)}
	if o.workerPullSecrets != "" {
		image.PullSecrets = strings.Split(o.workerPullSecrets, ",")
	}
	runs := &controllers.RunLoop{
		Client: m.GetClient(), Live: m.GetAPIReader(), Events: m.GetEventRecorder("kith"), Clock: clock.RealClock{}, Worker: image,
	}
	atOnce := controller.Options{MaxConcurrentReconciles: o.concurrency}
	if err := tenants.SetupWithManager(m, atOnce); err != nil {
		return err
	}
	if err := runs.SetupWithManager(m, atOnce); err != nil {
		return err
	}
	if err := controllers.RegisterMetrics(m.GetCache(), m.GetScheme()); err != nil {
		return err
	}
	if err := m.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	return m.AddReadyzCheck("ping", healthz.Ping)
}
