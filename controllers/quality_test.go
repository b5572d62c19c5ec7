package controllers

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/plan"
)

func outputs(all map[string]int64) *plan.History {
	h := &plan.History{}
	for name, rows := range all {
		h.Outputs = append(h.Outputs, v1alpha1.RunOutput{Name: name, Rows: rows})
	}
	return h
}

func TestQualityOfARevision(t *testing.T) {
	unlabelled := map[string]int64{
		"records": 100, "quality/records": 100, "quality/largestProfile": 21, "quality/largeProfiles": 4321, "quality/sharedValues/email": 3, "quality/sharedValues/phone": 4,
		"quality/refusedMerges/separate": 1, "quality/refusedMerges/limit": 2, "quality/merges": 5, "quality/splits": 6,
	}
	want := &v1alpha1.IdentityQuality{LargestProfile: 21, LargeProfiles: "0.0043", SharedValues: 7, RefusedMerges: 3, Merges: 5, Splits: 6}
	if got := qualityOf(outputs(unlabelled)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	for name, rows := range map[string]int64{
		"quality/jitter": 250000, "quality/labelledRecords": 40, "quality/pairPrecision": 900000, "quality/pairRecall": 800000, "quality/pairF1": 847059,
		"quality/bCubedPrecision": 1000000, "quality/bCubedRecall": 500000, "quality/bCubedF1": 666667,
	} {
		unlabelled[name] = rows
	}
	want.Jitter = "0.2500"
	want.Labels = &v1alpha1.LabelQuality{
		Records: 40, Pairs: &v1alpha1.Agreement{Precision: "0.9000", Recall: "0.8000", F1: "0.8471"}, BCubed: &v1alpha1.Agreement{Precision: "1.0000", Recall: "0.5000", F1: "0.6667"},
	}
	if got := qualityOf(outputs(unlabelled)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	none := qualityOf(outputs(map[string]int64{"quality/labelledRecords": 0}))
	if none.Labels == nil || *none.Labels != (v1alpha1.LabelQuality{}) || len(gauges(none)) != 6 {
		t.Errorf("labels of no record: %+v, %v", none.Labels, gauges(none))
	}
	for what, h := range map[string]*plan.History{"no revision": {}, "a revision of an older version": outputs(map[string]int64{"records": 5})} {
		if got := qualityOf(h); got != nil {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// listed gives what it holds.
type listed struct {
	client.Reader
	rules []v1alpha1.IdentityRule
}

func (l listed) List(_ context.Context, into client.ObjectList, _ ...client.ListOption) error {
	into.(*v1alpha1.IdentityRuleList).Items = l.rules
	return nil
}

// The gauges are what the statuses say: none where there is no figure, and none of a rule that is gone.
func TestQualityMetrics(t *testing.T) {
	rule := func(namespace, name string, q *v1alpha1.IdentityQuality) v1alpha1.IdentityRule {
		return v1alpha1.IdentityRule{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Status: v1alpha1.IdentityRuleStatus{Quality: q}}
	}
	collected := func(rules ...v1alpha1.IdentityRule) string {
		t.Helper()
		registry := prometheus.NewPedanticRegistry()
		if err := registry.Register(&qualityFigures{listed{rules: rules}}); err != nil {
			t.Fatal(err)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, f := range families {
			for _, m := range f.GetMetric() {
				out = append(out, m.String())
			}
		}
		return strings.Join(out, "\n")
	}
	all := collected(rule("acme", "customers", &v1alpha1.IdentityQuality{LargestProfile: 21, Jitter: "0.2500", Labels: &v1alpha1.LabelQuality{
		Records: 40, BCubed: &v1alpha1.Agreement{F1: "0.9731"},
	}}), rule("acme", "new", nil))
	for _, want := range []string{`"largestProfile"`, `"jitter"`, `"bCubedF1"`, "value:0.9731", "value:0.25", "value:21", `"acme"`, `"customers"`} {
		if !strings.Contains(strings.ReplaceAll(all, " ", ""), want) {
			t.Errorf("%s is missing:\n%s", want, all)
		}
	}
	for _, never := range []string{`"new"`, `"largeProfiles"`, `"pairF1"`} {
		if strings.Contains(all, never) {
			t.Errorf("%s is there:\n%s", never, all)
		}
	}
	if left := collected(); left != "" {
		t.Errorf("without rules there are gauges:\n%s", left)
	}
}

// Labels are read like a source: people wait while they are being read, are made anew when they have changed, and a request to read them is answered when
// all that follows is through. Their figures are in the status.
func TestLabelsFeedTheirRule(t *testing.T) {
	w := newWorld(t)
	labels := aSource("truth")
	labels.Spec.RecordKind = v1alpha1.RecordLabel
	labels.Spec.Fields = []v1alpha1.Field{{Column: "source", Semantic: "recordSource"}, {Column: "id", Semantic: "recordKey"}, {Column: "who", Semantic: "personId"}}
	w.objects.DataSources = append(w.objects.DataSources, labels)
	w.objects.IdentityRules[0].Spec.Quality = &v1alpha1.Quality{Labels: &v1alpha1.Labels{SourceRef: v1alpha1.ObjectReference{Name: "truth"}}}
	w.pass()
	w.finish("crm-ingest-1", "default-maintain-1", "shop-ingest-1")
	w.pass()
	w.now = w.now.Add(quiet)
	expect(t, "while the labels are being read", w.pass())
	w.settle()
	if q := w.objects.IdentityRules[0].Status.Quality; q == nil || q.LargestProfile != 9 || q.Labels != nil {
		t.Errorf("%+v", q)
	}
	d := w.objects.DataSource("truth")
	d.Annotations = map[string]string{v1alpha1.AnnotationRunNow: "again"}
	w.answer = func(p *plan.Plan) *v1alpha1.RunResult {
		if p.Ingest != nil {
			return &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Message: "new rows"}
		}
		return nil
	}
	expect(t, "asked for", w.pass(), "truth-ingest-2")
	w.finish()
	w.pass()
	if got := w.objects.DataSource("truth").Status.LastHandledRunNow; got != "" {
		t.Errorf("handled before the people: %q", got)
	}
	runs := w.settle()
	if !slices.Contains(runs, "people-resolve-2") || w.objects.DataSource("truth").Status.LastHandledRunNow != "again" {
		t.Errorf("%v, handled %q", runs, w.objects.DataSource("truth").Status.LastHandledRunNow)
	}
}
