package linkage

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// random pairs and how often each pattern is among them: all pairs where they are few.
func (r *Records) random(cs []comparison) []seen {
	total, most := r.n*(r.n-1)/2, randomPairs(r.n)
	var draw func(i int) (int32, int32)
	if total <= most {
		order := r.byValues(r.n)
		draw = func(i int) (int32, int32) {
			// The i-th of all pairs, in the order (1,0), (2,0), (2,1), ...
			a := int((1 + math.Sqrt(1+8*float64(i))) / 2)
			for a*(a-1)/2 > i {
				a--
			}
			return order[a], order[i-a*(a-1)/2]
		}
	} else {
		total = most
		order := r.byValues(min(r.n, most))
		n := len(order)
		rng := rand.New(rand.NewPCG(0x6b697468, 1))
		strides := make([]int, total/n+1)
		for i := range strides {
			strides[i] = 1 + rng.IntN(n-1)
		}
		draw = func(i int) (int32, int32) { return order[i%n], order[(i%n+strides[i/n])%n] }
	}
	parts := make([]map[pattern]float64, (total+parallel.Stretch-1)/parallel.Stretch)
	parallel.Stretches(total, func(from, to int) {
		tally := map[pattern]float64{}
		for i := from; i < to; i++ {
			a, b := draw(i)
			tally[r.pattern(cs, a, b)]++
		}
		parts[from/parallel.Stretch] = tally
	})
	all := map[pattern]float64{}
	for _, tally := range parts {
		for p, k := range tally {
			all[p] += k
		}
	}
	out := make([]seen, 0, len(all))
	for p, k := range all {
		out = append(out, seen{p: p, n: k})
	}
	slices.SortFunc(out, func(a, b seen) int { return cmp.Compare(a.p, b.p) })
	return out
}

// byValues gives so many records in order of a hash of their values, which does not depend on where they stand, the first ones.
func (r *Records) byValues(most int) []int32 {
	hashes := make([][]uint64, len(r.columns))
	for j, c := range r.columns {
		hashes[j] = c.of(whole)
	}
	all := make([]ranked, r.n)
	parallel.Stretches(r.n, func(from, to int) {
		for i := from; i < to; i++ {
			h := uint64(0)
			for j, id := range r.row(int32(i)) {
				if id >= 0 {
					h = mix(h ^ hashes[j][id] + uint64(j))
				}
			}
			all[i] = ranked{h, int32(i)}
		}
	})
	all = lowest(all, most)
	sortByRank(all)
	out := make([]int32, min(most, len(all)))
	for i := range out {
		out[i] = all[i].record
	}
	return out
}

// lowest leaves out what is certainly not among so many of the lowest ranks.
func lowest(all []ranked, most int) []ranked {
	var count [256]int
	for _, x := range all {
		count[x.rank>>56]++
	}
	last, n := 0, count[0]
	for n < most && last < 255 {
		last++
		n += count[last]
	}
	return slices.DeleteFunc(all, func(x ranked) bool { return int(x.rank>>56) > last })
}

// ranked is a record with its place in an order.
type ranked struct {
	rank   uint64
	record int32
}

// sortByRank, and records of one rank by their number: those of each first byte for themselves, on all processors.
func sortByRank(all []ranked) {
	var ends [257]int
	for _, x := range all {
		ends[x.rank>>56+1]++
	}
	for b := range 256 {
		ends[b+1] += ends[b]
	}
	out, next := make([]ranked, len(all)), ends
	for _, x := range all {
		at := &next[x.rank>>56]
		out[*at] = x
		*at++
	}
	copy(all, out)
	parallel.Each(256, func(b int) {
		slices.SortFunc(all[ends[b]:ends[b+1]], func(x, y ranked) int { return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.record, y.record)) })
	})
}
