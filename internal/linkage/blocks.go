package linkage

import "slices"

// blocks are the candidates: of each rule the records that agree in its keys, a block for each value.
type blocks struct {
	rules []rule
	// keys of each record beside each other, one for each rule; 0 where the record has none or is in a block that can't be divided.
	keys []uint32
	of   []grouped // by rule
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

// grouped are records, those of one block together.
type grouped struct {
	records []int32
	ends    []int32
}

func (g *grouped) add(block []int32) {
	g.records = append(g.records, block...)
	g.ends = append(g.ends, int32(len(g.records)))
}

func (g *grouped) block(i int) []int32 {
	start := int32(0)
	if i > 0 {
		start = g.ends[i-1]
	}
	return g.records[start:g.ends[i]]
}

// largestBlock is how many records of a block are compared, each with each. Among many records those that have little in common are more, and of
// less use.
func largestBlock(records int) int64 {
	if records > 100_000 {
		return 30
	}
	return 100
}

// outgrown is how many times larger than it may be a block is that a model does not divide and that makes it outdated.
const outgrown = 4

// block groups the records by rules. With frozen blocks those are divided and no others; without, those that are larger than largest.
func (r *Records) block(rules []rule, largest int64, frozen []Divided) *blocks {
	b := &blocks{
		rules: rules, keys: make([]uint32, r.n*len(rules)), of: make([]grouped, len(rules)),
		pairs: make([]int64, len(rules)), left: make([]int64, len(rules)), divided: make([]Divided, len(rules)),
	}
	divisions := r.divisions()
	for _, k := range divisions {
		r.columns[k.column].of(k.part)
	}
	for _, rule := range rules {
		for _, k := range rule.keys {
			r.columns[k.column].of(k.part)
		}
	}
	tooLarge := make([]int, len(rules))
	atOnce(len(rules), func(i int) {
		g := grouping{records: r, blocks: b, rule: i, largest: largest, by: divisions, heavy: make(Divided, len(divisions)+1)}
		if frozen != nil {
			g.frozen = frozen[i]
		}
		g.group(g.keyed(rules[i]), 0)
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

// grouping of the records by one rule.
type grouping struct {
	records     *Records
	blocks      *blocks
	rule        int
	by          []key
	largest     int64
	frozen      Divided // nil where the model is being learned
	heavy       Divided
	out         grouped
	pairs, left int64
	outgrown    int
}

func (g *grouping) key(record int32) *uint32 {
	return &g.blocks.keys[int(record)*len(g.blocks.rules)+g.rule]
}

// keyed are the records that have a key, each below its key.
func (g *grouping) keyed(rule rule) []uint64 {
	r := g.records
	hashes := make([][]uint64, len(rule.keys))
	for i, k := range rule.keys {
		hashes[i] = r.columns[k.column].of(k.part)
	}
	var out []uint64
	for i := range int32(r.n) {
		row := r.row(i)
		h := uint64(0)
		for j, k := range rule.keys {
			id := row[k.column]
			if id < 0 || hashes[j][id] == 0 {
				h = 0
				break
			}
			if rule.symmetric {
				h += mix(hashes[j][id])
			} else {
				h = mix(h ^ hashes[j][id])
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
	var block []int32
	for i := 0; i < len(keyed); {
		j := i + 1
		for j < len(keyed) && keyed[j]>>32 == keyed[i]>>32 {
			j++
		}
		same, n := keyed[i:j], int64(j-i)
		i = j
		switch heavy := g.tooLarge(uint32(same[0]>>32), n, depth); {
		case heavy && depth == len(g.by):
			g.left += n
		case heavy:
			g.group(g.divide(same, g.by[depth]), depth+1)
		default:
			for _, k := range same {
				*g.key(int32(uint32(k))) = uint32(k >> 32)
			}
			if n == 1 {
				continue
			}
			block = block[:0]
			for _, k := range same {
				block = append(block, int32(uint32(k)))
			}
			g.out.add(block)
			g.pairs += n * (n - 1) / 2
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
	h := g.records.columns[by.column].of(by.part)
	out := make([]uint64, len(same))
	for i, k := range same {
		record := int32(uint32(k))
		part := uint64(1)
		if id := g.records.row(record)[by.column]; id >= 0 {
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
