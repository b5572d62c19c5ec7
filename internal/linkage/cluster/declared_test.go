package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/quality"
)

// meant are columns named after their kinds, as those of a rule are, and the fields that they are of.
func meant(columns []linkage.Column) (fields []linkage.Field) {
	for i := range columns {
		columns[i].Name = string(columns[i].Kind)
		fields = append(fields, linkage.Field{Name: columns[i].Name, Semantic: columns[i].Name, Type: "string"})
	}
	return fields
}

func declared(t *testing.T, d linkage.Declaration, fields []linkage.Field) *linkage.Scheme {
	t.Helper()
	s, err := linkage.NewScheme(d, fields)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func learned(t *testing.T, r *linkage.Records) *linkage.Model {
	t.Helper()
	m, err := r.Learn()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// partition that a model makes of records.
func partition(t *testing.T, r *linkage.Records, m *linkage.Model, o Options) []int32 {
	t.Helper()
	edges, _, _, err := r.WeighPinned(m)
	if err != nil {
		t.Fatal(err)
	}
	f := NewSized(r.Len(), 50)
	Refine(f, edges, o)
	out := make([]int32, f.Len())
	for i := range out {
		out[i] = f.Find(int32(i))
	}
	return out
}

// spelled are the rules of a model as a declaration has them.
func spelled(rules []string) (out [][]string) {
	for _, name := range rules {
		rule := []string{"surname", "givenName"}
		if name != "both names" {
			rule = strings.Split(strings.ReplaceAll(name, "family.", "surname."), "+")
		}
		out = append(out, rule)
	}
	return out
}

// Comparisons and rules that are spelled out as they follow from the kinds give the same weights and the same people.
func TestSpelledOutIsTheSame(t *testing.T) {
	columns, who := generated(t, people.Options{Country: "us", Records: 4000, Seed: 41})
	fields := meant(columns)
	derived := declared(t, linkage.Declaration{PairsPerRecord: 1000}, fields).New(columns)
	model := learned(t, derived)
	d := linkage.Declaration{Blocking: spelled(model.Rules)}
	for _, f := range fields {
		d.Comparisons = append(d.Comparisons, linkage.Declared{Attribute: f.Name})
	}
	slices.Reverse(d.Comparisons) // the order of a listing does not matter
	records := declared(t, d, fields).New(columns)
	own := learned(t, records)
	if len(model.Rules) < 20 || !slices.Equal(own.Rules, model.Rules) {
		t.Fatalf("rules %v and %v", model.Rules, own.Rules)
	}
	want, got := weights(t, derived, model, nil), weights(t, records, own, nil)
	if len(want) < 5000 || len(want) != len(got) {
		t.Fatalf("%d pairs and %d", len(want), len(got))
	}
	for pair, w := range want {
		if got[pair] != w {
			t.Fatalf("pair %v weighs %v and %v", pair, w, got[pair])
		}
	}
	a, b := partition(t, derived, model, Default()), partition(t, records, own, Default())
	if !slices.Equal(a, b) || quality.Of(a, who).Pairs.F1 < 0.95 {
		t.Errorf("the people differ, or are bad: %+v", quality.Of(b, who))
	}
}

// Levels that are spelled out find people nearly as well as those that follow from the kinds, and a higher threshold joins less and not wrongly.
func TestSpelledOutLevels(t *testing.T) {
	columns, who := generated(t, people.Options{Country: "us", Records: 4000, Seed: 42})
	fields := meant(columns)
	name := []linkage.Level{{EditDistance: 1}, {JaroWinkler: 0.92}, {Part: "sound"}, {JaroWinkler: 0.82}}
	records := declared(t, linkage.Declaration{
		Comparisons: []linkage.Declared{
			{Attribute: "givenName", Levels: name}, {Attribute: "surname", Levels: name}, {Attribute: "email", Levels: []linkage.Level{{EditDistance: 2}, {Part: "local"}}},
			{Attribute: "birthDate", Levels: []linkage.Level{{EditDistance: 1}, {DaysApart: 31}, {Part: "year"}}}, {Attribute: "phone", Compare: "Code"},
			{Attribute: "postcode", Levels: []linkage.Level{{Part: "district"}}}, {Attribute: "street"},
		},
		Blocking: [][]string{{"email"}, {"phone"}, {"birthDate", "surname.sound"}, {"birthDate", "givenName.sound"}, {"surname.sound", "postcode.district"}},
	}, fields).New(columns)
	model := learned(t, records)
	usual := quality.Of(partition(t, records, model, Default()), who)
	strict := Default()
	strict.Join = 15
	sure := quality.Of(partition(t, records, model, strict), who)
	t.Logf("%+v, above 15 bits %+v", usual.Pairs, sure.Pairs)
	if usual.Pairs.F1 < 0.9 || sure.Pairs.Recall >= usual.Pairs.Recall || sure.Pairs.Precision < usual.Pairs.Precision {
		t.Errorf("%+v, and above 15 bits %+v", usual, sure)
	}
}

// Without term frequency two rare values tell as much as two frequent ones, and the model knows no values.
func TestTermFrequencyIsLeftOut(t *testing.T) {
	columns, _ := generated(t, people.Options{Country: "kr", Records: 2000, Seed: 43})
	fields := meant(columns)
	surnames := func(ignore bool) map[float64]bool {
		d := linkage.Declaration{Blocking: [][]string{{"surname"}}}
		for _, a := range []string{"surname", "birthDate"} {
			d.Comparisons = append(d.Comparisons, linkage.Declared{Attribute: a, IgnoreFrequency: ignore})
		}
		s := declared(t, d, fields)
		var read []linkage.Column
		for _, x := range s.Respects() {
			read = append(read, columns[slices.IndexFunc(columns, func(c linkage.Column) bool { return c.Name == x.Name })])
		}
		records := s.New(read)
		m := learned(t, records)
		for i, f := range m.Frequencies {
			if (len(f.Counts) == 0) != ignore {
				t.Errorf("%s: the model has %d values", m.Comparisons[i].Name, len(f.Counts))
			}
		}
		edges, _, err := records.Weigh(m)
		if err != nil {
			t.Fatal(err)
		}
		bits := map[float64]bool{}
		for i := 0; i < len(edges); i += len(edges)/300 + 1 {
			e := edges[i]
			x, err := records.Explain(m, e.L, e.R)
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range x.Steps {
				if step.What == "surname" && step.Level == "equal" {
					bits[step.Bits] = true
				}
			}
		}
		return bits
	}
	if with, without := surnames(false), surnames(true); len(with) < 5 || len(without) != 1 {
		t.Errorf("equal surnames count %d different ways with term frequency and %d without", len(with), len(without))
	}
}

// How many pairs there are to compare is known and refused before any is.
func TestMaxPairs(t *testing.T) {
	const n = 300
	pairs := func(values int) (out int64) { // of n records that have so many values in turn
		for i := range values {
			k := int64((n - i + values - 1) / values)
			out += k * (k - 1) / 2
		}
		return out
	}
	fields := []linkage.Field{{Name: "few", Compare: "Text"}, {Name: "many", Compare: "Text"}}
	columns := []linkage.Column{linkage.NewColumn(linkage.Text, "few", n), linkage.NewColumn(linkage.Text, "many", n)}
	for i := range n {
		columns[0].Set(i, "f"+strconv.Itoa(i%11))
		columns[1].Set(i, "m"+strconv.Itoa(i%70))
	}
	most := pairs(11) + pairs(70)
	d := linkage.Declaration{Blocking: [][]string{{"many"}, {"few"}}, MaxPairs: most}
	records := declared(t, d, fields).New(columns)
	m := learned(t, records)
	if _, _, err := records.Weigh(m); err != nil {
		t.Fatal(err)
	}
	d.MaxPairs--
	records = declared(t, d, fields).New(columns)
	var many *linkage.TooManyError
	says := fmt.Sprintf("the blocking rules find %d pairs to compare, and the most is %d: few.value finds %d, many.value finds %d", most, most-1, pairs(11), pairs(70))
	if _, err := records.Learn(); !errors.As(err, &many) || err.Error() != says {
		t.Errorf("%v, not: %s", err, says)
	}
	if _, _, err := records.Weigh(m); !errors.As(err, &many) {
		t.Errorf("by a model: %v", err)
	}
	generated, _ := generated(t, people.Options{Country: "us", Records: 500, Seed: 44})
	derived := declared(t, linkage.Declaration{MaxPairs: 5}, meant(generated)).New(generated)
	m = learned(t, derived) // while it is learned, rules that follow from the kinds are left out
	if _, _, err := derived.Weigh(m); !errors.As(err, &many) {
		t.Errorf("%v", err)
	}
}

// A model serves only what it was learned for: the comparisons, their levels, the rules and their number.
func TestAnotherDeclarationNeedsAnotherModel(t *testing.T) {
	columns, _ := generated(t, people.Options{Country: "us", Records: 500, Seed: 45})
	fields := meant(columns)
	base := func() linkage.Declaration {
		d := linkage.Declaration{Blocking: [][]string{{"email"}, {"birthDate", "surname.sound"}}}
		for _, f := range fields {
			d.Comparisons = append(d.Comparisons, linkage.Declared{Attribute: f.Name})
		}
		return d
	}
	model := learned(t, declared(t, base(), fields).New(columns))
	for name, c := range map[string]struct {
		change func(d *linkage.Declaration)
		fits   bool
	}{
		"nothing":            {func(*linkage.Declaration) {}, true},
		"the order":          {func(d *linkage.Declaration) { slices.Reverse(d.Comparisons) }, true},
		"the most pairs":     {func(d *linkage.Declaration) { d.MaxPairs = 1e9 }, true},
		"a comparison less":  {func(d *linkage.Declaration) { d.Comparisons = d.Comparisons[1:] }, false},
		"a level":            {func(d *linkage.Declaration) { d.Comparisons[0].Levels = []linkage.Level{{EditDistance: 1}} }, false},
		"a kind":             {func(d *linkage.Declaration) { d.Comparisons[0].Compare = "Exact" }, false},
		"the term frequency": {func(d *linkage.Declaration) { d.Comparisons[0].IgnoreFrequency = true }, false},
		"a rule":             {func(d *linkage.Declaration) { d.Blocking[0] = []string{"email.local"} }, false},
		"a rule less":        {func(d *linkage.Declaration) { d.Blocking = d.Blocking[1:] }, false},
		"the order of rules": {func(d *linkage.Declaration) { slices.Reverse(d.Blocking) }, false},
		"no rules":           {func(d *linkage.Declaration) { d.Blocking = nil }, false},
	} {
		d := base()
		c.change(&d)
		s, err := linkage.NewScheme(d, fields)
		if err != nil {
			t.Fatal(err)
		}
		var read []linkage.Column
		for _, x := range s.Respects() {
			read = append(read, columns[slices.IndexFunc(columns, func(c linkage.Column) bool { return c.Name == x.Name })])
		}
		if _, _, err := s.New(read).Weigh(model); (err == nil) != c.fits || err != nil && !errors.Is(err, linkage.ErrOutdated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A pinned model goes on when the records have doubled: pairs among the old ones weigh the same, those records are the same people, and a block that has outgrown it is
// divided rather than compared as a whole.
func TestPinnedModelAfterGrowth(t *testing.T) {
	before, _ := generated(t, people.Options{Country: "us", Records: 2000, Seed: 46})
	more, _ := generated(t, people.Options{Country: "uk", Records: 2000, Seed: 47})
	n := len(before[0].IDs)
	const crowd = 600 // who have one mailbox, and a name and a day of birth each
	after := make([]linkage.Column, len(before))
	for j, c := range before {
		after[j] = linkage.NewColumn(c.Kind, c.Name, 2*n+crowd)
		for i := range n {
			if id := c.IDs[i]; id >= 0 {
				after[j].Set(i, c.Values[id])
			}
			if id := more[j].IDs[i]; id >= 0 {
				after[j].Set(n+i, "zz"+more[j].Values[id])
			}
			if i >= crowd {
				continue
			}
			switch c.Kind {
			case linkage.Email:
				after[j].Set(2*n+i, "everybody@nowhere.example")
			case linkage.BirthDate:
				after[j].Set(2*n+i, "19"+string(rune('3'+i%6))+string(rune('0'+i%10))+"-0"+string(rune('1'+i%9))+"-"+string(rune('1'+i%2))+string(rune('1'+i/100)))
			}
		}
	}
	old := linkage.New(before)
	text, err := json.Marshal(learned(t, old))
	if err != nil {
		t.Fatal(err)
	}
	model, err := linkage.DecodeModel(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(model)
	if err != nil || string(again) != string(text) {
		t.Errorf("a model that was read is written in another way: %v", err)
	}
	all := linkage.New(after)
	if _, _, err := all.Weigh(model); !errors.Is(err, linkage.ErrOutdated) {
		t.Errorf("without being pinned: %v", err)
	}
	edges, found, outgrown, err := all.WeighPinned(model)
	if err != nil || outgrown == 0 {
		t.Fatalf("%d blocks have outgrown the model: %v", outgrown, err)
	}
	within, was := map[[2]int32]float32{}, weights(t, old, model, nil)
	for _, e := range edges {
		if int(e.L) < n && int(e.R) < n {
			within[[2]int32{max(e.L, e.R), min(e.L, e.R)}] = e.Weight
		}
	}
	for pair, w := range was {
		if got, ok := within[pair]; !ok || got != w {
			t.Fatalf("pair %v weighed %v and weighs %v (found: %v)", pair, w, got, ok)
		}
	}
	if len(within) != len(was) {
		t.Errorf("%d pairs among the old records, %d before", len(within), len(was))
	}
	whole := int64(crowd * (crowd - 1) / 2)
	for _, c := range found {
		if c.Rule == "email.value" && c.Pairs >= whole/2 {
			t.Errorf("the mailbox of %d records makes %d pairs, of %d", crowd, c.Pairs, whole)
		}
	}
	if a, b := partition(t, old, model, Default()), partition(t, all, model, Default())[:n]; quality.Of(b, a).Pairs.F1 != 1 {
		t.Errorf("the old records are other people: %+v", quality.Of(b, a))
	}
}
