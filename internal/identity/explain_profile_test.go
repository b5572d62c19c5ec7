package identity

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// explain a profile of the last run.
func (w *world) explain(id string, limit int) (*ProfileExplanation, error) {
	cfg := w.cfg
	cfg.Plan = w.plan("Explain", "IdentityRule", "people")
	if cfg.Classes == nil {
		cfg.Classes = []Class{{Name: "all"}}
	}
	return ExplainProfile(w.t.Context(), Env{Lake: w.lake, DB: w.db}, cfg, w.last["Resolvepeople"], id, limit)
}

// Everything that is known of a profile: what holds it together is told apart by rule, value and likeness, and the weakest of it is named.
func TestExplainProfile(t *testing.T) {
	w := probabilisticWorld(t,
		"a|1|Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||one",
		"b|2|Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com|+4915799901234|",
		"c|3|K.|Lindqvist||k.lindqvist@example.com||",
		"d|4|Katarina|Lindqvist|1961-04-03||+4915799901234|one",
		"e|5|Katharina|Lindqvist|1961-04-03||+4915799901234|two")
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
	w.cfg.Guards.Separate = []string{"card"}
	w.cfg.Survivorship = []Survivorship{{Attributes: []string{"givenName"}, Strategy: MostFrequent}}
	fields := text("@email", "purpose", "status")
	fields[1].Semantic, fields[2].Semantic = "purpose", "consentStatus"
	w.source("consents", Consent, 1, fields, "1|-3|k.lindqvist@example.com|mail|Granted", "2|-2|k.lindqvist@example.com|mail|Withdrawn")
	w.run()
	people := w.people()
	if people["a"] != people["b"] || people["a"] != people["c"] || people["a"] != people["d"] || people["a"] == people["e"] {
		t.Fatalf("a %s, b %s, c %s, d %s, e %s", people["a"], people["b"], people["c"], people["d"], people["e"])
	}
	x, err := w.explain(people["a"], 10)
	if err != nil {
		t.Fatal(err)
	}
	crm := func(key string) Ref { return Ref{"crm", key} }
	if !reflect.DeepEqual(x.Records, Some[Ref]{4, []Ref{crm("a"), crm("b"), crm("c"), crm("d")}}) || !x.Known || x.Asked != "" || x.Groups != 1 {
		t.Errorf("%+v", x)
	}
	mail := Tie{Shared{2, "email", "k.lindqvist@example.com"}, 3}
	if !reflect.DeepEqual(x.Ties, Some[Tie]{2, []Tie{{Shared{1, "card", "one"}, 2}, mail}}) {
		t.Errorf("ties: %+v", x.Ties)
	}
	// The address joins a, b and c, and the card a and d; likeness connects nothing beyond that, and the address is the weaker of the two.
	if x.Matches.Total != 0 || x.Weakest == nil || !reflect.DeepEqual(x.Weakest.Tie, &mail) || x.Weakest.Match != nil {
		t.Errorf("weakest: %+v, matches: %+v", x.Weakest, x.Matches)
	} else if !reflect.DeepEqual(x.Weakest.Parts, Some[int]{3, []int{2, 1, 1}}) || x.Weakest.Others == 0 || x.Weakest.Between == nil {
		t.Errorf("a and d, who are like b, are a part, and b and c are one each: %+v", x.Weakest)
	}
	if x.Compared == nil || x.Compared.Compared == 0 {
		t.Errorf("compared: %+v", x.Compared)
	}
	want := []Identifier{{"card", "one"}, {"email", "k.lindqvist@example.com"}}
	if got := x.Identifiers.Shown; !slices.Equal(got, want) { // e shares the telephone
		t.Errorf("identifiers: %v", got)
	}
	var guards []string
	for _, g := range x.Guards.Shown {
		guards = append(guards, g.Guard+" "+g.Identifier+" "+g.Value)
	}
	for _, want := range []string{"separate probabilistic crm e", "ambiguous phone +4915799901234"} {
		if !slices.Contains(guards, want) {
			t.Errorf("the guards lack %q: %q", want, guards)
		}
	}
	if len(x.Lineage.Shown) != 1 || x.Lineage.Shown[0].Event != "new" || x.Lineage.Shown[0].Run != "people-resolve-1" || x.Lineage.Shown[0].Records != 4 {
		t.Errorf("lineage: %+v", x.Lineage)
	}
	values := map[string]Survivor{}
	for _, v := range x.Values.Shown {
		values[v.Attribute] = v
	}
	if values["givenName"] != (Survivor{"givenName", "Katharina", "crm", "b"}) || values["card"].Value != "one" || x.Class != "all" {
		t.Errorf("values as %s sees them: %+v", x.Class, x.Values)
	}
	if got := x.Consent; got.Total != 1 || got.Shown[0].Purpose != "mail" || got.Shown[0].Status != "Withdrawn" || got.Shown[0].Source != "consents" {
		t.Errorf("consent: %+v", got)
	}
	// Seen from the other side, the guard names a record of this one.
	other, err := w.explain(people["e"], 10)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(other.Guards.Shown, func(g Guarded) bool {
		return g.Identifier == "probabilistic" && strings.HasPrefix(g.Value, "crm ") && g.Value != "crm e"
	}) {
		t.Errorf("guards of e: %+v", other.Guards)
	}
	if other.Weakest != nil || other.Records.Total != 1 {
		t.Errorf("one record has no weakest link: %+v", other.Weakest)
	}
}

// Likeness that nothing else replaces is the weakest link, with the pair and its weight.
func TestWeakestLikeness(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina|Lindqvst|1961-04-03||+4915799901234|",
		"c||||||+4915799901234|")
	w.cfg.Deterministic = [][]string{{"phone"}}
	w.run()
	people := w.people()
	if people["a"] != people["b"] || people["a"] != people["c"] {
		t.Fatalf("%v", people)
	}
	x, err := w.explain(people["a"], 10)
	if err != nil {
		t.Fatal(err)
	}
	if x.Weakest == nil || x.Weakest.Match == nil {
		t.Fatalf("%+v", x.Weakest)
	}
	pair, err := ExplainPair(t.Context(), Env{Lake: w.lake, DB: w.db}, w.explained(), w.last["Resolvepeople"], Ref{"crm", "a"}, Ref{"crm", "b"})
	if err != nil {
		t.Fatal(err)
	}
	m := x.Weakest.Match
	if m.From != (Ref{"crm", "a"}) || m.To != (Ref{"crm", "b"}) || fmt.Sprintf("%.3f", m.Weight) != fmt.Sprintf("%.3f", pair.Match.Weight) {
		t.Errorf("%+v, and as a pair %v", m, pair.Match.Weight)
	}
	if !reflect.DeepEqual(x.Weakest.Parts.Shown, []int{2, 1}) || x.Weakest.Others != 0 || x.Matches.Total != 1 {
		t.Errorf("%+v, %+v", x.Weakest, x.Matches)
	}
}

func (w *world) explained() Config {
	cfg := w.cfg
	cfg.Plan = w.plan("Explain", "IdentityRule", "people")
	return cfg
}

// An id that was merged, by way of others, stands for the profile that it ended in; one that ended without an heir, or never was, is an error that says so.
func TestExplainRetiredProfiles(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
	fields := text("@email", "@card")
	w.source("crm", Profile, 1, fields, "1||a@x.io|", "2||b@x.io|", "3||b@x.io|", "4||c@x.io|", "5||c@x.io|", "6||c@x.io|", "7||d@x.io|")
	w.run()
	one, two, four, seven := w.of("crm/1"), w.of("crm/2"), w.of("crm/4"), w.of("crm/7")
	w.source("crm", Profile, 1, fields, "1||a@x.io|A", "2||b@x.io|A", "3||b@x.io|", "4||c@x.io|", "5||c@x.io|", "6||c@x.io|")
	w.run()
	w.source("crm", Profile, 1, fields, "1||a@x.io|A", "2||b@x.io|A", "3||b@x.io|B", "4||c@x.io|B", "5||c@x.io|", "6||c@x.io|")
	w.run()
	heir := w.of("crm/1")
	if w.of("crm/6") != heir {
		t.Fatal("they are not one person")
	}
	for _, id := range []string{one, two, four} {
		x, err := w.explain(id, 10)
		if err != nil {
			t.Fatal(err)
		}
		if x.Profile != heir || (x.Asked == "") != (id == heir) || x.Records.Total != 6 {
			t.Errorf("%s is explained as %+v", id, x)
		}
		at := id
		for _, m := range x.Merged { // a chain from the id to its heir
			if m.Event != "merge" || m.From != at {
				t.Errorf("%s: %+v", id, x.Merged)
			}
			at = m.To
		}
		if at != heir {
			t.Errorf("the merges lead from %s to %s, not %s", id, at, heir)
		}
	}
	if x, _ := w.explain(one, 10); one != heir && len(x.Merged) != 2 {
		t.Errorf("%s ended by way of another: %+v", one, x.Merged)
	}
	if _, err := w.explain(seven, 10); !fault.Is(err, fault.ReferenceNotFound) || !strings.Contains(err.Error(), "ended without an heir") || !strings.Contains(err.Error(), "people-resolve-2") {
		t.Errorf("%v", err)
	}
	never := "00000000-0000-5000-8000-000000000000"
	if _, err := w.explain(never, 10); !fault.Is(err, fault.ReferenceNotFound) || !strings.Contains(err.Error(), "never had a profile "+never) {
		t.Errorf("%v", err)
	}
	for id, want := range map[string]bool{one: true, seven: true, never: false} {
		if known, err := Knows(t.Context(), Env{Lake: w.lake, DB: w.db}, w.last["Resolvepeople"], id); err != nil || known != want {
			t.Errorf("%s is known: %v, %v", id, known, err)
		}
	}
}

// A profile of many records, identifiers and events is cut, with how many there are.
func TestExplanationsAreBounded(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
	var rows []string
	for i := range 300 {
		rows = append(rows, fmt.Sprintf("%03d||m%03d@x.io|C", i, i/2))
	}
	w.source("crm", Profile, 1, text("@email", "@card"), rows...)
	w.run()
	x, err := w.explain(w.of("crm/000"), 7)
	if err != nil {
		t.Fatal(err)
	}
	for what, got := range map[string][2]int{
		"records": {x.Records.Total, len(x.Records.Shown)}, "identifiers": {x.Identifiers.Total, len(x.Identifiers.Shown)}, "ties": {x.Ties.Total, len(x.Ties.Shown)},
	} {
		want := map[string][2]int{"records": {300, 7}, "identifiers": {151, 7}, "ties": {151, 7}}[what]
		if got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	// All hang on one card; each part is a record, and the addresses connect some of them as well.
	if x.Weakest == nil || x.Weakest.Tie.Value != "C" || x.Weakest.Parts.Total != 300 || x.Weakest.Others != 150 {
		t.Errorf("%+v", x.Weakest)
	}
}

// A visitor is a profile without records.
func TestExplainVisitor(t *testing.T) {
	w := newWorld(t)
	w.source("web", Event, 1, append(text("@anonymousId"), Field{Name: "name", Type: sqlgen.String}), "1|1|v1|seen")
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io")
	w.cfg.Deterministic = [][]string{{"email"}}
	w.run()
	x, err := w.explain(w.who("anonymousId=v1"), 7)
	if err != nil {
		t.Fatal(err)
	}
	if x.Known || x.Records.Total != 0 || x.Identifiers.Total != 1 || x.Weakest != nil {
		t.Errorf("%+v", x)
	}
}
