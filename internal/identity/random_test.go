package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// record is a random record: an email, a phone, a card and a name, each of few values, or none.
type record [4]string

func randomRecords(r *rand.Rand, n int) []record {
	out := make([]record, n)
	for i := range out {
		for j, values := range []int{40, 40, 12, 3} {
			if r.IntN(3) > 0 {
				out[i][j] = fmt.Sprintf("%c%02d", "epcn"[j], r.IntN(values))
			}
		}
	}
	return out
}

// asProblem states for the naive solver what the rules card, email, and phone with name mean, with cards separate and two emails allowed.
func asProblem(records []record) problem {
	p := problem{n: len(records), guards: []guard{{values: span{0, 100}, limit: 1}, {values: span{100, 200}, limit: 2}}}
	for _, rule := range []func(record) string{
		func(x record) string { return x[2] },
		func(x record) string { return x[0] },
		func(x record) string {
			if x[1] == "" || x[3] == "" {
				return ""
			}
			return x[1] + x[3]
		},
	} {
		carriers := map[string][]int32{}
		for i, x := range records {
			if v := rule(x); v != "" {
				carriers[v] = append(carriers[v], int32(i))
			}
		}
		var values []string
		for v := range carriers {
			values = append(values, v)
		}
		slices.Sort(values)
		var stars [][]int32
		for _, v := range values {
			stars = append(stars, carriers[v])
		}
		p.rules = append(p.rules, stars)
	}
	for _, x := range records {
		var guarded []int32
		for j, offset := range map[int]int32{2: 0, 0: 100} {
			if x[j] != "" {
				var n int32
				_, _ = fmt.Sscanf(x[j][1:], "%d", &n)
				guarded = append(guarded, offset+n)
			}
		}
		p.values = append(p.values, guarded)
	}
	return p
}

// Random records in random order, through the engine and the lake, give the people that the documentation's words give.
func TestRandomRecords(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 3))
		records := randomRecords(r, 120)
		founders := asProblem(records).naive()
		members := map[int32][]string{}
		var rows []string
		for i, x := range records {
			members[founders[i]] = append(members[founders[i]], fmt.Sprintf("crm/%03d", i))
			rows = append(rows, fmt.Sprintf("%03d||%s", i, strings.Join(x[:], "|")))
		}
		var want []string
		for _, m := range members {
			want = append(want, strings.Join(m, " "))
		}
		slices.Sort(want)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		w := newWorld(t)
		w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone", "name"}}
		w.cfg.Guards = Guards{Separate: []string{"card"}, Limits: []Limit{{Identifier: "email", PerProfile: 2}}}
		w.source("crm", Profile, 1, text("@email", "@phone", "@card", "name"), rows...)
		w.run()
		equal(t, fmt.Sprintf("people of seed %d", seed), w.groups(), want)
		if len(want) == len(records) || len(w.rows("guard_events", "SELECT [guard] FROM {t} WHERE guard IN ('separate', 'limit')")) == 0 {
			t.Errorf("seed %d shows nothing", seed)
		}
	}
}
