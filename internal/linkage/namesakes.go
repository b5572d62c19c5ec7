package linkage

// namesakes tell father from son: a name that the two have in common is not the name of one person.
type namesakes struct {
	generation, born int    // the columns of what stands behind names and of birth dates, -1 for none
	dates            []date // of birth
	street, house    int    // -1 for none
}

func (r *Records) namesakes() namesakes {
	n := namesakes{generation: r.generation, born: r.find(BirthDate), street: r.find(Street), house: r.find(HouseNumber)}
	if n.born >= 0 {
		n.dates = r.columns[n.born].dates()
	}
	return n
}

// generations says whether one is a senior and the other a junior.
func (n *namesakes) generations(l, r []int32) bool {
	return n.generation >= 0 && l[n.generation] >= 0 && r[n.generation] >= 0 && l[n.generation] != r[n.generation]
}

// generationYears are how many years parents and children are apart at least.
const generationYears = 15

// generationApart says whether two of one address were born so many years from each other as parents and children are, on dates that are no misspelling of each
// other.
func (n *namesakes) generationApart(l, r []int32) bool {
	if n.born < 0 || l[n.born] < 0 || r[n.born] < 0 || l[n.born] == r[n.born] || !n.together(l, r) {
		return false
	}
	a, b := n.dates[l[n.born]], n.dates[r[n.born]]
	return dateLevel(a, b) == differs && max(a.year()-b.year(), b.year()-a.year()) >= generationYears
}

// together says whether both are of one street, and of no different houses.
func (n *namesakes) together(l, r []int32) bool {
	if n.street < 0 || l[n.street] < 0 || l[n.street] != r[n.street] {
		return false
	}
	return n.house < 0 || l[n.house] < 0 || r[n.house] < 0 || l[n.house] == r[n.house]
}
