package linkage

import "math"

// frequencies of the values of a column. That two records have the same value tells the more, the rarer the value is.
type frequencies struct {
	rarity  []float32        // of each value, in bits: -log2 of its share
	bucket  []uint8          // of each value, by its rarity: 0 for those that are more frequent than most that agree by chance
	chance  [buckets]float64 // log2 of how often two values of a bucket are equal
	average float64          // log2 of how often two values are equal
}

// buckets of rarity tell patterns apart, so that training knows frequent values from rare ones.
const buckets = 4

// bucketEnds are how many bits rarer than what agrees by chance on the average the values of each bucket are at most.
var bucketEnds = [buckets - 1]float64{-1, 1, 4}

func (c *column) frequencies() *frequencies {
	f := &frequencies{rarity: make([]float32, len(c.values)), bucket: make([]uint8, len(c.values))}
	average := 0.0
	for _, n := range c.count {
		share := float64(n) / float64(c.filled)
		average += share * share
	}
	f.average = math.Log2(max(average, 1e-300))
	var first, second [buckets]float64
	for v, n := range c.count {
		share := float64(n) / float64(c.filled)
		rarity := -math.Log2(share)
		b := 0
		for b < len(bucketEnds) && rarity+f.average >= bucketEnds[b] {
			b++
		}
		f.rarity[v], f.bucket[v] = float32(rarity), uint8(b)
		first[b] += share
		second[b] += share * share
	}
	for b := range f.chance {
		if first[b] > 0 {
			f.chance[b] = math.Log2(second[b] / first[b])
		}
	}
	return f
}
