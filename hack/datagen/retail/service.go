package retail

import (
	"fmt"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// serviceCase is one case of the service desk, as day one and, if it changed, as day two has it.
type serviceCase struct {
	id, customer, email, kind, status, statusLate string
	updated, updatedLate                          int64
	dayTwo                                        bool // opened on day two
}

const (
	caseComplaint = "complaint"
	caseQuestion  = "question"
	caseOpen      = "OPEN"
	caseClosed    = "CLOSED"
)

// complain makes the person's cases. Questions, and complaints that were settled, keep nobody out of anything.
func (m *maker) complain(p *person) {
	r := draw.New(m.o.Seed, streamService, uint64(p.number))
	late := func() int64 { return m.now + r.Between(1, 22)*60*60 }
	switch p.complaint {
	case complaintOpen:
		p.addCase(serviceCase{kind: caseComplaint, status: caseOpen, updated: m.at(r, 1, 60)})
	case complaintCloses:
		p.addCase(serviceCase{kind: caseComplaint, status: caseOpen, updated: m.at(r, 1, 60), statusLate: caseClosed, updatedLate: late()})
	case complaintAny:
		switch n := r.Below(1000); {
		case n < 15:
			p.addCase(serviceCase{kind: caseComplaint, status: caseOpen, updated: m.at(r, 1, 200)})
		case n < 20:
			p.addCase(serviceCase{kind: caseComplaint, status: caseOpen, updated: m.at(r, 1, 60), statusLate: caseClosed, updatedLate: late()})
		case n < 23:
			p.addCase(serviceCase{kind: caseComplaint, status: caseOpen, updated: late(), dayTwo: true})
		}
	}
	if r.Percent(2) {
		p.addCase(serviceCase{kind: caseQuestion, status: caseOpen, updated: m.at(r, 1, 90)})
	}
	if r.Percent(2) {
		p.addCase(serviceCase{kind: caseComplaint, status: caseClosed, updated: m.at(r, 20, 400)})
	}
}

func (p *person) addCase(c serviceCase) {
	c.id = fmt.Sprintf("S%07d-%d", p.number, len(p.cases))
	if p.inCRM() {
		c.customer = p.customer
	} else {
		c.email = p.email
	}
	p.cases = append(p.cases, c)
}

// complains says whether the person has an open complaint at the end of a day.
func (p *person) complains(dayTwo bool) bool {
	for _, c := range p.cases {
		open := c.status == caseOpen && (dayTwo || !c.dayTwo)
		if dayTwo && c.statusLate != "" {
			open = c.statusLate == caseOpen
		}
		if c.kind == caseComplaint && open {
			return true
		}
	}
	return false
}
