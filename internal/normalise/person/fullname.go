package person

import (
	"slices"
	"strings"
	"unicode"
)

// FullName is a person's name in parts, each as it was written. A part that the text does not have is empty; several words of
// one part are apart by a space, several suffixes or nicknames by a comma.
type FullName struct {
	Title, Given, Middle, Surname, Suffix, Nickname, Maiden string
}

// ParseName takes a full name apart. It reads "Given Middle Surname" and "Surname, Given Middle", each with titles before and
// suffixes (Jr., III, PhD) behind; a surname may begin with particles (de la Vega, van der Velt). What stands in quotes or
// parentheses is a nickname, or a maiden name after née, geb. and the like. Names in Hangul and Han characters have the
// surname first (eastasian.go).
//
// Two surnames without a particle between them, as in Spanish, are read as a middle name and a surname, as
// nothing in the text tells them from two given names. Of one word alone it is not known what it is; it is Given, except after a title
// such as Mr., or beside a nickname, where it is Surname.
func ParseName(s string) FullName {
	s = strings.Map(dropSymbol, s)
	if n, ok := eastAsian(s); ok {
		return n
	}
	var n FullName
	s = n.takeBracketed(s)
	parts := commaParts(s)
	if len(parts) == 0 {
		return n
	}
	parts[0] = n.takeMaiden(parts[0])
	var suffixes []string
	switch surnameFirst := len(parts) > 1 && !suffixesOnly(parts[1], nameWords(parts[0]) > 1); {
	case surnameFirst:
		suffixes = n.surnameFirst(parts[0], parts[1])
		parts = parts[2:]
	default:
		suffixes = n.surnameLast(parts[0])
		parts = parts[1:]
	}
	for _, p := range parts {
		suffixes = append(suffixes, strings.Join(p, " "))
	}
	n.Suffix = strings.Join(suffixes, ", ")
	return n
}

// dropSymbol drops emoji and other pictures, which people add to a name and which are no part of it.
func dropSymbol(r rune) rune {
	if unicode.Is(unicode.So, r) || r == '\ufe0f' {
		return -1
	}
	return r
}

// quotes are the pairs that set a nickname apart. The single ones also occur inside names, so they count only around whole words.
var quotes = []struct{ open, close string }{
	{"(", ")"}, {"（", "）"}, {"[", "]"}, {`"`, `"`}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"'", "'"}, {"‘", "’"},
}

// takeBracketed cuts what stands in quotes or parentheses out of s and keeps it as nickname or maiden name.
func (n *FullName) takeBracketed(s string) string {
	if !strings.ContainsAny(s, "([（'\"“„«‘") {
		return s
	}
	for _, q := range quotes {
		for from := 0; ; {
			open, end := quoted(s, from, q.open, q.close)
			if open < 0 {
				break
			}
			n.keepBracketed(strings.TrimSpace(s[open+len(q.open) : end]))
			s = s[:open] + " " + s[end+len(q.close):]
			from = open
		}
	}
	return s
}

// quoted finds the next pair that stands around whole words.
func quoted(s string, from int, open, end string) (int, int) {
	for {
		i := strings.Index(s[from:], open)
		if i < 0 {
			return -1, -1
		}
		i += from
		j := strings.Index(s[i+len(open):], end)
		if j < 0 {
			return -1, -1
		}
		j += i + len(open)
		whole := (i == 0 || s[i-1] == ' ') && (j+len(end) == len(s) || strings.IndexByte(" ,", s[j+len(end)]) >= 0)
		if whole || open != "'" && open != "‘" {
			return i, j
		}
		from = i + len(open)
	}
}

func (n *FullName) keepBracketed(inner string) {
	words := n.takeMaiden(strings.Fields(inner))
	switch {
	case len(words) == 0:
	case n.Nickname == "":
		n.Nickname = strings.Join(words, " ")
	default:
		n.Nickname += ", " + strings.Join(words, " ")
	}
}

// takeMaiden cuts a maiden name and the word that announces it off the end.
func (n *FullName) takeMaiden(words []string) []string {
	at := slices.IndexFunc(words, func(w string) bool { return maidenWords[wordKey(w)] })
	if at < 0 || at+1 == len(words) {
		return words
	}
	n.Maiden = strings.Join(words[at+1:], " ")
	return words[:at]
}

// commaParts are the words of each part between commas; parts without words are left out.
func commaParts(s string) [][]string {
	var parts [][]string
	for rest, more := s, true; more; {
		var p string
		p, rest, more = strings.Cut(rest, ",")
		if words := strings.Fields(p); len(words) > 0 {
			parts = append(parts, words)
		}
	}
	return parts
}

// surnameLast reads "Title Given Middle Surname Suffix" and returns the suffixes.
func (n *FullName) surnameLast(words []string) []string {
	words = n.takeTitles(words)
	words, suffixes := takeSuffixes(words, 1)
	groups := joinParticles(joinConjunctions(words))
	switch {
	case len(groups) == 0:
	case len(groups) > 1:
		n.Given, n.Surname = groups[0], groups[len(groups)-1]
		n.Middle = strings.Join(groups[1:len(groups)-1], " ")
	case particles[wordKey(words[0])] && len(words) > 1, n.Nickname != "", n.Title != "" && !givenNameTitles[wordKey(n.Title)]:
		n.Surname = groups[0]
	default:
		n.Given = groups[0]
	}
	return suffixes
}

// surnameFirst reads "Surname Suffix" and "Title Given Middle Suffix", which stood before and after a comma.
func (n *FullName) surnameFirst(surname, given []string) []string {
	surname = n.takeTitles(surname)
	surname, suffixes := takeSuffixes(surname, 1)
	given = n.takeTitles(given)
	given, more := takeSuffixes(given, 1)
	for len(given) > 1 && particles[wordKey(given[len(given)-1])] { // "Vega, Juan de la"
		surname = append([]string{given[len(given)-1]}, surname...)
		given = given[:len(given)-1]
	}
	n.Surname = strings.Join(surname, " ")
	if groups := joinConjunctions(given); len(groups) > 0 {
		n.Given, n.Middle = groups[0], strings.Join(groups[1:], " ")
	}
	return append(suffixes, more...)
}

// takeTitles cuts the titles off the front. After one, "of" takes the words of an office along: Secretary of State.
func (n *FullName) takeTitles(words []string) []string {
	i := 0
	if len(words) > 1 && wordKey(words[0]) == "the" && isTitle(words[1:]) {
		i = 1
	}
	for i < len(words) {
		switch key := wordKey(words[i]); {
		case isTitle(words[i:]), i > 0 && titleTails[key] && strings.HasSuffix(words[i], "."):
			i++
			continue
		case i > 0 && key == "of" && i+1 < len(words):
			i++
			if wordKey(words[i]) == "the" && i+1 < len(words) {
				i++
			}
			i++
			continue
		case i > 0 && (key == "and" || words[i] == "&") && i+1 < len(words) && isTitle(words[i+1:]):
			i += 2
			continue
		}
		break
	}
	if i > 0 {
		n.Title = strings.TrimSpace(n.Title + " " + strings.Join(words[:i], " "))
	}
	return words[i:]
}

// isTitle reports whether a name's first word is a title. Words that are given names or surnames too count only before two others.
func isTitle(words []string) bool {
	key := wordKey(words[0])
	switch {
	case titles[key], rareTitles[key] && len(words) > 2:
		return true
	case key == "us" && len(words) > 1:
		return isTitle(words[1:])
	}
	return compound(words[0], func(piece string) bool { return titles[piece] || rareTitles[piece] })
}

// compound reports whether a word is of several pieces, joined by dots or hyphens, and all are so: Lt.Gov., Dipl.-Ing.
func compound(word string, so func(string) bool) bool {
	pieces := strings.FieldsFunc(word, func(r rune) bool { return r == '.' || r == '-' })
	if len(pieces) < 2 {
		return false
	}
	return !slices.ContainsFunc(pieces, func(p string) bool { return !so(wordKey(p)) })
}

// takeSuffixes cuts the suffixes off the end and leaves at least so many words.
func takeSuffixes(words []string, leave int) (rest, suffixes []string) {
	if n := len(words); n > 2 && twoWordSuffix(words[n-2:]) {
		return words[:n-2], []string{strings.Join(words[n-2:], " ")}
	}
	shouting := !slices.ContainsFunc(words, func(w string) bool { return w != strings.ToUpper(w) })
	end := len(words)
	for end > leave {
		key := wordKey(words[end-1])
		if !isSuffix(words[end-1]) && (shouting || end < leave+2 || !isRareSuffix(words[end-1], key)) {
			break
		}
		end--
	}
	return words[:end], words[end:]
}

// twoWordSuffix reports whether two words are one suffix, as in "Ph. D.".
func twoWordSuffix(words []string) bool {
	return len(words) == 2 && strings.HasSuffix(words[0], ".") && !isSuffix(words[0]) && suffixes[wordKey(words[0])+wordKey(words[1])]
}

func isSuffix(word string) bool {
	key := wordKey(word)
	if (key == "jr" || key == "sr") && strings.IndexByte(word, '.') == 1 {
		return false // J.R. are initials
	}
	return suffixes[key] || compound(word, func(p string) bool { return suffixes[p] || rareSuffixes[p] })
}

// isRareSuffix knows suffixes that are surnames or initials too. They are told from those by capitals, and an initial by its dot.
func isRareSuffix(word, key string) bool {
	return rareSuffixes[key] && word == strings.ToUpper(word) && (len(key) > 1 || !strings.HasSuffix(word, "."))
}

// suffixesOnly reports whether the part after a comma has no name in it. A rare suffix counts only where a whole name went before.
func suffixesOnly(words []string, rareToo bool) bool {
	if twoWordSuffix(words) {
		return true
	}
	return !slices.ContainsFunc(words, func(w string) bool { return !isSuffix(w) && (!rareToo || !rareSuffixes[wordKey(w)]) })
}

// nameWords counts the words that are no suffix.
func nameWords(words []string) int {
	rest, _ := takeSuffixes(words, 0)
	return len(rest)
}

// joinConjunctions makes one group of what a conjunction joins: "John and Jane", "Velasquez y Garcia". One letter is a conjunction
// only in lower case and in a name long enough to need one; else it is an initial.
func joinConjunctions(words []string) []string {
	var groups []string
	join := false
	for i, w := range words {
		key := wordKey(w)
		is := conjunctions[key] || w == "&" || len(words) > 3 && (w == "y" || w == "e")
		switch {
		case (is && i > 0 || join) && len(groups) > 0:
			groups[len(groups)-1] += " " + w
		default:
			groups = append(groups, w)
		}
		join = is
	}
	return groups
}

// joinParticles makes one group of particles and what follows them up to the next. The first word of a name is no particle if
// it stands alone: Van Nguyen, Al Gore.
func joinParticles(words []string) []string {
	var groups []string
	inParticles, inSurname := false, false
	for i, w := range words {
		is := particles[wordKey(w)] && (i > 0 || strictParticles[wordKey(w)] && len(words) > 1)
		last := i == len(words)-1
		switch {
		case is && !inParticles && !last:
			groups, inSurname = append(groups, w), true
		case inSurname:
			groups[len(groups)-1] += " " + w
		default:
			groups = append(groups, w)
		}
		inParticles = is
	}
	return groups
}

// wordKey is how the lists of words know a word: folded, without dots and hyphens.
func wordKey(w string) string {
	return strings.ReplaceAll(Fold(w), " ", "")
}
