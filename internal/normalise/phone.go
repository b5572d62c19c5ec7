package normalise

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Phone is a number in E.164 ("+821012345678"), without an extension. Region is the country, as two letters, in which a number without
// an international prefix is dialled; without a region such a number is refused. A number must have a possible length
// for its country; whether its range is in use is not asked, as that changes faster than any table of ranges.
func Phone(s, region string) (string, bool) {
	if !isASCII(s) {
		s = strings.Map(digit, s)
	}
	n, err := phonenumbers.Parse(compact(s), strings.ToUpper(region))
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// compact drops the punctuation of a number that has nothing but digits and plain punctuation, so neither an extension nor a second
// number. Reading it is then more than twice as fast.
func compact(s string) string {
	digits := make([]byte, 0, 24)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case '0' <= c && c <= '9', c == '+' && len(digits) == 0:
			digits = append(digits, c)
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
		default:
			return s
		}
	}
	return string(digits)
}

// digit writes a decimal digit of any script in ASCII. Unicode keeps each script's digits in one run from 0 to 9.
func digit(r rune) rune {
	for _, block := range unicode.Nd.R16 {
		if lo, hi := rune(block.Lo), rune(block.Hi); lo <= r && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	return r
}

// KnownRegion reports whether Phone knows the numbers of a country, given as two letters.
func KnownRegion(region string) bool {
	return phonenumbers.GetCountryCodeForRegion(strings.ToUpper(region)) != 0
}
