package person

import (
	"slices"
	"strings"
)

// Street is the comparison form of a street's name: folded, with its abbreviations written out (St street or saint, Ave avenue, Str. strasse, NW
// northwest) and numbers in digits (First, 1st and 1 are one). Marktstrasse is two words, as Markt Strasse may be.
func Street(s string) string {
	full, _ := expandStreet(allWords(s))
	return strings.Join(full, " ")
}

// StreetRoot is a street's name without the words that say what it is and where: of "E Center Street", "center". People leave those out or mistake
// them, and within one postcode the rest is nearly always enough.
func StreetRoot(s string) string {
	_, root := expandStreet(allWords(s))
	return strings.Join(root, " ")
}

// HouseNumber is the comparison form of a house number: "No. 12 B" and "12b" are one.
func HouseNumber(s string) string {
	words := slices.DeleteFunc(allWords(s), func(w string) bool { return numberWords[w] })
	return houseNumber(words)
}

func houseNumber(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !(len(w) == 1 && !isDigit(w[0])) {
			b.WriteByte(' ')
		}
		b.WriteString(number(w))
	}
	return b.String()
}

// number writes a word that is a number in digits: 1st, first and one are 1. Zeros at the start are dropped.
func number(w string) string {
	if n, ok := numerals[w]; ok {
		return n
	}
	digits := 0
	for digits < len(w) && isDigit(w[digits]) {
		digits++
	}
	if digits == 0 {
		return w
	}
	switch w[digits:] {
	case "st", "nd", "rd", "th":
		w = w[:digits]
	}
	if t := strings.TrimLeft(w, "0"); t != "" && isDigit(t[0]) {
		return t
	}
	return w
}

// roles of a word in a street's name
type role byte

const (
	roleName role = iota
	roleType
	roleDirection
	roleArticle
)

// expandStreet writes the words of a street out; root are those of the name alone, or all if it has none.
func expandStreet(in []string) (full, root []string) {
	words := streetWords(in)
	roles := make([]role, len(words))
	prefixed := false // "Rue de la Paix", "Avenue B": what it is stands before the name
	for i, w := range words {
		next, last := "", i == len(words)-1
		if !last {
			next = words[i+1]
		}
		named := slices.Contains(roles[:i], roleName)
		switch {
		case directions[w] != "" && (i == 0 && !last && (len(words) > 2 || !isType(next)) || named && !prefixed && (last || isType(next) || directions[next] != "")):
			words[i], roles[i] = directions[w], roleDirection
		case (w == "st" || w == "dr") && (!named || !last && !isType(next) && directions[next] == ""):
			words[i] = map[string]string{"st": "saint", "dr": "doctor"}[w]
		case prefixTypes[w] != "" && !named && !prefixed && !last && (!isType(next) || next == "st" && i+2 < len(words)):
			words[i], roles[i], prefixed = prefixTypes[w], roleType, true
		case streetTypes[w] != "" && named && !prefixed:
			words[i], roles[i] = streetTypes[w], roleType
		case prefixed && !named && articles[w] && !last:
			roles[i] = roleArticle
		case placeWords[w] != "":
			words[i] = placeWords[w]
		}
	}
	for i, w := range words {
		if roles[i] == roleName {
			root = append(root, w)
		}
	}
	if root == nil {
		root = words
	}
	return words, root
}

// streetWords brings the words of a street to one spelling each: numbers in digits, German compounds taken apart.
func streetWords(in []string) []string {
	words := make([]string, 0, len(in)+1)
	for i, w := range in {
		if w == "mlk" {
			words = append(words, "martin", "luther", "king")
			continue
		}
		if n := len(words); n > 0 && i > 0 && tens[in[i-1]] && len(numerals[w]) == 1 { // ninety-sixth
			words[n-1] = words[n-1][:1] + numerals[w]
			continue
		}
		if n := spanishNumerals[w]; n != "" && i > 0 && words[0] == "calle" {
			w = n
		}
		w = number(w)
		if stem, kind, ok := compoundStreet(w); ok {
			words = append(words, stem)
			w = kind
		}
		words = append(words, w)
	}
	return words
}

// compoundStreet takes a Germanic compound apart: Hauptstr. is haupt strasse.
func compoundStreet(w string) (stem, kind string, ok bool) {
	for _, c := range compounds {
		if stem, ok := strings.CutSuffix(w, c.ending); ok && len(stem) > 2 {
			return stem, c.kind, true
		}
	}
	return "", "", false
}

// isType reports whether a word says that a street ends here. Words that also occur inside names, such as park and lake, do not.
func isType(w string) bool { return streetTypes[w] != "" }

// isNumber reports whether a word can be a house number: it begins with a digit and is no ordinal.
func isNumber(w string) bool {
	if !isDigit(w[0]) {
		return false
	}
	return number(w) == strings.TrimLeft(w, "0") || strings.Trim(w, "0123456789") == ""
}

// expandPlace writes the abbreviations in a city's name out.
func expandPlace(words []string) []string {
	out := slices.Clone(words)
	for i, w := range out {
		switch {
		case placeWords[w] != "":
			out[i] = placeWords[w]
		case i == 0 && len(out) > 1 && directions[w] != "":
			out[i] = directions[w]
		}
	}
	return out
}
