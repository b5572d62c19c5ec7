// Package simulation runs `kith plan` of the real binary on small spaces of which every merge, split and member is known, and holds it to that,
// to what the run that follows really does, and to leaving the lake as it is.
package simulation

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/simulate"
	"github.com/kith-dev/kith/test/kithtest"
)

// Exit codes.
const (
	user   = 10
	budget = 14
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
  connector: {files: {volume: {claimName: data}, path: "crm.csv", format: CSV}}
  recordKind: Profile
  load: Snapshot
  key: [id]
  fields:
  - {column: id, semantic: identifier, name: customerId}
  - {column: mail, semantic: email}
  - {column: badge, semantic: identifier, name: badge}
  - {column: city, semantic: city}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: IdentityRule
metadata: {name: people}
spec:
  sources: [{name: crm}]
  deterministic: [RULES]
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
metadata: {name: shelf}
spec:
  connector: {files: {volume: {claimName: out}, path: "hello.csv", format: CSV}}
  purposes: [mail]
---
apiVersion: cdp.kith.dev/v1alpha1
kind: Activation
metadata: {name: hello}
spec:
  audience: {include: [{name: berliners}]}
  purpose: mail
  destinationRef: {name: shelf}
  fields: [{value: profile.email, as: email, key: true}]
`

// By id and mail these are five people, 2 with 7 and 4 with 5. The three of Berlin are 1, 3 and 6: of 2 and 7 the city of 2 survives.
const records = `id,mail,badge,city
1,anna@example.com,b1,Berlin
2,bert@example.com,b1,Bonn
3,carl@example.com,b2,Berlin
4,dora@example.com,,Bonn
5,dora@example.com,,Hamburg
6,emil@example.com,b3,Berlin
7,bert@example.com,,Berlin
`

const byMail = "{identifiers: [customerId]}, {identifiers: [email]}"

type tenant struct {
	t    *testing.T
	dir  string
	yaml string
}

// newTenant has people by id and mail, and has sent those of Berlin.
func newTenant(t *testing.T) *tenant {
	w := &tenant{t: t, dir: t.TempDir(), yaml: strings.Replace(declarations, "RULES", byMail, 1)}
	w.write("data/crm.csv", records)
	for _, d := range []string{"out", "tmp"} {
		if err := os.Mkdir(filepath.Join(w.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
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

func (w *tenant) kith(command string, more ...string) kithtest.Result {
	w.t.Helper()
	w.write("tenant.yaml", w.yaml)
	args := append([]string{command, "-f", filepath.Join(w.dir, "tenant.yaml"), "--lake", filepath.Join(w.dir, "lake")}, more...)
	return kithtest.Command(w.t, kithtest.Build(w.t), []string{"TMPDIR=" + filepath.Join(w.dir, "tmp")}, args...)
}

func (w *tenant) run(more ...string) kithtest.Result {
	w.t.Helper()
	return w.kith("run", append([]string{
		"--volume", "data=" + filepath.Join(w.dir, "data"), "--volume", "out=" + filepath.Join(w.dir, "out"), "--now", "2026-11-02T00:00:00Z", "-o", "json",
	}, more...)...)
}

// plan of the declarations as they are. It checks what holds of every one: the lake is as it was, nothing of it is left behind, and no value
// of a person is shown.
func (w *tenant) plan(code int, more ...string) kithtest.Result {
	w.t.Helper()
	before := w.files("lake", "out")
	r := w.kith("plan", more...)
	if r.Code != code {
		w.t.Fatalf("exit %d, want %d: %s%s", r.Code, code, r.Out, r.Err)
	}
	if after := w.files("lake", "out"); !slices.Equal(before, after) {
		w.t.Errorf("the lake was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, "tmp", "*", "*")); len(left) > 0 {
		w.t.Errorf("left behind: %v", left)
	}
	for _, value := range []string{"example.com", "Berlin", "Hamburg"} {
		if strings.Contains(r.Out+r.Err, value) {
			w.t.Errorf("%q is shown: %s%s", value, r.Out, r.Err)
		}
	}
	return r
}

// rules is the plan's JSON.
func (w *tenant) rules(code int, more ...string) []simulate.Rule {
	w.t.Helper()
	var out simulate.Result
	r := w.plan(code, append(more, "-o", "json")...)
	if err := json.Unmarshal([]byte(r.Out), &out); err != nil {
		w.t.Fatalf("%v: %s%s", err, r.Out, r.Err)
	}
	return out.Rules
}

// rule is that of the one rule.
func (w *tenant) rule(code int, more ...string) simulate.Rule {
	w.t.Helper()
	rules := w.rules(code, more...)
	if len(rules) != 1 {
		w.t.Fatalf("%d rules", len(rules))
	}
	return rules[0]
}

// files below folders, with their modes, times and contents.
func (w *tenant) files(dirs ...string) []string {
	w.t.Helper()
	var out []string
	for _, dir := range dirs {
		err := filepath.WalkDir(filepath.Join(w.dir, dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			line := fmt.Sprint(path, " ", info.Mode(), " ", info.ModTime())
			if !e.IsDir() {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				line += fmt.Sprintf(" %x", sha256.Sum256(b))
			}
			out = append(out, line)
			return nil
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return out
}

// outputs of the run that follows, by task and name.
func (w *tenant) outputs(more ...string) map[string]map[string][3]int64 {
	w.t.Helper()
	r := w.run(more...)
	if r.Code != 0 {
		w.t.Fatalf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
	var steps struct {
		Steps []struct {
			Task    string
			Outputs []struct {
				Name                 string
				Rows, Added, Removed int64
			}
		}
	}
	if err := json.Unmarshal([]byte(r.Out), &steps); err != nil {
		w.t.Fatal(err)
	}
	out := map[string]map[string][3]int64{}
	for _, s := range steps.Steps {
		out[s.Task] = map[string][3]int64{}
		for _, o := range s.Outputs {
			out[s.Task][o.Name] = [3]int64{o.Rows, o.Added, o.Removed}
		}
	}
	return out
}

// follows checks that the next run does what was shown.
func (w *tenant) follows(shown simulate.Rule) {
	w.t.Helper()
	did := w.outputs("--approve", "people", "--approve", "berliners", "--approve", "hello")
	c, g, a := shown.Change, shown.Segments[0], shown.Activations[0]
	for _, x := range []struct {
		task, name string
		want       [3]int64
	}{
		{"Resolve", "known", [3]int64{shown.People.After, shown.People.Begin, shown.People.End}},
		{"Resolve", "changed", [3]int64{c.People}}, {"Resolve", "changed/merge", [3]int64{c.Merges}}, {"Resolve", "changed/split", [3]int64{c.Splits}},
		{"Evaluate", "segment/berliners/mail", [3]int64{g.After, g.Entering, g.Leaving}},
		{"Sync", "sent", [3]int64{a.After, a.Added, a.Removed}},
	} {
		if got := did[x.task][x.name]; got != x.want {
			w.t.Errorf("%s %s is %v, and %v was shown", x.task, x.name, got, x.want)
		}
	}
	if again := w.rule(0); again.Changes() {
		w.t.Errorf("after the run that was shown something is left to change: %+v", again)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	if r := w.plan(0); !strings.Contains(r.Out, "compared with people-resolve-1") || !strings.Contains(r.Out, "Nothing would change.") {
		t.Error(r.Out)
	}
	got := w.rule(0)
	same(t, "people", got.People, simulate.Profiles{Before: 5, After: 5})
	same(t, "activations", got.Activations, []simulate.Activation{{Name: "hello", Audience: 3, Eligible: 3, Before: 3, After: 3}})
	if got.Changes() || got.NewerSources != nil {
		t.Errorf("%+v", got)
	}
}

// TestMerge: the badge makes one person of 1 and of 2 with 7, which keeps the id of these two, and whose values become those of record 1. He is
// of Berlin now, where the id of 1 was, and at the destination under the same address: nobody is sent anything.
func TestMerge(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace(byMail, byMail+", {identifiers: [badge]}")
	got := w.rule(0, "--examples", "3")
	same(t, "people", got.People, simulate.Profiles{Before: 5, After: 4, End: 1})
	same(t, "change", got.Change, simulate.Change{People: 2, Percent: 40, Merges: 1})
	same(t, "records", got.Records, simulate.Records{Moved: 1})
	same(t, "values", got.Values, []simulate.Value{{Attribute: "city", Profiles: 1}, {Attribute: "customerId", Profiles: 1}, {Attribute: "email", Profiles: 1}})
	same(t, "segments", got.Segments, []simulate.Segment{{Name: "berliners", Purpose: "mail", Before: 3, Entering: 1, Leaving: 1, After: 3}})
	same(t, "activations", got.Activations, []simulate.Activation{{Name: "hello", Audience: 3, Eligible: 3, Before: 3, After: 3}})
	id := func(record string) string {
		return kithtest.Query(t, kithtest.Build(t), filepath.Join(w.dir, "lake"), "SELECT profile_id FROM people.members WHERE record_key = '"+record+"'")[0][0]
	}
	same(t, "examples", got.Examples, []simulate.Example{{Event: "merge", From: id("1"), To: id("2")}})
	if r := w.plan(0); !strings.Contains(r.Out, "2 of 5 people change, 40.0%") || strings.Contains(r.Out, id("1")) {
		t.Error(r.Out)
	}
	w.follows(got)
}

// TestSplit: without the mail, 7 and 5 are people of their own. 7 is of Berlin, and comes to the destination.
func TestSplit(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace(byMail, "{identifiers: [customerId]}")
	got := w.rule(0)
	same(t, "people", got.People, simulate.Profiles{Before: 5, After: 7, Begin: 2})
	same(t, "change", got.Change, simulate.Change{People: 2, Percent: 40, Splits: 2})
	same(t, "records", got.Records, simulate.Records{Moved: 2})
	same(t, "values", got.Values, []simulate.Value{})
	same(t, "segments", got.Segments, []simulate.Segment{{Name: "berliners", Purpose: "mail", Before: 3, Entering: 1, After: 4}})
	same(t, "activations", got.Activations, []simulate.Activation{{Name: "hello", Audience: 4, Eligible: 4, Before: 3, Added: 1, After: 4}})
	w.follows(got)
}

// TestSurvivorship: of 2 and 7 the city of 7 survives, and the person is of Berlin; of 4 and 5 that of 5 does. Nobody else changes.
func TestSurvivorship(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace("deterministic:", "survivorship: [{attributes: [city], strategy: Longest}]\n  deterministic:")
	got := w.rule(0)
	same(t, "change", got.Change, simulate.Change{})
	same(t, "values", got.Values, []simulate.Value{{Attribute: "city", Profiles: 2}})
	same(t, "segments", got.Segments, []simulate.Segment{{Name: "berliners", Purpose: "mail", Before: 3, Entering: 1, After: 4}})
	same(t, "activations", got.Activations, []simulate.Activation{{Name: "hello", Audience: 4, Eligible: 4, Before: 3, Added: 1, After: 4}})
	w.follows(got)
}

// TestBudgets: each is told of, none holds anything back in a plan, and the run is refused until it is approved.
func TestBudgets(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace(byMail, "{identifiers: [customerId]}")
	w.replace("deterministic:", "budget: {maxChangePercent: 40}\n  deterministic:")
	if got := w.rule(0); got.Change.OverBudget || got.Change.MaxChangePercent != 40 {
		t.Errorf("exactly the budget: %+v", got.Change)
	}
	w.replace("maxChangePercent: 40", "maxChangePercent: 39")
	w.replace(`"Berlin"`, "\"Berlin\"\n  budget: {maxChangePercent: 33}")
	w.replace("key: true}]", "key: true}]\n  budget: {maxChangePercent: 33}")
	got := w.rule(budget)
	if !got.Change.OverBudget || !got.Segments[0].OverBudget || got.Segments[0].After != 4 ||
		!got.Activations[0].OverBudget || !strings.Contains(got.Activations[0].Refusal, "would add 1 and remove 0 of 3 people") || got.Activations[0].After != 4 {
		t.Errorf("%+v", got)
	}
	if r := w.plan(budget); !strings.Contains(r.Out, "over the budget of 39%, the run would wait for an approval") || strings.Count(r.Out, "over its budget") != 2 {
		t.Error(r.Out)
	}
	r := w.run()
	if r.Code != user || !strings.Contains(r.Out, "run people-resolve-2 would change 2 of 5 people (0 merges, 2 splits, 0 moves, 0 retired), more than the 39 percent") {
		t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
	if again := w.rule(budget); again.Base != "people-resolve-1" {
		t.Errorf("the people are those of %s", again.Base)
	}
	if r := w.run("--approve", "nobody"); r.Code != user || !strings.Contains(r.Err, `"nobody"`) {
		t.Errorf("a name of nothing: exit %d, %s", r.Code, r.Err)
	}
	if r := w.run("--approve", "berliners"); r.Code != user || !strings.Contains(r.Out, "people-resolve-2 would change") {
		t.Errorf("something else is approved: exit %d: %s%s", r.Code, r.Out, r.Err)
	}
	w.follows(got)
}

// TestNewerRows: what has been read since the people were made is counted, and said.
func TestNewerRows(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace("sources: [{name: crm}]", "suspend: true\n  sources: [{name: crm}]")
	w.write("data/crm.csv", strings.Replace(records, "3,carl@example.com,b2,Berlin\n", "", 1)+"8,hans@example.com,,Bonn\n9,ida@example.com,,Bonn\n")
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
	got := w.rule(0)
	same(t, "newer sources", got.NewerSources, []string{"crm"})
	same(t, "people", got.People, simulate.Profiles{Before: 5, After: 6, Begin: 2, End: 1})
	same(t, "change", got.Change, simulate.Change{People: 1, Percent: 20, Retired: 1})
	same(t, "records", got.Records, simulate.Records{Added: 2, Gone: 1})
	same(t, "activations", got.Activations, []simulate.Activation{{Name: "hello", Audience: 2, Eligible: 2, Before: 3, Removed: 1, After: 2}})
	if r := w.plan(0); !strings.Contains(r.Out, "with rows that these people were made without, from crm") {
		t.Error(r.Out)
	}
}

// Labels are newer, and nobody was made without them.
func TestNewerLabels(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.replace("deterministic:", "quality: {labels: {sourceRef: {name: reviewed}}}\n  deterministic:")
	w.yaml += `---
apiVersion: cdp.kith.dev/v1alpha1
kind: DataSource
metadata: {name: reviewed}
spec:
  connector: {files: {volume: {claimName: data}, path: labels.csv, format: CSV}}
  recordKind: Label
  load: Snapshot
  key: [source, record]
  fields:
  - {column: source, semantic: recordSource}
  - {column: record, semantic: recordKey}
  - {column: person, semantic: personId}
  purposes: [mail]
`
	w.write("data/labels.csv", "source,record,person\ncrm,1,anna\n")
	rule := w.yaml
	w.yaml = strings.Replace(rule, "  quality: {labels: {sourceRef: {name: reviewed}}}\n", "", 1)
	if r := w.run(); r.Code != 0 {
		t.Fatalf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
	w.yaml = rule
	if got := w.rule(0); got.NewerSources != nil || got.Changes() {
		t.Errorf("%+v", got)
	}
}

// TestAFirstRule has nobody to compare with, and no budget.
func TestAFirstRule(t *testing.T) {
	t.Parallel()
	w := newTenant(t)
	w.yaml += "---\napiVersion: cdp.kith.dev/v1alpha1\nkind: IdentityRule\nmetadata: {name: others}\n" +
		"spec: {sources: [{name: crm}], deterministic: [{identifiers: [badge]}], budget: {maxChangePercent: 1}}\n"
	rules := w.rules(0)
	if len(rules) != 2 || rules[0].Name != "others" || rules[1].Changes() {
		t.Fatalf("%+v", rules)
	}
	// 1 and 2 have one badge.
	same(t, "people", rules[0].People, simulate.Profiles{After: 6, Begin: 6})
	same(t, "records", rules[0].Records, simulate.Records{Added: 7})
	same(t, "change", rules[0].Change, simulate.Change{MaxChangePercent: 1})
}

// TestMistakes are the user's, and found before anything is computed.
func TestMistakes(t *testing.T) {
	t.Parallel()
	w := &tenant{t: t, dir: t.TempDir(), yaml: strings.Replace(declarations, "RULES", byMail, 1)}
	if r := w.kith("plan"); r.Code != user || !strings.Contains(r.Err, "there is no lake") {
		t.Errorf("no lake: exit %d, %s", r.Code, r.Err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "lake")); !os.IsNotExist(err) {
		t.Errorf("a lake was made: %v", err)
	}
	w = newTenant(t)
	for _, c := range []struct {
		old, with, says string
		code            int
		more            []string
	}{
		{byMail, "{identifiers: [card]}", "no source has an identifier or attribute \"card\"", user, nil},
		{byMail, byMail, "unknown output", 64, []string{"-o", "yaml"}},
		{"sources: [{name: crm}]", "sources: [{name: crm}, {name: shop}]", "DataSource shop has no revision yet", user, nil},
	} {
		before := w.yaml
		w.yaml += "---" + strings.Replace(strings.Split(before, "---")[1], "name: crm", "name: shop", 1)
		w.replace(c.old, c.with)
		if r := w.plan(c.code, c.more...); !strings.Contains(r.Err, c.says) {
			t.Errorf("%q is not in %s%s", c.says, r.Out, r.Err)
		}
		w.yaml = before
	}
}
