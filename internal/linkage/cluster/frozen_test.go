package cluster

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/internal/linkage"
)

// some of the records of columns, those for which keep says so, and the place that each had.
func some(columns []linkage.Column, keep func(i int) bool) (out []linkage.Column, was []int32) {
	for i := range columns[0].IDs {
		if keep(i) {
			was = append(was, int32(i))
		}
	}
	for _, c := range columns {
		n := linkage.NewColumn(c.Kind, c.Name, len(was))
		for i, w := range was {
			if id := c.IDs[w]; id >= 0 {
				n.Set(i, c.Values[id])
			}
		}
		out = append(out, n)
	}
	return out, was
}

func weights(t *testing.T, r *linkage.Records, m *linkage.Model, was []int32) map[[2]int32]float32 {
	t.Helper()
	edges, _, err := r.Weigh(m)
	if err != nil {
		t.Fatal(err)
	}
	out := map[[2]int32]float32{}
	for _, e := range edges {
		l, o := e.L, e.R
		if was != nil {
			l, o = was[l], was[o]
		}
		out[[2]int32{max(l, o), min(l, o)}] = e.Weight
	}
	return out
}

// By a model, read back from where it was kept, the weight of a pair does not depend on what other records there are.
func TestWeightsDependOnThePairAndTheModelAlone(t *testing.T) {
	columns, _ := generated(t, people.Options{Country: "us", Records: 4000, Seed: 31})
	records := linkage.New(columns)
	learned, err := records.Learn()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(learned)
	if err != nil {
		t.Fatal(err)
	}
	var model linkage.Model
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	all := weights(t, records, learned, nil)
	part, was := some(columns, func(i int) bool { return i%7 != 3 })
	left := weights(t, linkage.New(part), &model, was)
	expected := 0
	for pair, w := range all {
		if pair[0]%7 == 3 || pair[1]%7 == 3 {
			continue
		}
		expected++
		if got, ok := left[pair]; !ok || got != w {
			t.Fatalf("pair %v weighs %v among all and %v among some (found: %v)", pair, w, got, ok)
		}
	}
	if len(left) != expected || expected < 5000 {
		t.Errorf("%d pairs among some records, and %d of those among all", len(left), expected)
	}
}

// The pairs of touched records weigh what they weigh among all pairs, and no others are weighed.
func TestWeighTouching(t *testing.T) {
	columns, _ := generated(t, people.Options{Country: "us", Records: 3000, Seed: 33})
	records := linkage.New(columns)
	model, err := records.Learn()
	if err != nil {
		t.Fatal(err)
	}
	all := weights(t, records, model, nil)
	for name, is := range map[string]func(i int) bool{
		"none": func(int) bool { return false }, "one": func(i int) bool { return i == 1500 }, "some": func(i int) bool { return i%5 == 2 }, "all": func(int) bool { return true },
	} {
		touched := make([]bool, records.Len())
		for i := range touched {
			touched[i] = is(i)
		}
		edges, _, err := records.WeighTouching(model, touched)
		if err != nil {
			t.Fatal(err)
		}
		got := map[[2]int32]float32{}
		for _, e := range edges {
			pair := [2]int32{e.L, e.R}
			if w, ok := all[pair]; !ok || w != e.Weight || !touched[e.L] && !touched[e.R] {
				t.Fatalf("%s: pair %v weighs %v, and %v among all (found: %v)", name, pair, e.Weight, w, ok)
			}
			got[pair] = e.Weight
		}
		want := 0
		for pair := range all {
			if touched[pair[0]] || touched[pair[1]] {
				want++
			}
		}
		if len(got) != want || len(edges) != want || want == 0 && name != "none" {
			t.Errorf("%s: %d edges of %d pairs, want %d", name, len(edges), len(got), want)
		}
	}
}

// A model that was made for other columns, or that blocks have outgrown, is refused.
func TestOutdatedModels(t *testing.T) {
	columns, _ := generated(t, people.Options{Country: "us", Records: 1000, Seed: 32})
	model, err := linkage.New(columns).Learn()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := linkage.New(columns[1:]).Weigh(model); !errors.Is(err, linkage.ErrOutdated) {
		t.Errorf("a model for another column: %v", err)
	}
	crowd := make([]linkage.Column, len(columns))
	for j, c := range columns {
		crowd[j] = linkage.NewColumn(c.Kind, c.Name, 1500)
		for i := range 1500 {
			switch {
			case i < 1000 && c.IDs[i] >= 0:
				crowd[j].Set(i, c.Values[c.IDs[i]])
			case i >= 1000 && c.Kind == linkage.Email:
				crowd[j].Set(i, "everybody@example.com")
			}
		}
	}
	if _, _, err := linkage.New(crowd).Weigh(model); !errors.Is(err, linkage.ErrOutdated) {
		t.Errorf("a mailbox of 500 records: %v", err)
	}
}
