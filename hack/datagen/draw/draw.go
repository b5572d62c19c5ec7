// Package draw has the random draws of the data generators: the same seed gives the same data on any machine and with any version of Go. What is
// drawn belongs to the generators.
package draw

import (
	"math/bits"
	"math/rand/v2"
)

// RNG is PCG with its own integer draws, because only PCG's bits, not the methods of rand.Rand, are fixed for all time, and floating point may
// differ between machines.
type RNG struct{ pcg *rand.PCG }

// New generator of an item. Streams keep the draws for different things independent: a new draw in one leaves the others as they were.
func New(seed, stream, item uint64) RNG {
	r := RNG{&rand.PCG{}}
	r.Reseed(seed, stream, item)
	return r
}

// Reseed starts the generator anew for another item, without a new object for each of a million.
func (r RNG) Reseed(seed, stream, item uint64) {
	r.pcg.Seed(Mix(seed^stream<<56), Mix(item+stream<<48))
}

// Uint64 is any number.
func (r RNG) Uint64() uint64 { return r.pcg.Uint64() }

// Below returns a number in [0, n); n must be positive.
func (r RNG) Below(n int64) int64 {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int64(hi)
}

// Between returns a number in [low, high].
func (r RNG) Between(low, high int64) int64 { return low + r.Below(high-low+1) }

// Percent is true in p of 100 cases.
func (r RNG) Percent(p int64) bool { return r.Below(100) < p }

// Permille is true in p of 1,000 cases.
func (r RNG) Permille(p int64) bool { return r.Below(1000) < p }

// Permutation of the numbers below n.
func (r RNG) Permutation(n int) []int32 {
	p := make([]int32, n)
	for i := range p {
		j := int(r.Below(int64(i + 1)))
		p[i] = p[j]
		p[j] = int32(i)
	}
	return p
}

// Pick one of a list.
func Pick[T any](r RNG, from []T) T { return from[r.Below(int64(len(from)))] }

// Mix is the finaliser of SplitMix64: a bijection, so different numbers stay different.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
