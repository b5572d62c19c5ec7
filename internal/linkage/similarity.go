package linkage

import "math/bits"

// text is one distinct value of a text column with what comparing it needs, in one line of the processor's cache. Everything counts code points: an
// accented letter is one, and so is a Hangul syllable.
type text struct {
	mask  uint64 // one bit for each kind of letter in it
	runes []rune // the first maxCompared of them; nil where the value is short and has no letters but those of ASCII
	n     int32  // code points
	ascii [28]byte
}

func newText(s string) text {
	var t text
	short := len(s) <= len(t.ascii)
	for _, r := range s {
		t.mask |= 1 << bit(r)
		t.n++
		short = short && r < 0x80
	}
	if short {
		copy(t.ascii[:], s)
		return t
	}
	t.runes = make([]rune, 0, min(t.n, maxCompared))
	for _, r := range s {
		if len(t.runes) == maxCompared {
			break
		}
		t.runes = append(t.runes, r)
	}
	return t
}

// bit of a letter: each of a to z and 0 to 9 has its own, the others share the rest.
func bit(r rune) uint {
	switch {
	case 'a' <= r && r <= 'z':
		return uint(r - 'a')
	case '0' <= r && r <= '9':
		return uint(r-'0') + 26
	default:
		return 36 + uint(r)%28
	}
}

func (t *text) len() int { return int(t.n) }

// at is one of the first maxCompared code points.
func (t *text) at(i int) rune {
	if t.runes != nil {
		return t.runes[i]
	}
	return rune(t.ascii[i])
}

// compared are the code points of a text that has runes, or is made to have some in a buffer.
func (t *text) compared(buffer *[maxCompared]rune) []rune {
	if t.runes != nil {
		return t.runes
	}
	for i, c := range t.short() {
		buffer[i] = rune(c)
	}
	return buffer[:t.n]
}

// short is a text that has no runes.
func (t *text) short() []byte { return t.ascii[:t.n] }

// maxCompared is how many code points of a value are compared. Longer values are no names, and comparing takes the product of the lengths.
const maxCompared = 64

// jaroBound is at least the Jaro similarity: a letter that the other value lacks has no partner.
func jaroBound(a, b *text) float64 {
	la, lb := a.len(), b.len()
	m := min(la-bits.OnesCount64(a.mask&^b.mask), lb-bits.OnesCount64(b.mask&^a.mask))
	if m <= 0 {
		return 0
	}
	f := float64(m)
	return (f/float64(la) + f/float64(lb) + 1) / 3
}

// jaroWinkler is the similarity of Jaro (1989) with the prefix bonus of Winkler (1990): 0.1 for each of up to four equal first letters, where the
// similarity is above 0.7. It is between 0 and 1, and 0 where one is empty. What is sure to be below floor may be 0.
func jaroWinkler(a, b *text, floor float64) float64 {
	bound := jaroBound(a, b)
	if bound+0.4*(1-bound) < floor {
		return 0
	}
	prefix, longest := 0, min(4, a.len(), b.len())
	for prefix < longest && a.at(prefix) == b.at(prefix) {
		prefix++
	}
	if withPrefix(bound, prefix) < floor {
		return 0
	}
	var j float64
	if a.runes == nil && b.runes == nil {
		j = jaro(a.short(), b.short(), b.mask)
	} else {
		var first, second [maxCompared]rune
		j = jaro(a.compared(&first), b.compared(&second), b.mask)
	}
	return withPrefix(j, prefix)
}

// withPrefix is a similarity of Jaro with the bonus for so many equal first letters.
func withPrefix(jaro float64, prefix int) float64 {
	if jaro <= 0.7 {
		return jaro
	}
	return jaro + 0.1*float64(prefix)*(1-jaro)
}

// jaro is the similarity of Jaro. mask has the letters of b.
func jaro[L byte | rune](a, b []L, mask uint64) float64 {
	window := max(max(len(a), len(b))/2-1, 0)
	var usedA, usedB uint64
	m := 0
	for i, c := range a {
		if mask&(1<<bit(rune(c))) == 0 {
			continue
		}
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if b[j] == c && usedB&(1<<j) == 0 {
				usedA |= 1 << i
				usedB |= 1 << j
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	t := 0
	for usedA != 0 {
		if a[bits.TrailingZeros64(usedA)] != b[bits.TrailingZeros64(usedB)] {
			t++
		}
		usedA &= usedA - 1
		usedB &= usedB - 1
	}
	f := float64(m)
	return (f/float64(len(a)) + f/float64(len(b)) + (f-float64(t)/2)/f) / 3
}

// within says whether b can be made of a by at most limit edits: a letter more, a letter less, another letter, or two neighbours swapped (the
// restricted distance of Damerau and Levenshtein).
func within(a, b *text, limit int) bool {
	la, lb := a.len(), b.len()
	// An edit adds or takes at most one kind of letter.
	if la-lb > limit || lb-la > limit || bits.OnesCount64(a.mask&^b.mask) > limit || bits.OnesCount64(b.mask&^a.mask) > limit {
		return false
	}
	if a.runes == nil && b.runes == nil {
		return edits(a.short(), b.short(), limit)
	}
	var first, second [maxCompared]rune
	return edits(a.compared(&first), b.compared(&second), limit)
}

// edits says whether at most limit of them make b of a.
func edits[L byte | rune](a, b []L, limit int) bool {
	// What both begin and end with needs none.
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	switch {
	case max(len(a), len(b)) <= limit:
		return true
	case len(a)-len(b) > limit || len(b)-len(a) > limit:
		return false
	case limit == 1: // more than one letter is left of one, and at least one of the other
		return len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
	}
	var rows [3][maxCompared + 1]int8
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		last[j] = int8(j)
	}
	for i := 1; i <= len(a); i++ {
		// Farther from the diagonal than limit there are more edits than that; what stands just outside is never less.
		from, to := max(1, i-limit), min(len(b), i+limit)
		now[from-1] = int8(min(i, limit+1))
		if from == 1 {
			now[0] = int8(i)
		}
		best := now[from-1]
		for j := from; j <= to; j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d = min(d, last[j], now[j-1]) + 1
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			best = min(best, d)
		}
		if to < len(b) {
			now[to+1] = int8(limit + 1)
		}
		if int(best) > limit {
			return false
		}
		before, last, now = last, now, before
	}
	return int(last[len(b)]) <= limit
}
