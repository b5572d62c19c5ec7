package linkage

import (
	"maps"
	"math"
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// Frequencies of the values of a column, as a model keeps them.
type Frequencies struct {
	// Filled is how many records have a value.
	Filled int `json:"filled"`
	// Counts of the values that are frequent enough to be told apart, by the hash of the value.
	Counts Counts `json:"counts"`
	// Rest is the share of the records that a value has on the average which is not among the counts.
	Rest float64 `json:"rest"`
	// Others is the share of the records that have such a value.
	Others float64 `json:"others"`
}

// counted is how many records a value has at least that is told apart, out of so many that have any.
func counted(filled int) int32 {
	if filled < 100_000 {
		return 2
	}
	return 8
}

// learnFrequencies of a column.
func (c *column) learnFrequencies() Frequencies {
	f := Frequencies{Filled: c.filled, Counts: Counts{}}
	least, hashes := counted(c.filled), c.of(whole)
	others, squares := 0.0, 0.0
	for v, n := range c.count {
		if n >= least {
			f.Counts[hashes[v]] = n
			continue
		}
		others += float64(n)
		squares += float64(n) * float64(n)
	}
	all := float64(max(c.filled, 1))
	f.Rest, f.Others = 1/all, others/all
	if others > 0 {
		f.Rest = squares / others / all
	}
	return f
}

// frequencies of the values of a column, by value. That two records have the same value tells the more, the rarer the value is.
type frequencies struct {
	rarity  []float32        // in bits: -log2 of the share of the records that have the value
	bucket  []uint8          // by rarity: 0 for the values that are more frequent than most that agree by chance
	chance  [buckets]float64 // log2 of how often two values of a bucket are equal
	average float64          // log2 of how often two values are equal
}

// buckets of rarity tell patterns apart, so that training knows frequent values from rare ones.
const buckets = 4

// bucketEnds are how many bits rarer than what agrees by chance on the average the values of each bucket are at most.
var bucketEnds = [buckets - 1]float64{-1, 1, 4}

func bucketOf(share, average float64) uint8 {
	b := 0
	for b < len(bucketEnds) && average-math.Log2(share) >= bucketEnds[b] {
		b++
	}
	return uint8(b)
}

// sorted counts, so that sums of them do not depend on an order.
func (f *Frequencies) sorted() []int32 { return slices.Sorted(maps.Values(f.Counts)) }

// of a column's values.
func (f *Frequencies) of(c *column) *frequencies {
	share := func(n int32) float64 { return float64(n) / float64(f.Filled) }
	counts := f.sorted()
	out := &frequencies{rarity: make([]float32, len(c.values)), bucket: make([]uint8, len(c.values)), average: f.average()}
	var first, second [buckets]float64
	add := func(share, all float64) {
		b := bucketOf(share, out.average)
		first[b] += all
		second[b] += all * share
	}
	add(f.Rest, f.Others)
	for _, n := range counts {
		add(share(n), share(n))
	}
	for b := range out.chance {
		if first[b] > 0 {
			out.chance[b] = math.Log2(second[b] / first[b])
		}
	}
	hashes := c.of(whole)
	parallel.Stretches(len(c.values), func(from, to int) {
		for v := from; v < to; v++ {
			s := f.Rest
			if n, ok := f.Counts[hashes[v]]; ok {
				s = share(n)
			}
			out.rarity[v], out.bucket[v] = float32(-math.Log2(s)), bucketOf(s, out.average)
		}
	})
	return out
}
