package identity

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
)

// budgeted is a rule with a budget for its next run.
func budgeted(t *testing.T, percent int, rows ...string) *world {
	w := people(t, rows...)
	w.cfg.MaxChangePercent = percent
	return w
}

// churn of the last run.
func (w *world) churn(base *lake.Revision) Churn { return ChurnOf(base, w.last["Resolvepeople"]) }

// ten people of one record each.
var ten = []string{
	"0||a0@x.io||", "1||a1@x.io||", "2||a2@x.io||", "3||a3@x.io||", "4||a4@x.io||",
	"5||a5@x.io||", "6||a6@x.io||", "7||a7@x.io||", "8||a8@x.io||", "9||a9@x.io||",
}

// with are the ten people, some of whose records are another.
func with(changed ...string) []string {
	out := append([]string{}, ten...)
	for _, c := range changed {
		out[c[0]-'0'] = c
	}
	return out
}

func TestChurn(t *testing.T) {
	pair := with("1||a0@x.io||") // nine people, the first of two records
	for _, c := range []struct {
		name          string
		before, after []string
		want          Churn
	}{
		{"nothing", ten, ten, Churn{Before: 10}},
		{"a value that connects nobody", ten, with("3||other@x.io||"), Churn{Before: 10}},
		{"a new person", ten, append(with(), "10||new@x.io||"), Churn{Before: 10}},
		{"a new record of somebody", ten, append(with(), "10||a4@x.io||"), Churn{Before: 10}},
		{"two become one", ten, pair, Churn{Before: 10, Changed: 2, Merges: 1}},
		{"three become one", ten, with("1||a0@x.io||", "2||a0@x.io||"), Churn{Before: 10, Changed: 3, Merges: 2}},
		{"one becomes two", pair, ten, Churn{Before: 9, Changed: 1, Splits: 1}},
		{"a record goes to another person", append(with("1||a0@x.io||"), "10||a0@x.io||"), append(with("1||a5@x.io||"), "10||a0@x.io||"),
			Churn{Before: 9, Changed: 2, Moves: 1}},
		{"one is no more", ten, ten[1:], Churn{Before: 10, Changed: 1, Retired: 1}},
		{"two people are no more, and one is new", ten, append(ten[2:8:8], "8||a8@x.io||", "9||a9@x.io||", "10||new@x.io||"), Churn{Before: 10, Changed: 2, Retired: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := people(t, c.before...)
			base := w.last["Resolvepeople"]
			w.then(c.after...)
			if got := w.churn(base); got != c.want {
				t.Errorf("got %+v, want %+v; events %v", got, c.want, w.events())
			}
		})
	}
}

// Visitors who become known, who turn out to share a device and who expire are no people who change.
func TestChurnOfVisitors(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone"}}
	w.source("crm", Profile, 1, crmFields, ten...)
	visits := text("@email", "@anonymousId")
	w.source("web", Event, 100, visits, "1|1||v1", "2|1||v2", "3|1|a0@x.io|v3")
	w.run()
	base := w.last["Resolvepeople"]
	w.source("web", Event, 100, visits, "1|1||v1", "2|1||v2", "3|1|a0@x.io|v3", "4|2|a1@x.io|v1", "5|2|a2@x.io|v3")
	w.run()
	if len(w.events()) < 2 {
		t.Fatalf("nothing happened to the visitors: %v", w.events())
	}
	if got, want := w.churn(base), (Churn{Before: 10}); got != want {
		t.Errorf("got %+v, want %+v; events %v", got, want, w.events())
	}
}

func TestBudget(t *testing.T) {
	w := budgeted(t, 20, ten...)
	w.then(with("1||a0@x.io||")...)
	if got := w.churn(w.last["Resolvepeople"]); got.Changed != 2 {
		t.Errorf("exactly the budget: %+v", got)
	}
	before := w.profiles()
	w.source("crm", Profile, 1, crmFields, with("1||a0@x.io||", "3||a2@x.io||")...)
	_, err := w.try()
	const says = "IdentityRule people: run people-resolve-3 would change 2 of 9 people (1 merges, 0 splits, 0 moves, 0 retired), more than the 20 percent that budget.maxChangePercent allows"
	if !fault.Is(err, fault.BudgetExceeded) || !strings.Contains(err.Error(), says) {
		t.Fatalf("over the budget: %v", err)
	}
	if last := must[*lake.Revision](t)(w.lake.Latest(t.Context(), "Resolve", "IdentityRule", "people")); last.Run != "people-resolve-2" {
		t.Errorf("the latest revision is %s", last.Run)
	}
	if after := w.profiles(); len(after) != len(before) {
		t.Errorf("%v became %v", before, after)
	}
	w.cfg.MaxChangePercent = 0 // which is what an approval does
	w.run()
	equal(t, "groups", w.groups(), []string{"crm/0 crm/1", "crm/2 crm/3", "crm/4", "crm/5", "crm/6", "crm/7", "crm/8", "crm/9"})
}

// A first run has nobody who could change, nor has one that comes after a run that found nobody.
func TestBudgetOfTheFirstPeople(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic, w.cfg.MaxChangePercent = [][]string{{"card"}, {"email"}, {"phone"}}, 1
	w.source("crm", Profile, 1, crmFields)
	w.run()
	w.then(ten...)
	if n := len(w.groups()); n != 10 {
		t.Errorf("%d people", n)
	}
}

// changedPeople is the truth about people whose records are all still there: whose id is no more, and who gave a record to somebody else or took
// one from another.
func changedPeople(before, after map[string]string) int64 {
	ids := func(profiles map[string]string) map[string]string {
		out := map[string]string{}
		for id, records := range profiles {
			for _, r := range strings.Fields(records) {
				out[r] = id
			}
		}
		return out
	}
	was, is := ids(before), ids(after)
	changed := map[string]bool{}
	for record, id := range was {
		if is[record] == id {
			continue
		}
		changed[id] = true
		if _, ok := before[is[record]]; ok {
			changed[is[record]] = true
		}
	}
	return int64(len(changed))
}

func TestChurnOfRandomPeople(t *testing.T) {
	seen := Churn{}
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 1))
		record := func(key int) string {
			value := func(kind string, of int) string {
				if rng.IntN(3) == 0 {
					return ""
				}
				return fmt.Sprint(kind, 1000+rng.IntN(of))
			}
			return fmt.Sprintf("%d||%s|%s|%s", key, value("m@x.io", 14), value("+4930", 14), value("card", 20))
		}
		var rows []string
		for key := range 20 {
			rows = append(rows, record(key))
		}
		w := people(t, rows...)
		for step := range 3 {
			for range 3 {
				key := rng.IntN(20)
				rows[key] = record(key)
			}
			rows = append(rows, record(20+step)) // a new one, who may bring others together
			base, before := w.last["Resolvepeople"], w.profiles()
			w.then(rows...)
			got := w.churn(base)
			if want := changedPeople(before, w.profiles()); got.Changed != want || got.Before != int64(len(before)) {
				t.Errorf("seed %d, step %d: %d of %d people, want %d of %d; events %v", seed, step, got.Changed, got.Before, want, len(before), w.events())
			}
			seen.Merges, seen.Splits, seen.Moves = seen.Merges+got.Merges, seen.Splits+got.Splits, seen.Moves+got.Moves
		}
	}
	if seen.Merges == 0 || seen.Splits == 0 || seen.Moves == 0 {
		t.Errorf("the seeds show too little: %+v", seen)
	}
}
