package retail

import (
	"math/bits"
	"math/rand/v2"
)

// Streams keep the draws for different things independent: a new draw in one leaves the others as they were.
const (
	streamPlan uint64 = iota + 1
	streamKind
	streamFamily
	streamPerson
	streamPurchases
	streamWeb
	streamConsent
	streamService
	streamVisitor
)

// rng is PCG with its own integer draws, because only PCG's bits, not the methods of rand.Rand, are fixed for all time.
type rng struct{ pcg *rand.PCG }

func newRNG(seed, stream, item uint64) rng {
	return rng{rand.NewPCG(mix(seed^stream<<56), mix(item+stream<<48))}
}

// below returns a number in [0, n); n must be positive.
func (r rng) below(n int64) int64 {
	hi, _ := bits.Mul64(r.pcg.Uint64(), uint64(n))
	return int64(hi)
}

// between returns a number in [low, high].
func (r rng) between(low, high int64) int64 { return low + r.below(high-low+1) }

// percent is true in p of 100 cases.
func (r rng) percent(p int64) bool { return r.below(100) < p }

// permutation of the numbers below n.
func (r rng) permutation(n int) []int32 {
	p := make([]int32, n)
	for i := range p {
		j := int(r.below(int64(i + 1)))
		p[i] = p[j]
		p[j] = int32(i)
	}
	return p
}

func pick[T any](r rng, from []T) T { return from[r.below(int64(len(from)))] }

// mix is the finaliser of SplitMix64: a bijection, so different numbers stay different.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
