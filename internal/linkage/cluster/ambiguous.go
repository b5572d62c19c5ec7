package cluster

// A cluster fits two others equally well where the means differ by no more than asWell, and these two are certainly not one where theirs is below certainly.
const (
	asWell    = one / 64
	certainly = -6 * one
)

// ambiguous says whether one of two clusters might as well be joined with a third as with the other, though that and the third are certainly not one: it tells
// nothing of what they differ in, such as a record without a date of birth of father and son of one name.
func (a *agglomeration) ambiguous(x, y int32) bool {
	at, _ := a.find(x, y)
	least := a.ties[x][at].mean() - float64(asWell)
	claims := func(its, against tie) bool {
		return !against.atLeast(certainly) && its.atLeast(a.join) && its.mean() >= least
	}
	// Both are in order of the third.
	ofX, ofY := a.ties[x], a.ties[y]
	for len(ofX) > 0 && len(ofY) > 0 {
		s, t := ofX[0], ofY[0]
		switch {
		case s.to < t.to:
			ofX = ofX[1:]
		case s.to > t.to:
			ofY = ofY[1:]
		case claims(s, t) || claims(t, s):
			return true
		default:
			ofX, ofY = ofX[1:], ofY[1:]
		}
	}
	return false
}
