package linkage

import (
	"slices"

	"github.com/kith-dev/kith/internal/linkage/parallel"
)

// blocks are the candidates: of each rule the records that agree in its keys, a block for each value.
type blocks struct {
	rules []rule
	of    []grouped // by rule
	// pairs by rule, before those that several rules find are told apart.
	pairs []int64
	// left is how many records of each rule are in no block, as theirs would be too large and can't be divided.
	left []int64
	// divided blocks by rule.
	divided []Divided
	// outgrown is how many blocks are too large by far that the model does not divide.
	outgrown int
}

// Divided are the blocks of a rule that were too large and are divided, by their keys: first those of the rule itself, then those of parts of them, and
// so on, each list sorted. A block that nothing can divide is left out.
type Divided [][]uint32

func (d Divided) has(depth int, key uint32) bool {
	if depth >= len(d) {
		return false
	}
	_, ok := slices.BinarySearch(d[depth], key)
	return ok
}

// only some of the rules, given as bits, and their blocks.
func (b *blocks) only(kept uint64) *blocks {
	out := &blocks{outgrown: b.outgrown}
	for i := range b.rules {
		if kept&(1<<i) != 0 {
			out.rules, out.of = append(out.rules, b.rules[i]), append(out.of, b.of[i])
			out.pairs, out.left, out.divided = append(out.pairs, b.pairs[i]), append(out.left, b.left[i]), append(out.divided, b.divided[i])
		}
	}
	return out
}

// common are the rules in whose blocks both records are, as bits.
func (b *blocks) common(l, r int32) (out uint64) {
	for i := range b.of {
		if at := b.of[i].at; at[l] >= 0 && at[l] == at[r] {
			out |= 1 << i
		}
	}
	return out
}

// grouped are records, those of one block together, in their order.
type grouped struct {
	records []int32
	ends    []int32
	keys    []uint32 // by block
	at      []int32  // by record: its block, -1 for none
}

func newGrouped(records int) grouped {
	g := grouped{at: make([]int32, records)}
	for i := range g.at {
		g.at[i] = -1
	}
	return g
}

// add a block of the records that stand below the key.
func (g *grouped) add(keyed []uint64) {
	for _, k := range keyed {
		record := int32(uint32(k))
		g.records = append(g.records, record)
		g.at[record] = int32(len(g.ends))
	}
	g.ends = append(g.ends, int32(len(g.records)))
	g.keys = append(g.keys, uint32(keyed[0]>>32))
}

func (g *grouped) block(i int) []int32 {
	start := int32(0)
	if i > 0 {
		start = g.ends[i-1]
	}
	return g.records[start:g.ends[i]]
}

// outgrown is how many times larger than it may be a block is that a model does not divide and that makes it outdated.
const outgrown = 4

// block groups the records by rules. With frozen blocks those are divided and no others; without, those that are larger than largest.
func (r *Records) block(rules []rule, largest int64, frozen []Divided) *blocks {
	b := &blocks{
		rules: rules, of: make([]grouped, len(rules)), pairs: make([]int64, len(rules)), left: make([]int64, len(rules)),
		divided: make([]Divided, len(rules)),
	}
	r.prepare(rules)
	divisions := r.divisions()
	tooLarge := make([]int, len(rules))
	parallel.Each(len(rules), func(i int) {
		g := grouping{records: r, largest: largest, by: divisions, heavy: make(Divided, len(divisions)+1), out: newGrouped(r.n)}
		if frozen != nil {
			g.frozen = frozen[i]
		}
		g.group(r.keyed(rules[i]), 0)
		b.of[i], b.pairs[i], b.left[i], tooLarge[i] = g.out, g.pairs, g.left, g.outgrown
		for _, keys := range g.heavy {
			slices.Sort(keys)
		}
		b.divided[i] = g.heavy
	})
	for _, n := range tooLarge {
		b.outgrown += n
	}
	return b
}

// prepare the parts of values that rules and divisions look at, before several look at once.
func (r *Records) prepare(rules []rule) {
	for _, k := range r.divisions() {
		r.columns[k.column].of(k.part)
	}
	for _, rule := range rules {
		for _, k := range rule.keys {
			r.columns[k.column].of(k.part)
		}
	}
}

// grouping of the records by one rule.
type grouping struct {
	records     *Records
	by          []key
	largest     int64
	frozen      Divided // nil where the model is being learned
	heavy       Divided
	out         grouped
	pairs, left int64
	outgrown    int
	// final is told the blocks as they are in the end, each record below its key, those of one record too. Nil has pairs counted and made.
	final func(keyed []uint64)
}

// keyed are the records that have a key, each below its key.
func (r *Records) keyed(rule rule) []uint64 {
	hashes, ids := make([][]uint64, len(rule.keys)), make([][]int32, len(rule.keys))
	for i, k := range rule.keys {
		hashes[i], ids[i] = r.columns[k.column].of(k.part), r.ids[k.column]
	}
	out := make([]uint64, 0, r.n)
next:
	for i := range int32(r.n) {
		h := uint64(0)
		for j := range ids {
			id := ids[j][i]
			if id < 0 {
				continue next
			}
			part := hashes[j][id]
			switch {
			case part == 0:
				continue next
			case rule.symmetric:
				h += mix(part)
			default:
				h = mix(h ^ part)
			}
		}
		if h != 0 {
			out = append(out, above(h, i))
		}
	}
	return out
}

// above is 32 bits of a hash, not 0, above the number of a record.
func above(h uint64, record int32) uint64 { return max(h>>32, 1)<<32 | uint64(record) }

// group makes blocks of records with equal keys, and divides what is too large by the next column.
func (g *grouping) group(keyed []uint64, depth int) {
	sortByKey(keyed)
	for i := 0; i < len(keyed); {
		j := i + 1
		for j < len(keyed) && keyed[j]>>32 == keyed[i]>>32 {
			j++
		}
		same, n := keyed[i:j], int64(j-i)
		i = j
		switch {
		case n == 1 && g.final == nil:
		case !g.tooLarge(uint32(same[0]>>32), n, depth):
			if g.final != nil {
				g.final(same)
				continue
			}
			g.out.add(same)
			g.pairs += n * (n - 1) / 2
		case depth == len(g.by):
			g.left += n
		default:
			g.group(g.divide(same, g.by[depth]), depth+1)
		}
	}
}

// tooLarge says whether a block of n records is to be divided.
func (g *grouping) tooLarge(key uint32, n int64, depth int) bool {
	if g.frozen != nil {
		if g.frozen.has(depth, key) {
			return true
		}
		if n > outgrown*g.largest {
			g.outgrown++
			return true // nothing is made of these blocks
		}
		return false
	}
	if n <= g.largest {
		return false
	}
	g.heavy[depth] = append(g.heavy[depth], key)
	return true
}

// divide gives the records of a block keys that tell apart what a column tells apart; those without a value are one part.
func (g *grouping) divide(same []uint64, by key) []uint64 {
	h, ids := g.records.columns[by.column].of(by.part), g.records.ids[by.column]
	out := make([]uint64, len(same))
	for i, k := range same {
		record := int32(uint32(k))
		part := uint64(1)
		if id := ids[record]; id >= 0 {
			part = h[id]
		}
		out[i] = above(mix(k>>32^part), record)
	}
	return out
}

// sortByKey sorts by the upper 32 bits, and keeps the order of equal ones.
func sortByKey(a []uint64) {
	if len(a) < 1<<12 {
		slices.Sort(a)
		return
	}
	const width, mask = 11, 1<<11 - 1
	b := make([]uint64, len(a))
	for shift := 32; shift < 64; shift += width {
		var counts [mask + 1]int
		for _, x := range a {
			counts[x>>shift&mask]++
		}
		sum := 0
		for i, n := range counts {
			counts[i] = sum
			sum += n
		}
		for _, x := range a {
			d := x >> shift & mask
			b[counts[d]] = x
			counts[d]++
		}
		a, b = b, a
	}
	copy(b, a) // three passes: what was the argument is b now
}
