package cluster

import (
	"math"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/internal/linkage"
)

// What Explain says of a pair is what Weigh gave it, and its steps are all of it, even where only the two records are at hand.
func TestExplanationsAddUp(t *testing.T) {
	columns, who := generated(t, people.Options{Country: "us", Records: 2000, Seed: 41})
	records := linkage.New(columns)
	model, err := records.Learn()
	if err != nil {
		t.Fatal(err)
	}
	edges, _, err := records.Weigh(model)
	if err != nil {
		t.Fatal(err)
	}
	households := 0
	for n, e := range edges {
		if n%50 != 0 {
			continue
		}
		two, was := some(columns, func(i int) bool { return int32(i) == e.L || int32(i) == e.R })
		x, err := linkage.New(two).Explain(model, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, s := range x.Steps {
			sum += s.Bits
			if s.What == linkage.HouseholdStep && s.Bits < -5 && who[was[0]] != who[was[1]] {
				households++
			}
		}
		if math.Abs(sum-x.Weight) > 1e-9 || float32(x.Weight) != e.Weight || len(x.Rules) == 0 {
			t.Fatalf("weight %v, explained as %+v, which sum up to %v", e.Weight, x, sum)
		}
	}
	if households == 0 {
		t.Error("no pair was told apart as two of a household: the test says little")
	}
}
