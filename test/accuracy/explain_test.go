package accuracy

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

// kith explain pair says why two records are one person, why two are not, and which mistakes it was given.
func TestExplainPair(t *testing.T) {
	kith, file, lake := sets["fake_1000"].resolved(t)
	pair := func(a, b string, more ...string) kithtest.Result {
		return kithtest.Command(t, kith, nil, append([]string{"explain", "pair", "people", a, b, "-f", file, "--lake", lake}, more...)...)
	}

	// Robert Alan and Robert Allen, born a month apart in writing.
	r := pair("part-0/0", "part-0/1")
	for _, want := range []string{"are one person", "no deterministic rule", "candidates by", "similar (alan, allen)", "one edit or day and month swapped", "bits: one person"} {
		if r.Code != 0 || !strings.Contains(r.Out, want) {
			t.Errorf("exit %d, without %q:\n%s%s", r.Code, want, r.Out, r.Err)
		}
	}
	var x struct {
		Profiles [2]string
		Match    struct {
			Weight float64
			Steps  []struct{ Bits float64 }
		}
		Between *struct{ Compared int }
	}
	r = pair("part-0/0", "part-0/900", "-o", "json")
	if err := json.Unmarshal([]byte(r.Out), &x); err != nil {
		t.Fatalf("%v\n%s%s", err, r.Out, r.Err)
	}
	sum := 0.0
	for _, s := range x.Match.Steps {
		sum += s.Bits
	}
	if x.Profiles[0] == x.Profiles[1] || x.Between == nil || x.Match.Weight > -5 || math.Abs(sum-x.Match.Weight) > 1e-9 {
		t.Errorf("two strangers: %+v", x)
	}
	for _, bad := range []struct{ a, b, says string }{
		{"part-0/0", "part-0/nobody", "has no Profile record part-0/nobody"}, {"part-0/0", "part-0/0", "given twice"}, {"part-0/0", "x", "give SOURCE/KEY"},
	} {
		if r := pair(bad.a, bad.b); r.Code == 0 || !strings.Contains(r.Err, bad.says) {
			t.Errorf("%s and %s: exit %d, %s", bad.a, bad.b, r.Code, r.Err)
		}
	}
}

// kith explain profile says of a profile what queries of the lake say, and which mistakes it was given.
func TestExplainProfile(t *testing.T) {
	kith, file, lake := sets["fake_1000"].resolved(t)
	profile := func(rule, id string, more ...string) kithtest.Result {
		return kithtest.Command(t, kith, nil, append([]string{"explain", "profile", rule, id, "-f", file, "--lake", lake}, more...)...)
	}
	largest := kithtest.Query(t, kith, lake, "SELECT profile_id, count(*) FROM people.members GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 1")[0]
	id := largest[0]
	records := map[string]bool{}
	for _, r := range kithtest.Query(t, kith, lake, "SELECT source, record_key FROM people.members WHERE profile_id = '"+id+"'") {
		records[r[0]+"/"+r[1]] = true
	}
	values := map[string]string{}
	for _, r := range kithtest.Query(t, kith, lake, `SELECT attribute, source || '/' || record_key FROM people.provenance WHERE class = 'analytics' AND profile_id = '`+id+"'") {
		values[r[0]] = r[1]
	}

	type some[T any] struct {
		Total int
		Shown []T
	}
	type ref struct{ Source, Key string }
	type step struct {
		From, To ref
		Weight   float64
	}
	var x struct {
		Profile string
		Known   bool
		Groups  int
		Records some[ref]
		Matches some[step]
		Weakest struct {
			Match  *step
			Parts  some[int]
			Others int
		}
		Lineage some[struct{ Event, To string }]
		Values  some[struct{ Attribute, Value, Source, Key string }]
	}
	r := profile("people", strings.ToUpper(id), "-o", "json")
	if err := json.Unmarshal([]byte(r.Out), &x); err != nil {
		t.Fatalf("%v\n%s%s", err, r.Out, r.Err)
	}
	if x.Profile != id || !x.Known || x.Groups != 1 || x.Records.Total != len(records) || len(x.Records.Shown) != len(records) || len(records) < 3 {
		t.Errorf("%+v, and the lake has %v", x, records)
	}
	// The tree of likeness reaches each record, and its weakest link is the last and the weakest of it, and weighs what the pair weighs.
	reached := map[string]bool{}
	for _, m := range x.Matches.Shown {
		reached[m.From.Source+"/"+m.From.Key], reached[m.To.Source+"/"+m.To.Key] = true, true
	}
	if len(reached) != len(records) || x.Matches.Total != len(records)-1 {
		t.Errorf("%v connect %v", x.Matches, records)
	}
	weakest := x.Weakest.Match
	if weakest == nil || *weakest != x.Matches.Shown[len(x.Matches.Shown)-1] || x.Weakest.Parts.Shown[0]+x.Weakest.Parts.Shown[1] != len(records) {
		t.Fatalf("%+v", x.Weakest)
	}
	var pair struct{ Match struct{ Weight float64 } }
	p := kithtest.Command(t, kith, nil, "explain", "pair", "people", weakest.From.Source+"/"+weakest.From.Key, weakest.To.Source+"/"+weakest.To.Key, "-f", file, "--lake", lake, "-o", "json")
	if err := json.Unmarshal([]byte(p.Out), &pair); err != nil || math.Abs(pair.Match.Weight-weakest.Weight) > 1e-3 {
		t.Errorf("%v: as a pair %v, as a link %v", err, pair.Match.Weight, weakest.Weight)
	}
	for _, v := range x.Values.Shown {
		if values[v.Attribute] != v.Source+"/"+v.Key {
			t.Errorf("%+v, and provenance has %q", v, values[v.Attribute])
		}
	}
	if len(x.Values.Shown) != len(values) || x.Lineage.Total != 1 || x.Lineage.Shown[0].Event != "new" || x.Lineage.Shown[0].To != id {
		t.Errorf("values %+v, lineage %+v", x.Values, x.Lineage)
	}

	r = profile("people", id)
	for _, want := range []string{id + " is a person, of " + largest[1] + " records", "Records\n", "Weakest link\n", "Likeness that connects its records", "made", "Values, as analytics sees them"} {
		if r.Code != 0 || !strings.Contains(r.Out, want) {
			t.Errorf("exit %d, without %q:\n%s%s", r.Code, want, r.Out, r.Err)
		}
	}
	if strings.Contains(r.Out, "\x1b[") {
		t.Error("colour codes where there is no terminal")
	}
	for _, bad := range []struct{ rule, id, says string }{
		{"people", "part-0/0", "is no id of a profile"}, {"people", "00000000-0000-5000-8000-000000000000", "never had a profile"}, {"customers", id, `there is: people`},
	} {
		if r := profile(bad.rule, bad.id); r.Code == 0 || !strings.Contains(r.Err, bad.says) {
			t.Errorf("%s %s: exit %d, %s", bad.rule, bad.id, r.Code, r.Err)
		}
	}
	t.Log(r.Out)
}
