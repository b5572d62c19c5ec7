package mistakes

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/manifest"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/test/kithtest"
)

// cause of the step of a task in a run's JSON.
func cause(t *testing.T, r kithtest.Result, task string) string {
	t.Helper()
	var out struct {
		Steps []struct{ Task, Cause string }
	}
	if err := json.Unmarshal([]byte(r.Out[max(0, strings.Index(r.Out, "{\n")):]), &out); err != nil {
		t.Fatalf("%v\n%s%s", err, r.Out, r.Err)
	}
	for _, s := range out.Steps {
		if s.Task == task {
			return s.Cause
		}
	}
	return ""
}

// TestBudgets: a source that suddenly has many more people reaches neither the Segment nor the receiver until somebody says so.
func TestBudgets(t *testing.T) {
	w := newTenant(t)
	w.replace(`profile.city == "Berlin"`, "profile.city == \"Berlin\"\n  budget: {maxChangePercent: 50}")
	w.replace("as: email, key: true}]", "as: email, key: true}]\n  budget: {maxChangePercent: 50}")
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d: %s", r.Code, r.Err)
	}
	before := w.requests
	w.write("data/crm.csv", people+"4,dora@example.com,Berlin\n5,emil@example.com,Berlin\n")
	for range 2 {
		r := w.run()
		if got := problems(t, r)["BudgetExceeded"]; r.Code != user || !strings.Contains(got, "Segment berliners: for purpose mail 2 would enter and 0 would leave, of 2 members") {
			t.Errorf("exit %d: %v", r.Code, problems(t, r))
		}
	}
	if r := w.run("--approve", "nobody"); r.Code != user || !strings.Contains(r.Err, `"nobody"`) {
		t.Errorf("a name of nothing: exit %d, %s", r.Code, r.Err)
	}
	r := w.run("--approve", "berliners")
	if got := problems(t, r)["BudgetExceeded"]; r.Code != user || !strings.Contains(got, "activation hello: run hello-sync-3 would add 2 and remove 0 of 2 people") {
		t.Errorf("the Segment is approved, the Activation is not: exit %d, %v", r.Code, problems(t, r))
	}
	if got := cause(t, r, "Evaluate"); got != "approved" {
		t.Errorf("it was evaluated because of %q", got)
	}
	if w.requests != before {
		t.Errorf("%d requests came", w.requests-before)
	}
	if r := w.run("--approve", "hello", "--approve", "berliners"); r.Code != 0 || w.requests != before+1 {
		t.Errorf("both are approved: exit %d, %d requests, %v", r.Code, w.requests-before, problems(t, r))
	}
	w.write("data/crm.csv", strings.ReplaceAll(people, "Berlin", "Bonn")+"4,dora@example.com,Bonn\n5,emil@example.com,Bonn\n")
	r = w.run("--approve", "berliners")
	if got := problems(t, r)["BudgetExceeded"]; !strings.Contains(got, "nobody is eligible") {
		t.Errorf("nobody is left: exit %d, %v", r.Code, problems(t, r))
	}
}

// TestWorkerIsToldToStop by the signal that ends pods, while a receiver keeps it waiting.
func TestWorkerIsToldToStop(t *testing.T) {
	w := newTenant(t)
	w.replace("timeout: 300ms", "timeout: 60s")
	w.answer = status(503)
	w.run()
	came, over := make(chan struct{}, 10), make(chan struct{})
	defer close(over)
	w.answer = func(http.ResponseWriter, *http.Request) {
		came <- struct{}{}
		<-over
	}
	set, err := manifest.Load([]string{filepath.Join(w.dir, "tenant.yaml")}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(w.dir, "lake")
	l, err := lake.Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	revs, _, err := local.Revisions(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := plan.Sync(&set.Objects, &set.Objects.Activations[0], revs, time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC))
	parts, err := plan.Pack(p)
	if err != nil || len(parts) != 1 {
		t.Fatal(len(parts), err)
	}
	w.write("plan/"+plan.PartName(0), string(parts[0]))
	cmd := exec.Command(kithtest.Build(t), "worker", "--plan", filepath.Join(w.dir, "plan"), "--lake", dir, "--secrets", filepath.Join(w.dir, "secrets"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-came:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v: %s", err, stderr.String())
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := <-ended; !errors.As(err, &exit) || exit.ExitCode() != outside || !strings.Contains(stderr.String(), "kith: Cancelled: ") {
		t.Errorf("%v: %s", err, stderr.String())
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "journal", "hello", "*.log")); len(left) != 1 {
		t.Errorf("journals: %v", left)
	}
	w.answer = nil
	if r := w.run(); r.Code != 0 {
		t.Errorf("the next run: exit %d, %s", r.Code, r.Err)
	}
}
