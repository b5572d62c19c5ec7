package person

import "strings"

// Unit is the comparison form of a flat, suite or floor, without the word for it: "Apt #12B" is 12b and "2nd Floor" 2. People name the same unit by
// different words.
func Unit(s string) string {
	words := allWords(s)
	var out []string
	for i := 0; i < len(words); {
		if unit, n := unitAt(words[i:]); n > 0 {
			out, i = append(out, unit), i+n
			continue
		}
		out = append(out, number(words[i]))
		i++
	}
	return strings.Join(out, " ")
}

// unitAt reads a unit at the start of words: "apt 3", "# 445", "3rd floor", "basement". It returns its form and how many words it takes, 0 if
// there is none. The form of a department is empty: it tells who reads the letter, not where.
func unitAt(words []string) (unit string, n int) {
	w := words[0]
	switch {
	case len(words) > 1 && floorWords[words[1]] && (numerals[w] != "" || number(w) != w):
		return number(w), 2
	case departmentWords[w]:
		for n = 1; n < len(words) && (departmentWords[words[n]] || words[n] == "#" || words[n] == "code"); n++ {
			continue
		}
		if n < len(words) && hasDigit(words[n]) {
			return "", n + 1
		}
		return "", 0
	case namedUnits[w] != "":
		switch {
		case len(words) > 1 && hasDigit(words[1]) && len(words[1]) < 4:
			return namedUnits[w] + " " + number(words[1]), 2
		case len(words) > 1 && (unitWords[words[1]] || floorWords[words[1]]): // "penthouse suite"
			return namedUnits[w], 2
		}
		return namedUnits[w], 1
	case len(w) > 2 && w[:2] == "ph" && isDigit(w[2]):
		return "penthouse " + number(w[2:]), 1
	case !unitWords[w] && !floorWords[w]:
		return "", 0
	}
	for n = 1; n < len(words) && numberWords[words[n]]; n++ {
		continue
	}
	if n == len(words) || !hasDigit(words[n]) && (len(words[n]) > 1 || floorWords[w]) {
		return "", 0
	}
	return number(words[n]), n + 1
}
