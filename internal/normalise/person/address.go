package person

import (
	"slices"
	"strings"
)

// Address is a postal address in parts, each in the form in which it is compared: folded, abbreviations written out, ordinals as
// numbers. A part that the text does not have is empty. Region is the usual abbreviation of a state or province.
type Address struct {
	HouseNumber, Street, Unit, Box, City, Region, Postcode string
}

// ParseAddress takes the text of an address apart by rules, as a whole ("12 Main St Apt 3, Springfield, IL 62701") or the street alone.
//
// The number stands before the street, as in English and French, or behind it, as on most of the continent. A street ends at a comma or, in
// one run of words, behind the word that says what it is (Street, Avenue, Lane). City, region and postcode are read from the end,
// with the states of the USA, Canada and Australia; a postcode before the city is read too. Rural routes are a Street. What names a building,
// a department or an addressee is dropped. Korean and Japanese addresses, written from the large to the small, have rules of
// their own (address_asia.go).
//
// These are rules for what most addresses look like, without a gazetteer: a street that has no such word and
// no comma behind it ("5 Elm Springfield") is cut by guess, and so is a city of two words behind it.
func ParseAddress(s string) Address {
	if a, ok := asianAddress(s); ok {
		return a
	}
	p := addressParser{segments: segments(s)}
	p.cutAddressee()
	p.cutCountry()
	p.joinNumber()
	p.takeBox()
	p.takeTail()
	p.takeUnits()
	p.takeStreet()
	p.takeCity()
	return p.Address
}

// addressParser takes the parts out of the segments, so that each rule sees what the ones before have left.
type addressParser struct {
	Address
	segments [][]string
}

// replace puts others in the place of a segment; empty ones are left out.
func (p *addressParser) replace(at int, others ...[]string) {
	others = slices.DeleteFunc(others, func(seg []string) bool { return len(seg) == 0 })
	p.segments = slices.Replace(p.segments, at, at+1, others...)
}

// split replaces a segment by what stood before and after the words from..to.
func (p *addressParser) split(at, from, to int) {
	seg := p.segments[at]
	p.replace(at, slices.Clip(seg[:from]), seg[to:])
}

// last is the last segment; there is none in an empty address.
func (p *addressParser) last() []string {
	if len(p.segments) == 0 {
		return nil
	}
	return p.segments[len(p.segments)-1]
}

// cutLast drops so many words from the end of the last segment.
func (p *addressParser) cutLast(words int) {
	at := len(p.segments) - 1
	p.split(at, len(p.segments[at])-words, len(p.segments[at]))
}

// cutAddressee drops "attn: ..." up to the end of its segment.
func (p *addressParser) cutAddressee() {
	for at, seg := range p.segments {
		if i := slices.IndexFunc(seg, func(w string) bool { return w == "attn" || w == "attention" }); i >= 0 && len(seg) > 1 {
			p.split(at, i, len(seg))
			return
		}
	}
}

// cutCountry drops the name of a country. Without a comma it must follow a postcode or region: "Avenue de France" is a street.
func (p *addressParser) cutCountry() {
	for n := 1; n <= 4 && n <= len(p.last()); n++ {
		seg := p.last()
		if !countries[strings.Join(seg[len(seg)-n:], " ")] {
			continue
		}
		if len(p.segments) > 1 || n < len(seg) && closesAddress(seg[len(seg)-n-1]) {
			p.cutLast(n)
			return
		}
	}
}

// closesAddress reports whether a word can be the end of an address but for its country: a postcode or a region.
func closesAddress(w string) bool { return hasDigit(w) || regions[w] != "" && !articles[w] }

// joinNumber joins a house number that a comma parts from its street: "5, rue Victor Hugo".
func (p *addressParser) joinNumber() {
	if len(p.segments) > 1 && len(p.segments[0]) == 1 && isNumber(p.segments[0][0]) {
		p.segments[1] = append(p.segments[0], p.segments[1]...)
		p.segments = p.segments[1:]
	}
}

// takeBox takes a post office box and the rural route that it is on. Words before it name the post office or a department and
// are dropped, unless they hold a street of their own.
func (p *addressParser) takeBox() {
	for at, seg := range p.segments {
		for i, w := range seg {
			id := i + 1
			for id < len(seg) && (numberWords[seg[id]] || boxWords[seg[id]]) {
				id++
			}
			if !boxWords[w] || id == len(seg) || !hasDigit(seg[id]) {
				continue
			}
			p.Box = number(seg[id])
			from := i
			for from > 0 && officeWords[seg[from-1]] {
				from--
			}
			before := slices.Clip(seg[:p.takeRoute(seg, from)])
			if !slices.ContainsFunc(before, isType) || !slices.ContainsFunc(before, isNumber) {
				before = nil
			}
			p.replace(at, before, seg[id+1:])
			return
		}
	}
}

// takeRoute takes the rural route that ends where a box begins, and says where it begins.
func (p *addressParser) takeRoute(seg []string, end int) int {
	i := end - 1
	if i < 1 || !hasDigit(seg[i]) {
		return end
	}
	id := number(seg[i])
	if i--; i > 0 && seg[i] == "#" {
		i--
	}
	from := i + 1
	for from > 0 && routeWords[seg[from-1]] {
		from--
	}
	if from == i+1 {
		return end
	}
	kind := "rural route"
	if strings.HasPrefix(seg[from], "h") || seg[from] == "star" {
		kind = "highway contract"
	}
	p.Street = kind + " " + id
	return from
}

// takeTail takes postcode and region from the end, or a postcode from the start of a later segment, as in "10115 Berlin".
func (p *addressParser) takeTail() {
	seg := p.last()
	if n := postcodeBehind(seg); n > 0 && (n < len(seg) || len(p.segments) > 1) {
		p.Postcode = strings.Join(seg[len(seg)-n:], " ")
		p.cutLast(n)
		p.cutCountry() // "United Kingdom, LE11 1UU"
	}
	for at := len(p.segments) - 1; at > 0 && p.Postcode == ""; at-- {
		p.takeLeadingPostcode(at)
	}
	seg = p.last()
	for n := min(3, len(seg)); n > 0; n-- {
		name := strings.Join(seg[len(seg)-n:], " ")
		abbreviation, ok := regions[name]
		// Without postcode or comma an abbreviation counts only behind a street and a city: many are words.
		street := slices.IndexFunc(seg, isType)
		bare := n == 1 && len(name) < 4 && p.Postcode == "" && len(p.segments) == 1 && (street < 1 || street > len(seg)-3)
		if !ok || bare || n == len(seg) && len(p.segments) == 1 {
			continue
		}
		p.Region = abbreviation
		p.cutLast(n)
		return
	}
}

func (p *addressParser) takeLeadingPostcode(at int) {
	if n := postcodeBefore(p.segments[at]); n > 0 && !slices.ContainsFunc(p.segments[at], isType) {
		p.Postcode = strings.TrimLeft(strings.Join(p.segments[at][:n], " "), "abcdefghijklmnopqrstuvwxyz-")
		p.split(at, 0, n)
	}
}

// takeUnits takes flats, suites, floors and departments out of all segments.
func (p *addressParser) takeUnits() {
	var units []string
	for at := 0; at < len(p.segments); at++ {
		seg := p.segments[at]
		for i := range seg {
			unit, n := unitAt(seg[i:])
			if n == 0 {
				continue
			}
			if of, house, ok := strings.Cut(unit, "/"); ok && i+n < len(seg) { // "Unit 3/12 Smith St"
				unit = of
				seg = slices.Clone(seg)
				n--
				seg[i+n] = house
				p.segments[at] = seg
			}
			if unit != "" {
				units = append(units, unit)
			}
			// "17th Floor Conference Room, Flushing": the words behind describe the floor if a city follows.
			described := at > 0 && i == 0 && at+1 < len(p.segments) && !slices.ContainsFunc(seg[n:], hasDigit)
			if described {
				n = len(seg)
			}
			p.split(at, i, i+n)
			at--
			break
		}
	}
	p.Unit = strings.Join(units, " ")
}

// takeCity takes what is left at the end, before an English county: that is the end of an address only where no state or province is.
func (p *addressParser) takeCity() {
	if seg := p.last(); len(p.segments) > 1 && len(seg) == 1 && strings.HasSuffix(seg[0], "shire") {
		p.cutLast(1)
	}
	if seg := p.last(); len(seg) > 0 {
		p.City = strings.Join(expandPlace(seg), " ")
	}
}
