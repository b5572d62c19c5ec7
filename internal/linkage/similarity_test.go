package linkage

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The first three are Winkler's own examples. The others count code points: by bytes an umlaut would be two letters.
func TestJaroWinkler(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"martha", "marhta", 0.9611}, {"dwayne", "duane", 0.84}, {"dixon", "dicksonx", 0.8133}, {"jellyfish", "smellyfish", 0.8963},
		{"über", "uber", 0.8333}, {"김민수", "김민주", 0.8222}, {"same", "same", 1}, {"", "", 0}, {"a", "", 0}, {"abc", "xyz", 0},
	} {
		a, b := newText(c.a), newText(c.b)
		for _, got := range []float64{jaroWinkler(&a, &b, 0), jaroWinkler(&b, &a, 0)} {
			if math.Abs(got-c.want) > 5e-5 {
				t.Errorf("%q and %q: %.4f, want %.4f", c.a, c.b, got, c.want)
			}
		}
	}
}

func randomText(r *rand.Rand) string {
	letters := []rune("abcdeé김민수")
	if r.IntN(2) == 0 {
		letters = letters[:4]
	}
	out := make([]rune, r.IntN(9))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}

// A floor only ever makes nothing of what is below it.
func TestFloorOfSimilarity(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		x, y := randomText(r), randomText(r)
		a, b := newText(x), newText(y)
		floor := r.Float64()
		full, cut := jaroWinkler(&a, &b, 0), jaroWinkler(&a, &b, floor)
		if cut != full && (cut != 0 || full >= floor) {
			t.Fatalf("%q and %q: %f without a floor, %f with %f", x, y, full, cut, floor)
		}
	}
}

// editsNaive is the restricted distance by its recursive definition.
func editsNaive(a, b []rune) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	}
	x, y := len(a)-1, len(b)-1
	d := editsNaive(a[:x], b[:y])
	if a[x] != b[y] {
		d = 1 + min(d, editsNaive(a[:x], b), editsNaive(a, b[:y]))
	}
	if x > 0 && y > 0 && a[x] == b[y-1] && a[x-1] == b[y] {
		d = min(d, 1+editsNaive(a[:x-1], b[:y-1]))
	}
	return d
}

func TestWithin(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		x, y := randomText(r), randomText(r)
		a, b := newText(x), newText(y)
		d := editsNaive([]rune(x), []rune(y))
		for limit := range 4 {
			if got := within(&a, &b, limit); got != (d <= limit) {
				t.Fatalf("%q and %q have distance %d, and are within %d: %v", x, y, d, limit, got)
			}
		}
	}
}

// long is a text about as long as what is kept beside its mask, with few kinds of letters or with others than those of ASCII too.
func long(r *rand.Rand) string {
	out := make([]rune, 20+r.IntN(20))
	for i := range out {
		out[i] = []rune("abcé")[r.IntN(3+r.IntN(40)/39)]
	}
	return string(out)
}

// edited is a text with some letters changed, added, taken and swapped.
func edited(r *rand.Rand, s string) string {
	out := []rune(s)
	for range r.IntN(4) {
		at := r.IntN(len(out) - 1)
		switch r.IntN(4) {
		case 0:
			out[at] = 'b'
		case 1:
			out = slices.Insert(out, at, 'c')
		case 2:
			out = slices.Delete(out, at, at+1)
		default:
			out[at], out[at+1] = out[at+1], out[at]
		}
	}
	return string(out)
}

// editsTable is the restricted distance by the table of all beginnings.
func editsTable(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			case a[i-1] == b[j-1]:
				d[i][j] = d[i-1][j-1]
			default:
				d[i][j] = 1 + min(d[i-1][j-1], d[i-1][j], d[i][j-1])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], 1+d[i-2][j-2])
			}
		}
	}
	return d[len(a)][len(b)]
}

// jaroNaive is Jaro's similarity by its definition.
func jaroNaive(a, b []rune) float64 {
	window := max(max(len(a), len(b))/2-1, 0)
	usedA, usedB := make([]bool, len(a)), make([]bool, len(b))
	m := 0.0
	for i := range a {
		for j := range b {
			if !usedB[j] && a[i] == b[j] && max(i-j, j-i) <= window {
				usedA[i], usedB[j] = true, true
				m++
				break
			}
		}
	}
	if m == 0 {
		return 0
	}
	var first, second []rune
	for i, ok := range usedA {
		if ok {
			first = append(first, a[i])
		}
	}
	for j, ok := range usedB {
		if ok {
			second = append(second, b[j])
		}
	}
	t := 0.0
	for i := range first {
		if first[i] != second[i] {
			t++
		}
	}
	return (m/float64(len(a)) + m/float64(len(b)) + (m-t/2)/m) / 3
}

// How a value is kept does not change what it is like.
func TestLongValues(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	near, kept := 0, map[bool]int{}
	for range 20_000 {
		x := long(r)
		y := edited(r, x)
		a, b := newText(x), newText(y)
		kept[a.runes == nil]++
		d := editsTable([]rune(x), []rune(y))
		for limit := range 4 {
			if got := within(&a, &b, limit); got != (d <= limit) {
				t.Fatalf("%q and %q have distance %d, and are within %d: %v", x, y, d, limit, got)
			}
		}
		if d > 0 && d < 4 {
			near++
		}
		j := jaroNaive([]rune(x), []rune(y))
		prefix := 0
		for prefix < 4 && []rune(x)[prefix] == []rune(y)[prefix] {
			prefix++
		}
		if got := jaroWinkler(&a, &b, 0.5); math.Abs(got-(j+0.1*float64(prefix)*(1-j))) > 1e-12 && j > 0.7 {
			t.Fatalf("%q and %q: %f, and Jaro's is %f", x, y, got, j)
		}
	}
	if near < 5000 || kept[true] < 1000 || kept[false] < 1000 {
		t.Errorf("%d near ones, kept as %v: the test says little", near, kept)
	}
}

// Dates are compared as numbers as their texts would be.
func TestSlipsOfDates(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	one := 0
	for range 200_000 {
		x, y := make([]byte, 8), make([]byte, 8)
		for i := range x {
			x[i] = '0' + byte(r.IntN(3))
			if y[i] = x[i]; r.IntN(6) == 0 {
				y[i] = '0' + byte(r.IntN(3))
			}
		}
		if at := r.IntN(7); r.IntN(2) == 0 {
			y[at], y[at+1] = y[at+1], y[at]
		}
		a, b := newText(string(x)), newText(string(y))
		first, _ := dateOf(string(x))
		second, _ := dateOf(string(y))
		want := within(&a, &b, 1)
		if want {
			one++
		}
		if got := slips(first, second) < 2; got != want {
			t.Fatalf("%s and %s: %v", x, y, got)
		}
		if got := first.turned() == second; got != (string(x[:4]) == string(y[:4]) && string(x[4:6]) == string(y[6:]) && string(x[6:]) == string(y[4:6])) {
			t.Fatalf("%s and %s are swapped: %v", x, y, got)
		}
	}
	if one < 20_000 {
		t.Errorf("%d pairs of one edit: the test says little", one)
	}
}

func TestLongValuesAreCutInComparing(t *testing.T) {
	a, b := newText(strings.Repeat("x", 1<<20)), newText(strings.Repeat("x", 1<<20-1)+"y")
	if s := jaroWinkler(&a, &b, 0); s < 0.99 || s > 1 {
		t.Errorf("%f", s)
	}
	if !within(&a, &b, 1) {
		t.Error("a million letters of which one differs")
	}
}
