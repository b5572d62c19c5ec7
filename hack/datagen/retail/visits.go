package retail

import (
	"fmt"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// visit is one event of the web shop.
type visit struct {
	id, anonymousID, email, name, sku, session string
	time                                       int64
	dayTwo                                     bool
}

const (
	productViewed = "Product Viewed"
	signedIn      = "Signed In"
	visitDays     = 29 // how far back the web events go
)

var trailOne = []string{"TRAIL-ONE-250", "TRAIL-ONE-260", "TRAIL-ONE-270", "TRAIL-ONE-280"}

// browsing collects the visits of one person or of one visitor whom nobody knows.
type browsing struct {
	m      *maker
	r      draw.RNG
	prefix string
	visits []visit
}

func (b *browsing) add(v visit) {
	v.id = fmt.Sprintf("%s-%02d", b.prefix, len(b.visits))
	v.session = fmt.Sprintf("%s-%d", b.prefix, v.time/day%1000)
	b.visits = append(b.visits, v)
}

// device is an anonymous id; no two numbers give the same.
func (m *maker) device(number uint64) string {
	return fmt.Sprintf("anon-%016x", draw.Mix(number+m.o.Seed<<40))
}

// browse makes what a customer did in the web shop. Each device that he uses is signed in on at least once, and so his; what he did on
// it before, under an anonymous id only, counts as well.
func (m *maker) browse(p *person) {
	b := &browsing{m: m, r: draw.New(m.o.Seed, streamWeb, uint64(p.number)), prefix: fmt.Sprintf("E%07d", p.number)}
	first := m.device(uint64(p.number) * 2)
	fill := b.r.Below(7)
	if fill == 0 && p.kind == kindGuest && !p.known() {
		fill = 1
	}
	latest := int64(0)
	for range fill {
		v := b.filler(p, first)
		latest = max(latest, v.time)
		b.add(v)
	}
	if shown := b.viewTrailOne(p, first); shown > latest {
		latest = shown
	}
	if latest > 0 { // he signs in after all of that, but still on day one
		b.add(visit{anonymousID: first, email: p.email, name: signedIn, time: latest + min(60*60, (m.now-latest)/2)})
	}
	b.viewLate(p, first)
	p.visits = b.visits
}

// known says whether a guest bought something, by which he is known even if he never visited the web shop in these weeks.
func (p *person) known() bool {
	for i := range p.lines {
		if !p.lines[i].dayTwo {
			return true
		}
	}
	return false
}

// filler is any visit that is no view of Trail One: of other products, of lists, or of Trail One but long ago.
func (b *browsing) filler(p *person, device string) visit {
	v := visit{anonymousID: device, time: b.m.at(b.r, 0, visitDays)}
	if b.r.Percent(50) {
		v.email = p.email
	}
	switch n := b.r.Below(20); {
	case n < 9:
		v.name, v.sku = productViewed, draw.Pick(b.r, products)
	case n < 12:
		v.name, v.sku = "Product Added", draw.Pick(b.r, products)
	case n < 13:
		v.name, v.sku = "Product List Viewed", draw.Pick(b.r, trailOne)
	case n < 15:
		v.name, v.sku, v.time = productViewed, draw.Pick(b.r, trailOne), b.m.at(b.r, 17, visitDays)
	default:
		v.name = "Page Viewed"
	}
	return v
}

// viewTrailOne makes the views that the person's role asks for on day one and returns the time of the last that belongs to device.
// Fifteen in a hundred look as visitors whom nobody knows and sign in later.
func (b *browsing) viewTrailOne(p *person, device string) int64 {
	email := p.email
	if b.r.Percent(15) {
		email = ""
	}
	view := func(device, email string, at int64) int64 {
		b.add(visit{anonymousID: device, email: email, name: productViewed, sku: draw.Pick(b.r, trailOne), time: at})
		return at
	}
	latest := int64(0)
	switch p.view {
	case viewDayOne:
		for range b.r.Between(1, 3) {
			latest = max(latest, view(device, email, b.m.at(b.r, 1, 12)))
		}
	case viewDrifts: // within 14 days of day one's end, not of day two's
		latest = view(device, email, b.m.now-14*day+b.r.Between(6, 18)*60*60)
	case viewIdentified:
		for range b.r.Between(1, 3) {
			view(b.m.device(uint64(p.number)*2+1), "", b.m.at(b.r, 1, 12))
		}
	}
	return latest
}

// viewLate makes what happens on day two.
func (b *browsing) viewLate(p *person, device string) {
	at := func() int64 { return b.m.now + b.r.Between(1, 20)*60*60 + b.r.Below(60*60) }
	switch p.view {
	case viewDayTwo:
		b.add(visit{anonymousID: device, email: p.email, name: productViewed, sku: draw.Pick(b.r, trailOne), time: at(), dayTwo: true})
	case viewIdentified:
		b.add(visit{anonymousID: b.m.device(uint64(p.number)*2 + 1), email: p.email, name: signedIn, time: at(), dayTwo: true})
	}
	if b.r.Percent(15) {
		b.add(visit{anonymousID: device, email: p.email, name: productViewed, sku: draw.Pick(b.r, products), time: at(), dayTwo: true})
	}
}

// visitor makes the visits of somebody who stays unknown. Some view Trail One: nobody can invite them.
func (m *maker) visitor(number int, dayTwo bool) []visit {
	b := &browsing{m: m, r: draw.New(m.o.Seed, streamVisitor, uint64(number)), prefix: fmt.Sprintf("V%07d", number)}
	device := m.device(1<<40 + uint64(number))
	for range b.r.Between(1, 3) {
		v := visit{anonymousID: device, name: productViewed, sku: draw.Pick(b.r, products), time: m.at(b.r, 0, visitDays)}
		if b.r.Percent(20) {
			v.sku = draw.Pick(b.r, trailOne)
		}
		if dayTwo {
			v.time, v.dayTwo = m.now+b.r.Between(1, 22)*60*60, true
		}
		b.add(v)
	}
	return b.visits
}
