package retail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// The story of one person, told from the role and not from the records: whether the records tell the same is for tests to find out.

func (m *maker) isTop(p *person, dayTwo bool) bool {
	top := p.rank <= m.plan.story.Top
	if !dayTwo {
		return top
	}
	return top && !p.returns || !top && p.rank <= m.plan.story.Top+m.plan.story.Promoted
}

func (p *person) viewed(dayTwo bool) bool {
	switch p.view {
	case viewDayOne:
		return true
	case viewDrifts:
		return !dayTwo
	case viewDayTwo, viewIdentified:
		return dayTwo
	}
	return false
}

func (m *maker) isEarly(p *person, dayTwo bool) bool { return m.isTop(p, dayTwo) && p.viewed(dayTwo) }

// Why somebody in the audience is sent or not, in the words of the ledger.
const (
	eligible         = "Eligible"
	excluded         = "Excluded"
	consentUnknownTo = "ConsentUnknown"
	consentDeniedTo  = "ConsentDenied"
	consentWithdrew  = "ConsentWithdrawn"
	consentTooOld    = "ConsentExpired"
	keyMissing       = "KeyMissing"
	leftAudience     = "LeftAudience"
)

func (m *maker) mailReason(p *person, dayTwo bool) string {
	switch {
	case !m.isEarly(p, dayTwo):
		return leftAudience
	case p.complains(dayTwo):
		return excluded
	case dayTwo && p.withdraws:
		return consentWithdrew
	case dayTwo && p.grants:
		return eligible
	}
	switch p.role.consent {
	case consentUnknown:
		return consentUnknownTo
	case consentDenied, consentConflicted:
		return consentDeniedTo
	case consentWithdrawn:
		return consentWithdrew
	case consentExpired:
		return consentTooOld
	}
	return eligible
}

func (m *maker) storeReason(p *person, dayTwo bool) string {
	switch {
	case !m.isEarly(p, dayTwo):
		return leftAudience
	case p.complains(dayTwo):
		return excluded
	case p.objected:
		return consentDeniedTo
	case !p.carded():
		return keyMissing
	}
	return eligible
}

// DaySummary is what holds at the end of one day.
type DaySummary struct {
	Day                int            `json:"day"`
	Now                string         `json:"now"`
	Known              int            `json:"known"`     // people, however many records they are
	Anonymous          int            `json:"anonymous"` // visitors
	Segments           map[string]int `json:"segments"`
	Mail               map[string]int `json:"mail"`                  // reason -> people of the audience, and who left it after being sent
	Stores             map[string]int `json:"stores"`                // the same
	MailEnter          int            `json:"mailEnter"`             // sent, and not the day before
	MailLeave          int            `json:"mailLeave"`             // sent the day before, and not any more
	Rows               map[string]int `json:"rows,omitempty"`        // source -> rows in the files of the day generated last
	Quarantined        map[string]int `json:"quarantined,omitempty"` // source -> rows of those that belong in quarantine
	ReceiptsWithNoCard int            `json:"receiptsWithNoCard"`    // on file so far; they belong to nobody
}

// Summary is truth/summary.json.
type Summary struct {
	People    int          `json:"people"`
	Anonymous int          `json:"anonymous"`
	Seed      uint64       `json:"seed"`
	Days      []DaySummary `json:"days"`
}

func (s Summary) String() string {
	d := s.Days[len(s.Days)-1]
	return fmt.Sprintf("day %d: %d people and %d visitors; %d viewed Trail One, %d of them are of the top tenth; %d are sent (%d enter, %d leave)",
		d.Day, d.Known, d.Anonymous, d.Segments["viewed-trail-one"], d.Segments["early-access"], d.Mail[eligible], d.MailEnter, d.MailLeave)
}

// invited is what the ranking of the stores needs to remember of somebody with early access.
type invited struct {
	person int
	card   string
	profit [2]int64
	member [2]bool
	sent   [2]bool
}

// truth collects the answers up to the day that is generated.
type truth struct {
	m                                     *maker
	days                                  int
	people, segments, mail, storePriority *table
	invited                               []invited
	summary                               Summary
}

func newTruth(m *maker) (*truth, error) {
	o := m.o
	t := &truth{m: m, days: o.Day, summary: Summary{People: o.People, Anonymous: o.Anonymous, Seed: o.Seed}}
	for d := range t.days {
		t.summary.Days = append(t.summary.Days, DaySummary{
			Day: d + 1, Now: o.Now.AddDate(0, 0, d).Format("2006-01-02T15:04:05Z"), Known: o.People, Anonymous: o.Anonymous,
			Segments: map[string]int{}, Mail: map[string]int{}, Stores: map[string]int{},
		})
	}
	if t.days == 2 {
		t.summary.Days[1].Anonymous += m.plan.story.NewVisitors - m.plan.story.Identified
	}
	for _, f := range []struct {
		to     **table
		name   string
		header []string
	}{
		{&t.people, "people.csv", []string{"person", "source", "record_key"}},
		{&t.segments, "segments.csv", []string{"segment", "person", "day"}},
		{&t.mail, "early-access-email.csv", []string{"person", "email_sha256", "first_name", "day", "reason"}},
		{&t.storePriority, "store-priority.csv", []string{"loyalty_card", "rank", "day"}},
	} {
		var err error
		if *f.to, err = newTable(o.Out, "truth/"+f.name, ',', nil, f.header...); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// tell the truth about one person.
func (t *truth) tell(p *person) {
	i := invited{person: p.number, card: p.card}
	for d := range t.days {
		dayTwo := d == 1
		is := map[string]bool{
			"viewed-trail-one": p.viewed(dayTwo), "top-profit": t.m.isTop(p, dayTwo), "early-access": t.m.isEarly(p, dayTwo),
			"open-complaint": p.complains(dayTwo), "one-time-buyers": p.keptLines(dayTwo) == 1,
		}
		for _, name := range []string{"viewed-trail-one", "top-profit", "early-access", "open-complaint", "one-time-buyers"} {
			if is[name] {
				t.segments.row(name, p.id(), strconv.Itoa(d+1))
				t.summary.Days[d].Segments[name]++
			}
		}
		i.member[d], i.profit[d] = is["early-access"], p.profit365(dayTwo, t.m.now)
		i.sent[d] = t.m.storeReason(p, dayTwo) == eligible
	}
	if !i.member[0] && !i.member[1] {
		return
	}
	t.invited = append(t.invited, i)
	t.tellActivations(p, i)
}

func (t *truth) tellActivations(p *person, i invited) {
	sum := sha256.Sum256([]byte(p.email))
	sent := [2]bool{t.m.mailReason(p, false) == eligible, t.m.mailReason(p, true) == eligible}
	for d := range t.days {
		s := &t.summary.Days[d]
		if i.member[d] || d == 1 && sent[0] {
			reason := t.m.mailReason(p, d == 1)
			t.mail.row(p.id(), hex.EncodeToString(sum[:]), p.firstName, strconv.Itoa(d+1), reason)
			s.Mail[reason]++
		}
		if i.member[d] || d == 1 && i.sent[0] {
			s.Stores[t.m.storeReason(p, d == 1)]++
		}
		if sent[d] && (d == 0 || !sent[0]) {
			s.MailEnter++
		}
		if d == 1 && sent[0] && !sent[1] {
			s.MailLeave++
		}
	}
}

// rank everybody with early access by profit, those who are not sent included, and write down whom the stores call in.
func (t *truth) rank() {
	for d := range t.days {
		slices.SortFunc(t.invited, func(a, b invited) int { return cmp.Compare(b.profit[d], a.profit[d]) })
		rank := 0
		for _, i := range t.invited {
			if !i.member[d] {
				continue
			}
			rank++
			if i.sent[d] {
				t.storePriority.row(i.card, strconv.Itoa(rank), strconv.Itoa(d+1))
			}
		}
	}
}

func (t *truth) close() error {
	t.rank()
	b, err := json.MarshalIndent(t.summary, "", "  ")
	if err != nil {
		return err
	}
	f, err := create(t.m.o.Out, "truth/summary.json")
	if err != nil {
		return err
	}
	f.write(append(b, '\n'))
	return closeAll(t.people, t.segments, t.mail, t.storePriority, f)
}
