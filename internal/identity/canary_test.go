package identity

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
)

// trial runs a canary of a rule, which begins as the one in use, on the last people.
func (w *world) trial(percent int, candidate func(*Config)) (*lake.Revision, error) {
	w.t.Helper()
	cfg := w.cfg
	cfg.Classes = []Class{{Name: "all"}}
	for _, s := range cfg.Sources {
		cfg.Classes[0].Sources = append(cfg.Classes[0].Sources, s.Name)
	}
	candidate(&cfg)
	cfg.Plan = w.plan("Canary", "IdentityRule", "people")
	people := w.last["Resolvepeople"]
	cfg.Plan.Inputs = append([]lake.Input{{Kind: "IdentityRule", Name: "people", Run: people.Run}}, people.Inputs...)
	return RunCanary(w.t.Context(), Env{Lake: w.lake, DB: w.db}, cfg, people, percent)
}

func (w *world) canary(percent int, candidate func(*Config)) *lake.Revision {
	w.t.Helper()
	rev, err := w.trial(percent, candidate)
	if err != nil {
		w.t.Fatal(err)
	}
	w.last["Canarypeople"] = rev
	return rev
}

// grouping is the profile of each record, and those of identifiers as kind=value.
func (w *world) grouping(rev *lake.Revision, prefix string) (members, identifiers map[string]string) {
	w.t.Helper()
	read := func(relation, q string) map[string]string {
		out := map[string]string{}
		for _, row := range w.rowsOf(rev, prefix+relation, q) {
			what, id, _ := strings.Cut(row, "|")
			out[what] = id
		}
		return out
	}
	return read("members", "SELECT [source || '/' || record_key, profile_id] FROM {t}"), read("identifiers", "SELECT [identifier || '=' || value, profile_id] FROM {t}")
}

// sets are the records of each profile, without ids, sorted.
func sets(of map[string]string) []string {
	byProfile := map[string][]string{}
	for record, id := range of {
		byProfile[id] = append(byProfile[id], record)
	}
	var out []string
	for _, records := range byProfile {
		slices.Sort(records)
		out = append(out, strings.Join(records, " "))
	}
	slices.Sort(out)
	return out
}

// tied puts together what has a value in common, by a union-find that knows nothing of SQL: a row is a key and its values.
func tied(rows map[string][]string) map[string]string {
	parent := map[string]string{}
	var find func(string) string
	find = func(x string) string {
		if p, ok := parent[x]; ok && p != x {
			return find(p)
		}
		return x
	}
	for key, values := range rows {
		for _, v := range values {
			if a, b := find(key), find("value "+v); a != b {
				parent[a] = b
			}
		}
	}
	out := map[string]string{}
	for key := range rows {
		out[key] = find(key)
	}
	return out
}

var trialFields = func() []Field {
	f := text("@email", "@phone", "surname")
	f[2].Semantic = "surname"
	return f
}()

// shoppers are random records with few values in common, as rows by key; some share a telephone with many.
func shoppers(r *rand.Rand, n int) map[string][3]string {
	out := map[string][3]string{}
	for i := range n {
		x := [3]string{"", "", fmt.Sprintf("name%d", r.IntN(40))}
		if r.IntN(5) > 0 {
			x[0] = fmt.Sprintf("e%d@x.io", r.IntN(n/2))
		}
		switch y := r.IntN(10); {
		case y == 0:
			x[1] = fmt.Sprintf("p%d", r.IntN(4))
		case y < 8:
			x[1] = fmt.Sprintf("p%d", 10+r.IntN(n))
		}
		out[fmt.Sprintf("r%04d", i)] = x
	}
	return out
}

func (w *world) shop(rows map[string][3]string) {
	var all []string
	for key, x := range rows {
		all = append(all, key+"||"+strings.Join(x[:], "|"))
	}
	w.source("crm", Profile, 1, trialFields, all...)
}

func byEmail(c *Config) { c.Deterministic, c.Guards.Automatic = [][]string{{"email"}}, []Automatic{} }
func byBoth(c *Config) {
	c.Deterministic, c.Guards.Automatic = [][]string{{"email"}, {"phone"}}, []Automatic{}
}

// sideOf is what the outputs of a canary say of one of the two rules.
func sideOf(rev *lake.Revision, side string) figures.All {
	var out figures.All
	for _, o := range rev.Outputs {
		name, current := strings.CutPrefix(o.Name, figures.InUse)
		if f, ok := figures.FromOutput(name, o.Rows); ok && current == (side == currentSide) {
			out = append(out, f)
		}
	}
	return out
}

// The share is whole components under both rules, the people in use stay as they are, and both sides measure what a run over the share alone does.
func TestCanaryKeepsAShareOfWholeComponents(t *testing.T) {
	for seed := range uint64(2) {
		r := rand.New(rand.NewPCG(seed, 5))
		rows := shoppers(r, 400)
		w := newWorld(t)
		byEmail(&w.cfg)
		w.shop(rows)
		var labels []string
		for key := range rows {
			if r.IntN(3) == 0 {
				labels = append(labels, fmt.Sprintf("crm|%s|person%d", key, r.IntN(60)))
			}
		}
		w.labels(labels...)
		w.run()
		inUse := w.dump()
		rev := w.canary(30, byBoth)
		compareDumps(t, "the people in use", w.dump(), inUse)

		mails, both := map[string][]string{}, map[string][]string{}
		for key, x := range rows {
			values := func(kinds ...int) (out []string) {
				for _, k := range kinds {
					if x[k] != "" {
						out = append(out, x[k])
					}
				}
				return out
			}
			mails["crm/"+key], both["crm/"+key] = values(0), values(0, 1)
		}
		kept, _ := w.grouping(rev, "canary_")
		share := map[string][3]string{}
		for record := range kept {
			key := strings.TrimPrefix(record, "crm/")
			share[key] = rows[key]
		}
		if len(share) < 20 || len(share) > 250 {
			t.Errorf("seed %d: %d of 400 records are in a share of 30 percent", seed, len(share))
		}
		restricted := func(all map[string][]string) map[string]string {
			of := tied(all)
			in := map[string]string{}
			for record, id := range of {
				if _, ok := kept[record]; ok {
					in[record] = id
				}
			}
			for record, id := range of {
				if _, ok := kept[record]; !ok && slices.Contains(slices.Collect(maps.Values(in)), id) {
					t.Errorf("seed %d: %s is outside of the share, and others of its component are in it", seed, record)
				}
			}
			return in
		}
		restricted(mails)
		equal(t, "profiles by the candidate", sets(kept), sets(restricted(both)))

		for side, rule := range map[string]func(*Config){currentSide: byEmail, canarySide: byBoth} {
			alone := newWorld(t)
			rule(&alone.cfg)
			alone.shop(share)
			alone.labels(labels...)
			alone.run()
			want := alone.qualityOf()
			got := sideOf(rev, side)
			for _, f := range want {
				switch f.Name {
				case figures.LabelsOfNoRecord, figures.Merges, figures.Splits, figures.Jitter: // of a share there are none, and a first run changes nothing
					continue
				}
				if !slices.Contains(got, f) {
					t.Errorf("seed %d, %s: %v is not among the figures %v", seed, side, f, got)
				}
			}
			said := []string{}
			for _, f := range got {
				said = append(said, fmt.Sprintf("%s|%s|%.6f", f.Name, f.Detail, f.Value))
			}
			slices.Sort(said)
			equal(t, "canary_quality of "+side, w.rowsOf(rev, "canary_quality", "SELECT [figure, detail, printf('%.6f', value)] FROM {t} WHERE side = '"+side+"'"), said)
		}
		w.checkCanaryChanges(rev, kept)
	}
}

// checkCanaryChanges against the ids of both sides.
func (w *world) checkCanaryChanges(rev *lake.Revision, kept map[string]string) {
	w.t.Helper()
	was, _ := w.grouping(w.last["Resolvepeople"], "")
	moved, ended, people := 0, map[string]bool{}, map[string]bool{}
	still := slices.Collect(maps.Values(kept))
	for record, id := range kept {
		people[was[record]] = true
		if was[record] != id {
			moved++
		}
		if !slices.Contains(still, was[record]) {
			ended[was[record]] = true
		}
	}
	for name, want := range map[string]int{
		"records": len(kept), "allRecords": len(was), "moved": moved, "quality/merges": len(ended), "everyone/people": int(rowsOf(w.last["Resolvepeople"].Outputs, "known")),
	} {
		if got := rowsOf(rev.Outputs, name); got != int64(want) {
			w.t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if moved == 0 || rowsOf(rev.Outputs, "everyone/changed") <= rowsOf(rev.Outputs, "changed") || rowsOf(rev.Outputs, "changed") <= int64(len(ended)) {
		w.t.Errorf("%d records moved, %v", moved, rev.Outputs)
	}
	// With an identifier of its own that no record shows, nobody is a person without records here: those of the share are the known people.
	if got := rowsOf(rev.Outputs, "people"); got < int64(len(people)) {
		w.t.Errorf("%d people in the share, and records of %d", got, len(people))
	}
}

// The same people are in the share at each run, though they have other records, and a larger share has those of a smaller one.
func TestCanaryKeepsItsPeople(t *testing.T) {
	w := newWorld(t)
	byEmail(&w.cfg)
	rows := shoppers(rand.New(rand.NewPCG(7, 7)), 300)
	w.shop(rows)
	w.run()
	first, _ := w.grouping(w.canary(20, byEmail), "canary_")
	again, _ := w.grouping(w.canary(20, byEmail), "canary_")
	if !maps.Equal(first, again) || len(first) == 0 {
		t.Errorf("%d records, then %d", len(first), len(again))
	}
	wider, _ := w.grouping(w.canary(60, byEmail), "canary_")
	for record, id := range first {
		if wider[record] != id {
			t.Errorf("%s is not in the larger share", record)
		}
	}
	if len(wider) <= len(first) {
		t.Errorf("%d records in 60 percent, %d in 20", len(wider), len(first))
	}
	// Somebody of the share, and somebody else, gets a record that comes before all others.
	grown := map[string]string{}
	for key, x := range rows {
		if _, in := first["crm/"+key]; x[0] != "" && grown[fmt.Sprint(in)] == "" {
			grown[fmt.Sprint(in)] = x[0]
			rows["a"+key] = [3]string{x[0], "", "name"}
		}
	}
	w.shop(rows)
	w.run()
	later, _ := w.grouping(w.canary(20, byEmail), "canary_")
	for record := range first {
		if later[record] != first[record] {
			t.Errorf("%s has left the share", record)
		}
	}
	if len(later) != len(first)+1 {
		t.Errorf("%d records, and %d with one more of somebody in the share", len(first), len(later))
	}
	everyone, _ := w.grouping(w.canary(100, byEmail), "canary_")
	if len(everyone) != len(rows) {
		t.Errorf("%d of %d records in everything", len(everyone), len(rows))
	}
}

// Under guards, with events, visitors, decisions and consent: the share is what the candidate, as the rule, makes of these people, to the last row.
func TestCanarySaysWhatWouldCome(t *testing.T) {
	for seed := range uint64(2) {
		s := &market{Rand: rand.New(rand.NewPCG(seed, 23)), rows: map[string]map[string]string{}}
		all := []string{"crm", "till", "web", "consents", "stewardship"}
		for _, source := range all {
			s.change(source, 0, 150)
		}
		rule := func(c *Config) {
			c.Deterministic = [][]string{{"card"}, {"email"}}
			c.Guards = Guards{Separate: []string{"card"}, MaxRecords: 6, Automatic: []Automatic{{Per: "email", Distinct: "name", Above: 2}}}
			c.Anonymous.ExpiresAfter = 100 * time.Hour
			c.Survivorship = []Survivorship{{Attributes: []string{"name"}, Strategy: MostFrequent}}
		}
		candidate := func(c *Config) {
			c.Deterministic = [][]string{{"phone"}, {"card"}, {"email"}}
			c.Guards = Guards{Limits: []Limit{{Identifier: "email", PerProfile: 2}}, MaxRecords: 4, Automatic: []Automatic{{Per: "phone", Distinct: "name", Above: 3}}}
			c.Survivorship = []Survivorship{{Attributes: []string{"name"}, Strategy: MostRecent}, {Attributes: []string{"email"}, Strategy: MostRecent, List: 2}}
		}
		w, promoted := newWorld(t), newWorld(t)
		for _, x := range []*world{w, promoted} {
			rule(&x.cfg)
			s.load(x, s.Rand, all)
			x.run()
		}
		rev := w.canary(40, candidate)
		candidate(&promoted.cfg)
		after := promoted.run()

		members, identifiers := w.grouping(rev, "canary_")
		would, wouldBe := promoted.grouping(after, "")
		was, wasBe := w.grouping(w.last["Resolvepeople"], "")
		in, gone := map[string]bool{}, map[string]bool{} // profiles of either side
		for _, m := range []map[string]string{members, identifiers} {
			for what, id := range m {
				in[id] = true
				gone[was[what]+wasBe[what]] = true
			}
		}
		if len(in) < 20 || len(members) == len(would) {
			t.Errorf("seed %d: %d profiles, %d of %d records are in the share", seed, len(in), len(members), len(would))
		}
		for what, id := range would {
			if (members[what] != "") != in[id] || members[what] != "" && members[what] != id {
				t.Errorf("seed %d: %s is of %q, and would be of %s", seed, what, members[what], id)
			}
			if gone[was[what]] && members[what] == "" {
				t.Errorf("seed %d: %s is in use with somebody of the share, and not in it", seed, what)
			}
		}
		for what, id := range wouldBe {
			if (identifiers[what] != "") != in[id] || identifiers[what] != "" && identifiers[what] != id {
				t.Errorf("seed %d: %s is of %q, and would be of %s", seed, what, identifiers[what], id)
			}
		}
		for what, id := range wasBe {
			if gone[id] && identifiers[what] == "" && wouldBe[what] != "" {
				t.Errorf("seed %d: %s is in use of somebody of the share, and not in it", seed, what)
			}
		}
		of := []string{"''"}
		for id := range in {
			of = append(of, "'"+id+"'")
		}
		list := strings.Join(of, ", ")
		for _, relation := range []string{"consent", "profiles", "provenance", "profile_values"} {
			got := w.rowsOf(rev, "canary_"+relation, "SELECT [t::VARCHAR] FROM {t} t")
			equal(t, fmt.Sprintf("seed %d: %s", seed, relation), got, promoted.rowsOf(after, relation, "SELECT [t::VARCHAR] FROM {t} t WHERE profile_id IN ("+list+")"))
			if len(got) == 0 {
				t.Errorf("seed %d: %s is empty, which shows nothing", seed, relation)
			}
		}
		const events = "SELECT [guard, identifier, value, source, record_key, detail, profile_id] FROM {t} t"
		got := w.rowsOf(rev, "canary_guard_events", events)
		want := promoted.rowsOf(after, "guard_events", events+" WHERE profile_id IN ("+list+")")
		equal(t, fmt.Sprintf("seed %d: guard events", seed), got, want)
		if n := rowsOf(rev.Outputs, "everyone/changed"); n != rowsOf(after.Outputs, "changed") || n == 0 {
			t.Errorf("seed %d: %d people would change, and %d do", seed, n, rowsOf(after.Outputs, "changed"))
		}
	}
}

// Who withdraws consent while there is a canary is not reached by the people in use: nothing that a canary does keeps their next run from saying so.
func TestConsentIsWithdrawnDuringACanary(t *testing.T) {
	w := newWorld(t)
	consents := text("@email", "purpose", "status")
	consents[1].Semantic, consents[2].Semantic = "purpose", "consentStatus"
	byEmail(&w.cfg)
	w.source("crm", Profile, 1, trialFields, "1||ann@x.io|7|Ann", "2||ann2@x.io|7|Ann", "3||cid@x.io|8|Cid")
	w.source("prefs", Consent, 1, consents, "1|-1|ann@x.io|mail|Granted", "2|-1|ann2@x.io|mail|Granted")
	w.run()
	w.canary(100, byBoth)
	w.source("prefs", Consent, 1, consents, "1|-1|ann@x.io|mail|Granted", "2|-1|ann2@x.io|mail|Granted", "3|1|ann2@x.io|mail|Withdrawn")
	if rev := w.run(); rowsOf(rev.Outputs, "resolved") != 2 {
		t.Errorf("%d records were looked at: the canary is no reason to look at all", rowsOf(rev.Outputs, "resolved"))
	}
	const said = "SELECT [profile_id, value, status] FROM {t}"
	equal(t, "what the people in use say", w.rows("consent", said), []string{w.of("crm/1") + "|ann@x.io|Granted", w.of("crm/2") + "|ann2@x.io|Withdrawn"})
	rev := w.canary(100, byBoth)
	got := w.rowsOf(rev, "canary_consent", "SELECT [value, status] FROM {t}")
	equal(t, "what is said under the candidate", got, []string{"ann2@x.io|Withdrawn", "ann@x.io|Granted"})
	if n := len(slices.Compact(w.rowsOf(rev, "canary_consent", "SELECT [profile_id] FROM {t}"))); n != 1 {
		t.Errorf("it is said by %d people, who are one under the candidate", n)
	}
}

// Probable matches of a rule on trial are weighed by a model that is learned for it; the models in use stay.
func TestCanaryOfProbableMatches(t *testing.T) {
	w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina|Lindqvst|1961-04-03||+4915112345678|")
	w.cfg.Probabilistic, w.cfg.Deterministic = nil, [][]string{{"email"}}
	w.run()
	if w.of("crm/a") == w.of("crm/b") {
		t.Fatal("they are one without likeness")
	}
	rev := w.canary(100, func(c *Config) { c.Probabilistic = &Matching{} })
	members, _ := w.grouping(rev, "canary_")
	if members["crm/a"] != members["crm/b"] || members["crm/a"] == "" {
		t.Errorf("they are %q and %q", members["crm/a"], members["crm/b"])
	}
	for _, v := range rev.Tables {
		if !strings.HasPrefix(v.Table.Name, canaryPrefix) {
			t.Errorf("a canary wrote %s", v.Table)
		}
	}
	if len(w.rowsOf(rev, "canary_lineage", "SELECT [event] FROM {t} WHERE event = 'merge' AND cause = 'probabilistic'")) == 0 {
		t.Error("no lineage tells of the merge")
	}
}

// A trial of people that are not the latest any more does nothing; one that ends leaves no relations.
func TestCanaryEnds(t *testing.T) {
	w := newWorld(t)
	byEmail(&w.cfg)
	w.shop(shoppers(rand.New(rand.NewPCG(1, 1)), 20))
	old := w.run()
	w.run()
	latest := w.last["Resolvepeople"]
	w.last["Resolvepeople"] = old
	if _, err := w.trial(50, byBoth); !fault.Is(err, fault.Superseded) {
		t.Errorf("with people that were overtaken: %v", err)
	}
	w.serial["Canarypeople"]--
	w.last["Resolvepeople"] = latest
	if rev := w.canary(50, byBoth); len(rev.Tables) < len(canaryRelations)-2 {
		t.Errorf("%v", rev.Tables)
	}
	ended, err := EndCanary(t.Context(), Env{Lake: w.lake, DB: w.db}, w.plan("Canary", "IdentityRule", "people"))
	if err != nil || len(ended.Tables)+len(ended.Outputs) > 0 {
		t.Errorf("%+v, %v", ended, err)
	}
}

// Time that has passed since the people in use were made is no difference between the rules.
func TestCanaryIsOfTheTimeOfThePeople(t *testing.T) {
	w := newWorld(t)
	byEmail(&w.cfg)
	w.cfg.Anonymous.ExpiresAfter = 90 * time.Minute
	w.source("crm", Profile, 1, trialFields, "1||ann@x.io|7|Ann")
	w.source("web", Event, 1, text("@anonymousId"), "1|0|visitor")
	w.run()
	visitor := w.who("anonymousId=visitor")
	w.serial["Canarypeople"] = 8 // hours later
	_, identifiers := w.grouping(w.canary(100, byEmail), "canary_")
	if got := identifiers["anonymousId=visitor"]; got != visitor || visitor == "" {
		t.Errorf("the visitor is %q, and on trial %q", visitor, got)
	}
}
