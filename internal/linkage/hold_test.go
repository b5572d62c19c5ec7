package linkage

import "testing"

// A level that is hardly ever seen of one person stays so among few pairs, whatever training takes for one person, and among many is what is seen.
func TestSeldomLevelIsHeld(t *testing.T) {
	c := comparison{levels: nameLevels, equal: nameEqual, close: nameNearly, seldom: nameOtherGender}
	for _, x := range []struct {
		pairs, share float64
		least, most  float64
	}{{0, 0, 0.001, 0.001}, {500, 0.1, 0.001, 0.004}, {500_000, 0.02, 0.019, 0.02}, {500_000, 0, 0, 0.0001}} {
		var seen [maxLevels]float64
		seen[nameEqual], seen[nameOtherGender] = x.pairs*(1-x.share), x.pairs*x.share
		p := c.usually(0.7)
		p[nameEqual], p[nameOtherGender] = p[nameEqual]+p[nameOtherGender]-x.share, x.share
		c.hold(p, &seen)
		sum := 0.0
		for _, q := range p {
			sum += q
		}
		if got := p[nameOtherGender]; got < x.least || got > x.most || sum < 0.9999 || sum > 1.0001 {
			t.Errorf("%v of %v pairs: %v of %v", x.share, x.pairs, got, sum)
		}
	}
}
