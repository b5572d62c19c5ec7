// Package mistakes runs the real binary on everything that users and the world get wrong, and checks that each ends in its own class of error
// with a message that names what to look at, and that nothing was lost or sent that should not be.
package mistakes

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"

	"github.com/kith-dev/kith/test/kithtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

const declarations = `
apiVersion: cdp.kith.dev/v1alpha1
kind: Workspace
metadata: {name: default}
spec:
  lake: {volume: {claimName: lake}}
  timeZone: UTC
  currency: EUR
  purposes: [{name: mail, lawfulBasis: LegitimateInterest, whenUnknown: Allow}]
  defaultPurpose: mail
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: "crm*.csv", format: CSV}}
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
  connector: {webhook: {url: "RECEIVER", credentialsSecretRef: {name: esp}}}
  purposes: [mail]
  delivery: {timeout: 300ms, maxAttempts: 2}
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

const people = "id,mail,city\n1,anna@example.com,Berlin\n2,bert@example.com,Bonn\n3,carl@example.com,Berlin\n"

// tenant has its files and its receiver; a test breaks one thing.
type tenant struct {
	t        *testing.T
	dir      string
	yaml     string
	answer   http.HandlerFunc
	requests int
	server   *httptest.Server
}

func newTenant(t *testing.T) *tenant {
	w := &tenant{t: t, dir: t.TempDir(), yaml: declarations}
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests++
		if w.answer != nil {
			w.answer(rw, r)
		}
	}))
	t.Cleanup(func() { w.server.CloseClientConnections(); w.server.Close() })
	w.write("data/crm.csv", people)
	w.write("secrets/esp/token", "secret-token")
	return w
}

func (w *tenant) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *tenant) replace(old, with string) {
	w.t.Helper()
	if !strings.Contains(w.yaml, old) {
		w.t.Fatalf("%q is not in the declarations", old)
	}
	w.yaml = strings.Replace(w.yaml, old, with, 1)
}

func (w *tenant) run(more ...string) kithtest.Result {
	w.t.Helper()
	w.write("tenant.yaml", strings.ReplaceAll(w.yaml, "RECEIVER", w.server.URL))
	args := append([]string{"run", "-f", filepath.Join(w.dir, "tenant.yaml"), "--lake", filepath.Join(w.dir, "lake"), "--volume", "data=" + filepath.Join(w.dir, "data"),
		"--secrets", filepath.Join(w.dir, "secrets"), "--now", "2026-11-02T00:00:00Z", "-o", "json"}, more...)
	return kithtest.Command(w.t, kithtest.Build(w.t), nil, args...)
}

// problems of a run's JSON, class by message.
func problems(t *testing.T, r kithtest.Result) map[string]string {
	t.Helper()
	var out struct {
		Steps []struct {
			Problem  *struct{ Class, Message string }
			Warnings []struct{ Class, Message string }
		}
	}
	got := map[string]string{}
	text := r.Out[max(0, strings.Index(r.Out, "{\n")):]
	if json.Unmarshal([]byte(text), &out) != nil {
		class, message, _ := strings.Cut(strings.TrimPrefix(r.Err, "kith: "), ":")
		got[class] = message
		return got
	}
	for _, s := range out.Steps {
		if s.Problem != nil {
			got[s.Problem.Class] += s.Problem.Message
		}
		for _, w := range s.Warnings {
			got[w.Class] += w.Message
		}
	}
	return got
}

const (
	user    = 10
	outside = 11
	machine = 12
)

// closed is the address of a port at which nobody listens.
func closed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestEachMistakeHasItsClass(t *testing.T) {
	postgres := `postgres: {dsnSecretRef: {name: db, key: dsn}, table: customers}`
	files := `files: {volume: {claimName: data}, path: "crm*.csv", format: CSV}`
	cases := []struct {
		name   string
		breaks func(w *tenant)
		class  string
		code   int
		says   []string
	}{
		{"yaml that does not parse", func(w *tenant) { w.replace("kind: Segment", "kind: [Segment") }, "InvalidManifest", user, []string{"tenant.yaml:"}},
		{"field that is not there", func(w *tenant) { w.replace("recordKind: Profile", "recordkind: Profile") }, "InvalidManifest", user, []string{"tenant.yaml:", "recordkind"}},
		{"rule of the schema", func(w *tenant) { w.replace("  key: [id]\n", "") }, "InvalidManifest", user, []string{"DataSource crm", "need a key"}},
		{"unknown field", func(w *tenant) { w.replace("profile.city", "profile.citty") }, "InvalidExpression", user, []string{"Segment berliners", "citty", "city"}},
		{"type error", func(w *tenant) { w.replace(`== "Berlin"`, "> 3") }, "InvalidExpression", user, []string{"Segment berliners", "1:"}},
		{"cycle", func(w *tenant) { w.replace(`profile.city == "Berlin"`, `inSegment("berliners")`) }, "CyclicReference", user, []string{"Segment berliners -> Segment berliners"}},
		{"reference to nothing", func(w *tenant) { w.replace("destinationRef: {name: esp}", "destinationRef: {name: mailer}") }, "ReferenceNotFound", user, []string{"Activation hello", `"mailer"`}},
		{"no file", func(w *tenant) { w.replace("crm*.csv", "customers.csv") }, "FileNotFound", user, []string{"crm", "customers.csv"}},
		{"volume that is not mounted", func(w *tenant) { w.replace("claimName: data", "claimName: files") }, "VolumeMissing", user, []string{`"files"`, "--volume files=DIR"}},
		{"missing column", func(w *tenant) { w.write("data/crm.csv", "id,email,city\n1,a@example.com,Berlin\n") }, "ColumnMissing", user, []string{"crm.csv", `"mail"`, "email"}},
		{"new column", func(w *tenant) {
			w.replace("  purposes: [mail]\n---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule", "  contract: {onSchemaChange: Reject}\n  purposes: [mail]\n---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule")
			if r := w.run(); r.Code != 0 {
				w.t.Fatalf("%s %s", r.Out, r.Err)
			}
			w.write("data/crm.csv", "id,mail,city,shoe\n1,a@example.com,Berlin,42\n")
		}, "SchemaChanged", user, []string{"crm", "shoe"}},
		{"wrong encoding", func(w *tenant) {
			text, err := korean.EUCKR.NewEncoder().String("id,mail,city\n1,a@example.com,서울\n2,b@example.com,부산\n")
			if err != nil {
				w.t.Fatal(err)
			}
			w.write("data/crm.csv", text)
		}, "EncodingInvalid", user, []string{"crm.csv", "UTF-8"}},
		{"too many bad rows", func(w *tenant) { w.write("data/crm.csv", people+"4,d@example.com\n") }, "ContractViolated", user, []string{"crm", "csv"}},
		{"broken gzip", func(w *tenant) {
			w.replace("crm*.csv", "crm.csv.gz")
			w.write("data/crm.csv.gz", "\x1f\x8b\x08\x00not gzip")
		}, "FileUnreadable", user, []string{"crm.csv.gz"}},
		{"link out of the volume", func(w *tenant) {
			w.write("elsewhere.csv", people)
			if err := os.Symlink(filepath.Join(w.dir, "elsewhere.csv"), filepath.Join(w.dir, "data/crm2.csv")); err != nil {
				w.t.Fatal(err)
			}
		}, "PathOutsideVolume", user, []string{"crm2.csv"}},
		{"database that is down", func(w *tenant) {
			w.replace(files, postgres)
			w.write("secrets/db/dsn", "postgres://kith:hidden-password@"+closed(w.t)+"/shop?connect_timeout=2")
		}, "DatabaseDown", outside, []string{"crm"}},
		{"missing secret", func(w *tenant) { w.replace(files, postgres) }, "SecretMissing", user, []string{`"db"`}},
		{"missing key", func(w *tenant) { w.replace(files, postgres); w.write("secrets/db/password", "x") }, "SecretMissing", user, []string{`"db"`, `"dsn"`}},
		{"receiver that refuses us", func(w *tenant) { w.answer = status(401) }, "DestinationRefused", user, []string{"hello", "401"}},
		{"receiver that refuses the people", func(w *tenant) { w.answer = status(422) }, "RecordsRejected", user, []string{"hello", "2 people"}},
		{"receiver that fails", func(w *tenant) { w.answer = status(503) }, "DestinationDown", outside, []string{"hello", "503"}},
		{"receiver that hangs", func(w *tenant) {
			w.answer = func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Second):
				}
			}
		}, "DestinationDown", outside, []string{"hello"}},
		{"receiver that resets", func(w *tenant) {
			w.answer = func(rw http.ResponseWriter, _ *http.Request) {
				c, _, err := rw.(http.Hijacker).Hijack()
				if err != nil {
					w.t.Error(err)
					return
				}
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}
		}, "DestinationDown", outside, []string{"hello"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newTenant(t)
			c.breaks(w)
			r := w.run()
			if r.Code != c.code {
				t.Errorf("exit %d, want %d", r.Code, c.code)
			}
			message, ok := problems(t, r)[c.class]
			if !ok {
				t.Fatalf("no %s: %v", c.class, problems(t, r))
			}
			for _, s := range c.says {
				if !strings.Contains(message, s) {
					t.Errorf("the message does not say %q: %s", s, message)
				}
			}
			for _, secret := range []string{"secret-token", "hidden-password", "anna@", "carl@", "a@example"} {
				if strings.Contains(r.Out+r.Err, secret) {
					t.Errorf("%q is in the output", secret)
				}
			}
		})
	}
}

// TestRecovery: after a receiver failed nothing is lost; the next run delivers what the failed one did not.
func TestRecovery(t *testing.T) {
	w := newTenant(t)
	w.answer = status(503)
	if r := w.run(); r.Code != outside {
		t.Fatalf("exit %d: %s", r.Code, r.Err)
	}
	w.answer = nil
	before := w.requests
	if r := w.run(); r.Code != 0 || w.requests != before+1 {
		t.Errorf("the next run: exit %d after %d requests\n%s", r.Code, w.requests-before, r.Err)
	}
	if r := w.run(); r.Code != 0 || w.requests != before+1 {
		t.Errorf("the run after it sent again: exit %d, %d requests", r.Code, w.requests-before)
	}
}

// TestBrokenRowsAreKeptInQuarantine: a row that can not be used is kept with its place, rule and text; a value that can not, beside its row.
func TestBrokenRowsAreKeptInQuarantine(t *testing.T) {
	w := newTenant(t)
	w.replace("  purposes: [mail]\n---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule", "  contract: {maxQuarantinePercent: 100}\n  purposes: [mail]\n---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule")
	w.write("data/crm.csv", people+"4,dora@example.com\n,nokey@example.com,Berlin\n5,not an address,Berlin\n")
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d: %s %s", r.Code, r.Out, r.Err)
	}
	kith, lake := kithtest.Build(t), filepath.Join(w.dir, "lake")
	got := kithtest.Query(t, kith, lake, `SELECT file, "row", rule, raw FROM quarantine.crm ORDER BY "row"`)
	want := [][]string{{"crm.csv", "5", "csv", "4,dora@example.com"}, {"crm.csv", "6", "key", ",nokey@example.com,Berlin"}}
	for i := range want {
		if i >= len(got) || strings.Join(got[i], "|") != strings.Join(want[i], "|") {
			t.Fatalf("quarantine:\n got %q\nwant %q", got, want)
		}
	}
	kept := kithtest.Query(t, kith, lake, `SELECT email, _invalid FROM source.crm WHERE "customerId" = '5'`)
	if len(kept) != 1 || kept[0][0] != "" || !strings.Contains(kept[0][1], "not an address") {
		t.Errorf("a value that is no address was not kept beside its row: %q", kept)
	}
}
