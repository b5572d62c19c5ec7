package retail

import (
	"fmt"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// statement is one row of the consent store: what one identifier said about one purpose.
type statement struct {
	id, email, phone, card  string
	purpose, status, notice string
	time                    int64
	dayTwo                  bool
}

const (
	mail      = "marketing-email"
	stores    = "store-service"
	analytics = "analytics"

	granted   = "Granted"
	denied    = "Denied"
	withdrawn = "Withdrawn"
)

// consent makes the person's statements. Consent to mail expires after two years, 17520 hours.
func (m *maker) consent(p *person) {
	r := draw.New(m.o.Seed, streamConsent, uint64(p.number))
	kind := p.role.consent
	if kind == consentAny {
		kind = anyConsent(r)
	}
	switch kind {
	case consentGranted:
		m.grant(p, r)
	case consentUnknown: // something was said, but not about mail
		if r.Percent(50) {
			p.say(statement{email: p.email, purpose: analytics, status: granted, time: m.at(r, 5, 700)})
		}
	case consentDenied:
		p.say(statement{email: p.email, purpose: mail, status: denied, time: m.at(r, 5, 700)})
	case consentWithdrawn:
		p.say(statement{email: p.email, purpose: mail, status: granted, time: m.at(r, 300, 700)})
		p.say(statement{email: p.email, purpose: mail, status: withdrawn, time: m.at(r, 2, 299)})
	case consentExpired:
		p.say(statement{email: p.email, purpose: mail, status: granted, time: m.at(r, 740, 1200)})
	case consentConflicted:
		p.say(statement{email: p.email, purpose: mail, status: granted, time: m.at(r, 5, 700)})
		p.say(p.elsewhere(statement{purpose: mail, status: denied, time: m.at(r, 5, 700)}))
	}
	late := m.now + r.Between(1, 22)*60*60
	if p.grants {
		p.say(statement{email: p.email, purpose: mail, status: granted, time: late, dayTwo: true})
	}
	if p.withdraws {
		s := statement{purpose: mail, status: withdrawn, time: late, dayTwo: true}
		if r.Percent(70) {
			s.email = p.email
		} else {
			s = p.elsewhere(s)
		}
		p.say(s)
	}
	if p.objected || p.complaint == complaintAny && r.Percent(2) {
		p.say(statement{email: p.email, purpose: stores, status: denied, time: m.at(r, 5, 700)})
	}
}

// anyConsent is what people say for whom the story has no plan. None has two minds: that needs a second identifier.
func anyConsent(r draw.RNG) consentKind {
	switch n := r.Below(100); {
	case n < 62:
		return consentGranted
	case n < 74:
		return consentUnknown
	case n < 86:
		return consentDenied
	case n < 95:
		return consentWithdrawn
	}
	return consentExpired
}

// grant is a consent that holds on both days: by email, mostly, sometimes also by another identifier, or after an earlier no.
func (m *maker) grant(p *person, r draw.RNG) {
	s := statement{email: p.email, purpose: mail, status: granted, time: m.at(r, 5, 700)}
	switch n := r.Below(100); {
	case n < 12:
		p.say(p.elsewhere(statement{purpose: mail, status: granted, time: m.at(r, 5, 700)}))
	case n < 22:
		p.say(statement{email: p.email, purpose: mail, status: denied, time: s.time - r.Between(10, 200)*day})
	case n < 26 && p.carded():
		s = p.elsewhere(s)
	}
	p.say(s)
}

// elsewhere lets another identifier than the email say it, where the person has one: a phone that is nobody else's, or the card.
func (p *person) elsewhere(s statement) statement {
	s.email = ""
	switch {
	case p.phoneOnRecord && p.number%2 == 0, p.phoneOnRecord && !p.carded():
		s.phone = p.phone
	case p.carded():
		s.card = p.card
	default:
		s.email = p.email
	}
	return s
}

func (p *person) say(s statement) {
	s.id = fmt.Sprintf("K%07d-%d", p.number, len(p.consents))
	s.notice = fmt.Sprintf("2025-%d", 1+len(p.consents)%2)
	p.consents = append(p.consents, s)
}
