package identity

import (
	"math"
	"slices"

	"github.com/kith-dev/kith/internal/linkage"
)

// strongest path from one record to another: the one whose weakest step is the strongest. A rule is stronger than any likeness.
func strongest(refs []Ref, edges []linkage.Edge, ties []tie, from, to int) []PathStep {
	n := len(refs)
	steps := make([][]PathStep, n) // by record and the record that the step goes to; no step where From is empty
	for i := range steps {
		steps[i] = make([]PathStep, n)
	}
	put := func(a, b int, s PathStep) {
		s.From, s.To = refs[a], refs[b]
		steps[a][b] = s
		s.From, s.To = refs[b], refs[a]
		steps[b][a] = s
	}
	for _, e := range edges {
		put(int(e.L), int(e.R), PathStep{Weight: float64(e.Weight)})
	}
	for _, t := range slices.Backward(ties) { // the strongest rule last
		for i, a := range t.records {
			for _, b := range t.records[:i] {
				put(a, b, PathStep{Weight: steps[a][b].Weight, Rule: t.Label})
			}
		}
	}
	width := make([]float64, n) // of the best path to each record that is known
	before := make([]int, n)
	done := make([]bool, n)
	for i := range width {
		width[i], before[i] = math.Inf(-1), -1
	}
	width[from] = math.Inf(1)
	for range n {
		best := -1
		for i := range n {
			if !done[i] && (best < 0 || width[i] > width[best]) {
				best = i
			}
		}
		done[best] = true
		for i, s := range steps[best] {
			if s.From == (Ref{}) {
				continue
			}
			w := min(width[best], s.strength())
			if w > width[i] {
				width[i], before[i] = w, best
			}
		}
	}
	var out []PathStep
	for at := to; at != from; at = before[at] {
		if before[at] < 0 {
			return nil
		}
		out = append(out, steps[before[at]][at])
	}
	slices.Reverse(out)
	return out
}

func (s PathStep) strength() float64 {
	if s.Rule != "" {
		return math.Inf(1)
	}
	return s.Weight
}
