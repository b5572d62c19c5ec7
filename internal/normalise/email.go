package normalise

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of RFC 5321, in octets.
const (
	maxEmail  = 254
	maxLocal  = 64
	maxDomain = 253
	maxLabel  = 63
)

// Email is an address in lower case with its domain in ASCII (punycode where it is international). A display name
// ("Ada <ada@example.org>") is dropped. Quoted local parts, address literals and domains of one label, which no consumer
// mailbox has, are refused. Nothing is folded that a provider alone may fold, such as dots or +tags.
func Email(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if !isASCII(s) {
		s = strings.TrimSpace(strings.Map(visible, strings.ReplaceAll(s, "＠", "@")))
	}
	if strings.HasSuffix(s, ">") {
		s = strings.TrimSpace(s[strings.LastIndexByte(s, '<')+1 : len(s)-1])
	}
	s = strings.ToLower(s)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return "", false
	}
	// The domain is not put through NFKC here: IDNA has a mapping of its own, which refuses what would hide a dot.
	local := norm.NFKC.String(s[:at])
	domain, ok := domainName(s[at+1:])
	if !ok || !localPart(local) || len(local)+1+len(domain) > maxEmail {
		return "", false
	}
	return local + "@" + domain, true
}

// localPart checks a dot-atom of RFC 5322, with the letters that RFC 6531 adds.
func localPart(s string) bool {
	if s == "" || len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r)):
		case r < 0x80 && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r):
		default:
			return false
		}
	}
	return true
}

func domainName(s string) (string, bool) {
	if !isASCII(s) || strings.Contains(s, "xn--") {
		ascii, err := idna.Lookup.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = ascii
	}
	if len(s) > maxDomain || strings.IndexByte(s, '.') < 0 {
		return "", false
	}
	label := ""
	for rest, more := s, true; more; {
		label, rest, more = strings.Cut(rest, ".")
		if !hostLabel(label) {
			return "", false
		}
	}
	return s, strings.Trim(label, "0123456789") != ""
}

func hostLabel(l string) bool {
	if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := 0; i < len(l); i++ {
		if c := l[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
