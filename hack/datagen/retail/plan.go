package retail

import "github.com/kith-dev/kith/hack/datagen/draw"

// consentKind is what a person said about mail, as of day one.
type consentKind int

const (
	consentGranted consentKind = iota
	consentUnknown
	consentDenied
	consentWithdrawn
	consentExpired
	consentConflicted // one of two identifiers granted, the other denied
	consentAny        // drawn at random: the story does not need to know
)

// viewKind is when a person looked at Trail One.
type viewKind int

const (
	viewNever      viewKind = iota
	viewDayOne              // within the window on both days
	viewDrifts              // within the window on day one only
	viewDayTwo              // for the first time on day two
	viewIdentified          // before day one as a visitor whom nobody knew, who signs in on day two
)

type complaintKind int

const (
	complaintNone complaintKind = iota
	complaintOpen
	complaintCloses // open on day one, closed on day two
	complaintAny
)

// cardKind is what the story needs to know about a person's loyalty card.
type cardKind int

const (
	cardAny cardKind = iota
	cardHeld
	cardNone
)

// role of one person in the story.
type role struct {
	rank      int // by profit on day one, 1 is the highest
	view      viewKind
	consent   consentKind
	complaint complaintKind
	card      cardKind
	objected  bool // to being served by the stores
	grants    bool // consent on day two
	withdraws bool // it on day two
	returns   bool // the largest purchase on day two
	planted   bool // plays a part in the audience on one of the days
}

// plan gives every person a slot, and every slot a role.
type plan struct {
	story  story
	people int
	slots  []int32 // person -> slot
	top    []int32 // slot -> rank-1, for slots below story.Top
	rest   []int32 // slot-lowest -> rank offset, for the others below the promoted
}

func newPlan(o Options) *plan {
	s := newStory(o.People)
	r := draw.New(o.Seed, streamPlan, 0)
	return &plan{
		story: s, people: o.People,
		slots: r.Permutation(o.People), top: r.Permutation(s.Top), rest: r.Permutation(o.People - s.Top - s.Promoted),
	}
}

// role of a person. The slots below Top are the top tenth: first those who viewed, by what becomes of them.
func (p *plan) role(person int) role {
	s, slot := p.story, int(p.slots[person])
	switch {
	case slot < s.Early:
		return p.early(slot)
	case slot < s.Top:
		return p.topWithoutView(slot)
	case slot < s.Top+s.Promoted:
		// Next in rank: they viewed and consented, and enter the top when others fall out of it.
		return role{rank: slot + 1, view: viewDayOne, card: cardHeld, planted: true}
	}
	low := slot - s.Top - s.Promoted
	r := role{rank: s.Top + s.Promoted + 1 + int(p.rest[low]), consent: consentAny, complaint: complaintAny}
	viewers := s.Viewed - s.Early - s.Promoted
	switch {
	case low < s.Drift:
		r.view = viewDrifts
	case low < viewers:
		r.view = viewDayOne
	case low < viewers+s.NewViewOther:
		r.view = viewDayTwo
	}
	return r
}

func (p *plan) early(slot int) role {
	s := p.story
	r := role{rank: int(p.top[slot]) + 1, view: viewDayOne, card: cardHeld, planted: true}
	if slot < s.Complaint {
		r.complaint = complaintOpen
		if slot < s.Closed {
			r.complaint = complaintCloses
		} else {
			r.consent = consentAny
		}
		return r
	}
	at := slot - s.Complaint
	groups := []struct {
		size int
		kind consentKind
	}{{s.Unknown, consentUnknown}, {s.Denied, consentDenied}, {s.Withdrawn, consentWithdrawn}, {s.Expired, consentExpired}, {s.Conflicted, consentConflicted}}
	for _, g := range groups {
		if at < g.size {
			r.consent = g.kind
			r.grants = g.kind == consentUnknown && at < s.Granted
			return r
		}
		at -= g.size
	}
	// What follows is sent on day one; fromEnd counts the last slots of these.
	fromEnd := s.Early - 1 - slot
	switch {
	case at < s.Withdraw:
		r.withdraws = true
	case at < s.Withdraw+s.Return:
		r.returns = true
	case fromEnd < s.NoCard:
		r.card = cardNone
	case fromEnd < s.NoCard+s.Objected:
		r.objected = true
	}
	return r
}

func (p *plan) topWithoutView(slot int) role {
	s := p.story
	r := role{rank: int(p.top[slot]) + 1}
	switch {
	case slot < s.Early+s.NewView:
		r.view, r.card, r.planted = viewDayTwo, cardHeld, true
	case slot < s.Early+s.NewView+s.Identified:
		r.view, r.card, r.planted = viewIdentified, cardHeld, true
	default:
		r.consent, r.complaint = consentAny, complaintAny
	}
	return r
}

// Money is counted in ten-thousandths of a won.
const won = int64(10000)

// profit of a rank on day one. The top earn more than 500,000 won, the promoted between 400,000 and 420,000, everyone else less
// than 310,000: what a day's small purchases change moves nobody across these gaps. All values above zero are distinct.
func (p *plan) profit(rank int) int64 {
	top, promoted := int64(p.story.Top), int64(p.story.Promoted)
	r := int64(rank)
	if r <= top {
		curve := top/50 + 1
		return 500_000*won + 600_000*won*(top-r)/top + 2_000_000*won*curve/(r+curve)
	}
	r -= top
	if r <= promoted {
		return 400_000*won + 20_000*won*(promoted-r)/promoted
	}
	r -= promoted
	rest := int64(p.people) - top - promoted
	earning := rest * 70 / 100
	if r <= earning {
		left := earning - r
		part := left * 1_000_000 / earning
		return 1000*won + 30_000*won*left/earning + part*part/1_000_000*270_000*won/1_000_000
	}
	if losing := rest * 3 / 100; r > rest-losing {
		return -(1000*won + 60_000*won*(r-rest+losing)/losing)
	}
	return 0
}
