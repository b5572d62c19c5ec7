package retail

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/text/encoding/korean"
)

// The sources, by the names of their DataSources in examples/retail.
const (
	sourceCRM      = "crm"
	sourceLoyalty  = "loyalty"
	sourceWeb      = "web"
	sourceShop     = "shop"
	sourceTill     = "pos"
	sourceService  = "service"
	sourceConsents = "consents"
)

// walkInEvery so many people somebody buys at a till and shows no card.
const walkInEvery = 40

var seoul = time.FixedZone("KST", 9*60*60)

// output is every file of one day.
type output struct {
	m                            *maker
	late                         bool // it is day two
	crm, shop, service, consents *table
	loyalty                      *documents
	till                         *till
	web                          []*table // one for each date, the oldest first
	truth                        *truth
}

// Generate writes the files of one day, and the truth as of that day, and returns the latter's figures.
func Generate(o Options) (Summary, error) {
	if err := o.validate(); err != nil {
		return Summary{}, err
	}
	m := newMaker(o)
	out, err := openOutput(m)
	if err != nil {
		return Summary{}, err
	}
	for n := range o.People {
		p := m.make(n)
		out.person(p)
		if n%walkInEvery == 0 {
			out.walkIn(n)
		}
		if n == o.People/2 {
			out.badRows()
		}
	}
	s := m.plan.story
	stay := o.Anonymous - s.Identified
	if !out.late {
		out.visitors(0, stay)
	} else {
		out.visitorsOnRecord(0, stay)
		out.visitors(stay, stay+s.NewVisitors)
	}
	if err := out.close(); err != nil {
		return Summary{}, err
	}
	return out.truth.summary, nil
}

func openOutput(m *maker) (*output, error) {
	o := &output{m: m, late: m.o.Day == 2}
	batch := m.o.Now.AddDate(0, 0, m.o.Day-1).Format("20060102")
	dir := m.o.Out
	var errs [7]error
	o.crm, errs[0] = newTable(dir, "crm/customers.csv", ',', korean.EUCKR.NewEncoder(),
		"고객번호", "성", "이름", "이메일", "휴대전화", "멤버십카드", "등급", "비고", "수정일시")
	o.loyalty, errs[1] = newDocuments(dir, "loyalty/members-"+batch+".ndjson.gz")
	o.shop, errs[2] = newTable(dir, "shop/orders-"+batch+".csv", ',', nil, "line_id", "order_id", "email", "sku", "quantity", "amount", "cost",
		"discount", "refunded_amount", "currency", "ordered_at", "channel")
	o.till, errs[3] = newTill(dir, "pos/transactions-"+batch+".parquet")
	o.service, errs[4] = newTable(dir, "service/cases-"+batch+".csv", ',', nil, "case_id", "customer_no", "email", "type", "status", "updated_at")
	o.consents, errs[5] = newTable(dir, "consent/consents-"+batch+".csv", ';', nil, "consent_id", "email", "phone", "loyalty_card", "purpose", "status",
		"recorded_at", "notice_version")
	o.truth, errs[6] = newTruth(m)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	first, last := -visitDays, -1
	if o.late {
		first, last = 0, 0
	}
	for d := first; d <= last; d++ {
		f, err := newTable(dir, "web/events-"+m.o.Now.AddDate(0, 0, d).Format(time.DateOnly)+".csv", ',', nil,
			"event_id", "anonymous_id", "user_email", "event", "sku", "session_id", "occurred_at")
		if err != nil {
			return nil, err
		}
		o.web = append(o.web, f)
	}
	return o, nil
}

// utc writes a time as ISO 8601.
func utc(t int64) string { return time.Unix(t, 0).UTC().Format("2006-01-02T15:04:05Z") }

// person writes the day's records of one person.
func (o *output) person(p *person) {
	for i := range p.crm {
		o.crmRow(p, &p.crm[i])
	}
	if p.loyalty != nil {
		o.own(p.id(), sourceLoyalty, p.loyalty.card)
		o.member(p.loyalty)
	}
	for i := range p.lines {
		o.purchase(p, &p.lines[i])
	}
	for _, v := range p.visits {
		owner := p.id()
		if !o.late && p.view == viewIdentified && v.anonymousID == o.m.device(uint64(p.number)*2+1) {
			owner = "A" + owner[1:] // a visitor whom nobody knows yet
		}
		o.visit(owner, v)
	}
	for _, c := range p.cases {
		o.serviceCase(p, c)
	}
	for _, s := range p.consents {
		if s.dayTwo && !o.late {
			continue
		}
		o.own(p.id(), sourceConsents, s.id)
		if s.dayTwo == o.late {
			o.consents.row(s.id, s.email, s.phone, s.card, s.purpose, s.status, utc(s.time), s.notice)
		}
	}
	o.truth.tell(p)
}

func (o *output) own(person, source, key string) { o.truth.people.row(person, source, key) }

func (o *output) crmRow(p *person, c *crmRecord) {
	o.own(p.id(), sourceCRM, c.customer)
	tier, updated := c.tier, c.updated
	if o.late && c.tierDayTwo != "" {
		tier, updated = c.tierDayTwo, c.updatedDayTwo
	}
	o.crm.row(c.customer, c.surname, c.given, c.email, c.phone, c.card, tier, c.memo, time.Unix(updated, 0).In(seoul).Format("2006-01-02 15:04"))
}

func (o *output) member(l *loyaltyRecord) {
	tier, updated := l.tier, l.updated
	if o.late {
		if l.tierDayTwo == "" {
			return
		}
		tier, updated = l.tierDayTwo, l.updatedDayTwo
	}
	o.loyalty.document(struct {
		Card    string `json:"card_no"`
		Surname string `json:"family_name"`
		Given   string `json:"given_name"`
		Email   string `json:"email,omitempty"`
		Mobile  string `json:"mobile,omitempty"`
		Tier    string `json:"tier"`
		Updated string `json:"updated_at"`
	}{l.card, l.surname, l.given, l.email, l.phone, tier, time.Unix(updated, 0).In(seoul).Format(time.RFC3339)})
}

func (o *output) purchase(p *person, l *line) {
	if l.dayTwo && !o.late {
		return
	}
	source := sourceShop
	if l.till {
		source = sourceTill
	}
	o.own(p.id(), source, l.id)
	refunded := l.refunded
	if o.late {
		if !l.dayTwo && !l.changed {
			return
		}
		if l.changed {
			refunded = l.refundedLate
		}
	}
	if l.till {
		o.till.receipt(l, p.card, refunded)
		return
	}
	email := p.email
	if l.quantity == 2 {
		email = " " + email // as some forms let through
	}
	o.shop.row(l.id, l.order, email, l.sku, strconv.FormatInt(l.quantity, 10), money(l.amount), money(l.cost), money(l.discount), money(refunded), "KRW",
		utc(l.time), "online")
}

// walkIn buys for cash: the line belongs to nobody.
func (o *output) walkIn(n int) {
	o.truth.summary.Days[0].ReceiptsWithNoCard++
	if o.late {
		o.truth.summary.Days[1].ReceiptsWithNoCard++
		return
	}
	l := line{id: fmt.Sprintf("X%07d-00", n), order: fmt.Sprintf("X%07d-0", n), sku: products[n/walkInEvery%len(products)], quantity: 1}
	l.amount, l.cost, l.time = 39_000*won, 21_000*won, o.m.now-int64(n%300+5)*day
	o.till.receipt(&l, "", 0)
}

func (o *output) visit(owner string, v visit) {
	if v.dayTwo && !o.late {
		return
	}
	o.own(owner, sourceWeb, v.id)
	if v.dayTwo == o.late {
		o.webFile(v.time).row(v.id, v.anonymousID, v.email, v.name, v.sku, v.session, utc(v.time))
	}
}

// webFile of a time: all of day two is one date, and what came before is at most visitDays old.
func (o *output) webFile(at int64) *table {
	if o.late {
		return o.web[0]
	}
	return o.web[(at-o.m.now)/day+int64(len(o.web))-1]
}

func (o *output) serviceCase(p *person, c serviceCase) {
	if c.dayTwo && !o.late {
		return
	}
	o.own(p.id(), sourceService, c.id)
	switch {
	case !o.late, c.dayTwo:
		o.service.row(c.id, c.customer, c.email, c.kind, c.status, utc(c.updated))
	case c.statusLate != "":
		o.service.row(c.id, c.customer, c.email, c.kind, c.statusLate, utc(c.updatedLate))
	}
}

// visitors below and up to those numbers come on this day; visitorsOnRecord came the day before.
func (o *output) visitors(from, to int) {
	for n := from; n < to; n++ {
		for _, v := range o.m.visitor(n, o.late) {
			o.visit(fmt.Sprintf("V%07d", n), v)
		}
	}
}

func (o *output) visitorsOnRecord(from, to int) {
	for n := from; n < to; n++ {
		for _, v := range o.m.visitor(n, false) {
			o.own(fmt.Sprintf("V%07d", n), sourceWeb, v.id)
		}
	}
}

func (o *output) close() error {
	d := &o.truth.summary.Days[len(o.truth.summary.Days)-1]
	d.Rows = map[string]int{
		sourceCRM: o.crm.rows, sourceLoyalty: o.loyalty.rows, sourceShop: o.shop.rows, sourceTill: o.till.rows, sourceService: o.service.rows,
		sourceConsents: o.consents.rows,
	}
	for _, f := range o.web {
		d.Rows[sourceWeb] += f.rows
	}
	err := closeAll(o.crm, o.loyalty, o.shop, o.till, o.service, o.consents)
	for _, f := range o.web {
		err = errors.Join(err, f.close())
	}
	return errors.Join(err, o.truth.close())
}

func closeAll(files ...interface{ close() error }) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}
