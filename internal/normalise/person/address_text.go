package person

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// segments are the folded words of an address, in runs between commas, semicolons, line ends and parentheses. A number keeps its
// hyphens and slashes (59-17, 3/12), and # is a word.
func segments(s string) [][]string {
	t := addressText{text: []rune(norm.NFKD.String(s))}
	for i, r := range t.text {
		t.read(i, r)
	}
	t.endSegment()
	return t.segments
}

type addressText struct {
	text     []rune
	word     []byte
	segment  []string
	segments [][]string
}

func (t *addressText) read(i int, r rune) {
	switch classify(r) {
	case standing, attached:
		t.word = appendFolded(t.word, unicode.ToLower(r))
		return
	case skipped:
		return
	}
	switch {
	case r == '#' || r == '№':
		t.endWord()
		t.segment = append(t.segment, "#")
	case strings.ContainsRune(",;\n()|（）、", r):
		t.endSegment()
	case (r == '-' || r == '–' || r == '/') && t.inNumber(i):
		if r == '–' {
			r = '-'
		}
		t.word = append(t.word, byte(r))
	case r == '/' && string(t.word) == "c" && t.at(i+1) != 'o' && t.at(i+1) != 'O':
		t.word = append(t.word[:0], "calle"...)
		t.endWord()
	case r == '.' && len(t.word) > 0 && unicode.IsLetter(t.at(i+1)) && !unicode.IsLetter(t.at(i-2)):
		// U.S. is one word, and St.John two.
	default:
		t.endWord()
	}
}

func (t *addressText) at(i int) rune {
	if i < 0 || i >= len(t.text) {
		return 0
	}
	return t.text[i]
}

// inNumber reports whether the sign at i joins two parts of a number: a digit is on one side and a letter or digit on the other.
func (t *addressText) inNumber(i int) bool {
	before, after := t.at(i-1), t.at(i+1)
	letters := (unicode.IsLetter(before) || unicode.IsDigit(before)) && (unicode.IsLetter(after) || unicode.IsDigit(after))
	return letters && (unicode.IsDigit(before) || unicode.IsDigit(after)) && len(t.word) > 0
}

func (t *addressText) endWord() {
	if len(t.word) == 0 {
		return
	}
	w := string(t.word)
	t.word = t.word[:0]
	if w[0] >= utf8.RuneSelf || !norm.NFC.IsNormalString(w) {
		w = norm.NFC.String(w)
	}
	t.segment = append(t.segment, w)
}

func (t *addressText) endSegment() {
	t.endWord()
	if len(t.segment) > 0 {
		t.segments = append(t.segments, t.segment)
		t.segment = nil
	}
}

// allWords are the words of a text that is one part of an address, whatever separates them.
func allWords(s string) []string {
	var all []string
	for _, seg := range segments(s) {
		all = append(all, seg...)
	}
	return all
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func hasDigit(w string) bool { return strings.ContainsAny(w, "0123456789") }

// shape writes a word with 9 for a digit and a for a letter of ASCII, which tells postcodes apart.
func shape(w string) string {
	var buf [12]byte
	if len(w) > len(buf) {
		return ""
	}
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case isDigit(c):
			buf[i] = '9'
		case 'a' <= c && c <= 'z':
			buf[i] = 'a'
		default:
			buf[i] = c
		}
	}
	return string(buf[:len(w)])
}

// postcodeBehind is how many words at the end are a postcode: of the USA, Canada, the United Kingdom, Brazil, Japan, or
// of Australia behind a state.
func postcodeBehind(seg []string) int {
	n := len(seg)
	if n == 0 {
		return 0
	}
	last, before := shape(seg[n-1]), ""
	if n > 1 {
		before = shape(seg[n-2])
	}
	switch last {
	case "9aa":
		switch before {
		case "a9", "a99", "aa9", "aa99", "a9a", "aa9a":
			return 2
		}
	case "9a9":
		if before == "a9a" {
			return 2
		}
	case "99999", "99999-9999", "999999", "999-9999", "99999-999", "a9a9a9", "a999aa", "aa999aa", "aa9999aa", "a9a9aa", "aa9a9aa", "a9999aa":
		if n == 1 || !numberedWords[seg[n-2]] {
			return 1
		}
	case "9999":
		if n > 1 && regions[seg[n-2]] != "" {
			return 1
		}
	}
	return 0
}

// postcodeBefore is how many words at the start are a postcode, before the city that it belongs to.
func postcodeBefore(seg []string) int {
	second := ""
	if len(seg) > 1 {
		second = shape(seg[1])
	}
	switch shape(seg[0]) {
	case "99999", "999999", "a-99999", "aa-99999", "99-999", "9999-999", "999-9999", "99999-999", "99999-9999":
		return 1
	case "9999", "a-9999", "aa-9999":
		if second == "aa" && len(seg) > 2 { // Netherlands: 1012 LG Amsterdam
			return 2
		}
		if second != "" && !hasDigit(seg[1]) {
			return 1
		}
	case "9999aa":
		return 1
	case "999":
		if second == "99" && len(seg) > 2 { // Sweden, Czechia: 111 22 Stockholm
			return 2
		}
	}
	return 0
}
