package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// decide replaces the decisions: "3 Merge crm/1 shop/2 why it is so", with the time in hours after the clock.
func (w *world) decide(rows ...string) {
	w.t.Helper()
	fields := text("decision", "firstSource", "firstKey", "secondSource", "secondKey", "reason", "steward")
	for i := range fields {
		fields[i].Semantic = fields[i].Name
	}
	var all []string
	for i, row := range rows {
		p := strings.SplitN(row, " ", 5)
		all = append(all, strings.Join([]string{fmt.Sprint(i), p[0], p[1], strings.ReplaceAll(p[2], "/", "|"), strings.ReplaceAll(p[3], "/", "|"), p[4], "kim"}, "|"))
	}
	before := slices.Clone(w.cfg.Sources)
	w.source("stewardship", Override, 100, fields, all...)
	w.cfg.Overrides = &w.cfg.Sources[len(w.cfg.Sources)-1]
	w.cfg.Sources = before
}

func (w *world) outcomes() []string {
	w.t.Helper()
	return w.rows("overrides", "SELECT [first_source || '/' || first_key, second_source || '/' || second_key, decision, reason, steward, outcome] FROM {t}")
}

func (w *world) overrideEvents() []string {
	w.t.Helper()
	return w.rows("guard_events", "SELECT [identifier, value, source, record_key, detail] FROM {t} WHERE guard = 'override'")
}

// count is an output of the last run.
func (w *world) count(name string) int64 {
	for _, o := range w.last["Resolvepeople"].Outputs {
		if o.Name == name {
			return o.Rows
		}
	}
	return 0
}

func TestMergeBeatsEverything(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
	w.cfg.Guards = Guards{Separate: []string{"card"}, MaxRecords: 50}
	fields := text("@email", "@card")
	w.source("crm", Profile, 1, fields, "1||a@x.io|one", "2||a@x.io|two", "3||b@x.io|three", "4|||one", "5||b@x.io|", "6||a@x.io|")
	w.source("shop", Profile, 2, fields, "9|||")
	w.run()
	equal(t, "without overrides", w.groups(), []string{"crm/1 crm/4", "crm/2", "crm/3 crm/5", "crm/6", "shop/9"})
	id := w.of("crm/1")
	w.decide("1 Merge crm/1 crm/2 new card", "2 Merge shop/9 crm/3 by phone")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1 crm/2 crm/4 crm/6", "crm/3 crm/5 shop/9"})
	if w.of("crm/2") != id {
		t.Error("the larger part lost its id")
	}
	equal(t, "edges", w.rows("edges", "SELECT [source, record_key, identifier, value, rule::VARCHAR] FROM {t} WHERE rule = 0"), []string{
		"crm|1|override|crm/1 + crm/2|0", "crm|2|override|crm/1 + crm/2|0", "crm|3|override|shop/9 + crm/3|0", "shop|9|override|shop/9 + crm/3|0"})
	var merges []string
	for _, e := range w.events() {
		if f := strings.Split(e, "|"); f[0] == eventMerge {
			merges = append(merges, f[4])
		}
	}
	slices.Sort(merges)
	equal(t, "lineage", merges, []string{"override: Merge of crm/1 and crm/2: new card", "override: Merge of shop/9 and crm/3: by phone", "rule 2: email, source crm, record 6"})
	equal(t, "overrides", w.outcomes(), []string{"crm/1|crm/2|Merge|new card|kim|Applied", "shop/9|crm/3|Merge|by phone|kim|Applied"})
	if w.count("merges/override") != 2 || w.count("overrides/Merge") != 2 {
		t.Errorf("%+v", w.last["Resolvepeople"].Outputs)
	}
}

// What was merged by hand is allowed, and nothing beyond it.
func TestMergeExcusesOnlyWhatItBrings(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.cfg.Guards = Guards{Separate: []string{"card"}}
	w.source("crm", Profile, 1, text("@email", "@card"), "1||a@x.io|one", "2|||two", "3||a@x.io|two", "4||b@x.io|two", "5||b@x.io|three")
	w.decide("1 Merge crm/1 crm/2 lost the first", "2 Merge crm/2 crm/4 the same")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1 crm/2 crm/3 crm/4", "crm/5"})
}

func TestSplitHoldsAndTheOthersStayWithTheFirst(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
	fields := text("@email", "@card")
	rows := []string{"1||a@x.io|", "2||a@x.io|two", "3||a@x.io|", "4|||two", "5||a@x.io|"}
	w.source("crm", Profile, 1, fields, rows...)
	w.run()
	id := w.of("crm/1")
	equal(t, "without overrides", w.groups(), []string{"crm/1 crm/2 crm/3 crm/4 crm/5"})
	w.decide("1 Split crm/1 crm/2 father and son")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1 crm/3 crm/5", "crm/2 crm/4"})
	if w.of("crm/1") != id || w.of("crm/2") == id {
		t.Error("the larger part has another id")
	}
	equal(t, "lineage", w.events(), []string{"split|" + id + "|" + w.of("crm/2") + "|2|override: Split of crm/1 and crm/2: father and son"})
	equal(t, "events", w.overrideEvents(), []string{"email|a@x.io|crm|2|would put crm/1 and crm/2 into one profile, which are split"})
	equal(t, "edges", w.rows("edges", "SELECT [record_key, identifier] FROM {t}"), []string{"1|email", "2|card", "3|email", "4|card", "5|email"})
	if w.who("email=a@x.io") != "" {
		t.Error("an address of two people stands for one")
	}
	second := w.of("crm/2")
	w.source("crm", Profile, 1, fields, append(rows, "6||a@x.io|two", "7||a@x.io|")...)
	w.run()
	equal(t, "with more records", w.groups(), []string{"crm/1 crm/3 crm/5 crm/7", "crm/2 crm/4 crm/6"})
	if w.of("crm/1") != id || w.of("crm/2") != second {
		t.Error("the ids changed")
	}
	w.decide("1 Split crm/2 crm/1 the other way round")
	w.run()
	equal(t, "the other way round", w.groups(), []string{"crm/1", "crm/2 crm/3 crm/4 crm/5 crm/6 crm/7"})
	w.decide()
	w.run()
	equal(t, "taken back", w.groups(), []string{"crm/1 crm/2 crm/3 crm/4 crm/5 crm/6 crm/7"})
}

// A value that connects nobody but the two connects nothing.
func TestSplitOfTwo(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io", "2||a@x.io", "3||b@x.io", "4||b@x.io")
	w.decide("1 Split crm/2 crm/1 no")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1", "crm/2", "crm/3 crm/4"})
	equal(t, "edges", w.rows("edges", "SELECT [record_key] FROM {t}"), []string{"3", "4"})
}

func TestLaterDecisionsCount(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io", "2||b@x.io", "3||c@x.io", "4||c@x.io", "5||d@x.io", "6||d@x.io", "7||e@x.io", "8||f@x.io")
	w.decide(
		"1 Merge crm/1 crm/2 first", "3 Withdraw crm/2 crm/1 a mistake",
		"1 Merge crm/3 crm/4 first", "2 Split crm/4 crm/3 no",
		"4 Split crm/5 crm/6 no", "5 Withdraw crm/5 crm/6 yes after all",
		"6 Merge crm/7 crm/8 at once", "6 Split crm/7 crm/8 at once")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1", "crm/2", "crm/3", "crm/4", "crm/5 crm/6", "crm/7", "crm/8"})
	equal(t, "overrides", w.outcomes(), []string{"crm/4|crm/3|Split|no|kim|Applied", "crm/7|crm/8|Split|at once|kim|Applied"})
}

// A Split wins over Merges that would bring its records together; of these the oldest is refused, and a guard event says by what.
func TestSplitWinsOverAChainOfMerges(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email"), "1||", "2||", "3||", "4||")
	w.decide("1 Merge crm/1 crm/2 a", "2 Merge crm/3 crm/2 b", "3 Merge crm/4 crm/3 c", "0 Split crm/1 crm/4 never")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1", "crm/2 crm/3 crm/4"})
	equal(t, "events", w.overrideEvents(), []string{"override|crm/1 + crm/2|crm|1|would put crm/1 and crm/4 into one profile, which are split"})
	equal(t, "overrides", w.outcomes(), []string{"crm/1|crm/2|Merge|a|kim|Refused", "crm/1|crm/4|Split|never|kim|Applied",
		"crm/3|crm/2|Merge|b|kim|Applied", "crm/4|crm/3|Merge|c|kim|Applied"})
	if w.count("overrides/Refused") != 1 || w.count("merges/override") != 2 || w.count("guards/override") != 1 {
		t.Errorf("%+v", w.last["Resolvepeople"].Outputs)
	}
}

func TestRecordsThatAreNotThere(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io", "2||a@x.io")
	w.source("web", Event, 1, text("@email"), "1|0|a@x.io")
	w.decide("1 Merge crm/1 crm/9 later", "1 Split crm/2 erp/1 no such source", "1 Merge crm/1 web/1 no Profile record")
	w.run()
	equal(t, "profiles", w.groups(), []string{"crm/1 crm/2"})
	if got := w.outcomes(); len(got) != 3 || !strings.HasSuffix(got[0], "|RecordMissing") || w.count("overrides/RecordMissing") != 3 {
		t.Errorf("%q", got)
	}
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io", "2||a@x.io", "9||")
	w.run()
	equal(t, "with the record", w.groups(), []string{"crm/1 crm/2 crm/9"})
}

// A split holds for probable matches, and a merge is where they start from.
func TestOverridesAndProbableMatches(t *testing.T) {
	w := probabilisticWorld(t,
		"a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||",
		"b||Katharina|Lindqvst|1961-04-03||+4915112345678|",
		"c||Bertram|Okafor|1990-01-17|||")
	w.run()
	if people := w.people(); people["a"] != people["b"] || people["c"] == people["a"] {
		t.Fatal("without overrides")
	}
	w.decide("1 Split crm/a crm/b twins", "1 Merge crm/c crm/b changed the name")
	w.run()
	if people := w.people(); people["a"] == people["b"] || people["b"] != people["c"] {
		t.Errorf("%s %s %s", people["a"], people["b"], people["c"])
	}
	if got := w.overrideEvents(); len(got) != 1 || !strings.HasPrefix(got[0], "probabilistic|crm ") || !strings.HasSuffix(got[0], "|would put crm/a and crm/b into one profile, which are split") {
		t.Errorf("%q", got)
	}
	cfg := w.cfg
	cfg.Plan.Subject, cfg.Plan.Run = "people", "explain"
	x := must[*PairExplanation](t)(ExplainPair(t.Context(), Env{Lake: w.lake, DB: w.db}, cfg, w.last["Resolvepeople"], Ref{"crm", "a"}, Ref{"crm", "c"}))
	if len(x.Overrides) != 2 || x.Overrides[0].Reason+x.Overrides[1].Reason != "twinschanged the name" || x.Overrides[0].Steward != "kim" {
		t.Errorf("%+v", x.Overrides)
	}
	if len(x.Refused) != 1 || x.Refused[0] != "override: would put crm/a and crm/b into one profile, which are split" {
		t.Errorf("%q", x.Refused)
	}
	x = must[*PairExplanation](t)(ExplainPair(t.Context(), Env{Lake: w.lake, DB: w.db}, cfg, w.last["Resolvepeople"], Ref{"crm", "b"}, Ref{"crm", "c"}))
	if len(x.Path) != 1 || x.Path[0].Rule != overrideLabel || len(x.Overrides) != 1 || len(x.Shared) != 1 {
		t.Errorf("%+v", x)
	}
}

func TestOverridesNeedASourceOfThatKind(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io")
	w.cfg.Overrides = &w.cfg.Sources[0]
	if _, err := w.try(); fault.ClassOf(err) != fault.InvalidManifest {
		t.Errorf("%v", err)
	}
	w.decide("1 Merge crm/1 crm/2 why")
	w.cfg.Overrides.Fields = w.cfg.Overrides.Fields[1:]
	if _, err := w.try(); fault.ClassOf(err) != fault.InvalidManifest || !strings.Contains(err.Error(), "semantic decision") {
		t.Errorf("%v", err)
	}
	w.decide("1 Merge crm/1 crm/2 why")
	w.cfg.Overrides.Fields = append(w.cfg.Overrides.Fields, Field{Name: "ticket", Type: sqlgen.String})
	if _, err := w.try(); fault.ClassOf(err) != fault.ColumnMissing || !strings.Contains(err.Error(), `"ticket"`) {
		t.Errorf("%v", err)
	}
}
