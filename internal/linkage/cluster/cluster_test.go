package cluster

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/linkage"
)

// forest is the simplest Groups: no cluster larger than most, and apart are records that are never together.
type forest struct {
	of    []int32
	most  int
	apart [2]int32
}

func newForest(n, most int) *forest {
	f := &forest{of: make([]int32, n), most: most, apart: [2]int32{-1, -1}}
	for i := range f.of {
		f.of[i] = int32(i)
	}
	return f
}

func (f *forest) Len() int           { return len(f.of) }
func (f *forest) Find(x int32) int32 { return f.of[x] }

func (f *forest) Union(roots ...int32) (int32, bool) {
	var all []int32
	for i, r := range f.of {
		if slices.Contains(roots, r) {
			all = append(all, int32(i))
		}
	}
	if len(all) > f.most || slices.Contains(all, f.apart[0]) && slices.Contains(all, f.apart[1]) {
		return 0, false
	}
	for _, i := range all {
		f.of[i] = all[0]
	}
	return all[0], true
}

// naive joins the two clusters with the highest mean, in which each pair counts by its size and 2, and of equal ones those of the smallest records, until none reaches join.
// It does not join one that fits a third as well, where the other and the third are certainly two.
func naive(f *forest, edges []linkage.Edge, join float64) {
	refused := map[[2]int32]bool{}
	for {
		sum, n := map[[2]int32]float64{}, map[[2]int32]float64{}
		for _, e := range edges {
			a, b := f.of[e.L], f.of[e.R]
			k := [2]int32{min(a, b), max(a, b)}
			if a != b {
				size := math.Abs(float64(e.Weight)) + 2
				sum[k] += float64(e.Weight) * size
				n[k] += size
			}
		}
		mean := func(a, b int32) (float64, bool) {
			k := [2]int32{min(a, b), max(a, b)}
			return sum[k] / n[k], n[k] > 0
		}
		torn := func(x, y int32) bool {
			best, _ := mean(x, y)
			return slices.ContainsFunc(f.of, func(z int32) bool {
				fits, known := mean(x, z)
				apart, compared := mean(y, z)
				return z != y && known && fits >= join && fits >= best-1./64 && compared && apart < -6
			})
		}
		best, at := 0.0, [2]int32{-1, -1}
		for k := range sum {
			mean, _ := mean(k[0], k[1])
			if mean < join || refused[k] || torn(k[0], k[1]) || torn(k[1], k[0]) {
				continue
			}
			if at[0] < 0 || mean > best || mean == best && slices.Compare(k[:], at[:]) < 0 {
				best, at = mean, k
			}
		}
		if at[0] < 0 {
			return
		}
		if _, ok := f.Union(at[0], at[1]); !ok {
			refused[at] = true
		} else {
			clear(refused)
		}
	}
}

// randomEdges weigh from -12 to 4, mostly from -4 on.
func randomEdges(r *rand.Rand, n int) (out []linkage.Edge) {
	for l := range n {
		for o := range l {
			if r.IntN(3) > 0 {
				w := r.IntN(9) - 4
				if r.IntN(3) == 0 {
					w = 4 - r.IntN(17)
				}
				out = append(out, linkage.Edge{L: int32(l), R: int32(o), Weight: float32(w)})
			}
		}
	}
	return out
}

// Refine does what average link is defined to do, with limits and records that are kept apart, and whatever the order of edges.
func TestRefineIsAverageLink(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	merged := 0
	for round := range 5000 {
		n := 2 + r.IntN(9)
		edges := randomEdges(r, n)
		limit := 2 + r.IntN(n)
		apart := [2]int32{int32(r.IntN(n)), int32(r.IntN(n))}
		if apart[0] == apart[1] {
			apart = [2]int32{-1, -1}
		}
		want := newForest(n, limit)
		want.apart = apart
		naive(want, edges, 1)
		for range 3 {
			r.Shuffle(len(edges), func(i, j int) {
				edges[i], edges[j] = edges[j], edges[i]
				edges[i].L, edges[i].R = edges[i].R, edges[i].L
			})
			got := newForest(n, limit)
			got.apart = apart
			Refine(got, edges, Options{Join: 1, Clip: 20})
			if !slices.Equal(got.of, want.of) {
				t.Fatalf("round %d: %v of %d records at most, apart %v: %v, want %v", round, edges, limit, apart, got.of, want.of)
			}
		}
		for i, x := range want.of {
			if int(x) != i {
				merged++
			}
		}
	}
	if merged < 5000 {
		t.Errorf("only %d records joined others: the test says little", merged)
	}
}

// One pair, however sure, counts for no more than Clip: a person's pair with another does not outweigh all that speaks against it.
func TestClip(t *testing.T) {
	edges := []linkage.Edge{{L: 2, R: 0, Weight: -19}, {L: 2, R: 1, Weight: 1000}}
	f := newForest(3, 3)
	f.Union(0, 1)
	Refine(f, edges, Options{Join: 3, Clip: 20})
	if f.of[0] != f.of[1] || f.of[2] == f.of[0] {
		t.Errorf("%v", f.of)
	}
}

// Components do not know of each other.
func TestComponentsAreAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		first, second := randomEdges(r, 6), randomEdges(r, 6)
		alone := newForest(6, 6)
		Refine(alone, second, Default())
		both := newForest(12, 6)
		edges := slices.Clone(first)
		for _, e := range second {
			edges = append(edges, linkage.Edge{L: e.L + 6, R: e.R + 6, Weight: e.Weight})
		}
		Refine(both, edges, Default())
		for i, x := range alone.of {
			if both.of[i+6] != x+6 {
				t.Fatalf("%v alone, %v beside others", alone.of, both.of)
			}
		}
	}
}

// A person of two names and addresses, whose records with one of each fit each other well and those with the others badly: what fits tells more.
func TestWhatTellsMoreCountsMore(t *testing.T) {
	edges := []linkage.Edge{
		{L: 1, R: 0, Weight: 11.4}, // one name and address; rules have joined 0 and 2
		{L: 2, R: 1, Weight: -7.6}, {L: 3, R: 1, Weight: -6}, {L: 4, R: 1, Weight: -0.1},
		{L: 3, R: 2, Weight: 11.5}, {L: 4, R: 2, Weight: 9.5}, {L: 4, R: 3, Weight: 11.1}, {L: 4, R: 0, Weight: 0.9},
	}
	together := newForest(5, 5)
	together.Union(0, 2)
	Refine(together, edges, Default())
	if !slices.Equal(together.of, []int32{0, 0, 0, 0, 0}) {
		t.Errorf("%v: not all are one", together.of)
	}
	// Against as much as for: another of the household, who fits only the record without a given name.
	apart := newForest(3, 3)
	apart.Union(0, 1)
	Refine(apart, []linkage.Edge{{L: 2, R: 0, Weight: -6}, {L: 2, R: 1, Weight: 5}}, Default())
	if !slices.Equal(apart.of, []int32{0, 0, 2}) {
		t.Errorf("%v: somebody else joined", apart.of)
	}
}

// A record that fits two people equally well, who are certainly two, is neither's, and two such records are one of their own: what they tell of may be either.
// One that fits one of them better is his.
func TestWhoFitsTwoPeopleIsNeithers(t *testing.T) {
	fatherAndSon := func(toSon float32) []linkage.Edge {
		return []linkage.Edge{
			{L: 1, R: 0, Weight: -8}, {L: 3, R: 2, Weight: 6},
			{L: 2, R: 0, Weight: 5}, {L: 3, R: 0, Weight: 5}, {L: 2, R: 1, Weight: toSon}, {L: 3, R: 1, Weight: toSon},
		}
	}
	for _, c := range []struct {
		toSon float32
		want  []int32
	}{{5, []int32{0, 1, 2, 2}}, {5.5, []int32{0, 1, 1, 1}}, {4, []int32{0, 1, 0, 0}}} {
		f := newForest(4, 4)
		if Refine(f, fatherAndSon(c.toSon), Default()); !slices.Equal(f.of, c.want) {
			t.Errorf("%v bits: %v, want %v", c.toSon, f.of, c.want)
		}
	}
}

// The mean is what Refine joins by: pairs without weight change little, and alone they are of 0 bits.
func TestMean(t *testing.T) {
	for _, c := range []struct {
		weights []float32
		want    float64
	}{{nil, 0}, {[]float32{0, 0}, 0}, {[]float32{6}, 6}, {[]float32{6, 0, 0}, 4}, {[]float32{9, -3}, 5.25}, {[]float32{-9, 3}, -5.25}, {[]float32{50, -10}, 320.0 / 34}} {
		var edges []linkage.Edge
		for _, w := range c.weights {
			edges = append(edges, linkage.Edge{L: 1, Weight: w})
		}
		if got := Default().Mean(edges); math.Abs(got-c.want) > 0.01 {
			t.Errorf("%v: %v, want %v", c.weights, got, c.want)
		}
	}
	f := newForest(2, 2)
	if Refine(f, []linkage.Edge{{L: 1, R: 0}}, Options{Join: 1, Clip: 20}); f.of[1] != 1 {
		t.Error("a pair that tells nothing was joined at a threshold of one bit")
	}
}
