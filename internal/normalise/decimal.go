package normalise

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/currency"
	"golang.org/x/text/unicode/norm"
)

// Decimal is a number with four decimal places, counted in ten-thousandths, of at most eighteen digits.
type Decimal int64

const (
	decimalScale  = 10_000
	decimalPlaces = 4
	decimalDigits = 18
	maxDecimal    = 1_000_000_000_000_000_000 // exclusive
)

// Float is the nearest binary number, for where exactness does not matter.
func (d Decimal) Float() float64 { return float64(d) / decimalScale }

// String writes d with its four decimal places.
func (d Decimal) String() string {
	sign, n := "", int64(d)
	if n < 0 {
		sign, n = "-", -n
	}
	frac := strconv.FormatInt(n%decimalScale+decimalScale, 10)[1:]
	return sign + strconv.FormatInt(n/decimalScale, 10) + "." + frac
}

// Int is d as a whole number; false if it has a fraction.
func (d Decimal) Int() (int64, bool) { return int64(d) / decimalScale, d%decimalScale == 0 }

// Number reads a decimal number exactly: "1234.5", "1,234.50", "1.234,50", "-12", "(12.00)" and "12-" for negative ones,
// "1.5E3", full-width digits, and amounts with a currency sign or code before or after ("₩12,000", "12 EUR").
//
// Of two kinds of separators the last is the decimal one. A comma alone separates thousands where three digits follow
// each one ("1,234") and is the decimal one otherwise ("12,5"); a dot alone is the decimal one unless it occurs twice.
// Places after the fourth are rounded half away from zero, as SQL does. More than 14 digits before the point are refused.
func Number(s string) (Decimal, bool) {
	if d, ok := plain(s); ok {
		return d, true
	}
	s, negative := unwrap(s)
	mantissa, exponent := s, 0
	if at := strings.IndexAny(s, "eE"); at > 0 {
		n, err := strconv.Atoi(strings.TrimPrefix(s[at+1:], "+"))
		if err != nil || n > decimalDigits || n < -decimalDigits {
			return 0, false
		}
		mantissa, exponent = s[:at], n
	}
	whole, frac, ok := separate(mantissa)
	if !ok {
		return 0, false
	}
	return scaled(whole, frac, exponent, negative)
}

// plain reads what most numbers look like, digits with at most one point and four places, without allocating.
func plain(s string) (Decimal, bool) {
	i, negative := 0, false
	if s != "" && s[0] == '-' {
		i, negative = 1, true
	}
	if i == len(s) || len(s)-i > 14 {
		return 0, false
	}
	n, places := int64(0), -1
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			n = n*10 + int64(c-'0')
			if places >= 0 {
				places++
			}
		case c == '.' && places < 0 && i+1 < len(s) && i > 0 && s[i-1] != '-':
			places = 0
		default:
			return 0, false
		}
	}
	if places > decimalPlaces {
		return 0, false
	}
	for p := max(places, 0); p < decimalPlaces; p++ {
		n *= 10
	}
	if negative {
		n = -n
	}
	return Decimal(n), n < maxDecimal && n > -maxDecimal
}

// unwrap takes off sign, brackets, currency and spaces.
func unwrap(s string) (rest string, negative bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u2212' || r == '\u2013':
			return '-'
		case unicode.IsSpace(r) || r == '\'' || r == '\u2019' || unicode.Is(unicode.Sc, r):
			return -1
		}
		return visible(r)
	}, norm.NFKC.String(s))
	if strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") {
		s, negative = s[1:len(s)-1], true
	}
	s = currencyCode(s)
	for _, unit := range []string{"원", "円", "元", "圆"} {
		s = strings.TrimSuffix(s, unit)
	}
	switch {
	case strings.HasPrefix(s, "-"):
		s, negative = s[1:], !negative
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	case strings.HasSuffix(s, "-"):
		s, negative = s[:len(s)-1], !negative
	}
	return currencyCode(s), negative
}

// currencyCode drops a code of three letters before or after an amount.
func currencyCode(s string) string {
	code := func(c string) bool { _, err := currency.ParseISO(c); return err == nil }
	if len(s) > 3 && code(s[:3]) {
		return s[3:]
	}
	if len(s) > 3 && code(s[len(s)-3:]) {
		return s[:len(s)-3]
	}
	return s
}

// separate splits digits at the decimal separator and drops the others.
func separate(s string) (whole, frac string, ok bool) {
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	decimal := byte(0)
	switch {
	case dots > 0 && commas > 0:
		decimal = s[strings.LastIndexAny(s, ".,")]
		if strings.Count(s, string(decimal)) > 1 {
			return "", "", false
		}
	case dots == 1:
		decimal = '.'
	case commas == 1 && !thousands(s, ','):
		decimal = ','
	}
	whole = s
	if decimal != 0 {
		whole, frac, _ = strings.Cut(s, string(decimal))
	}
	for _, sep := range []byte{'.', ','} {
		if strings.IndexByte(whole, sep) >= 0 {
			if !thousands(whole, sep) {
				return "", "", false
			}
			whole = strings.ReplaceAll(whole, string(sep), "")
		}
	}
	return whole, frac, whole+frac != "" && strings.Trim(whole+frac, "0123456789") == ""
}

// thousands reports whether sep stands before groups of three digits only.
func thousands(s string, sep byte) bool {
	groups := strings.Split(s, string(sep))
	for i, g := range groups {
		if i > 0 && len(g) != 3 || i == 0 && (g == "" || len(g) > 3) {
			return false
		}
	}
	return true
}

func scaled(whole, frac string, exponent int, negative bool) (Decimal, bool) {
	digits, places := strings.TrimLeft(whole+frac, "0"), len(frac)-exponent
	if places < decimalPlaces {
		digits += strings.Repeat("0", decimalPlaces-places)
		places = decimalPlaces
	}
	roundUp := false
	if drop := places - decimalPlaces; drop > len(digits) {
		digits = ""
	} else if drop > 0 {
		roundUp = digits[len(digits)-drop] >= '5'
		digits = digits[:len(digits)-drop]
	}
	if digits = strings.TrimLeft(digits, "0"); len(digits) > decimalDigits {
		return 0, false
	}
	n := int64(0)
	for i := 0; i < len(digits); i++ {
		n = n*10 + int64(digits[i]-'0')
	}
	if roundUp {
		n++
	}
	if negative {
		n = -n
	}
	return Decimal(n), n < maxDecimal && n > -maxDecimal
}
