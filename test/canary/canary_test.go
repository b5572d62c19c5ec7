// Package canary runs `kith run` of the real binary on a small space with a rule on trial, from its declaration to its promotion.
package canary

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
  purposes: [{name: analytics, lawfulBasis: LegitimateInterest, whenUnknown: Allow}, {name: mail, lawfulBasis: Consent}]
  defaultPurpose: analytics
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: crm}
spec:
  connector: {files: {volume: {claimName: data}, path: "crm.csv", format: CSV}}
  recordKind: Profile
  load: Snapshot
  key: [id]
  fields:
  - {column: id, semantic: identifier, name: customerId}
  - {column: mail, semantic: email}
  - {column: badge, semantic: identifier, name: badge}
  purposes: [analytics, mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: consents}
spec:
  connector: {files: {volume: {claimName: data}, path: "consents.csv", format: CSV}}
  recordKind: Consent
  load: Snapshot
  key: [mail, at]
  timestamp: {column: at}
  fields:
  - {column: mail, semantic: email}
  - {column: purpose, semantic: purpose}
  - {column: status, semantic: consentStatus}
  purposes: [analytics]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: people}
spec:
  sources: [{name: crm}, {name: consents}]
  RULE
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Segment
metadata: {name: all}
spec: {identityRef: {name: people}, where: "true"}
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Destination
metadata: {name: shelf}
spec:
  connector: {files: {volume: {claimName: out}, path: "hello.csv", format: CSV}}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Activation
metadata: {name: hello}
spec:
  audience: {include: [{name: all}]}
  purpose: mail
  destinationRef: {name: shelf}
  fields: [{value: profile.email, as: email, key: true}]
`

// By mail these are four people. Those with one badge would be one.
const records = `id,mail,badge
1,anna@example.com,b1
2,bert@example.com,b1
3,carl@example.com,b2
4,emil@example.com,b3
5,emil@example.com,
`

const consents = `mail,purpose,status,at
anna@example.com,mail,yes,2026-11-01T00:00:00Z
bert@example.com,mail,yes,2026-11-01T00:00:00Z
carl@example.com,mail,yes,2026-11-01T00:00:00Z
emil@example.com,mail,yes,2026-11-01T00:00:00Z
`

const (
	rule    = "deterministic: [{identifiers: [email]}]"
	other   = "deterministic: [{identifiers: [email]}, {identifiers: [badge]}]"
	onTrial = rule + "\n  canary: {percent: 100, " + other + "}"
)

type tenant struct {
	t    *testing.T
	dir  string
	rule string // as it is declared
}

func newTenant(t *testing.T) *tenant {
	w := &tenant{t: t, dir: t.TempDir(), rule: rule}
	w.write("data/crm.csv", records)
	w.write("data/consents.csv", consents)
	w.write("out/.keep", "")
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

func (w *tenant) kith(now string, more ...string) kithtest.Result {
	w.t.Helper()
	w.write("tenant.yaml", strings.Replace(declarations, "RULE", w.rule, 1))
	return kithtest.Command(w.t, kithtest.Build(w.t), nil, append([]string{
		"run", "-f", filepath.Join(w.dir, "tenant.yaml"), "--lake", filepath.Join(w.dir, "lake"),
		"--volume", "data=" + filepath.Join(w.dir, "data"), "--volume", "out=" + filepath.Join(w.dir, "out"), "--now", now,
	}, more...)...)
}

// run gives what became of each task of the space, as in "Canary Done".
func (w *tenant) run(now string) (states []string) {
	w.t.Helper()
	r := w.kith(now, "-o", "json")
	var out struct {
		Steps []struct{ Task, Kind, State string }
	}
	if err := json.Unmarshal([]byte(r.Out), &out); err != nil || r.Code != 0 {
		w.t.Fatalf("exit %d, %v: %s%s", r.Code, err, r.Out, r.Err)
	}
	for _, s := range out.Steps {
		if s.Kind == "IdentityRule" {
			states = append(states, s.Task+" "+s.State)
		}
	}
	return states
}

func (w *tenant) expect(what string, got []string, want ...string) {
	w.t.Helper()
	if !slices.Equal(got, want) {
		w.t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// query gives each row as its values with spaces between them.
func (w *tenant) query(sql string) []string {
	w.t.Helper()
	out := []string{}
	for _, row := range kithtest.Query(w.t, kithtest.Build(w.t), filepath.Join(w.dir, "lake"), sql) {
		out = append(out, strings.Join(row, " "))
	}
	return out
}

// groups are the keys of each profile's records.
func (w *tenant) groups(relation string) []string {
	w.t.Helper()
	return w.query(fmt.Sprintf("SELECT string_agg(record_key, '+' ORDER BY record_key) AS records FROM people.%s GROUP BY profile_id ORDER BY 1", relation))
}

func (w *tenant) sent() []string {
	w.t.Helper()
	return w.query(`SELECT key FROM activation.hello WHERE payload IS NOT NULL ORDER BY 1`)
}

func (w *tenant) canaryRelations() []string {
	w.t.Helper()
	return w.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'people' AND table_name LIKE 'canary%' ORDER BY 1")
}

var (
	byMail  = []string{"1", "2", "3", "4+5"}
	byBadge = []string{"1+2", "3", "4+5"}
)

// Both revisions can be queried while the rule is on trial; people in use are served, and refuse, as if there were none; then it becomes the rule.
func TestFromTrialToRule(t *testing.T) {
	w := newTenant(t)
	w.run("2026-11-02T00:00:00Z")
	ids := w.query("SELECT record_key, profile_id FROM people.members ORDER BY 1")
	w.rule = onTrial
	w.expect("a canary is declared", w.run("2026-11-02T00:01:00Z"), "Resolve Unchanged", "Evaluate Unchanged", "Canary Done")
	w.expect("in use", w.groups("members"), byMail...)
	w.expect("on trial", w.groups("canary_members"), byBadge...)
	w.expect("their ids", w.query("SELECT record_key, profile_id FROM people.members ORDER BY 1"), ids...)
	w.expect("figures of both", w.query("SELECT side, value::INTEGER FROM people.canary_quality WHERE figure = 'profiles' ORDER BY 1 DESC"), "current 4", "canary 3")
	w.expect("who would merge", w.query("SELECT event, count(*) FROM people.canary_lineage GROUP BY ALL"), "merge 1")
	w.expect("is sent", w.sent(), "anna@example.com", "bert@example.com", "carl@example.com", "emil@example.com")
	shown := w.kith("2026-11-02T00:02:00Z")
	for _, want := range []string{"a rule on trial", "100% asked for, 5 of 5 records", "2 of 4 people of the share, 2 of 4 of all; 1 records", "largestProfile"} {
		if !strings.Contains(shown.Out, want) {
			t.Errorf("the report lacks %q:\n%s", want, shown.Out)
		}
	}

	w.write("data/consents.csv", consents+"bert@example.com,mail,no,2026-11-02T00:03:00Z\n")
	w.expect("somebody withdraws", w.run("2026-11-02T00:04:00Z"), "Resolve Done", "Evaluate Done", "Canary Unchanged")
	w.expect("is sent then", w.sent(), "anna@example.com", "carl@example.com", "emil@example.com")
	w.expect("a day later", w.run("2026-11-03T00:05:00Z"), "Resolve Unchanged", "Evaluate Done", "Canary Done")
	w.expect("who refuses on trial", w.query(`SELECT value, status FROM people.canary_consent JOIN people.canary_members m USING (profile_id) WHERE m.record_key = '1' ORDER BY 1`),
		"anna@example.com Granted", "bert@example.com Denied")

	trial := w.query("SELECT record_key, profile_id FROM people.canary_members ORDER BY 1")
	w.rule = other
	w.expect("promoted", w.run("2026-11-03T00:06:00Z"), "Resolve Done", "Evaluate Done", "Canary Done")
	w.expect("in use", w.groups("members"), byBadge...)
	w.expect("with the ids of the trial", w.query("SELECT record_key, profile_id FROM people.members ORDER BY 1"), trial...)
	w.expect("what is left of the trial", w.canaryRelations())
	w.expect("is sent now", w.sent(), "carl@example.com", "emil@example.com")
}

// Taken back, it leaves nothing.
func TestRollback(t *testing.T) {
	w := newTenant(t)
	w.rule = onTrial
	w.expect("with a canary from the first", w.run("2026-11-02T00:00:00Z"), "Resolve Done", "Evaluate Done", "Canary Done")
	if len(w.canaryRelations()) < 5 {
		t.Errorf("%v", w.canaryRelations())
	}
	w.rule = rule
	w.expect("it is taken out", w.run("2026-11-02T00:01:00Z"), "Resolve Unchanged", "Evaluate Unchanged", "Canary Done")
	w.expect("in use", w.groups("members"), byMail...)
	w.expect("what is left of the trial", w.canaryRelations())
	w.expect("and then", w.run("2026-11-02T00:02:00Z"), "Resolve Unchanged", "Evaluate Unchanged")
}
