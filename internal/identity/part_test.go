package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	generated "github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/internal/lake"
)

// A market that changes at random, as rows by source and key.
type market struct {
	*rand.Rand
	rows map[string]map[string]string
	next int
}

// pick gives one of n values, or nothing, or what somebody writes who has nothing.
func (s *market) pick(prefix string, n int) string {
	switch x := s.IntN(20); {
	case x < 9:
		return ""
	case x == 9:
		return "none"
	}
	return fmt.Sprintf("%s%d", prefix, s.IntN(n))
}

func (s *market) row(source string, hour int) string {
	at := fmt.Sprint(hour - s.IntN(4))
	switch source {
	case "crm":
		return strings.Join([]string{at, s.pick("e", 120), s.pick("p", 100), s.pick("c", 80), s.pick("name", 6)}, "|")
	case "till":
		return strings.Join([]string{at, s.pick("e", 120), s.pick("c", 80), s.pick("name", 6)}, "|")
	case "stewardship":
		side := func() string {
			source := []string{"crm", "till"}[s.IntN(2)]
			return fmt.Sprintf("%s|%s%04d", source, source[:1], 1+s.IntN(max(s.next, 1)))
		}
		return strings.Join([]string{at, []string{"Merge", "Split", "Split", "Withdraw"}[s.IntN(4)], side(), side(), "because"}, "|")
	case "web":
		return strings.Join([]string{at, s.pick("a", 160), s.pick("e", 160), s.pick("p", 120)}, "|")
	}
	return strings.Join([]string{fmt.Sprint(hour - 2 + s.IntN(4)), s.pick("e", 160), s.pick("p", 120), s.pick("a", 160), fmt.Sprintf("purpose%d", s.IntN(2)), []string{"Granted", "Withdrawn", "Unknown"}[s.IntN(3)]}, "|")
}

// change some rows: none of them to many.
func (s *market) change(source string, hour, most int) {
	all := s.rows[source]
	if all == nil {
		all = map[string]string{}
		s.rows[source] = all
	}
	keys := make([]string, 0, len(all))
	for k := range all {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for range s.IntN(most + 1) {
		switch x := s.IntN(3); {
		case x == 0 && len(keys) > 0:
			delete(all, keys[s.IntN(len(keys))])
		case x == 1 && len(keys) > 0:
			all[keys[s.IntN(len(keys))]] = s.row(source, hour)
		default:
			s.next++
			all[fmt.Sprintf("%s%04d", source[:1], s.next)] = s.row(source, hour)
		}
	}
}

// load puts the rows of those sources that have changed into a world, in an order of its own.
func (s *market) load(w *world, r *rand.Rand, changed []string) {
	consents := text("@email", "@phone", "@anonymousId", "purpose", "status")
	consents[3].Semantic, consents[4].Semantic = "purpose", "consentStatus"
	decisions := text("decision", "firstSource", "firstKey", "secondSource", "secondKey", "reason")
	for i := range decisions {
		decisions[i].Semantic = decisions[i].Name
	}
	crm, till := text("@email", "@phone", "@card", "name"), text("@email", "@card", "name")
	crm[3].Semantic, till[2].Semantic = "surname", "surname"
	for _, src := range []struct {
		name   string
		kind   RecordKind
		fields []Field
	}{
		{"crm", Profile, crm}, {"till", Profile, till},
		{"web", Event, text("@anonymousId", "@email", "@phone")}, {"consents", Consent, consents}, {"stewardship", Override, decisions},
	} {
		if !slices.Contains(changed, src.name) {
			continue
		}
		var rows []string
		for k, row := range s.rows[src.name] {
			rows = append(rows, k+"|"+row)
		}
		slices.Sort(rows)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		w.source(src.name, src.kind, 1+len(src.name)%2, src.fields, rows...)
		if src.kind == Override {
			decisions := w.cfg.Sources[len(w.cfg.Sources)-1]
			w.cfg.Overrides, w.cfg.Sources = &decisions, w.cfg.Sources[:len(w.cfg.Sources)-1]
		}
	}
}

// relations and their columns, all of which increments have to give as a run of everything gives them.
var everyRelation = []string{"members", "identifiers", "edges", "lineage", "guard_events", "consent", "profiles", "provenance", "profile_values", "links", "components", "candidate_keys", "overrides", "quality"}

// dump is all that a revision says.
func (w *world) dump() map[string][]string {
	out := map[string][]string{}
	rev := w.last["Resolvepeople"]
	for _, name := range everyRelation {
		if _, there := rev.Version(lake.Table{Schema: "people", Name: name}); there {
			out[name] = w.rows(name, "SELECT [t::VARCHAR] FROM {t} t")
		}
	}
	for _, o := range rev.Outputs {
		group, _, _ := strings.Cut(o.Name, "/")
		if !slices.Contains([]string{"merges", "cut", "resolved", "candidates", "tooMany"}, group) {
			out["outputs"] = append(out["outputs"], fmt.Sprint(o))
		}
	}
	slices.Sort(out["outputs"])
	return out
}

func compareDumps(t *testing.T, what string, got, want map[string][]string) {
	t.Helper()
	for name, rows := range want {
		if slices.Equal(got[name], rows) {
			continue
		}
		missing, extra := without(rows, got[name]), without(got[name], rows)
		t.Errorf("%s: %s has %d rows, and %d if everything is looked at\nmissing %s\nextra   %s", what, name, len(got[name]), len(rows), strings.Join(missing, "\n        "), strings.Join(extra, "\n        "))
	}
}

// without takes each of some rows out of others once.
func without(rows, these []string) []string {
	left := slices.Clone(rows)
	for _, x := range these {
		if i := slices.Index(left, x); i >= 0 {
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

// What changes little by little gives, to the last row, what looking at everything gives: people, ids, what became of them, guards, consent, values.
func TestIncrementsGiveWhatAFullRunGives(t *testing.T) {
	less := 0
	for seed := range uint64(2) {
		s := &market{Rand: rand.New(rand.NewPCG(seed, 11)), rows: map[string]map[string]string{}}
		part, whole := newWorld(t), newWorld(t)
		whole.everything, part.differences = true, seed%2 == 0
		for _, w := range []*world{part, whole} {
			w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone", "name"}}
			w.cfg.Guards = Guards{
				Separate: []string{"card"}, Limits: []Limit{{Identifier: "email", PerProfile: 2}, {Identifier: "anonymousId", PerProfile: 3}}, MaxRecords: 6,
				Automatic: []Automatic{{Per: "email", Distinct: "name", Above: 2}}, BlockedValues: []Blocked{{Identifier: "phone", Values: []string{"p7"}}},
			}
			w.cfg.Classes = []Class{{Name: "all", Sources: []string{"crm", "till", "web", "consents"}}, {Name: "few", Sources: []string{"till", "web"}}}
			w.cfg.Anonymous = Anonymous{ExpiresAfter: 5 * time.Hour}
			if seed%2 == 1 {
				w.cfg.Anonymous.OnIdentify = Isolate
			}
			w.cfg.Survivorship = []Survivorship{{Attributes: []string{"name"}, Strategy: MostFrequent}, {Attributes: []string{"email"}, Strategy: MostRecent, List: 2}}
		}
		all := []string{"crm", "till", "web", "consents", "stewardship"}
		for step := range 8 {
			most := 4
			if step == 0 {
				most = 150
			}
			var changed []string
			for _, source := range all {
				if most > 100 || s.IntN(2) == 0 {
					s.change(source, step, most)
					changed = append(changed, source)
				}
			}
			s.load(part, s.Rand, changed)
			s.load(whole, s.Rand, changed)
			rev := part.run()
			whole.run()
			t.Logf("seed %d, step %d: %d of %d records looked at", seed, step, rowsOf(rev.Outputs, "resolved"), rowsOf(rev.Outputs, "records"))
			if step > 0 && rowsOf(rev.Outputs, "resolved") < rowsOf(rev.Outputs, "records") {
				less++
			}
			compareDumps(t, fmt.Sprintf("seed %d, step %d", seed, step), part.dump(), whole.dump())
			if t.Failed() {
				return
			}
		}
	}
	if less < 8 {
		t.Errorf("only %d of %d runs looked at less than everything", less, 2*7)
	}
}

// Likewise with probable matches, by a model that stays: records come, change and go.
func TestIncrementsGiveWhatAFullRunGivesWithProbableMatches(t *testing.T) {
	dir := t.TempDir()
	if _, err := generated.Generate(generated.Options{Out: dir, Country: "de", Records: 1500, Seed: 5}); err != nil {
		t.Fatal(err)
	}
	steps := []struct{ kept, phone string }{
		{"h < 90", "phone"},
		{"h < 92", "phone"},
		{"h < 92", "CASE WHEN h = 17 THEN NULL ELSE phone END"},
		{"h < 92 AND h <> 3", "phone"},
		{"h <> 4", "CASE WHEN h = 8 THEN '+49301234567' ELSE phone END"},
		{"h <> 4", "CASE WHEN h = 8 THEN '+49301234567' ELSE phone END"},
	}
	part, whole := newWorld(t), newWorld(t)
	whole.everything, part.differences = true, true
	for i, step := range steps {
		for _, w := range []*world{part, whole} {
			w.cfg.Deterministic = [][]string{{"email"}}
			w.cfg.Probabilistic = &Matching{}
			w.cfg.Guards = Guards{MaxRecords: 8, Limits: []Limit{{Identifier: "email", PerProfile: 3}}}
			w.loadPeople(dir, step.kept, step.phone)
		}
		rev := part.run()
		whole.run()
		resolved, records := rowsOf(rev.Outputs, "resolved"), rowsOf(rev.Outputs, "records")
		t.Logf("step %d: %d of %d records looked at", i, resolved, records)
		if i > 0 && resolved > records/2 {
			t.Errorf("step %d looked at %d of %d records", i, resolved, records)
		}
		compareDumps(t, fmt.Sprintf("step %d", i), part.dump(), whole.dump())
		if t.Failed() {
			return
		}
	}
	if n := len(part.rows("links", "SELECT [source] FROM {t}")); n == 0 {
		t.Error("no two profiles probably are one, which shows nothing of those that are kept apart")
	}
}

// A grant that was dated later takes the place of a refusal when its time has come, though no row has changed: for all who carry a value that is shared too widely.
func TestTimeOverridesARefusalOfAll(t *testing.T) {
	part, whole := newWorld(t), newWorld(t)
	whole.everything = true
	consents := text("@email", "purpose", "status")
	consents[1].Semantic, consents[2].Semantic = "purpose", "consentStatus"
	for _, w := range []*world{part, whole} {
		w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "name", Above: 2}}
		w.cfg.Deterministic = [][]string{{"card"}}
		w.source("crm", Profile, 1, text("@email", "@card", "name"), "1||shop@x.io|one|Ann", "2||shop@x.io|two|Ben", "3||shop@x.io|three|Cid", "4||d@x.io|four|Dan")
		w.source("prefs", Consent, 1, consents, "1|-1|shop@x.io|mail|Withdrawn", "2|1.5|shop@x.io|mail|Granted")
		w.run()
		if n := len(w.rows("consent", "SELECT [profile_id] FROM {t} WHERE profile_id IS NOT NULL AND status = 'Withdrawn'")); n != 3 {
			t.Fatalf("%d people refuse by the address that they share, want 3", n)
		}
		w.run()
	}
	compareDumps(t, "when the grant holds", part.dump(), whole.dump())
	if n := len(part.rows("consent", "SELECT [status] FROM {t} WHERE status = 'Withdrawn'")); n != 0 {
		t.Errorf("%d refusals are left", n)
	}
}
