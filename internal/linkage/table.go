package linkage

import (
	"math"
	"slices"
)

// Line of a model's table: a level of a comparison, and how often it is seen where neither value is missing.
type Line struct {
	Comparison string `json:"comparison"`
	Level      string `json:"level"`
	// OnePerson is how often pairs of records of one person are on the level (m), Strangers how often those of people who have nothing in common but chance
	// are (u), and Household those of two people of one household.
	OnePerson float64 `json:"onePerson"`
	Strangers float64 `json:"strangers"`
	Household float64 `json:"household"`
	// Bits are by how much the level counts for one person and against strangers: log2 of m/u. Of equal values it is that of one of average rarity.
	Bits float64 `json:"bits"`
	// ByRarity: of equal values each counts by how rare it is.
	ByRarity bool `json:"byRarity"`
}

// Table of a model's levels, the best of each comparison first.
func (m *Model) Table() (out []Line) {
	one := m.Share[sameAddress] + m.Share[moved]
	for i, c := range m.Comparisons {
		for l := len(c.Levels) - 1; l >= int(differs); l-- {
			x := Line{Comparison: c.Name, Level: c.Levels[l], Strangers: c.P[strangers][l], Household: c.P[household][l]}
			x.OnePerson = (m.Share[sameAddress]*c.P[sameAddress][l] + m.Share[moved]*c.P[moved][l]) / one
			if l == len(c.Levels)-1 {
				x.Strangers, x.ByRarity = math.Exp2(m.Frequencies[i].average()), !c.IgnoresFrequency
				if slices.Equal(c.P[household], c.P[strangers]) {
					x.Household = x.Strangers // people of a household agree by chance only
				}
			}
			x.Bits = math.Log2(x.OnePerson / x.Strangers)
			out = append(out, x)
		}
	}
	return out
}

// average is log2 of how often two values are equal by chance.
func (f *Frequencies) average() float64 {
	squares := f.Others * f.Rest
	for _, n := range f.sorted() {
		share := float64(n) / float64(f.Filled)
		squares += share * share
	}
	return math.Log2(max(squares, 1e-300))
}
