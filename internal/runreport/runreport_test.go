package runreport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/worker"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 123456000, time.UTC)

func revision() *lake.Revision {
	return &lake.Revision{
		Run: "people-evaluate-7", Task: "Evaluate", Kind: "IdentityRule", Subject: "people", Serial: 7, PlanHash: "h", Now: noon, CommittedAt: noon.Add(time.Minute),
		Inputs:  []lake.Input{{Kind: "IdentityRule", Name: "people", Run: "people-resolve-3"}},
		Outputs: []lake.Output{{Name: "segment/vip/mail", Rows: 5, Added: 2, Removed: 1}},
		State:   `{"failed":[{"kind":"Segment","name":"big","class":"InvalidExpression","message":"1:8: profile has no field spent"}]}`,
	}
}

// api answers as told and keeps what it was sent.
type api struct {
	mu      sync.Mutex
	answers []int // status codes of the next requests; 200 after them
	bodies  []map[string]any
	paths   []string
	got     chan struct{}
	server  *httptest.Server
}

func newAPI(t *testing.T, answers ...int) *api {
	a := &api{answers: answers, got: make(chan struct{}, 100)}
	a.server = httptest.NewServer(a)
	t.Cleanup(a.server.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	var body map[string]any
	_ = json.Unmarshal(b, &body)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.bodies, a.paths = append(a.bodies, body), append(a.paths, r.Method+" "+r.URL.Path)
	code := http.StatusOK
	if len(a.answers) > 0 {
		code, a.answers = a.answers[0], a.answers[1:]
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	reason := map[int]string{404: "NotFound", 422: "Invalid"}[code]
	if code == http.StatusOK {
		_, _ = io.WriteString(w, `{"apiVersion":"cdp.kith.dev/v1alpha1","kind":"Run","metadata":{"name":"r"}}`)
	} else {
		fmt.Fprintf(w, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":%q,"code":%d}`, reason, code)
	}
	a.got <- struct{}{}
}

func (a *api) status(i int) map[string]any { return a.bodies[i]["status"].(map[string]any) }

// reporter on Run r whose clock is told by ticks; a closed channel never waits.
func (a *api) reporter(t *testing.T, ticks <-chan struct{}) (*Reporter, func() []string) {
	t.Helper()
	var mu sync.Mutex
	var logged []string
	r, err := newReporter(Options{Config: &rest.Config{Host: a.server.URL}, Namespace: "tenant", Run: "r", Log: func(format string, args ...any) {
		mu.Lock()
		logged = append(logged, fmt.Sprintf(format, args...))
		mu.Unlock()
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.pause = func(ctx context.Context, _ time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticks:
			return ctx.Err()
		}
	}
	r.start()
	return r, func() []string { mu.Lock(); defer mu.Unlock(); return slices.Clone(logged) }
}

func TestProgressIsSentWhenItChanged(t *testing.T) {
	a, ticks := newAPI(t), make(chan struct{})
	r, _ := a.reporter(t, ticks)
	ticks <- struct{}{} // nothing is told yet
	r.Progress(0, 10, "rows")
	ticks <- struct{}{}
	<-a.got
	r.Progress(3, 10, "rows")
	r.Progress(4, 10, "rows")
	ticks <- struct{}{}
	<-a.got
	ticks <- struct{}{} // nothing changed
	close(ticks)        // so that Finish does not wait
	r.Finish(worker.Outcome{}, nil)
	if len(a.bodies) != 3 {
		t.Fatalf("%d requests: %v", len(a.bodies), a.bodies)
	}
	for i, want := range []string{`{"progress":{"done":0,"total":10,"unit":"rows"},"result":null}`, `{"progress":{"done":4,"total":10,"unit":"rows"}}`} {
		if got, _ := json.Marshal(a.status(i)); string(got) != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
	if a.paths[0] != "PATCH /apis/cdp.kith.dev/v1alpha1/namespaces/tenant/runs/r/status" {
		t.Error(a.paths)
	}
}

func TestProgressThatIsNotTakenIsDropped(t *testing.T) {
	a, ticks := newAPI(t, 500, 500), make(chan struct{})
	r, logged := a.reporter(t, ticks)
	r.Progress(1, 0, "rows")
	for range 3 {
		ticks <- struct{}{}
		<-a.got
	}
	close(ticks)
	r.Finish(worker.Outcome{}, nil)
	if got := logged(); len(got) != 1 || len(a.bodies) != 4 {
		t.Errorf("%d requests, log %q", len(a.bodies), got)
	}
}

// TestResultIsTriedAgain: the API server is away for some time.
func TestResultIsTriedAgain(t *testing.T) {
	never := make(chan struct{})
	close(never)
	a := newAPI(t, 503, 500, 401, 409, 200)
	r, logged := a.reporter(t, never)
	rev := revision()
	r.Finish(worker.Outcome{Revision: rev, Latest: rev}, nil)
	want := `{"outputs":[{"added":2,"name":"segment/vip/mail","removed":1,"rows":5}],` +
		`"result":{"class":null,"message":null,"outcome":"Committed","revision":{"committedAt":"2026-06-01T12:01:00.123456Z",` +
		`"failures":[{"class":"InvalidExpression","kind":"Segment","message":"1:8: profile has no field spent","name":"big"}],"incomplete":null,` +
		`"inputs":[{"kind":"IdentityRule","name":"people","revision":"people-resolve-3"}],"now":"2026-06-01T12:00:00.123456Z","planHash":"h","run":"people-evaluate-7","serial":7}}}`
	if got, _ := json.Marshal(a.status(len(a.bodies) - 1)); string(got) != want || len(logged()) > 0 {
		t.Errorf("sent\n%s\nwant\n%s\n%q", got, want, logged())
	}
	if len(a.answers) > 0 {
		t.Errorf("given up after %d requests", len(a.bodies))
	}
}

func TestFinishEnds(t *testing.T) {
	always := make(chan struct{})
	close(always)
	for name, c := range map[string]struct {
		answers  []int
		requests int
		log      string
	}{
		"deleted":       {[]int{404}, 1, "deleted"},
		"refused":       {[]int{422}, 1, "CustomResourceDefinitions"},
		"deleted later": {[]int{500, 404}, 2, "deleted"},
	} {
		a := newAPI(t, c.answers...)
		r, logged := a.reporter(t, always)
		r.Finish(worker.Outcome{}, nil)
		if got := logged(); len(a.bodies) != c.requests || len(got) != 1 || !strings.Contains(got[0], c.log) {
			t.Errorf("%s: %d requests, %q", name, len(a.bodies), got)
		}
	}
	a := newAPI(t)
	a.server.Close() // nobody answers at all
	r, logged := a.reporter(t, nil)
	r.patience = time.Millisecond
	r.Finish(worker.Outcome{}, nil)
	if got := logged(); len(got) != 1 || !strings.Contains(got[0], "could not be reported") {
		t.Errorf("%q", got)
	}
	// Who deleted the Run while it went on hears nothing more.
	a, ticks := newAPI(t, 404), make(chan struct{})
	r, _ = a.reporter(t, ticks)
	r.Progress(1, 2, "rows")
	ticks <- struct{}{}
	r.Finish(worker.Outcome{}, nil)
	if len(a.bodies) != 1 {
		t.Errorf("%d requests", len(a.bodies))
	}
}

func TestResult(t *testing.T) {
	rev := revision()
	for name, c := range map[string]struct {
		out                   worker.Outcome
		err                   error
		outcome, class, holds string
	}{
		"committed":  {worker.Outcome{Revision: rev, Latest: rev}, nil, "Committed", "", "people-evaluate-7"},
		"unchanged":  {worker.Outcome{Latest: rev}, nil, "Unchanged", "", "people-evaluate-7"},
		"none":       {worker.Outcome{}, nil, "Unchanged", "", ""},
		"superseded": {worker.Outcome{Latest: rev}, fault.New(fault.Superseded, "overtaken"), "Superseded", "Superseded", "people-evaluate-7"},
		"cancelled":  {worker.Outcome{Latest: rev}, fault.New(fault.Cancelled, "stopped"), "Failed", "Cancelled", "people-evaluate-7"},
		"in part":    {worker.Outcome{Revision: rev, Latest: rev}, fault.New(fault.DestinationDown, "down"), "Failed", "DestinationDown", "people-evaluate-7"},
		"no class":   {worker.Outcome{}, errors.New("?"), "Failed", "Internal", ""},
	} {
		got := resultOf(c.out, c.err)["result"].(map[string]any)
		class, _ := got["class"].(string)
		latest := ""
		if m, ok := got["revision"].(map[string]any); ok {
			latest = m["run"].(string)
		}
		if got["outcome"] != c.outcome || class != c.class || latest != c.holds {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestIncomplete(t *testing.T) {
	rev := &lake.Revision{Task: "Sync", Outputs: []lake.Output{{Name: "failed", Rows: 1}}}
	if !revisionOf(rev).Incomplete {
		t.Error("people were not delivered and the revision is complete")
	}
	rev.Outputs[0].Rows = 0
	if revisionOf(rev).Incomplete {
		t.Error("everybody was delivered and the revision is incomplete")
	}
}

func TestBounds(t *testing.T) {
	rev := revision()
	rev.State = `{"failed":[` + strings.TrimSuffix(strings.Repeat(`{"kind":"Segment","name":"s","class":"Internal","message":"`+strings.Repeat("한", 1000)+`"},`, 700), ",") + `]}`
	for i := range 3000 {
		rev.Outputs = append(rev.Outputs, lake.Output{Name: fmt.Sprint(strings.Repeat("가", 60), i)})
		rev.Inputs = append(rev.Inputs, lake.Input{Kind: "DataSource", Name: "crm", Run: "r"})
	}
	got := revisionOf(rev)
	if len(got.Failures) != maxFailures || len(got.Inputs) != maxInputs || len(got.Failures[0].Message) > maxFailureMessage {
		t.Errorf("%d failures, %d inputs, a message of %d bytes", len(got.Failures), len(got.Inputs), len(got.Failures[0].Message))
	}
	body, err := json.Marshal(resultOf(worker.Outcome{Latest: rev}, fault.New(fault.Internal, "%s", strings.Repeat("é", 5000))))
	if err != nil || len(body) > 1_400_000 {
		t.Errorf("a status of %d bytes does not fit into etcd: %v", len(body), err)
	}
	for s, want := range map[string]string{"short": "short", "a\xffb": "a?b", strings.Repeat("x", 11): "xxxxxxx...", "한국어를": "한국..."} {
		if got := bounded(s, 10); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}
