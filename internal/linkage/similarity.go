package linkage

import "math/bits"

// text is one distinct value of a text column with what comparing it needs. Everything counts code points: an accented letter is one, and
// so is a Hangul syllable.
type text struct {
	ascii []byte // nil where the value has other letters
	runes []rune // nil where it has not
	mask  uint64 // one bit for each kind of letter in it
}

func newText(s string) text {
	var t text
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			t.runes = []rune(s)
			break
		}
	}
	if t.runes == nil {
		t.ascii = []byte(s)
	}
	for i := range t.len() {
		t.mask |= 1 << bit(t.at(i))
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

func (t *text) len() int {
	if t.runes != nil {
		return len(t.runes)
	}
	return len(t.ascii)
}

func (t *text) at(i int) rune {
	if t.runes != nil {
		return t.runes[i]
	}
	return rune(t.ascii[i])
}

// first are the runes of at most n code points.
func (t *text) first(n int) []rune {
	n = min(n, t.len())
	if t.runes != nil {
		return t.runes[:n]
	}
	out := make([]rune, n)
	for i := range out {
		out[i] = rune(t.ascii[i])
	}
	return out
}

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
	if bound := jaroBound(a, b); bound+0.4*(1-bound) < floor {
		return 0
	}
	var j float64
	if a.runes == nil && b.runes == nil {
		j = jaro(a.ascii[:min(len(a.ascii), maxCompared)], b.ascii[:min(len(b.ascii), maxCompared)])
	} else {
		j = jaro(a.first(maxCompared), b.first(maxCompared))
	}
	if j <= 0.7 {
		return j
	}
	prefix, longest := 0, min(4, a.len(), b.len())
	for prefix < longest && a.at(prefix) == b.at(prefix) {
		prefix++
	}
	return j + 0.1*float64(prefix)*(1-j)
}

func jaro[L byte | rune](a, b []L) float64 {
	window := max(max(len(a), len(b))/2-1, 0)
	var usedA, usedB uint64
	m := 0
	for i, c := range a {
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
	la, lb = min(la, maxCompared), min(lb, maxCompared)
	var rows [3][maxCompared + 1]int8
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range lb + 1 {
		last[j] = int8(j)
	}
	for i := 1; i <= la; i++ {
		now[0] = int8(i)
		best := int8(i)
		ca := a.at(i - 1)
		for j := 1; j <= lb; j++ {
			cb := b.at(j - 1)
			d := last[j-1]
			if ca != cb {
				d = min(d, last[j], now[j-1]) + 1
			}
			if i > 1 && j > 1 && ca == b.at(j-2) && cb == a.at(i-2) {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			best = min(best, d)
		}
		if int(best) > limit {
			return false
		}
		before, last, now = last, now, before
	}
	return int(last[lb]) <= limit
}
