package quality

import (
	"math"
	"math/rand/v2"
	"testing"
)

// naive counts pairs and records one by one, by the definitions.
func naive(clusters, people []int) (pairs, bCubed Share) {
	var both, found, right, precision, recall float64
	for i := range clusters {
		var c, p, cp float64
		for j := range clusters {
			sameC, sameP := clusters[i] == clusters[j], people[i] == people[j]
			if sameC {
				c++
			}
			if sameP {
				p++
			}
			if sameC && sameP {
				cp++
			}
			if j < i && sameC {
				found++
			}
			if j < i && sameP {
				right++
			}
			if j < i && sameC && sameP {
				both++
			}
		}
		precision += cp / c
		recall += cp / p
	}
	n := float64(len(clusters))
	return share(both, found, both, right), share(precision, n, recall, n)
}

func TestOfCountsWhatTheDefinitionsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	near := func(a, b Share) bool {
		return math.Abs(a.Precision-b.Precision)+math.Abs(a.Recall-b.Recall)+math.Abs(a.F1-b.F1) < 1e-9
	}
	for range 500 {
		n := 1 + r.IntN(30)
		clusters, people := make([]int, n), make([]int, n)
		for i := range n {
			clusters[i], people[i] = r.IntN(8), r.IntN(8)
		}
		q := Of(clusters, people)
		pairs, bCubed := naive(clusters, people)
		if !near(q.Pairs, pairs) || !near(q.BCubed, bCubed) || q.Records != n {
			t.Fatalf("%v and %v: %+v, want %+v and %+v", clusters, people, q, pairs, bCubed)
		}
	}
}

// The example of Bagga and Baldwin: a chain of five, one of two and one of five; the first answer joins the two and the second five.
func TestExampleOfBaggaAndBaldwin(t *testing.T) {
	people := []int{1, 1, 1, 1, 1, 2, 2, 3, 3, 3, 3, 3}
	q := Of([]int{1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2}, people)
	if math.Abs(q.BCubed.Precision-16.0/21) > 1e-9 || q.BCubed.Recall != 1 || q.Largest != 7 {
		t.Errorf("%+v", q)
	}
}
