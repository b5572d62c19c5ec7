package linkage

import (
	"fmt"
	"math"
	"testing"
)

// The first records that a tenant has are two or three, and may all be of one person.
func TestFewestRecords(t *testing.T) {
	for n := 1; n < 8; n++ {
		for _, people := range []int{1, 2, n} {
			columns := []Column{NewColumn(GivenName, "givenName", n), NewColumn(Surname, "surname", n), NewColumn(BirthDate, "birthDate", n)}
			for i := range n {
				columns[0].Set(i, string(rune('k'+i%people))+"atharina")
				columns[1].Set(i, string(rune('l'+i%people))+"indqvist")
				columns[2].Set(i, fmt.Sprintf("1961-04-%02d", 3+i%people))
			}
			r := New(columns)
			m, err := r.Learn()
			if err != nil {
				t.Fatal(err)
			}
			if err := m.check(); err != nil || m.Share[strangers] <= 0 {
				t.Errorf("%d records of %d people: shares %v, %v", n, people, m.Share, err)
			}
			edges, _, err := r.Weigh(m)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range edges {
				if math.IsNaN(float64(e.Weight)) {
					t.Errorf("%d records of %d people: the weight of %d and %d is no number", n, people, e.L, e.R)
				}
			}
		}
	}
}
