package people

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// Each of these makes one mistake of one kind; where it can't, it returns its argument.

// misspelt inserts, deletes or replaces a letter by its neighbour on the keyboard, or swaps two.
func misspelt(r draw.RNG, s string) string {
	runes := []rune(s)
	if len(runes) < 2 {
		return s
	}
	at := int(r.Below(int64(len(runes))))
	if isHangul(runes[at]) {
		runes[at] = misheard(r, runes[at])
		return string(runes)
	}
	switch n := r.Below(100); {
	case n < 25: // insert
		return string(slices.Insert(runes, at, beside(r, runes[at])))
	case n < 50: // delete
		return string(slices.Delete(runes, at, at+1))
	case n < 75: // replace
		runes[at] = beside(r, runes[at])
	default: // swap
		if at == len(runes)-1 {
			at--
		}
		runes[at], runes[at+1] = runes[at+1], runes[at]
	}
	return string(runes)
}

var keyboard = []string{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"}

// beside is a key next to that of c.
func beside(r draw.RNG, c rune) rune {
	lower := unicode.ToLower(c)
	for row, keys := range keyboard {
		at := strings.IndexRune(keys, lower)
		if at < 0 {
			continue
		}
		var near []byte
		if at > 0 {
			near = append(near, keys[at-1])
		}
		if at < len(keys)-1 {
			near = append(near, keys[at+1])
		}
		if row > 1 && at < len(keyboard[row-1]) { // letters only: the row above the first has digits
			near = append(near, keyboard[row-1][at])
		}
		k := rune(draw.Pick(r, near))
		if lower != c {
			k = unicode.ToUpper(k)
		}
		return k
	}
	return 'e'
}

// pair is a spelling and another that is taken for it.
type pair struct{ from, to string }

var misread = []pair{
	{"rn", "m"}, {"m", "rn"}, {"cl", "d"}, {"d", "cl"}, {"vv", "w"}, {"w", "vv"}, {"ri", "n"}, {"li", "h"}, {"l", "1"}, {"i", "1"}, {"I", "l"}, {"o", "0"}, {"O", "0"},
	{"S", "5"}, {"s", "5"}, {"B", "8"}, {"e", "c"}, {"c", "e"}, {"u", "v"}, {"v", "u"}, {"h", "b"}, {"b", "h"}, {"G", "6"}, {"Z", "2"}, {"g", "q"}, {"t", "f"}, {"ü", "ii"}, {"ä", "a"},
	{"0", "O"}, {"1", "l"}, {"5", "S"}, {"8", "B"}, {"6", "G"}, {"2", "Z"},
}

var soundAlike = []pair{
	{"ph", "f"}, {"f", "ph"}, {"ck", "k"}, {"ck", "c"}, {"k", "c"}, {"c", "k"}, {"ie", "ei"}, {"ei", "ie"}, {"ey", "y"}, {"y", "ie"}, {"ee", "ea"}, {"ea", "ee"}, {"ou", "ow"}, {"tt", "t"},
	{"ll", "l"}, {"nn", "n"}, {"mm", "m"}, {"ss", "s"}, {"rr", "r"}, {"th", "t"}, {"t", "th"}, {"z", "s"}, {"s", "z"}, {"ai", "ay"}, {"ay", "ai"}, {"er", "ar"}, {"an", "en"}, {"en", "an"},
	{"on", "en"}, {"dt", "t"}, {"v", "f"}, {"w", "v"}, {"sch", "sh"}, {"ai", "ei"}, {"ä", "e"}, {"x", "ks"}, {"qu", "kw"}, {"j", "y"}, {"gh", "g"}, {"eau", "o"}, {"é", "er"}, {"e", "a"},
	{"a", "e"}, {"i", "y"}, {"o", "u"}, {"b", "p"}, {"d", "t"}, {"g", "k"}, {"l", "ll"}, {"n", "nn"}, {"r", "rr"},
}

func misreadOnce(r draw.RNG, s string) string { return replaced(r, s, misread) }

func misheardOnce(r draw.RNG, s string) string {
	if runes := []rune(s); len(runes) > 0 && isHangul(runes[0]) {
		at := int(r.Below(int64(len(runes))))
		runes[at] = misheard(r, runes[at])
		return string(runes)
	}
	return replaced(r, s, soundAlike)
}

// replaced applies one pair that fits, never to the first letter of the name.
func replaced(r draw.RNG, s string, pairs []pair) string {
	first := r.Below(int64(len(pairs)))
	for i := range int64(len(pairs)) {
		p := pairs[(first+i)%int64(len(pairs))]
		if at := strings.LastIndex(s, p.from); at > 0 {
			return s[:at] + p.to + s[at+len(p.from):]
		}
	}
	return s
}

// wrongDigit replaces one digit, or swaps two neighbours that differ, from the byte at on.
func wrongDigit(r draw.RNG, s string, at int) string {
	var places []int
	for i := at; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			places = append(places, i)
		}
	}
	if len(places) == 0 {
		return s
	}
	b := []byte(s)
	n := int(r.Below(int64(len(places))))
	if i := places[n]; r.Percent(35) && n+1 < len(places) && b[i] != b[places[n+1]] {
		b[i], b[places[n+1]] = b[places[n+1]], b[i]
	} else {
		b[i] = '0' + byte(int64(b[i]-'0')+r.Between(1, 9))%10
	}
	return string(b)
}

// dayAndMonthSwapped where the day can be a month.
func dayAndMonthSwapped(date string) string {
	if date[8:] > "12" || date[8:] == date[5:7] {
		return date
	}
	return date[:5] + date[8:] + "-" + date[5:7]
}

// wrongDate is another date that exists: a digit of the year, the month or the day is off.
func wrongDate(r draw.RNG, date string) string {
	for range 8 {
		if d := wrongDigit(r, date, 2); d != date && d[5:7] >= "01" && d[5:7] <= "12" && d[8:] >= "01" && d[8:] <= "28" && d[:4] < "2026" {
			return d
		}
	}
	return date
}

var wrongDomains = []pair{{"gmail.com", "gmial.com"}, {"gmail.com", "gmail.co"}, {"hotmail", "hotmial"}, {"yahoo", "yaho"}, {"outlook", "outlok"}, {".com", ".con"}, {"naver", "naer"}, {"gmx", "gxm"}, {"orange", "orage"}}

// wrongEmail has a typing mistake before the @, or one of the usual ones behind it.
func wrongEmail(r draw.RNG, email string) string {
	local, domain, _ := strings.Cut(email, "@")
	if r.Percent(25) {
		if d := replacedAnywhere(r, domain, wrongDomains); d != domain {
			return local + "@" + d
		}
	}
	return misspelt(r, local) + "@" + domain
}

func replacedAnywhere(r draw.RNG, s string, pairs []pair) string {
	first := r.Below(int64(len(pairs)))
	for i := range int64(len(pairs)) {
		p := pairs[(first+i)%int64(len(pairs))]
		if strings.Contains(s, p.from) {
			return strings.Replace(s, p.from, p.to, 1)
		}
	}
	return s
}
