package people

import (
	"hash/fnv"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// contacts gives out addresses and numbers. An email belongs to one person, as in life; a phone number is drawn anew each time and
// may, rarely, have had another owner before.
type contacts struct {
	*country
	domainBy shares
	taken    map[uint64]struct{} // hashes of the emails given out, 8 bytes each
}

func newContacts(c *country) *contacts {
	return &contacts{country: c, domainBy: zipf(len(c.domains), 15), taken: map[uint64]struct{}{}}
}

// email makes an address for the names. Where it is taken, a number follows, as providers propose.
func (c *contacts) email(r draw.RNG, given, surname string, birthYear int64) string {
	g, s := roman(given), roman(surname)
	domain := c.domains[c.domainBy.draw(r)]
	local := ""
	switch n := r.Below(100); {
	case n < 34:
		local = g + "." + s
	case n < 50:
		local = g + s
	case n < 62:
		local = g[:1] + s
	case n < 68:
		local = g + "_" + s
	case n < 80:
		local = g + digits(birthYear%100, 2)
	case n < 88:
		local = s + "." + g
	case n < 94:
		local, domain = g+"."+s, c.company(r) // at work
	default:
		local = draw.Pick(r, handles) + digits(r.Below(1000), 1)
	}
	if r.Percent(25) {
		local += digits(r.Below(100), 1)
	}
	for !c.take(local + "@" + domain) {
		local += digits(r.Below(1000), 1)
	}
	return local + "@" + domain
}

// handles begin the addresses that tell nothing of their owner.
var handles = strings.Fields("sunny bluebird rocker star gamer moon tiger coffee runner happy dragon angel lucky flower music snow wolf pixel biker ocean")

func (c *contacts) company(r draw.RNG) string {
	return strings.ToLower(roman(c.townTail.make("company", int(r.Below(4000))))) + draw.Pick(r, []string{"", "tech", "group", "-consult", "works"}) + c.companyEnd
}

func (c *contacts) take(address string) bool {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(address)) // a hash takes everything
	h := sum.Sum64()
	if _, is := c.taken[h]; is {
		return false
	}
	c.taken[h] = struct{}{}
	return true
}

// typed writes a number as somebody might.
func (c *contacts) typed(r draw.RNG, number string) string {
	form := c.phones.forms[0]
	if r.Percent(60) {
		form = draw.Pick(r, c.phones.forms)
	}
	var b strings.Builder
	n := 0
	for i := range len(form) {
		switch {
		case form[i] != '#':
			if n < len(number) {
				b.WriteByte(form[i])
			}
		case n < len(number):
			b.WriteByte(number[n])
			n++
		}
	}
	b.WriteString(number[n:])
	return b.String()
}

// roman writes a name in the letters that an address may have.
func roman(name string) string {
	var b strings.Builder
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case c >= 'A' && c <= 'Z':
			b.WriteRune(c + 'a' - 'A')
		case isHangul(c):
			b.WriteString(romanHangul(c))
		case umlauts[c] != "":
			b.WriteString(strings.ToLower(umlauts[c]))
		case unmarked[c] != 0:
			b.WriteString(strings.ToLower(string(unmarked[c])))
		}
	}
	return b.String()
}
