package people

import (
	"sort"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// Streams keep the draws for different things independent: a new draw in one leaves the others as they were.
const (
	streamFamily uint64 = iota + 1
	streamLife
	streamRecords
	streamOrder
	streamName
	streamTown
	streamStreet
	streamCase
)

// shares draws an index by weight.
type shares struct{ upTo []int64 }

func sharesOf(weights ...int64) shares {
	s := shares{make([]int64, len(weights))}
	sum := int64(0)
	for i, w := range weights {
		sum += w
		s.upTo[i] = sum
	}
	return s
}

// zipf draws ranks by zipfWeights.
func zipf(n int, flat int64) shares { return sharesOf(zipfWeights(n, flat)...) }

// zipfWeights gives rank r (from 0) of n a weight proportional to 10/(10r+flat): the law of Zipf and Mandelbrot with exponent 1, which needs
// no floating point. The greater flat, the less common are the first.
func zipfWeights(n int, flat int64) []int64 {
	weights := make([]int64, n)
	for r := range weights {
		weights[r] = 1_000_000_000_000 / (10*int64(r) + flat)
	}
	return weights
}

func (s shares) draw(r draw.RNG) int {
	n := r.Below(s.upTo[len(s.upTo)-1])
	return sort.Search(len(s.upTo), func(i int) bool { return s.upTo[i] > n })
}
