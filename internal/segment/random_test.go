package segment

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// randomWorld makes people and what they did, in the reference and in the lake.
func randomWorld(w *world, r *rand.Rand) ([]*person, Config) {
	cfg := everything(w)
	var people []*person
	profiles, identifiers := []string{}, []string{}
	rows := map[string][]string{}
	for i := range 24 {
		p := &person{id: fmt.Sprintf("p%02d", i), known: r.IntN(4) > 0, fields: randomFields(r), lists: map[string][]element{}}
		profiles = append(profiles, fmt.Sprintf("('all', '%s', %v, %s)", p.id, p.known, literals(p.fields)))
		identifiers = append(identifiers, fmt.Sprintf("('id', '%s', '%s')", p.id, p.id))
		for _, list := range []string{"events", "transactions"} {
			source := list[:2]
			for k := range r.IntN(5) {
				e := element{source: source, key: fmt.Sprintf("%s-%d", p.id, k), fields: randomFields(r)}
				if r.IntN(6) > 0 {
					e.time = now.Add(-time.Duration(r.IntN(5)) * 240 * time.Hour)
				}
				p.lists[list] = append(p.lists[list], e)
				rows[source] = append(rows[source], fmt.Sprintf("('%s', %s, '%s', %s)", e.key, literal(e.time), p.id, literals(e.fields)))
			}
		}
		people = append(people, p)
	}
	const columns = "CAST(s AS VARCHAR) AS s, CAST(i AS BIGINT) AS i, CAST(d AS DECIMAL(18,4)) AS d, CAST(f AS DOUBLE) AS f, CAST(b AS BOOLEAN) AS b, CAST(ts AS TIMESTAMPTZ) AS ts, CAST(dt AS DATE) AS dt"
	cfg.Identity = w.people(
		sqlgen.Query(`SELECT c AS "class", id AS profile_id, known, `+columns+` FROM (VALUES `+strings.Join(profiles, ",")+`) t(c, id, known, s, i, d, f, b, ts, dt)`),
		sqlgen.Query(`SELECT * FROM (VALUES `+strings.Join(identifiers, ",")+`) t(identifier, value, profile_id)`))
	for i, s := range cfg.Sources {
		cfg.Sources[i].Revision = w.source(s.Name, sqlgen.Query(`SELECT k AS _key, CAST(at_ AS TIMESTAMPTZ) AS _time, id, `+columns+` FROM (VALUES `+strings.Join(rows[s.Name], ",")+`) t(k, at_, id, s, i, d, f, b, ts, dt)`))
	}
	cfg.Segments = []Segment{{Name: "positive", Where: "profile.i > 0", Purposes: []string{"all"}, Due: true}}
	return people, cfg
}

func randomFields(r *rand.Rand) map[string]any {
	all := map[string]any{
		"s": []string{"", "a", "ab", "B", "12", "-3", "é"}[r.IntN(7)], "i": int64(r.IntN(9) - 4), "d": decimal{big.NewInt(int64(r.IntN(400000) - 200000))},
		"f": float64(r.IntN(64)-32) / 8, "b": r.IntN(2) == 0, "ts": now.Add(time.Duration(r.IntN(2000)-1000) * time.Hour),
		"dt": day(now.AddDate(0, 0, r.IntN(400)-200).Format(time.DateOnly)),
	}
	if r.IntN(8) == 0 {
		all["i"] = int64(1) << 62
	}
	if r.IntN(8) == 0 {
		all["d"] = decimal{big.NewInt(900000000000000000)}
	}
	for _, k := range []string{"s", "i", "d", "f", "b", "ts", "dt"} {
		if r.IntN(4) == 0 {
			delete(all, k)
		}
	}
	return all
}

func literals(f map[string]any) string {
	var out []string
	for _, k := range []string{"s", "i", "d", "f", "b", "ts", "dt"} {
		out = append(out, literal(f[k]))
	}
	return strings.Join(out, ", ")
}

func literal(v any) string {
	if v == nil {
		return "NULL"
	}
	if s, ok := v.(string); ok {
		return "'" + s + "'"
	}
	return "'" + text(v) + "'"
}

// text of a value of the reference, as show writes those of the engine.
func text(v any) string {
	switch x := v.(type) {
	case nil:
		return "-"
	case decimal:
		return showDecimal(x)
	case day:
		return string(x)
	default:
		return show(x)
	}
}

// Random expressions give in the lake what the reference evaluator computes, for everyone, as a Trait and as the condition of a Segment.
// A failure names its seed; KITH_SEED=n runs one other than the usual.
func TestRandomExpressions(t *testing.T) {
	seeds := []uint64{1, 2, 3, 4}
	if s, err := strconv.ParseUint(os.Getenv("KITH_SEED"), 10, 64); err == nil {
		seeds = []uint64{s}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareRandom(t, seed) })
	}
}

func compareRandom(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t, "2GB")
	people, cfg := randomWorld(w, r)
	g := &generator{r: r}
	types := []string{"boolean", "integer", "decimal", "double", "string", "timestamp", "date"}
	var traits, conditions []expr
	for i := range 140 {
		e := g.of(types[i%len(types)], 4)
		if len(e.text) > 2000 {
			continue
		}
		name := fmt.Sprintf("t%d", len(traits))
		traits = append(traits, e)
		cfg.Traits = append(cfg.Traits, Trait{name, name, e.text})
	}
	for range 40 {
		e := g.of("boolean", 4)
		name := fmt.Sprintf("s%d", len(conditions))
		conditions = append(conditions, e)
		cfg.Segments = append(cfg.Segments, Segment{Name: name, Where: e.text, Purposes: []string{"all"}, Due: true})
	}
	rev, res := w.evaluate(cfg)
	for _, e := range res.Errors {
		t.Errorf("seed %d: %v", seed, e.Err)
	}
	columns := []string{"profile_id"}
	for _, t := range cfg.Traits {
		columns = append(columns, t.Attribute)
	}
	values := w.rows(rev, "traits", columns...)
	known := 0
	for i, e := range traits {
		got := map[string]string{}
		for _, row := range values {
			got[row[0]] = row[i+1]
		}
		for _, p := range people {
			want := text(e.eval(scope{all: people, me: p}))
			if want != "-" {
				known++
			}
			if got[p.id] != want {
				t.Errorf("seed %d: %s\n  of %s %v is %s, want %s", seed, e.text, p.id, p.fields, got[p.id], want)
				break
			}
		}
	}
	members := map[string]bool{}
	for _, row := range w.rows(rev, "segment_members", "segment", "profile_id") {
		members[row[0]+" "+row[1]] = true
	}
	in := 0
	for i, e := range conditions {
		for _, p := range people {
			want := e.eval(scope{all: people, me: p}) == true
			if want {
				in++
			}
			if members[fmt.Sprintf("s%d %s", i, p.id)] != want {
				t.Errorf("seed %d: %s\n  of %s %v: member is %v, want %v", seed, e.text, p.id, p.fields, !want, want)
				break
			}
		}
	}
	if known < len(traits)*len(people)/4 || in == 0 || in == len(conditions)*len(people) {
		t.Errorf("seed %d compares too little: %d values, %d members", seed, known, in)
	}
}
