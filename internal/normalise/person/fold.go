package person

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which two spellings of a name compare equal: lower case, without accents, words apart by one space.
//
//   - Compatibility forms are one (Unicode NFKD): full-width letters, half-width kana, ligatures.
//   - Marks are dropped in Latin, Greek, Cyrillic, Hebrew and Arabic, where they are often left out. They stay where they carry
//     a vowel or a consonant, as in Devanagari, Thai and kana.
//   - Letters that Unicode does not take apart are: ß ss, æ ae, ø o, ł l, đ d, þ th, œ oe, ı i. An umlaut is its vowel: ü is u, not ue.
//   - Hiragana is written as katakana. Hangul stays in syllables and Han characters as they are.
//   - An apostrophe joins (O'Brien is "obrien"), as does a lone o or mc at the start ("O Brien"). A hyphen, like all other
//     punctuation, separates: Anne-Marie is "anne marie".
func Fold(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			if isFoldedAsian(s) {
				return s
			}
			return foldUnicode(s)
		}
	}
	return foldASCII(s)
}

func foldASCII(s string) string {
	if isFolded(s) {
		return s
	}
	var buf [64]byte
	out := buf[:0]
	gap := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case c == '\'' || c == '`':
			continue
		default:
			gap = true
			continue
		}
		if gap && len(out) > 0 {
			out = append(out, ' ')
		}
		gap = false
		out = append(out, c)
	}
	return string(joinPrefix(out))
}

// isFolded reports whether folding would change nothing, so that a column that was folded once is not copied again.
func isFolded(s string) bool {
	last := byte(' ')
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != ' ' || last == ' ') {
			return false
		}
		last = c
	}
	return (last != ' ' || s == "") && prefixLength(s) == 0
}

// isFoldedAsian knows words in Hangul, Han characters and katakana that folding would not change, as most of them are.
func isFoldedAsian(s string) bool {
	last := ' '
	for _, r := range s {
		switch {
		case '가' <= r && r <= '힣', '一' <= r && r <= '\u9fff', 'ァ' <= r && r <= 'ヺ':
		case r == ' ' && last != ' ':
		default:
			return false
		}
		last = r
	}
	return last != ' '
}

// prefixLength is the length of an Irish or Scottish prefix that is written apart from its name, and 0 without one.
func prefixLength[T string | []byte](s T) int {
	switch {
	case len(s) > 3 && s[0] == 'o' && s[1] == ' ' && s[3] != ' ':
		return 1
	case len(s) > 4 && s[0] == 'm' && s[1] == 'c' && s[2] == ' ' && s[4] != ' ':
		return 2
	}
	return 0
}

func joinPrefix(b []byte) []byte {
	if n := prefixLength(b); n > 0 {
		return append(b[:n], b[n+1:]...)
	}
	return b
}

func foldUnicode(s string) string {
	var decomposed, folded [128]byte
	out := folded[:0]
	gap := false
	rest := norm.NFKD.AppendString(decomposed[:0], s)
	for len(rest) > 0 {
		r, n := utf8.DecodeRune(rest)
		rest = rest[n:]
		switch kind := classify(r); kind {
		case skipped:
			continue
		case separating:
			gap = true
			continue
		case standing:
			if gap && len(out) > 0 {
				out = append(out, ' ')
			}
			gap = false
		}
		out = appendFolded(out, unicode.ToLower(r))
	}
	return norm.NFC.String(string(joinPrefix(out)))
}

type runeKind int

const (
	standing   runeKind = iota // a letter or digit
	attached                   // a mark that stays with the letter before it
	skipped                    // a mark or sign that makes no difference
	separating                 // anything else
)

func classify(r rune) runeKind {
	switch {
	case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9':
		return standing
	case r < utf8.RuneSelf:
		if r == '\'' || r == '`' {
			return skipped
		}
		return separating
	case unicode.Is(accents, r) || unicode.Is(apostrophes, r) || unicode.Is(unicode.Cf, r):
		return skipped
	case unicode.IsMark(r):
		return attached
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return standing
	}
	return separating
}

// accents are the marks that are dropped: those of Latin, Greek and Cyrillic, the points of Hebrew and Arabic, and the Arabic
// letter that only stretches a word.
var accents = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0300, Hi: 0x036f, Stride: 1}, {Lo: 0x0483, Hi: 0x0487, Stride: 1}, {Lo: 0x0591, Hi: 0x05bd, Stride: 1}, {Lo: 0x05bf, Hi: 0x05c7, Stride: 1},
	{Lo: 0x0640, Hi: 0x0640, Stride: 1}, {Lo: 0x064b, Hi: 0x065f, Stride: 1}, {Lo: 0x0670, Hi: 0x0670, Stride: 1}, {Lo: 0x06d6, Hi: 0x06ed, Stride: 1},
	{Lo: 0x1ab0, Hi: 0x1aff, Stride: 1}, {Lo: 0x1dc0, Hi: 0x1dff, Stride: 1}, {Lo: 0x20d0, Hi: 0x20ff, Stride: 1}, {Lo: 0xfe20, Hi: 0xfe2f, Stride: 1},
}}

// apostrophes are the signs typed for one, among them the Hawaiian okina and the accents that stand alone.
var apostrophes = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x00b4, Hi: 0x00b4, Stride: 1}, {Lo: 0x02b9, Hi: 0x02bf, Stride: 1}, {Lo: 0x2018, Hi: 0x201b, Stride: 1}, {Lo: 0x2032, Hi: 0x2032, Stride: 1},
}}

// letters are the Latin letters and digraphs that have no decomposition in Unicode.
var letters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i", 'ħ': "h", 'ŧ': "t", 'ŋ': "n", 'ĸ': "k", 'ə': "a",
}

func appendFolded(out []byte, r rune) []byte {
	switch {
	case r < utf8.RuneSelf:
		return append(out, byte(r))
	case r < 0x0300 && letters[r] != "":
		return append(out, letters[r]...)
	case 'ぁ' <= r && r <= 'ゖ' || r == 'ゝ' || r == 'ゞ':
		r += 'ァ' - 'ぁ'
	}
	return utf8.AppendRune(out, r)
}
