package identity

import (
	"fmt"
	"strings"
	"testing"
)

// meaning gives fields the semantics that they are named after.
func meaning(fields []Field) []Field {
	for i := range fields {
		fields[i].Semantic = fields[i].Name
		if fields[i].Identifier != "" && fields[i].Name != "email" && fields[i].Name != "phone" {
			fields[i].Semantic = "identifier"
		}
	}
	return fields
}

// family is n people with a record each, who have little in common: what training learns chance from.
func family(n int) (rows []string) {
	syllables := strings.Fields("ka lo mi ren tas vel dor sin pa gu")
	for i := range n {
		name := syllables[i%10] + syllables[i/10%10] + syllables[i*7%10]
		rows = append(rows, fmt.Sprintf("x%03d||%s|%s%s|19%02d-%02d-%02d|%s@example.com||card%03d",
			i, name, syllables[i*3%10], syllables[i/7%10], 30+i%60, 1+i%12, 1+i%28, name+fmt.Sprint(i), i))
	}
	return rows
}

// people are the profiles of the records of crm, by key.
func (w *world) people() map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, row := range w.rows("members", "SELECT [record_key, profile_id] FROM {t}") {
		key, id, _ := strings.Cut(row, "|")
		out[key] = id
	}
	return out
}

func probabilisticWorld(t *testing.T, rows ...string) *world {
	w := newWorld(t)
	fields := meaning(text("givenName", "surname", "birthDate", "@email", "@phone", "@card"))
	w.source("crm", Profile, 1, fields, append(family(200), rows...)...)
	w.cfg.Probabilistic = &Matching{}
	return w
}

// Records that no rule connects become one person where they are alike, and only there.
func TestProbableMatches(t *testing.T) {
	w := probabilisticWorld(t,
		"a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||",
		"b||Katharina|Lindqvst|1961-04-03||+4915112345678|",
		"c||Katarina|Lindqvist|1961-04-30|k.lindqvist@example.com|+4915112345678|",
		"d||Bertram|Lindqvist|1990-01-17||+4915112345678|")
	w.run()
	people := w.people()
	if people["a"] != people["b"] || people["a"] != people["c"] || people["a"] == people["d"] {
		t.Errorf("a %s, b %s, c %s, d %s", people["a"], people["b"], people["c"], people["d"])
	}
	seen := map[string]string{}
	for key, id := range people {
		if other, ok := seen[id]; ok && key[0] == 'x' {
			t.Errorf("%s and %s are one person", key, other)
		}
		seen[id] = key
	}
}

// Guards hold for probable matches, and tell what they kept apart.
func TestGuardsHoldForProbableMatches(t *testing.T) {
	rows := []string{
		"a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||one",
		"b||Katharina|Lindqvist|1961-04-03||+4915112345678|two",
	}
	w := probabilisticWorld(t, rows...)
	w.run()
	if people := w.people(); people["a"] != people["b"] {
		t.Fatal("without a guard they are one person")
	}
	w.cfg.Guards.Separate = []string{"card"}
	w.run()
	if people := w.people(); people["a"] == people["b"] {
		t.Error("two cards that are separate are in one profile")
	}
	equal(t, "guard_events", w.rows("guard_events", "SELECT [guard, identifier, value, source, record_key, detail] FROM {t} WHERE guard = 'separate'"),
		[]string{"separate|probabilistic|crm b|crm|a|would put more than 1 different values of card into one profile"})
}

// No profile has more records than allowed, whatever connects them.
func TestProfilesHaveALimit(t *testing.T) {
	var rows []string
	for i := range 6 {
		rows = append(rows, fmt.Sprintf("a%d||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", i))
	}
	w := probabilisticWorld(t, rows...)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.cfg.Guards.MaxRecords = 4
	w.run()
	size := map[string]int{}
	for _, id := range w.people() {
		size[id]++
	}
	for id, n := range size {
		if n > 4 {
			t.Errorf("profile %s has %d records", id, n)
		}
	}
	equal(t, "guard_events", w.rows("guard_events", "SELECT [guard, identifier, value, detail] FROM {t} WHERE guard = 'maxProfileRecords' AND identifier = 'email'"),
		[]string{"maxProfileRecords|email|k.lindqvist@example.com|would put more than 4 records into one profile"})
}

// A model stays in use while it fits: what is added later matches by the same weights, and the ids stay.
func TestModelStaysWhileItFits(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||")
	model := func() string {
		return strings.Join(w.rows("models", "SELECT [version::VARCHAR, run, reason] FROM {t}"), "; ")
	}
	w.run()
	first, people := model(), w.people()
	if first != "1|people-resolve-1|there was none" {
		t.Errorf("%s", first)
	}
	fields := w.cfg.Sources[0].Fields
	w.source("crm", Profile, 1, fields, append(family(200), "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||",
		"b||Katarina|Lindqvist|1961-04-03|k.lindqvist@example.com||")...)
	w.run()
	after := w.people()
	if model() != first || after["a"] != people["a"] || after["b"] != after["a"] {
		t.Errorf("model %s; a was %s and is %s, b is %s", model(), people["a"], after["a"], after["b"])
	}
	w.source("crm", Profile, 1, fields, family(90)...)
	w.run()
	if got := model(); got != first+"; 2|people-resolve-3|it was learned from 201 records, and there are 90" {
		t.Errorf("%s", got)
	}
}

// A merge of two profiles that no value connects has a cause too: that they probably are one person.
func TestProbableMergesHaveACause(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina||||+4915112345678|")
	w.run()
	if people := w.people(); people["a"] == people["b"] {
		t.Fatal("they were one person before")
	}
	w.source("crm", Profile, 1, w.cfg.Sources[0].Fields, append(family(200), "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||",
		"b||Katharina|Lindqvist|1961-04-03||+4915112345678|")...)
	w.run()
	if people := w.people(); people["a"] != people["b"] {
		t.Fatal("they are two people still")
	}
	equal(t, "lineage", w.rows("lineage", "SELECT [event, cause] FROM {t} WHERE event = 'merge'"), []string{"merge|probabilistic"})
}
