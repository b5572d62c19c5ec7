package person

import "strings"

// provider is what a mail provider makes of the local part: what follows tag is the owner's choice, and dots may not count.
type provider struct {
	tag  byte
	dots bool   // dots make no difference
	as   string // the domain under which the same mailbox is also known
}

// providers has the rules that the providers document:
//
//   - Gmail: dots do not matter (support.google.com/mail/answer/7436150), what follows + does not (answer/22370), and googlemail.com is gmail.com
//     (answer/10313).
//   - Outlook.com, with Hotmail, Live and MSN: what follows + does not matter (Microsoft Learn documents it for Exchange Online, on
//     which these run, in "Plus addressing in Exchange Online"). The domains are different mailboxes.
//   - iCloud: what follows + does not matter; me.com and mac.com are older names of it (support.apple.com/118230).
//   - Fastmail: what follows + does not matter ("Plus addressing and subdomain addressing", fastmail.help 360060591053).
//   - Proton: what follows + does not matter (proton.me/support/addresses-and-aliases).
//   - Yahoo: a disposable address is a base name, a hyphen and a keyword (help.yahoo.com, "disposable email addresses"); no other address has a hyphen.
var providers = map[string]provider{
	"gmail.com": {tag: '+', dots: true}, "googlemail.com": {tag: '+', dots: true, as: "gmail.com"},
	"icloud.com": {tag: '+'}, "me.com": {tag: '+', as: "icloud.com"}, "mac.com": {tag: '+', as: "icloud.com"},
	"fastmail.com": {tag: '+'}, "fastmail.fm": {tag: '+'},
	"proton.me": {tag: '+'}, "protonmail.com": {tag: '+'}, "protonmail.ch": {tag: '+'}, "pm.me": {tag: '+'},
	"ymail.com": {tag: '-'}, "rocketmail.com": {tag: '-'}, "msn.com": {tag: '+'},
}

// national are the providers with a domain of their own in many countries: hotmail.co.uk, yahoo.co.jp.
var national = map[string]provider{"outlook": {tag: '+'}, "hotmail": {tag: '+'}, "live": {tag: '+'}, "yahoo": {tag: '-'}}

// Mailbox is the address under which the provider keeps the mailbox that an address leads to, so that all of an owner's ways to write
// one are the same. It is for comparing: mail goes to the address itself. The address is in the form of normalise.Email; an address of a
// provider without a rule is its own mailbox.
func Mailbox(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok {
		return email
	}
	p := providerOf(domain)
	if p.tag == 0 {
		return email
	}
	box := local
	if at := strings.IndexByte(box, p.tag); at > 0 {
		box = box[:at]
	}
	if p.dots {
		box = strings.ReplaceAll(box, ".", "")
	}
	switch {
	case p.as != "":
		return box + "@" + p.as
	case len(box) == len(local):
		return email
	}
	return box + "@" + domain
}

func providerOf(domain string) provider {
	if p, ok := providers[domain]; ok {
		return p
	}
	name, country, _ := strings.Cut(domain, ".")
	if len(country) == 2 || country == "com" || len(country) == 5 && country[2] == '.' || strings.HasPrefix(country, "com.") && len(country) == 6 {
		return national[name]
	}
	return provider{}
}

// LocalPart is what stands before the @ of a Mailbox, in letters only: people add numbers and move the dots when a name is taken. It is for comparing
// approximately, as with a name, and is empty where no letter is left.
func LocalPart(email string) string {
	local, _, ok := strings.Cut(Mailbox(email), "@")
	if !ok {
		return ""
	}
	local, _, _ = strings.Cut(local, "+")
	if strings.IndexFunc(local, noLetter) < 0 {
		return local
	}
	return strings.Map(func(r rune) rune {
		if noLetter(r) {
			return -1
		}
		return r
	}, local)
}

func noLetter(r rune) bool { return r < 0x80 && (r < 'a' || r > 'z') }
