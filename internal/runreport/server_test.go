package runreport

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/worker"
	"github.com/kith-dev/kith/test/apitest"
)

// runs of a real API server.
type runs struct {
	t      *testing.T
	config *rest.Config
	client dynamic.ResourceInterface
}

func newRuns(t *testing.T) *runs {
	config := apitest.Start(t)
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &runs{t, config, client.Resource(v1alpha1.GroupVersion.WithResource("runs")).Namespace(metav1.NamespaceDefault)}
}

func (r *runs) create(name string) {
	r.t.Helper()
	run := &v1alpha1.Run{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Run"}, ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.RunSpec{
			Task: v1alpha1.TaskEvaluate, Subject: v1alpha1.RunSubject{Kind: "IdentityRule", Name: "people"}, Serial: 7, PlanHash: "h",
			PlanRef: v1alpha1.PlanReference{Name: name}, Now: metav1.NewMicroTime(noon), Cause: "first run", Attempt: 1, Deadline: "1h",
		},
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(run)
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.client.Create(r.t.Context(), &unstructured.Unstructured{Object: content}, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *runs) status(name string) v1alpha1.RunStatus {
	r.t.Helper()
	u, err := r.client.Get(r.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	var out v1alpha1.Run
	b, err := u.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Status
}

// reporter whose progress is sent at each tick.
func (r *runs) reporter(name string, ticks <-chan struct{}) *Reporter {
	r.t.Helper()
	out, err := newReporter(Options{Config: r.config, Namespace: metav1.NamespaceDefault, Run: name, Log: r.t.Logf})
	if err != nil {
		r.t.Fatal(err)
	}
	out.pause = func(ctx context.Context, _ time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks:
			return nil
		}
	}
	out.start()
	return out
}

// TestServer reports to a real API server: what it does not take would be seen nowhere else.
func TestServer(t *testing.T) {
	r := newRuns(t)
	r.create("people-evaluate-7")
	ticks := make(chan struct{})
	first := r.reporter("people-evaluate-7", ticks)
	first.Progress(3, 10, "steps")
	ticks <- struct{}{}
	ticks <- struct{}{} // the one before is over
	if got := r.status("people-evaluate-7").Progress; got == nil || *got != (v1alpha1.RunProgress{Done: 3, Total: 10, Unit: "steps"}) {
		t.Errorf("progress %+v", got)
	}
	rev := revision()
	first.Finish(worker.Outcome{Latest: rev}, fault.New(fault.Cancelled, "stopped: context canceled"))
	got := r.status("people-evaluate-7")
	if res := got.Result; res == nil || res.Outcome != v1alpha1.OutcomeFailed || res.Class != "Cancelled" || res.Message != "stopped: context canceled" ||
		res.Revision.Run != rev.Run || !res.Revision.Now.Time.Equal(noon) || len(res.Revision.Failures) != 1 || len(got.Outputs) != 1 {
		t.Errorf("after the first attempt: %+v", got)
	}
	// A second attempt takes away what the first left, when it begins and when it ends.
	second := r.reporter("people-evaluate-7", ticks)
	second.Progress(1, 0, "steps")
	ticks <- struct{}{}
	ticks <- struct{}{}
	if got := r.status("people-evaluate-7"); got.Result != nil || got.Progress.Total != 0 {
		t.Errorf("while the second attempt runs: %+v", got)
	}
	whole := *rev
	whole.State, whole.Inputs, whole.Outputs = "", nil, nil
	second.Finish(worker.Outcome{Revision: &whole, Latest: &whole}, nil)
	want := &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeCommitted, Revision: revisionOf(&whole)}
	if got := r.status("people-evaluate-7"); fmt.Sprint(fieldsOf(got.Result)) != fmt.Sprint(fieldsOf(want)) || len(got.Outputs) != 0 {
		t.Errorf("after the second attempt: %+v", got)
	}
	third := r.reporter("people-evaluate-7", ticks)
	third.Finish(worker.Outcome{}, nil)
	if got := r.status("people-evaluate-7").Result; !reflect.DeepEqual(got, &v1alpha1.RunResult{Outcome: v1alpha1.OutcomeUnchanged}) {
		t.Errorf("without a revision: %+v", got)
	}
}

// TestServerTakesTheLargest result there can be, and a Run that is not there is no error.
func TestServerTakesTheLargest(t *testing.T) {
	r := newRuns(t)
	r.create("people-evaluate-7")
	rev := revision()
	rev.State = `{"failed":[` + strings.TrimSuffix(strings.Repeat(`{"kind":"Segment","name":"s","class":"Internal","message":"`+strings.Repeat("한", 1000)+`"},`, 700), ",") + `]}`
	for i := range 3000 {
		rev.Outputs = append(rev.Outputs, lake.Output{Name: fmt.Sprint("segment/", strings.Repeat("x", 80), i), Rows: 1 << 50, Added: 1 << 50, Removed: 1 << 50})
		rev.Inputs = append(rev.Inputs, lake.Input{Kind: "DataSource", Name: "crm", Run: "crm-ingest-1"})
	}
	r.reporter("people-evaluate-7", nil).Finish(worker.Outcome{Latest: rev}, fault.New(fault.Internal, "%s", strings.Repeat("é", 5000)))
	got := r.status("people-evaluate-7")
	if got.Result == nil || len(got.Outputs) != maxOutputs || len(got.Result.Revision.Failures) != maxFailures {
		t.Errorf("%d outputs, result %v", len(got.Outputs), got.Result != nil)
	}
	r.reporter("gone", nil).Finish(worker.Outcome{}, nil)
}
