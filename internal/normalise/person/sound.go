package person

import (
	"strings"
	"unicode/utf8"
)

// maxSound is how long a key gets. Longer ones would tell names apart by their ends, which are misspelt most.
const maxSound = 6

// Sound is a short key that names share which sound alike, and "" if the text is in a script that says nothing of its sound, as Han does.
// The text is folded, and one part of a name rather than a whole one.
//
// Latin letters are read by rules after Lawrence Philips, "The Double Metaphone Search Algorithm" (C/C++ Users Journal, June 2000),
// of which the first of its two codes is made, with fewer special cases and th read as t: vowels count only at the start, voiced and unvoiced consonants are one,
// and letters are read in their context. Hangul is romanised by the Revised Romanization of Korea (2000) and kana by
// Hepburn (romanise.go), and then read by the same rules, so that 박, Park and Pak share a key, and タナカ and Tanaka.
func Sound(folded string) string {
	if spelling, ok := koreanSpelling[folded]; ok {
		folded = spelling
	} else if folded != "" && folded[0] >= utf8.RuneSelf {
		folded = romanise(folded)
	}
	var buf [maxSound + 4]byte
	return string(encode(buf[:0], folded))
}

// encode appends the code of a Latin text. Words are read one after the other; only the first may begin with a vowel.
func encode(out []byte, s string) []byte {
	last := byte(0) // the letter before, 0 at the start of a word
	for i := 0; i < len(s) && len(out) < maxSound; {
		c := s[i]
		if c < 'a' || c > 'z' {
			last = 0
			i++
			continue
		}
		if c == last && !isVowel(c) {
			i++
			continue
		}
		code, n := letter(s[i:], last)
		if code == "" && len(out) == 0 && isVowel(c) {
			code = "A"
		}
		out = append(out, code...)
		i += n
		last = s[i-1]
	}
	return out[:min(len(out), maxSound)]
}

// letter reads the first letters of s, which follow the letter last, and returns their code and how many they are.
func letter(s string, last byte) (code string, n int) {
	for _, r := range soundRules[s[0]-'a'] {
		if r.first && last != 0 || !strings.HasPrefix(s, r.letters) {
			continue
		}
		if r.last && !ends(s, len(r.letters)) {
			continue
		}
		return r.code, r.takes
	}
	if s[0] == 'h' && len(s) > 1 && isVowel(s[1]) && (last == 0 || isVowel(last)) {
		return "H", 1
	}
	return plainSounds[s[0]-'a'], 1
}

// ends says whether a word ends after n letters, or with the last of them doubled, which sounds the same.
func ends(s string, n int) bool {
	for n < len(s) && s[n] == s[n-1] {
		n++
	}
	return n == len(s) || s[n] == ' '
}

// isVowel counts w and y in, which after another letter only colour a vowel.
func isVowel(c byte) bool { return strings.IndexByte("aeiouyw", c) >= 0 }

// plainSounds are the codes of the letters where no rule says another. H is read by its neighbours.
var plainSounds = [26]string{
	"", "P", "K", "T", "", "F", "K", "", "", "J", "K", "L", "M", "N", "", "P", "K", "R", "S", "T", "", "F", "", "KS", "", "S",
}

// soundRule says what letters sound like; first and last: only at the start or end of a word. It takes as many of them as it
// speaks for, the others being context.
type soundRule struct {
	letters     string
	takes       int
	code        string
	first, last bool
}

// soundRules has the rules by first letter; the first that fits counts.
var soundRules = func() (rules [26][]soundRule) {
	for _, line := range strings.Split(strings.TrimSpace(soundText), "\n") {
		for _, text := range strings.Fields(line) {
			pattern, code, _ := strings.Cut(text, "=")
			var r soundRule
			pattern, r.first = strings.CutPrefix(pattern, "^")
			pattern, r.last = strings.CutSuffix(pattern, "$")
			spoken, context, _ := strings.Cut(pattern, "|")
			r.letters, r.takes, r.code = spoken+context, len(spoken), code
			rules[spoken[0]-'a'] = append(rules[spoken[0]-'a'], r)
		}
	}
	return rules
}()

// soundText is the rules as letters|context=code, with ^ for the start and $ for the end of a word.
const soundText = `
	ach$=K augh|l=
	^c|ae=S cch=K cc|e=X cc|i=X cc=K chae=K ^ch|ia=K ^ch|or=K ^chr=KR ch|r=K cht=KT chs=KS ch=X ck=K cq=K cz=X c|e=S c|i=S c|y=S
	dg|e=J dg|i=J dg|y=J dt=T dj=J dzh=J
	^g|hi=J ^gh=K ght=T gh|es$= gh|s$= gh|a=H gh|e=H gh|i=H gh|o=H gh= ^gn=N gna$=N gne$=N gno$=N gg|e=K gg|i=J gg=K
	^g|ert=K ^g|erh=K ^g|eb=K ^g|ei=K ^g|el=K ^g|il=K ^g|ib=K ^g|if=K ^g|era=J ^g|erm=J ^g|err=J ger=KR g|e=J g|i=J g|y=J
	isl|e= ^isl|a=
	^kn=N kh=K
	mb$=M mp|s=M mp|t=M ^mack=MK
	^ng=N ngh$=NK ngh=NKH nowak=NFK
	och$=K ough|l=
	^pf=F pf=F ^pn=N ^ps=S ph=F
	qu=K
	rh=R ^rog|er=RJ
	sch|ia=SK sch=X ^sean$=XN sh=X sc|e=S sc|i=S sc|y=S sz=S
	tch=X tsch=X th=T tz=S ts=S tion$=XN
	uch$=K
	^wr=R ^wh= wicz$=FX witz$=FX wsk=FSK w|alsk=F
	^x=S xc|e=KS
	zh=J`
