package identity

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
)

var crmFields = text("@email", "@phone", "@card")

func people(t *testing.T, rows ...string) *world {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone"}}
	w.source("crm", Profile, 1, crmFields, rows...)
	w.run()
	return w
}

// then replaces the records and resolves again.
func (w *world) then(rows ...string) {
	w.t.Helper()
	w.source("crm", Profile, 1, crmFields, rows...)
	w.run()
}

func TestFreshIDIsUUIDv5(t *testing.T) {
	w := people(t, "2||b@x.io||", "1||a@x.io||")
	namespace := uuid.NewSHA1(kithNamespace, []byte("people"))
	for record, name := range map[string]string{"crm/1": "record\x1fcrm\x1f0\x1f1", "crm/2": "record\x1fcrm\x1f0\x1f2"} {
		if got, want := w.of(record), uuid.NewSHA1(namespace, []byte(name)).String(); got != want {
			t.Errorf("%s is %s, want %s", record, got, want)
		}
	}
}

func TestUnchangedKeepsIDsWithoutEvents(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||a@x.io||", "3||c@x.io||")
	before := w.profiles()
	w.then("3||c@x.io||", "2||a@x.io||", "1||a@x.io||")
	if after := w.profiles(); len(after) != 2 || after[w.of("crm/1")] != before[w.of("crm/1")] || after[w.of("crm/3")] != before[w.of("crm/3")] {
		t.Errorf("%v became %v", before, after)
	}
	equal(t, "events", w.events(), nil)
	if n := len(w.rows("lineage", "SELECT [event] FROM {t}")); n != 2 {
		t.Errorf("%d rows of lineage, want the 2 of the first run", n)
	}
}

func TestMergeKeepsTheIDOfTheBigger(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||b@x.io||", "3||b@x.io||")
	small, big := w.of("crm/1"), w.of("crm/2")
	w.then("1||a@x.io|+491|", "2||b@x.io|+491|", "3||b@x.io||")
	equal(t, "groups", w.groups(), []string{"crm/1 crm/2 crm/3"})
	if got := w.of("crm/1"); got != big {
		t.Errorf("the merged profile is %s, want that of the bigger, %s", got, big)
	}
	equal(t, "events", w.events(), []string{"merge|" + small + "|" + big + "|1|rule 3: phone, source crm, record 1"})
}

// Of two profiles as big as each other the smaller id goes on, whichever way round they are.
func TestMergeOfEquals(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||b@x.io||")
	first, second := w.of("crm/1"), w.of("crm/2")
	w.then("1||a@x.io|+491|", "2||b@x.io|+491|")
	if got, want := w.of("crm/1"), min(first, second); got != want {
		t.Errorf("the merged profile is %s, want %s", got, want)
	}
}

func TestSplitKeepsTheIDWithTheBiggerPart(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||a@x.io||", "3||a@x.io||")
	id := w.of("crm/1")
	w.then("1||z@x.io||", "2||a@x.io||", "3||a@x.io||")
	fresh := w.of("crm/1")
	if w.of("crm/2") != id || fresh == id {
		t.Errorf("the pair is %s and the single one %s; the id was %s", w.of("crm/2"), fresh, id)
	}
	equal(t, "events", w.events(), []string{"split|" + id + "|" + fresh + "|1|its records no longer agree"})
	// The single one was founded on the record that the id was made of: it needs another generation of it.
	w.then("1||a@x.io||", "2||a@x.io||", "3||a@x.io||")
	equal(t, "events", w.events(), []string{"merge|" + fresh + "|" + id + "|1|rule 2: email, source crm, record 1"})
	w.then("1||y@x.io||", "2||a@x.io||", "3||a@x.io||")
	if again := w.of("crm/1"); again == fresh || again == id {
		t.Errorf("the id %s resolves to %s by lineage and must not be given again", again, id)
	}
}

func TestMoveToAProfileThatIsThere(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||a@x.io||", "3||b@x.io||", "4||b@x.io||")
	a, b := w.of("crm/1"), w.of("crm/3")
	w.then("1||a@x.io||", "2||b@x.io||", "3||b@x.io||", "4||b@x.io||")
	equal(t, "events", w.events(), []string{"move|" + a + "|" + b + "|1|its records agree with another profile"})
}

// A profile that ended without a heir comes back under its id, because its records found the same one.
func TestRetireAndReturn(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||b@x.io||")
	id := w.of("crm/1")
	w.then("2||b@x.io||")
	equal(t, "events", w.events(), []string{"retire|" + id + "||1|nothing of it is left"})
	w.then("1||a@x.io||", "2||b@x.io||")
	equal(t, "events", w.events(), []string{"new||" + id + "|1|"})
}

// Records that get new keys are new records; their identifiers say who they were.
func TestNewKeysKeepTheID(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||b@x.io||")
	id := w.of("crm/1")
	w.then("k1||a@x.io||", "2||b@x.io||")
	if got := w.of("crm/k1"); got != id {
		t.Errorf("the record with a new key is %s, want %s", got, id)
	}
	equal(t, "events", w.events(), nil)
}

// Whatever happens over many runs, every id that ever was resolves: it lives, it was merged into one that resolves, or it retired.
func TestEveryIDResolves(t *testing.T) {
	w := people(t, "1||a@x.io||", "2||b@x.io||", "3||c@x.io||", "4||d@x.io||")
	ever := map[string]bool{}
	for _, rows := range [][]string{
		{"1||a@x.io||", "2||a@x.io||", "3||c@x.io||", "4||c@x.io||"},
		{"1||a@x.io||", "2||c@x.io||", "3||c@x.io||", "4||c@x.io||"},
		{"1||a@x.io||", "2||a@x.io||", "3||a@x.io||"},
		{"3||e@x.io||", "4||f@x.io||", "1||g@x.io||", "2||h@x.io||"},
		{"3||e@x.io||", "4||e@x.io||", "1||e@x.io||", "2||e@x.io||"},
	} {
		for id := range w.profiles() {
			ever[id] = true
		}
		w.then(rows...)
	}
	heir, retired := map[string]string{}, map[string]bool{}
	for _, row := range w.rows("lineage", "SELECT [event, from_id, to_id] FROM {t}") {
		parts := strings.Split(row, "|")
		switch parts[0] {
		case eventMerge:
			if heir[parts[1]] != "" {
				t.Errorf("%s was merged twice", parts[1])
			}
			heir[parts[1]] = parts[2]
		case eventRetire:
			retired[parts[1]] = true
		}
	}
	live := w.profiles()
	for id := range ever {
		end := id
		for steps := 0; live[end] == "" && heir[end] != "" && steps < 100; steps++ {
			end = heir[end]
		}
		if live[end] == "" && !retired[end] {
			t.Errorf("%s resolves to %s, which neither lives nor retired", id, end)
		}
		if live[id] != "" && heir[id] != "" {
			t.Errorf("%s lives and was merged into %s", id, heir[id])
		}
	}
}

// Increments give the people that one load of everything gives, in any order of rows.
func TestIncrementsAndOrder(t *testing.T) {
	rows := []string{
		"1||a@x.io|+491|", "2||b@x.io|+491|", "3||b@x.io||c1", "4|||+492|c2", "5||d@x.io|+492|c1", "6||d@x.io||", "7||e@x.io|+493|", "8||f@x.io|+493|c2",
	}
	guards := Guards{Separate: []string{"card"}}
	load := func(batches ...[]string) []string {
		w := newWorld(t)
		w.cfg.Deterministic, w.cfg.Guards = [][]string{{"card"}, {"email"}, {"phone"}}, guards
		var have []string
		for _, b := range batches {
			have = append(have, b...)
			w.then(have...)
		}
		return w.groups()
	}
	want := load(rows)
	if len(want) == 1 || len(want) == len(rows) {
		t.Fatalf("the example shows nothing: %v", want)
	}
	backwards := slices.Clone(rows)
	slices.Reverse(backwards)
	equal(t, "backwards", load(backwards), want)
	equal(t, "in three steps", load(rows[5:], rows[2:5], rows[:2]), want)
}

// A plan that was committed already is not carried out again.
func TestRunTwice(t *testing.T) {
	w := people(t, "1||a@x.io||")
	cfg := w.cfg
	cfg.Plan = w.plan("Resolve", "IdentityRule", "people")
	cfg.Plan.Base = w.last["Resolvepeople"].Run
	first := must[*lake.Revision](t)(Run(t.Context(), Env{Lake: w.lake, DB: w.db}, cfg))
	second := must[*lake.Revision](t)(Run(t.Context(), Env{Lake: w.lake, DB: w.db}, cfg))
	if !slices.Equal(first.Tables, second.Tables) || len(second.Outputs) == 0 || !slices.Equal(first.Outputs, second.Outputs) {
		t.Errorf("the second attempt gave %v, the first %v", second, first)
	}
	cfg.Plan.Run, cfg.Plan.Serial = "people-resolve-99", 99
	if _, err := Run(t.Context(), Env{Lake: w.lake, DB: w.db}, cfg); !fault.Is(err, fault.Superseded) {
		t.Errorf("a plan on an old base: %v", err)
	}
}
