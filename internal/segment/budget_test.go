package segment

import (
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// ages are people of two classes: marketing does not know how old p4 is.
func ages(old ...string) sqlgen.Query {
	rows := []string{}
	for _, p := range []string{"p1", "p2", "p3", "p4", "p5"} {
		age := "20"
		if slices.Contains(old, p) {
			age = "60"
		}
		rows = append(rows, "('analytics', '"+p+"', true, "+age+")")
		if p == "p4" {
			age = "NULL"
		}
		rows = append(rows, "('marketing', '"+p+"', true, "+age+")")
	}
	return sqlgen.Query("SELECT * FROM (VALUES " + strings.Join(rows, ", ") + `) t("class", profile_id, known, age)`)
}

const noIdentifiers = `SELECT 'email' AS identifier, 'x' AS value, 'p1' AS profile_id WHERE false`

// aged is a space of which old is the Segment with a budget, and three others that need it.
func aged(w *world, people sqlgen.Query, percent int64) Config {
	both := []string{"analytics", "marketing"}
	return Config{
		Identity: w.people(people, noIdentifiers),
		Classes: []Class{
			{Name: "analytics", Purposes: []string{"*", "analytics"}}, {Name: "marketing", Purposes: []string{"marketing"}},
		},
		Traits: []Trait{{"is-old", "isOld", `inSegment("old")`}},
		Segments: []Segment{
			{Name: "old", Where: "profile.age > 50", Purposes: both, Due: true, MaxChangePercent: percent},
			{Name: "of-old", Where: `inSegment("old")`, Purposes: both, Due: true},
			{Name: "not-old", Where: `!inSegment("old")`, Purposes: both, Due: true},
			{Name: "by-trait", Where: `profile.isOld`, Purposes: both, Due: true},
		},
	}
}

// failures by name, each with its class.
func failures(res Result) string {
	var out []string
	for _, f := range res.Errors {
		out = append(out, f.Name+" "+string(fault.ClassOf(f.Err)))
	}
	return strings.Join(out, ", ")
}

// members of the Segments for one purpose, "old: p1 p2".
func (w *world) memberLines(rows [][]string, purpose string) []string {
	by := map[string][]string{}
	for _, r := range rows {
		if r[1] == purpose {
			by[r[0]] = append(by[r[0]], r[2])
		}
	}
	var out []string
	for name, ids := range by {
		out = append(out, name+": "+strings.Join(ids, " "))
	}
	slices.Sort(out)
	return out
}

func TestBudget(t *testing.T) {
	w := newWorld(t, "1GB")
	first := aged(w, ages("p1", "p2", "p4"), 50)
	_, res := w.evaluate(first)
	if len(res.Errors) > 0 {
		t.Fatalf("a first evaluation has no budget: %s", failures(res))
	}

	// For analytics one of three leaves, which is within half; for marketing one of two leaves and one enters, which is not.
	rev, res := w.evaluate(aged(w, ages("p1", "p3", "p4"), 80))
	if failures(res) != "old BudgetExceeded" || !strings.Contains(res.Errors[0].Err.Error(),
		"for purpose marketing 1 would enter and 1 would leave, of 2 members, more than the 80 percent") {
		t.Fatalf("%s: %v", failures(res), res.Errors)
	}
	rows := w.rows(rev, "segment_members", "segment", "purpose", "profile_id")
	for purpose, lines := range map[string][]string{
		"analytics": {"by-trait: p1 p2 p4", "not-old: p3 p5", "of-old: p1 p2 p4", "old: p1 p2 p4"},
		"marketing": {"by-trait: p1 p2", "not-old: p3 p4 p5", "of-old: p1 p2", "old: p1 p2"},
	} {
		if got := w.memberLines(rows, purpose); !slices.Equal(got, lines) {
			t.Errorf("%s: %q, want %q: it keeps its members for every purpose, and the others read them", purpose, got, lines)
		}
	}
	if c := (Count{"old", "analytics", 3, 0, 0}); !slices.Contains(res.Members, c) {
		t.Errorf("got %v, want %v among them", res.Members, c)
	}
	for _, r := range w.rows(rev, "segment_log", "run", "segment") {
		if r[0] == "evaluate-1" {
			t.Errorf("the log says that something changed in %s", r[1])
		}
	}

	rev, res = w.evaluate(aged(w, ages("p1", "p3", "p4"), 100))
	if failures(res) != "" {
		t.Errorf("as much as the budget allows: %s", failures(res))
	}
	if got := w.memberLines(w.rows(rev, "segment_members", "segment", "purpose", "profile_id"), "marketing"); !slices.Equal(got,
		[]string{"by-trait: p1 p3", "not-old: p2 p4 p5", "of-old: p1 p3", "old: p1 p3"}) {
		t.Errorf("%q", got)
	}
	_, res = w.evaluate(aged(w, ages("p2", "p5"), 0))
	if failures(res) != "" {
		t.Errorf("without a budget, as when the run is approved: %s", failures(res))
	}
	// Everybody leaves, and then somebody enters where nobody was.
	_, res = w.evaluate(aged(w, ages(), 100))
	if failures(res) != "" {
		t.Errorf("all of them leave: %s", failures(res))
	}
	_, res = w.evaluate(aged(w, ages("p1", "p2"), 1))
	if failures(res) != "" {
		t.Errorf("nobody was a member: %s", failures(res))
	}
	// The profiles of members are gone.
	gone := `SELECT * FROM (VALUES ('analytics', 'p9', true, 60), ('marketing', 'p9', true, 60)) t("class", profile_id, known, age)`
	_, res = w.evaluate(aged(w, sqlgen.Query(gone), 149))
	if failures(res) != "old BudgetExceeded" || !strings.Contains(res.Errors[0].Err.Error(), "1 would enter and 2 would leave, of 2 members") {
		t.Errorf("profiles that are gone: %s, %v", failures(res), res.Errors)
	}
}

// TestBudgetAndANewPurpose: the Segment that keeps its members has none for a purpose that it was never evaluated for, and
// nobody is taken for no member there.
func TestBudgetAndANewPurpose(t *testing.T) {
	w := newWorld(t, "1GB")
	cfg := aged(w, ages("p1", "p2", "p4"), 10)
	for i := range cfg.Segments {
		cfg.Segments[i].Purposes = []string{"marketing"}
	}
	cfg.Classes, cfg.Traits, cfg.Segments = cfg.Classes[1:], nil, cfg.Segments[:3]
	w.evaluate(cfg)

	rev, res := w.evaluate(aged(w, ages("p1", "p3", "p4"), 10))
	if failures(res) != "old BudgetExceeded, not-old ReferenceNotFound, of-old ReferenceNotFound, is-old ReferenceNotFound, by-trait ReferenceNotFound" {
		t.Errorf("%s", failures(res))
	}
	rows := w.rows(rev, "segment_members", "segment", "purpose", "profile_id")
	if got := w.memberLines(rows, "marketing"); !slices.Equal(got, []string{"not-old: p3 p4 p5", "of-old: p1 p2", "old: p1 p2"}) {
		t.Errorf("%q", got)
	}
	for _, m := range res.Members {
		if m.Purpose != "marketing" {
			t.Errorf("there is a result for %s: %+v", m.Purpose, m)
		}
	}
	for _, tr := range res.Traits {
		t.Errorf("there is a result for %+v", tr)
	}
}

// TestBudgetAndANewPurposeOfAClass: what is evaluated for it reads what the class's other purposes keep.
func TestBudgetAndANewPurposeOfAClass(t *testing.T) {
	w := newWorld(t, "1GB")
	plain := func(people sqlgen.Query, percent int64) Config {
		cfg := aged(w, people, percent)
		cfg.Traits, cfg.Segments = nil, cfg.Segments[:3]
		return cfg
	}
	w.evaluate(plain(ages("p1", "p2", "p4"), 0))
	cfg := plain(ages("p1", "p3", "p4"), 10)
	for i := range cfg.Segments {
		cfg.Segments[i].Purposes = append([]string{"*"}, cfg.Segments[i].Purposes...)
	}
	rev, res := w.evaluate(cfg)
	if failures(res) != "old BudgetExceeded" {
		t.Errorf("%s", failures(res))
	}
	rows := w.rows(rev, "segment_members", "segment", "purpose", "profile_id")
	if got := w.memberLines(rows, "*"); !slices.Equal(got, []string{"not-old: p3 p5", "of-old: p1 p2 p4"}) {
		t.Errorf("%q", got)
	}
	if slices.ContainsFunc(res.Members, func(c Count) bool { return c.Name == "old" && c.Purpose == "*" }) {
		t.Error("the Segment has a size for a purpose that it was never evaluated for")
	}
}
