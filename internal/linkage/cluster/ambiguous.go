package cluster

// A cluster fits two others equally well where the means differ by no more than asWell, and these two are certainly not one where theirs is below certainly.
const (
	asWell    = one / 64
	certainly = -6 * one
)

// ambiguous says whether x might as well be joined with another cluster as with y, though the two are certainly not one: it tells nothing of what they differ
// in, such as a record without a date of birth of father and son of one name.
func (a *agglomeration) ambiguous(x, y int32) bool {
	least := a.ties[x][a.find(x, y)].mean() - float64(asWell)
	for _, t := range a.ties[x] {
		if t.to == y || t.mean() < least || !t.atLeast(a.join) {
			continue
		}
		if i := a.find(y, t.to); i >= 0 && !a.ties[y][i].atLeast(certainly) {
			return true
		}
	}
	return false
}
