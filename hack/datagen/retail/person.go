package retail

import (
	"fmt"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// kind is where a customer is on record.
type kind int

const (
	kindBoth    kind = iota // CRM and loyalty programme
	kindCRM                 // CRM only
	kindLoyalty             // loyalty programme only
	kindGuest               // nowhere but in orders, visits and consents, by email
)

// link is how the two records of kindBoth can be known to be one person.
type link int

const (
	linkCardEmail link = iota // the CRM has the card, and both have the email
	linkEmail                 // only the email
	linkCardTypo              // the card; the loyalty programme misspelt the email
	linkCardOnly              // the card; the CRM has no email, or junk for one
	linkPhone                 // only the phone
)

// person is one customer, with all records of both days.
type person struct {
	number int
	role
	kind   kind
	link   link
	shared bool // the phone belongs to two people with cards

	surname, given     string
	email, phone, card string // as the person has them; the phone in E.164
	customer           string // number of the main CRM record
	crm                []crmRecord
	loyalty            *loyaltyRecord
	lines              []line
	visits             []visit
	cases              []serviceCase
	consents           []statement
	firstName          string // of the record that was changed last
	phoneOnRecord      bool   // in a Profile record and nobody else's
}

func (p *person) id() string { return fmt.Sprintf("P%07d", p.number) }

// inCRM and carded say where the person is on record.
func (p *person) inCRM() bool  { return p.kind == kindBoth || p.kind == kindCRM }
func (p *person) carded() bool { return p.kind == kindBoth || p.kind == kindLoyalty }

// maker makes people; it has no state but the plan.
type maker struct {
	o    Options
	plan *plan
	now  int64 // end of day one, in seconds
}

func newMaker(o Options) *maker { return &maker{o: o, plan: newPlan(o), now: o.Now.Unix()} }

// kindOf a person can be asked without making the person: a family's members ask it of each other.
func (m *maker) kindOf(number int, r role) kind {
	n := draw.New(m.o.Seed, streamKind, uint64(number)).Below(100)
	switch r.card {
	case cardNone:
		return kindCRM
	case cardHeld:
		if n < 95 {
			return kindBoth
		}
		return kindLoyalty
	}
	switch {
	case n < 70:
		return kindBoth
	case n < 95:
		return kindCRM
	case n < 97:
		return kindLoyalty
	}
	return kindGuest
}

// family tells whether a person shares the phone of its head: pairs of neighbours, six in a hundred, when both hold a card. Only
// the guard on loyalty cards keeps such people apart, so somebody without a card never shares one.
func (m *maker) family(number int) (head int, shared bool) {
	head = number &^ 1
	if head+1 >= m.o.People || !draw.New(m.o.Seed, streamFamily, uint64(head)).Percent(6) {
		return number, false
	}
	for _, n := range []int{head, head + 1} {
		if k := m.kindOf(n, m.plan.role(n)); k != kindBoth && k != kindLoyalty {
			return number, false
		}
	}
	return head, true
}

// make a person with all records of both days.
func (m *maker) make(number int) *person {
	p := &person{number: number, role: m.plan.role(number)}
	p.kind = m.kindOf(number, p.role)
	head, shared := m.family(number)
	p.shared = shared
	r := draw.New(m.o.Seed, streamPerson, uint64(number))
	m.name(p, r, head)
	p.phone = "+82" + mobile(head, 0)
	if p.carded() {
		p.card = fmt.Sprintf("8801%09d", spread(number, 1_000_000_000))
	}
	m.register(p, r)
	m.purchase(p)
	m.browse(p)
	m.complain(p)
	m.consent(p)
	return p
}

// name gives the members of a family one surname, and everyone an email that is nobody else's.
func (m *maker) name(p *person, r draw.RNG, head int) {
	h := draw.New(m.o.Seed, streamFamily, uint64(head)+1<<40)
	country := nationalityOf(h.Below(100))
	surname, given := draw.Pick(h, country.surnames), draw.Pick(r, country.given)
	p.surname, p.given = surname.native, given.native
	host := draw.Pick(r, []string{"naver.example", "daum.example", "mail.example", "post.example"})
	p.email = fmt.Sprintf("%s.%s%d@%s", given.roman, surname.roman, p.number, host)
}

// mobile is the national number, without the trunk zero, of a person's first or an earlier phone: unique, and none of the reserved
// ones that begin with 0 or 1.
func mobile(number, earlier int) string {
	n := spread(2*number+earlier, 70_000_000)
	return fmt.Sprintf("10%c%07d", "2346789"[n/10_000_000], n%10_000_000)
}

// spread maps the numbers below n to other numbers below n, each to its own; n must not be a multiple of 15485863.
func spread(number, n int) int { return int((int64(number)*15_485_863 + 104_729) % int64(n)) }

// typed is a phone number as somebody types it.
func typed(r draw.RNG, e164 string) string {
	n := strings.TrimPrefix(e164, "+82")
	switch r.Below(4) {
	case 0:
		return "0" + n[:2] + "-" + n[2:6] + "-" + n[6:]
	case 1:
		return "0" + n
	case 2:
		return "+82 " + n[:2] + "-" + n[2:6] + "-" + n[6:]
	}
	return "0" + n[:2] + " " + n[2:6] + " " + n[6:]
}

// emailTyped is the same address as somebody else types it.
func emailTyped(r draw.RNG, email string) string {
	switch r.Below(6) {
	case 0:
		return strings.ToUpper(email[:1]) + email[1:]
	case 1:
		return strings.ToUpper(email)
	}
	return email
}
