package linkage

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
)

// People of whom some are there twice.
func twice(n int) []Column {
	columns := []Column{NewColumn(GivenName, "givenName", n), NewColumn(Surname, "surname", n), NewColumn(Email, "email", n), NewColumn(City, "city", n)}
	for i := range n {
		p := i * 2 / 3
		columns[0].Set(i, fmt.Sprint("given", p%17))
		columns[1].Set(i, fmt.Sprint("sur", p%13))
		columns[2].Set(i, fmt.Sprintf("m%d@example.com", p))
		columns[3].Set(i, fmt.Sprint("city", p%5))
	}
	return columns
}

// Whatever is in a file that is imported as a model, it is refused or weighs pairs; it brings nothing down.
func TestMangledModels(t *testing.T) {
	r := New(twice(60))
	m, err := r.Learn()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 4000 {
		mangled := append([]byte{}, text...)
		for range 1 + rng.IntN(3) {
			switch at := rng.IntN(len(mangled)); rng.IntN(4) {
			case 0:
				mangled[at] = "0123456789-e.[]{},\"A/"[rng.IntN(21)]
			case 1:
				mangled = append(mangled[:at], mangled[min(len(mangled), at+1+rng.IntN(8)):]...)
			case 2:
				mangled = append(mangled[:at], append([]byte{byte('0' + rng.IntN(10))}, mangled[at:]...)...)
			default:
				from := rng.IntN(len(mangled))
				copy(mangled[at:], text[min(from, len(text)):min(from+16, len(text))])
			}
		}
		other, err := DecodeModel(mangled)
		if err != nil {
			continue
		}
		if _, _, _, err := r.WeighPinned(other); err == nil {
			taken++
		}
	}
	if taken < 100 {
		t.Errorf("only %d of the mangled models were still models", taken)
	}
}
