package worker_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/manifest"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

const declarations = `
apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  currency: EUR
  purposes: [{name: mail, lawfulBasis: LegitimateInterest, whenUnknown: Allow}]
  defaultPurpose: mail
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: "crm.csv", format: CSV}}
  recordKind: Profile
  load: Upsert
  key: [id]
  fields:
  - {column: id, semantic: identifier, name: customerId}
  - {column: mail, semantic: email}
  - {column: city, semantic: city}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: people}
spec:
  sources: [{name: crm}]
  deterministic: [{identifiers: [customerId]}]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Segment
metadata: {name: berliners}
spec:
  identityRef: {name: people}
  where: profile.city == "Berlin"
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Destination
metadata: {name: esp}
spec:
  connector: {webhook: {url: "RECEIVER"}}
  purposes: [mail]
  delivery: {timeout: 2s, maxAttempts: 1, batchSize: 1}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Activation
metadata: {name: hello}
spec:
  audience: {include: [{name: berliners}]}
  purpose: mail
  destinationRef: {name: esp}
  fields: [{value: profile.email, as: email, key: true}]
`

const (
	header = "id,mail,city\n"
	three  = header + "1,anna@example.com,Berlin\n2,bert@example.com,Bonn\n3,carl@example.com,Berlin\n"
)

// tenant has its lake, its file and its receiver; plans are made from what the lake has.
type tenant struct {
	t       *testing.T
	ctx     context.Context
	dir     string
	objects *plan.Objects
	env     worker.Env
	now     time.Time

	mu       sync.Mutex
	requests []string // "upsert a@x b@x"
	answer   http.HandlerFunc
	server   *httptest.Server
}

func newTenant(t *testing.T, edits ...string) *tenant {
	t.Helper()
	w := &tenant{t: t, ctx: t.Context(), dir: t.TempDir(), now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	w.server = httptest.NewServer(w)
	t.Cleanup(w.server.Close)
	w.file(three)
	text := strings.NewReplacer(append(edits, "RECEIVER", w.server.URL)...).Replace(declarations)
	path := filepath.Join(w.dir, "tenant.yaml")
	w.must(os.WriteFile(path, []byte(text), 0o600))
	set, err := manifest.Load([]string{path}, manifest.Options{})
	w.must(err)
	w.objects = &set.Objects
	lakeDir := filepath.Join(w.dir, "lake")
	l, err := lake.Open(w.ctx, lakeDir)
	w.must(err)
	w.env = worker.Env{Lake: l, LakeDir: lakeDir, Volumes: map[string]string{"data": filepath.Join(w.dir, "data")}, Memory: "1GB", Threads: 2}
	return w
}

func (w *tenant) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// file replaces what the source reads.
func (w *tenant) file(text string) {
	w.t.Helper()
	w.must(os.MkdirAll(filepath.Join(w.dir, "data"), 0o755))
	w.must(os.WriteFile(filepath.Join(w.dir, "data", "crm.csv"), []byte(text), 0o600))
}

func (w *tenant) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	var in struct {
		Operation string
		Records   []struct{ Email string }
	}
	_ = json.Unmarshal(b, &in)
	text := in.Operation
	for _, p := range in.Records {
		text += " " + p.Email
	}
	w.mu.Lock()
	w.requests = append(w.requests, text)
	answer := w.answer
	w.mu.Unlock()
	if answer != nil {
		answer(rw, r)
	}
}

// sent gives what came since it was asked last.
func (w *tenant) sent() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.requests
	w.requests = nil
	slices.Sort(out)
	return out
}

func (w *tenant) revisions() plan.Revisions {
	w.t.Helper()
	revs, err := w.env.Lake.Revisions(w.ctx)
	w.must(err)
	out := plan.Revisions{}
	for i := range revs {
		for _, s := range []plan.Subject{plan.IngestSubject(revs[i].Subject), plan.ResolveSubject(revs[i].Subject), plan.EvaluateSubject(revs[i].Subject), plan.SyncSubject(revs[i].Subject)} {
			if string(s.Task) == revs[i].Task {
				out[s] = worker.Known(&revs[i])
			}
		}
	}
	return out
}

func (w *tenant) ingest() *plan.Plan {
	return plan.Ingest(w.objects, &w.objects.DataSources[0], w.revisions(), w.now)
}

func (w *tenant) resolve() *plan.Plan {
	p, _ := plan.Resolve(w.objects, &w.objects.IdentityRules[0], w.revisions(), w.now)
	return p
}

func (w *tenant) evaluate() *plan.Plan {
	p, _ := plan.Evaluate(w.objects, &w.objects.IdentityRules[0], w.revisions(), w.now)
	return p
}

func (w *tenant) sync() *plan.Plan {
	p, _ := plan.Sync(w.objects, &w.objects.Activations[0], w.revisions(), w.now)
	return p
}

// run carries out a plan that has to succeed.
func (w *tenant) run(p *plan.Plan) worker.Outcome {
	w.t.Helper()
	out, err := worker.Run(w.ctx, w.env, p)
	w.must(err)
	return out
}

// audience brings everything up to date but the Activation.
func (w *tenant) audience() {
	w.t.Helper()
	w.run(w.ingest())
	w.run(w.resolve())
	w.run(w.evaluate())
}

func name(r *lake.Revision) string {
	if r == nil {
		return ""
	}
	return r.Run
}
