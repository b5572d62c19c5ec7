package identity

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// decision is a row of a steward about two records of crm.
type decision struct {
	hour         int
	what         string
	first, other string
}

func (d decision) pair() [2]string { return [2]string{min(d.first, d.other), max(d.first, d.other)} }

func (d decision) row() string {
	return fmt.Sprintf("%d %s crm/%s crm/%s because", d.hour, d.what, d.first, d.other)
}

// randomDecisions are about few records, so that they have to do with each other.
func randomDecisions(r *rand.Rand, n, records int) (out []decision) {
	about := r.Perm(records)[:n/2]
	for len(out) < n {
		a, b := about[r.IntN(len(about))], about[r.IntN(len(about))]
		if a != b {
			what := []string{"Merge", "Merge", "Split", "Split", "Withdraw"}[r.IntN(5)]
			out = append(out, decision{r.IntN(6), what, fmt.Sprintf("%03d", a), fmt.Sprintf("%03d", b)})
		}
	}
	return out
}

// counting are the decisions that count, the latest first, by the words of the documentation.
func counting(all []decision) []decision {
	order := []string{"Split", "Withdraw", "Merge"}
	latest := map[[2]string]decision{}
	for _, d := range all {
		have, ok := latest[d.pair()]
		if !ok || d.hour > have.hour || d.hour == have.hour && slices.Index(order, d.what) < slices.Index(order, have.what) {
			latest[d.pair()] = d
		}
	}
	return slices.SortedFunc(maps.Values(latest), func(a, b decision) int {
		return cmp.Or(cmp.Compare(b.hour, a.hour), cmp.Compare(strings.Join(pairOf(a), " "), strings.Join(pairOf(b), " ")))
	})
}

func pairOf(d decision) []string { p := d.pair(); return p[:] }

// applied are the Merges that no Split forbids, and how many are forbidden.
func applied(decisions []decision, there map[string]string) (merges []decision, refused int) {
	cluster := map[string]string{}
	of := func(x string) string { return cmp.Or(cluster[x], x) }
	for _, d := range decisions {
		if d.what != "Merge" || there[d.first] == "" || there[d.other] == "" {
			continue
		}
		a, b := of(d.first), of(d.other)
		joined := func(x string) bool { return of(x) == a || of(x) == b }
		if slices.ContainsFunc(decisions, func(s decision) bool {
			return s.what == "Split" && there[s.first] != "" && there[s.other] != "" && joined(s.first) && joined(s.other)
		}) {
			refused++
			continue
		}
		merges = append(merges, d)
		var move []string
		for x := range there {
			if joined(x) {
				move = append(move, x)
			}
		}
		for _, x := range move {
			cluster[x] = a
		}
	}
	return merges, refused
}

// killed begins the next run and ends it at a random step.
func (w *world) killed(r *rand.Rand) {
	w.t.Helper()
	cfg := w.cfg
	cfg.Plan = w.plan("Resolve", "IdentityRule", "people")
	w.serial["Resolvepeople"]--
	cfg.Classes = []Class{{Name: "all", Sources: []string{"crm"}}}
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	step := int64(1 + r.IntN(12))
	_, err := Run(ctx, Env{Lake: w.lake, DB: w.db, Progress: func(done, _ int64, _ string) {
		if done == step {
			cancel()
		}
	}}, cfg)
	if err == nil {
		w.t.Fatal("the run was not killed")
	}
}

// Whatever the rules, the data and the decisions: what is split is never one person, what is merged always is unless a Split forbids it. Neither the
// order of records and decisions nor a run that died before changes anything.
func TestRandomDecisions(t *testing.T) {
	rules := [][]string{{"card"}, {"email"}, {"phone", "surname"}, {"phone"}}
	refusals, splits, held, events := 0, 0, 0, int64(0)
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 11))
		var cfg Config
		if seed%2 == 1 {
			cfg.Probabilistic = &Matching{}
		}
		for _, i := range r.Perm(len(rules))[:1+r.IntN(len(rules))] {
			cfg.Deterministic = append(cfg.Deterministic, rules[i])
		}
		cfg.Guards.MaxRecords = 20
		if r.IntN(2) == 0 {
			cfg.Guards = Guards{Separate: []string{"card"}, Limits: []Limit{{Identifier: "email", PerProfile: 2}}}
		}
		fields := meaning(text("givenName", "surname", "birthDate", "@email", "@phone", "@card"))
		var rows []string
		people := family(90)
		for i := range 140 {
			p := strings.Split(people[r.IntN(len(people))], "|")
			p[0], p[5], p[6], p[7] = fmt.Sprintf("%03d", i), fmt.Sprintf("m%02d@x.io", r.IntN(40)), fmt.Sprintf("+49151000%02d", r.IntN(40)), ""
			if r.IntN(4) == 0 {
				p[7] = fmt.Sprintf("c%02d", r.IntN(20))
			}
			rows = append(rows, strings.Join(p, "|"))
		}
		decisions := randomDecisions(r, 60, len(rows)+3)
		one, other := newWorld(t), newWorld(t)
		one.cfg, other.cfg = cfg, cfg
		for _, size := range [][2]int{{60, 20}, {100, 60}, {140, 40}} {
			now := decisions[:size[1]]
			for _, w := range []*world{one, other} {
				data, said := slices.Clone(rows[:size[0]]), []string{}
				for _, i := range r.Perm(len(now)) {
					said = append(said, now[i].row())
				}
				r.Shuffle(len(data), func(i, j int) { data[i], data[j] = data[j], data[i] })
				w.source("crm", Profile, 1, fields, data...)
				w.decide(said...)
			}
			one.run()
			other.killed(r)
			other.run()
			if a, b := one.profiles(), other.profiles(); !maps.Equal(a, b) {
				t.Fatalf("seed %d, %d records: the people depend on the order of rows, or on a run that died", seed, size[0])
			}
			equal(t, "lineage", one.events(), other.events())
			equal(t, "edges", one.rows("edges", "SELECT [source, record_key, value, rule::VARCHAR] FROM {t}"), other.rows("edges", "SELECT [source, record_key, value, rule::VARCHAR] FROM {t}"))
			there := one.people()
			count := counting(now)
			for _, d := range count {
				if d.what == "Split" && there[d.first] != "" && there[d.other] != "" {
					splits++
					if there[d.first] == there[d.other] {
						t.Errorf("seed %d, %d records: %s", seed, size[0], d.row())
					}
				}
			}
			merges, refused := applied(count, there)
			for _, d := range merges {
				held++
				if there[d.first] != there[d.other] {
					t.Errorf("seed %d, %d records: %s", seed, size[0], d.row())
				}
			}
			refusals += refused
			events += one.count("guards/override")
			if got := int(one.count("overrides/Refused")); got != refused {
				t.Errorf("seed %d, %d records: %d Merges are refused, not %d", seed, size[0], got, refused)
			}
		}
	}
	if refusals == 0 || splits == 0 || held == 0 || events <= int64(refusals) {
		t.Errorf("%d Merges held and %d were refused, there were %d Splits and %d guard events: they show little", held, refusals, splits, events)
	}
}
