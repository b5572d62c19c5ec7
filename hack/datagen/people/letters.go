package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// umlauts are the letters that German writes as two where it has no dots.
var umlauts = map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'Ä': "Ae", 'Ö': "Oe", 'Ü': "Ue"}

// unmarked are letters without their marks.
var unmarked = lettersWithout("ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿŞşİıĞğŸšžčć", "AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyySsIiGgYszcc")

func lettersWithout(with, without string) map[rune]rune {
	to := []rune(without)
	m := map[rune]rune{}
	for i, c := range []rune(with) {
		m[c] = to[i]
	}
	return m
}

// withoutMarks writes a name as a system would that knows ASCII only: ü becomes ue where germanWay, else u.
func withoutMarks(s string, germanWay bool) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case umlauts[c] != "" && (germanWay || c == 'ß'):
			b.WriteString(umlauts[c])
		case unmarked[c] != 0:
			b.WriteRune(unmarked[c])
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// A Hangul syllable is an initial, a vowel and a final letter, in 19 by 21 by 28 code points.
const (
	hangulFirst = '가'
	hangulLast  = '힣'
	vowels      = 21
	finals      = 28
)

func isHangul(c rune) bool { return c >= hangulFirst && c <= hangulLast }

var (
	romanInitials = strings.Fields("g kk n d tt r m b pp s ss - j jj ch k t p h")
	romanVowels   = strings.Fields("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i")
	romanFinals   = strings.Fields("- k k k n n n t l k m l l l p l m p p t t ng t t k t p t")
)

func romanHangul(c rune) string {
	n := int(c - hangulFirst)
	return strings.ReplaceAll(romanInitials[n/finals/vowels]+romanVowels[n/finals%vowels]+romanFinals[n%finals], "-", "")
}

// soundsLike are vowels that are confused when heard, and finals likewise.
var (
	vowelLike = map[rune]rune{1: 5, 5: 1, 3: 7, 7: 3, 4: 8, 8: 4, 10: 15, 15: 11, 11: 10, 18: 13, 13: 18, 19: 20, 20: 19, 6: 12, 0: 4}
	finalLike = map[rune]rune{4: 21, 21: 4, 16: 4, 1: 24, 7: 19, 19: 7, 0: 4, 8: 0, 17: 1}
)

// misheard changes one letter of a Hangul syllable.
func misheard(r draw.RNG, c rune) rune {
	n := c - hangulFirst
	final, vowel, initial := n%finals, n/finals%vowels, n/finals/vowels
	if like, ok := finalLike[final]; ok && r.Percent(40) {
		final = like
	} else if like, ok := vowelLike[vowel]; ok {
		vowel = like
	} else {
		vowel = (vowel + 4) % vowels
	}
	return hangulFirst + (initial*vowels+vowel)*finals + final
}
