package people

import (
	"math/bits"
	"math/rand/v2"
	"sort"
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

// rng is PCG with its own integer draws: only PCG's bits are fixed for all time, and floating point may differ between machines.
type rng struct{ pcg *rand.PCG }

func newRNG(seed, stream, item uint64) rng {
	return rng{rand.NewPCG(mix(seed^stream<<56), mix(item+stream<<48))}
}

// reseed starts the generator anew for another item, without a new object for each of a million.
func (r rng) reseed(seed, stream, item uint64) {
	r.pcg.Seed(mix(seed^stream<<56), mix(item+stream<<48))
}

// below returns a number in [0, n); n must be positive.
func (r rng) below(n int64) int64 {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int64(hi)
}

// between returns a number in [low, high].
func (r rng) between(low, high int64) int64 { return low + r.below(high-low+1) }

// percent is true in p of 100 cases, permille in p of 1,000.
func (r rng) percent(p int64) bool  { return r.below(100) < p }
func (r rng) permille(p int64) bool { return r.below(1000) < p }

func pick[T any](r rng, from []T) T { return from[r.below(int64(len(from)))] }

// mix is the finaliser of SplitMix64: a bijection, so different numbers stay different.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

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

func (s shares) draw(r rng) int {
	n := r.below(s.upTo[len(s.upTo)-1])
	return sort.Search(len(s.upTo), func(i int) bool { return s.upTo[i] > n })
}
