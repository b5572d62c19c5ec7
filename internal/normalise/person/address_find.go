package person

import (
	"slices"
	"strings"
)

// takeStreet finds the segment that holds the street and takes the number and the street from it. Segments before it name an addressee or a
// building and are dropped; what stands behind the street in its segment is the city if none follows.
func (p *addressParser) takeStreet() {
	at, from := p.streetSegment()
	if at < 0 {
		return
	}
	seg := p.segments[at][from:]
	rest := p.segments[at+1:]
	house, street := takeHouse(seg)
	houseFirst := len(house) > 0 && &house[0] == &seg[0]
	var behind []string
	if len(house) > 0 && !houseFirst {
		behind = seg[len(street)+len(house):]
	} else {
		end := streetEnd(street, len(rest) > 0 || p.Region == "" && p.Postcode == "")
		street, behind = street[:end], street[end:]
	}
	if len(house) == 0 && len(rest) > 0 && isNumber(rest[0][0]) && len(rest[0]) < 3 { // "Calle Mayor, 5"
		house, rest = rest[0], rest[1:]
	}
	if unit, number, ok := strings.Cut(houseNumber(house), "/"); ok && p.Unit == "" && len(house) == 1 && houseFirst { // "3/12 Smith St"
		p.Unit, p.HouseNumber = unit, number
	} else {
		p.HouseNumber = houseNumber(house)
	}
	full, _ := expandStreet(street)
	p.Street = strings.Join(full, " ")
	p.segments = rest
	if len(behind) > 0 && len(rest) == 0 {
		p.takeBehind(behind)
	}
}

// takeBehind reads what follows the street without a comma: a postcode and a city, or the end of the text.
func (p *addressParser) takeBehind(words []string) {
	p.segments = [][]string{words}
	switch {
	case p.Postcode == "" && postcodeBefore(words) > 0:
		p.takeLeadingPostcode(0)
	case p.Region == "" && p.Postcode == "" && len(words) == 1 && len(words[0]) < 3 && p.Unit == "": // "4315 Webster Avenue LH"
		p.Unit = words[0]
		p.segments = nil
	}
}

// streetSegment finds the segment with the street and the word in it where number or street begins; -1 if there is none.
func (p *addressParser) streetSegment() (segment, from int) {
	for at, seg := range p.segments {
		if len(seg) > 1 && (isNumber(seg[0]) || isGrid(seg)) {
			return at, 0
		}
		// An addressee may stand before the number: "Erin Johnson c/o DTZ 77 W Wacker Dr".
		i := slices.IndexFunc(seg, isNumber)
		if i > 0 && i+1 < len(seg) && slices.ContainsFunc(seg[i+1:], isType) && !slices.ContainsFunc(seg[:i], isType) && !numberedWords[seg[i-1]] {
			return at, i
		}
	}
	alone := len(p.segments) == 1 && p.Region == "" && p.Postcode == "" && p.Box == ""
	for at, seg := range p.segments {
		words := streetWords(seg)
		last := words[len(words)-1]
		trailing := isType(last) || directions[last] != "" && len(words) > 2 && isType(words[len(words)-2])
		numbered := slices.IndexFunc(seg, isNumber) > 0
		if alone || len(words) > 1 && p.Box == "" && (trailing || prefixTypes[words[0]] != "" || numbered || highwayEnd(seg) > 0) && (at+1 < len(p.segments) || numbered || trailing) {
			return at, 0
		}
	}
	return -1, 0
}

// isGrid knows the house numbers of Wisconsin, such as N165 W2123.
func isGrid(seg []string) bool {
	return len(seg) > 2 && len(seg[0]) > 1 && len(seg[1]) > 1 && hasDigit(seg[0][1:2]) && hasDigit(seg[1][1:2]) && directions[seg[0][:1]] != "" && directions[seg[1][:1]] != ""
}

// takeHouse tells the house number from the street, before or behind it. Both are parts of seg.
func takeHouse(seg []string) (house, street []string) {
	switch {
	case isGrid(seg):
		return seg[:2], seg[2:]
	case len(seg) > 1 && isNumber(seg[0]):
		n := 1
		if len(seg) > 2 && (houseTails[seg[1]] || seg[1] == "1/2") {
			n = 2
		}
		return seg[:n], seg[n:]
	}
	for i := 1; i < len(seg); i++ {
		if !isNumber(seg[i]) || numberedWords[seg[i-1]] {
			continue
		}
		n := 1
		if i+1 < len(seg) && (houseTails[seg[i+1]] || len(seg[i+1]) == 1 && !isDigit(seg[i+1][0])) {
			n = 2
		}
		return seg[i : i+n], seg[:i]
	}
	return nil, seg
}

// streetEnd is how many words belong to the street; whole says that nothing else is to be expected in its segment but a building.
func streetEnd(words []string, whole bool) int {
	start := 0
	for start < len(words)-1 && directions[words[start]] != "" && (!isType(words[start+1]) || highwayEnd(words[start+1:]) > 0) {
		start++
	}
	if n := highwayEnd(words[start:]); n > 0 {
		return start + n
	}
	if prefixTypes[words[start]] != "" && start+1 < len(words) && !isType(words[start+1]) && streetTypes[words[start]] == "" {
		return len(words)
	}
	end := start
	if bareStreets[words[start]] && (start+1 == len(words) || !isType(words[start+1])) {
		end = start + 1
	} else {
		for i := start + 1; i < len(words) && end == start; i++ {
			if _, _, compound := compoundStreet(words[i-1]); compound {
				end = i
			} else if isType(words[i]) {
				end = i + 1
			}
		}
	}
	switch {
	case end == start && whole || end == len(words):
		return len(words)
	case end == start:
		return max(len(words)-1, 1) // no word says where it ends: the last one is the city
	}
	for end < len(words) && isType(words[end]) && words[end] != "st" {
		end++ // "187th Street Court"
	}
	if end < len(words) && directions[words[end]] != "" && (len(words[end]) <= 2 || end == len(words)-1) {
		end++ // a direction in full begins the city: "Camp Robinson Rd North Little Rock"
	}
	return end
}

// highwayEnd is how many words name a numbered road: US Highway 50, FM 544, County Road ABC, U.S. 17 Business; 0 if they do not begin with one.
func highwayEnd(words []string) int {
	i := 0
	for i < len(words) && highwayWords[words[i]] {
		i++
	}
	if i == 0 || i == len(words) {
		return 0
	}
	lettered := len(words[i]) <= 3 && (words[i-1] == "road" || words[i-1] == "rd") && i > 1
	if !hasDigit(words[i]) && !lettered {
		return 0
	}
	for i++; i < len(words) && highwayTails[words[i]]; i++ {
		continue
	}
	return i
}
