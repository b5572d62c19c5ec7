package linkage

import (
	"math"
	"math/rand/v2"
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

func TestLongValuesAreCutInComparing(t *testing.T) {
	a, b := newText(strings.Repeat("x", 1<<20)), newText(strings.Repeat("x", 1<<20-1)+"y")
	if s := jaroWinkler(&a, &b, 0); s < 0.99 || s > 1 {
		t.Errorf("%f", s)
	}
	if !within(&a, &b, 1) {
		t.Error("a million letters of which one differs")
	}
}
