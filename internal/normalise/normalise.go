// Package normalise turns values as people and systems write them into one form each, so that equal things compare
// equal: an address of electronic mail, a phone number in E.164, a name without stray spaces, an amount to four decimal
// places. Every function is pure; a value that can't be brought into its form is reported, never guessed.
//
// The package also says what a semantic means for a table: under which attribute name and with which type a field of
// that semantic is kept (semantic.go).
//
// What does not live here: which column has which semantic (ingest), rules for one receiver or mail provider (activation).
package normalise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Name tidies text that people read: Unicode NFC, no control or zero-width characters, each run of white space one space,
// none at the ends. Case is kept. The empty string means that nothing was left.
func Name(s string) string {
	if tidyASCII(s) {
		return s
	}
	return tidy(norm.NFC.String(s))
}

// Identifier tidies an identifier such as a customer or card number: Unicode NFKC, which folds full-width digits and
// letters, and no white space at the ends. Case and inner spaces are kept, as many systems tell them apart.
func Identifier(s string) string {
	if isASCII(s) {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(strings.Map(visible, norm.NFKC.String(s)))
}

// Country is an ISO 3166 code of two letters in upper case if s is two letters; other text is tidied like a Name.
func Country(s string) string {
	t := tidy(norm.NFKC.String(s))
	if len(t) == 2 && isLetter(t[0]) && isLetter(t[1]) {
		return strings.ToUpper(t)
	}
	return Name(s)
}

// Postcode is in upper case, NFKC, with single spaces.
func Postcode(s string) string { return strings.ToUpper(tidy(norm.NFKC.String(s))) }

// Currency is an ISO 4217 code: three letters, in upper case.
func Currency(s string) (string, bool) {
	t := strings.ToUpper(Identifier(s))
	if len(t) != 3 || !isLetter(t[0]) || !isLetter(t[1]) || !isLetter(t[2]) {
		return "", false
	}
	return t, true
}

// The consent statuses as the lake keeps them.
const (
	Granted   = "Granted"
	Denied    = "Denied"
	Withdrawn = "Withdrawn"
)

// ConsentStatus reads a decision about a purpose. Common words for yes and no are taken; an opt-out takes a consent back.
func ConsentStatus(s string) (string, bool) {
	switch strings.NewReplacer("-", "", "_", "", " ", "").Replace(strings.ToLower(Identifier(s))) {
	case "granted", "grant", "given", "optin", "optedin", "yes", "y", "true", "t", "1", "subscribed", "allowed", "allow":
		return Granted, true
	case "denied", "deny", "refused", "declined", "no", "n", "false", "f", "0":
		return Denied, true
	case "withdrawn", "withdraw", "revoked", "optout", "optedout", "unsubscribed":
		return Withdrawn, true
	}
	return "", false
}

// The decisions about two records as the lake keeps them.
const (
	Merge    = "Merge"
	Split    = "Split"
	Withdraw = "Withdraw"
)

// Decision reads a decision about two records, in upper or lower case.
func Decision(s string) (string, bool) {
	for _, d := range []string{Merge, Split, Withdraw} {
		if strings.EqualFold(Identifier(s), d) {
			return d, true
		}
	}
	return "", false
}

// Boolean reads true, false, yes, no, y, n, t, f, on, off, 1 and 0 in any case.
func Boolean(s string) (value, ok bool) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "t", "yes", "y", "on", "1":
		return true, true
	case "false", "f", "no", "n", "off", "0":
		return false, true
	}
	return false, false
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// tidyASCII reports whether s needs no tidying: printable ASCII with single inner spaces. Most values do not.
func tidyASCII(s string) bool {
	space := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < ' ' || c >= 0x7f || c == ' ' && space {
			return false
		}
		space = c == ' '
	}
	return !space || s == ""
}

// visible drops what prints nothing: controls other than white space, zero-width characters and the byte order mark.
func visible(r rune) rune {
	switch {
	case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\ufeff':
		return -1
	case unicode.IsControl(r) && !unicode.IsSpace(r):
		return -1
	}
	return r
}

func tidy(s string) string { return strings.Join(strings.Fields(strings.Map(visible, s)), " ") }
