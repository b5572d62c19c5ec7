package retail

import (
	"fmt"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// crmRecord is one row of the CRM export.
type crmRecord struct {
	customer, surname, given, email, phone, card, tier, memo string
	updated                                                  int64
	tierDayTwo                                               string // when not empty, the row changes on day two
	updatedDayTwo                                            int64
}

// loyaltyRecord is one member of the loyalty programme.
type loyaltyRecord struct {
	card, surname, given, email, phone, tier string
	updated                                  int64
	tierDayTwo                               string // as in crmRecord
	updatedDayTwo                            int64
}

const (
	junkEmail = "test@test.com"
	junkPhone = "010-0000-0000"
)

var (
	tiers = []string{"BASIC", "SILVER", "GOLD", "BLACK"}
	memos = []string{"", "", "", "", "", "N/A", "배송 전 연락, 문 앞에 두지 마세요", "\"등산화\" 문의", "매장 수령, \"선물 포장\" 요청\n재방문 예정"}
)

// register makes the records of the CRM and the loyalty programme. What holds them together is chosen here, so that every person
// can be found whole: by card, by an email, or by a phone that is nobody else's.
func (m *maker) register(p *person, r draw.RNG) {
	p.link = m.linkOf(p, r)
	p.customer = customerNumber(p.number, 0)
	p.firstName = p.given
	if p.carded() {
		p.loyalty = m.loyaltyMember(p, r)
		// A change makes the record the latest, whose name then counts: only where that is the same name.
		if r.Percent(1) && p.given == withoutAccents.Replace(p.given) {
			p.loyalty.tierDayTwo, p.loyalty.updatedDayTwo = tiers[0], m.now+r.Between(8, 16)*60*60
		}
	}
	if !p.inCRM() {
		return
	}
	main := m.crmMain(p, r)
	m.misspell(p, r, &main)
	p.crm = []crmRecord{main}
	if r.Percent(6) {
		p.crm = append(p.crm, m.crmDuplicate(p, r, main))
	}
	p.phoneOnRecord = !p.shared && (p.ownPhone(main.phone) || p.loyalty != nil && p.ownPhone(p.loyalty.phone))
	if r.Percent(1) && p.given == main.given {
		p.crm[0].tierDayTwo = tiers[len(tiers)-1]
		p.crm[0].updatedDayTwo = m.now + r.Between(8, 16)*60*60
	}
}

func (m *maker) linkOf(p *person, r draw.RNG) link {
	n := r.Below(100)
	switch {
	case p.kind != kindBoth || n < 70:
		return linkCardEmail
	case n < 82:
		return linkEmail
	case n < 89:
		return linkCardTypo
	case n < 96 || p.shared: // a shared phone links nobody
		return linkCardOnly
	}
	return linkPhone
}

// changedAt is when a record was last changed: to the minute, which is all that the CRM tells.
func (m *maker) changedAt(r draw.RNG, days int64) int64 {
	return m.now - r.Between(2, days)*day - r.Below(24*60)*60
}

func customerNumber(number, copy int) string { return fmt.Sprintf("C%08d", 2*number+copy) }

func (m *maker) loyaltyMember(p *person, r draw.RNG) *loyaltyRecord {
	l := &loyaltyRecord{
		card: p.card, surname: p.surname, given: p.given, email: emailTyped(r, p.email), phone: typed(r, p.phone), tier: draw.Pick(r, tiers),
		updated: m.changedAt(r, 600),
	}
	switch {
	case p.link == linkPhone:
		l.email = ""
	case p.link == linkCardTypo:
		l.email = strings.Replace(p.email, ".example", ".exmaple", 1)
	case p.link == linkCardEmail && p.kind == kindBoth && r.Percent(20):
		l.email = ""
	}
	if p.link != linkPhone && r.Percent(7) {
		l.phone = ""
	}
	if p.kind == kindLoyalty {
		p.phoneOnRecord = !p.shared && p.ownPhone(l.phone)
	}
	return l
}

func (m *maker) crmMain(p *person, r draw.RNG) crmRecord {
	c := crmRecord{
		customer: p.customer, surname: p.surname, given: withoutAccents.Replace(p.given), email: emailTyped(r, p.email), phone: typed(r, p.phone),
		tier: draw.Pick(r, tiers), memo: draw.Pick(r, memos), updated: m.changedAt(r, 900),
	}
	if p.link == linkCardEmail || p.link == linkCardTypo || p.link == linkCardOnly {
		c.card = p.card
	}
	if p.link == linkCardOnly {
		c.email = draw.Pick(r, []string{"", "N/A", junkEmail})
	}
	if p.link != linkPhone {
		switch n := r.Below(100); {
		case n < 12:
			c.phone = ""
		case n < 14:
			c.phone = junkPhone
		case n < 19 && !p.shared:
			c.phone = "0" + mobile(p.number, 1) // the one before
		}
	}
	return c
}

// misspell the CRM's name now and then, and settle which name was written last: a misspelt one is always older.
func (m *maker) misspell(p *person, r draw.RNG, c *crmRecord) {
	if p.loyalty == nil {
		p.firstName = c.given
		return
	}
	if r.Percent(10) {
		c.given = misspelt(c.given)
		c.updated = p.loyalty.updated - r.Between(1, 90)*day
	}
	if c.updated == p.loyalty.updated {
		c.updated -= day
	}
	if c.updated > p.loyalty.updated {
		p.firstName = c.given
	}
}

// crmDuplicate is the same customer entered again, earlier and under another number.
func (m *maker) crmDuplicate(p *person, r draw.RNG, main crmRecord) crmRecord {
	d := main
	d.customer = customerNumber(p.number, 1)
	d.updated = main.updated - r.Between(30, 400)*day
	d.memo = ""
	if p.loyalty != nil && d.updated >= p.loyalty.updated {
		d.updated = p.loyalty.updated - day
	}
	if r.Percent(40) {
		d.given = misspelt(d.given)
	}
	hasEmail := strings.Contains(main.email, "@") && main.email != junkEmail
	phoneLinks := !p.shared && p.ownPhone(main.phone)
	switch {
	case hasEmail && phoneLinks && r.Percent(30):
		d.email, d.card = "", "" // the phone alone tells
	case hasEmail:
		d.email, d.card = strings.ToUpper(main.email), ""
	case main.card != "" && !p.planted:
		d.email = fmt.Sprintf("old.%d@mail.example", p.number) // the card tells
	}
	return d
}

// ownPhone says whether a number as typed is the person's, not junk, an earlier one or missing.
func (p *person) ownPhone(typed string) bool {
	return strings.HasSuffix(digits(typed), strings.TrimPrefix(p.phone, "+82"))
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}
