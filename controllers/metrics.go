package controllers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// Labels are kinds, tasks, outcomes and states: a fixed number of each, and never a name. Only quality has the names of IdentityRules, of which there are few.
var (
	runsEnded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kith_runs_total", Help: "Runs that are over, by task and outcome.",
	}, []string{"task", "outcome"})
	runDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kith_run_duration_seconds", Help: "How long a Run's Job took.", Buckets: prometheus.ExponentialBuckets(1, 2, 16),
	}, []string{"task"})
	finalizersDropped = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "kith_finalizers_dropped_total", Help: "Finalizers that were dropped although what they stand for was not done, by kind.",
	}, []string{"kind"})
	objectsDesc = prometheus.NewDesc("kith_objects", "Objects by kind and state: Ready, NotReady, Stalled, Suspended.", []string{"kind", "state"}, nil)
)

// RegisterMetrics makes the manager's metrics known, with counts of objects and the quality of people as the cache has them.
func RegisterMetrics(c client.Reader, s *runtime.Scheme) error {
	for _, m := range []prometheus.Collector{runsEnded, runDuration, finalizersDropped, &objectCounts{c, s}, &qualityFigures{c}} {
		if err := metrics.Registry.Register(m); err != nil {
			return err
		}
	}
	return nil
}

type objectCounts struct {
	client client.Reader
	scheme *runtime.Scheme
}

func (*objectCounts) Describe(out chan<- *prometheus.Desc) { out <- objectsDesc }

const collectWithin = 5 * time.Second

func (o *objectCounts) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectWithin)
	defer cancel()
	for _, l := range []client.ObjectList{
		&v1alpha1.WorkspaceList{}, &v1alpha1.DataSourceList{}, &v1alpha1.IdentityRuleList{}, &v1alpha1.TraitList{}, &v1alpha1.SegmentList{},
		&v1alpha1.DestinationList{}, &v1alpha1.ActivationList{},
	} {
		if err := o.client.List(ctx, l, client.UnsafeDisableDeepCopy); err != nil {
			out <- prometheus.NewInvalidMetric(objectsDesc, err)
			return
		}
		counts := map[[2]string]int{}
		_ = meta.EachListItem(l, func(item runtime.Object) error {
			gvk, err := apiutil.GVKForObject(item, o.scheme)
			if err == nil {
				counts[[2]string{gvk.Kind, stateOf(item)}]++
			}
			return err
		})
		for k, n := range counts {
			out <- prometheus.MustNewConstMetric(objectsDesc, prometheus.GaugeValue, float64(n), k[0], k[1])
		}
	}
}

// stateOf an object, for counting.
func stateOf(o runtime.Object) string {
	var conditions []metav1.Condition
	if d, ok := o.(v1alpha1.Declared); ok {
		conditions = d.CommonStatus().Conditions
	}
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	switch {
	case ready == nil:
		return "NotReady"
	case ready.Reason == v1alpha1.ReasonSuspended:
		return "Suspended"
	case meta.IsStatusConditionTrue(conditions, v1alpha1.ConditionStalled):
		return "Stalled"
	case ready.Status == metav1.ConditionTrue:
		return "Ready"
	default:
		return "NotReady"
	}
}
