package identity

import (
	"fmt"
	"testing"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// compare gives the difference between a revision and the last one, as text.
func (w *world) compare(base *lake.Revision, examples int) (string, []Example) {
	w.t.Helper()
	d := must[Difference](w.t)(Compare(w.t.Context(), Env{Lake: w.lake, DB: w.db}, "people", base, w.last["Resolvepeople"], examples))
	return fmt.Sprintf("moved %d added %d gone %d values %v", d.Moved, d.Added, d.Gone, d.Values), d.Examples
}

func TestCompare(t *testing.T) {
	w := people(t, "1|1|a@x.io||", "2|2|b@x.io|+491|", "3|3|c@x.io|+492|", "4|4|c@x.io|+492|", "5|5|e@x.io||")
	base := w.last["Resolvepeople"]
	if got, _ := w.compare(nil, 0); got != "moved 0 added 5 gone 0 values []" {
		t.Errorf("without a base: %s", got)
	}
	two, three := w.of("crm/2"), w.of("crm/3")
	// 2 goes to the person of 3 and 4, who gets no other values; 1 gets a phone; 5 is gone; 6 is new.
	w.then("1|1|a@x.io|+499|", "2|2|c@x.io|+492|", "3|3|c@x.io|+492|", "4|4|c@x.io|+492|", "6|6|f@x.io||")
	got, examples := w.compare(base, 2)
	if got != "moved 1 added 1 gone 1 values [{phone 1}]" {
		t.Errorf("%s; events %v", got, w.events())
	}
	merges := 0
	for _, e := range examples {
		if e.Event == "merge" {
			merges++
			if e.From != two || e.To != three {
				t.Errorf("%s merged into %s, want %s into %s", e.From, e.To, two, three)
			}
		}
	}
	if merges != 1 || len(examples) != 3 { // and one is retired, one new
		t.Errorf("%v", examples)
	}
	if _, none := w.compare(base, 0); len(none) > 0 {
		t.Errorf("%v", none)
	}
}

// Attributes that come, go and change their type.
func TestCompareOtherAttributes(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, append(text("@email", "town"), Field{Name: "age", Type: sqlgen.Integer}), "1||a@x.io|Bonn|5", "2||b@x.io||7", "3||c@x.io|Bonn|")
	w.run()
	base := w.last["Resolvepeople"]
	w.source("crm", Profile, 1, text("@email", "age", "colour"), "1||a@x.io|5|red", "2||b@x.io|8|", "3||c@x.io||")
	w.run()
	if got, _ := w.compare(base, 0); got != "moved 0 added 0 gone 0 values [{age 1} {colour 1} {town 2}]" {
		t.Error(got)
	}
}
