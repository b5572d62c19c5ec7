package retail

import (
	"fmt"
	"slices"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// line is one order line or one line of a till receipt. Money is in ten-thousandths of a won.
type line struct {
	id, order, sku         string
	till                   bool
	quantity               int64
	amount, cost           int64
	discount               int64
	refunded, refundedLate int64 // refundedLate: as day two has it, when that differs
	changed                bool  // on day two
	time                   int64
	dayTwo                 bool // bought on day two
}

// counted on a day: whether the line is within the year of profit365.
func (l *line) profit(dayTwo bool, now int64) int64 {
	switch {
	case !dayTwo:
		if l.dayTwo || l.time <= now-365*day {
			return 0
		}
		return l.amount - l.cost - l.refunded
	case l.time <= now+day-365*day:
		return 0
	case l.changed:
		return l.amount - l.cost - l.refundedLate
	}
	return l.amount - l.cost - l.refunded
}

// profit365 of a person on a day, from the lines as they were made.
func (p *person) profit365(dayTwo bool, now int64) int64 {
	var sum int64
	for i := range p.lines {
		sum += p.lines[i].profit(dayTwo, now)
	}
	return sum
}

// keptLines counts the lines ever bought that were not returned whole: one of them makes a one-time buyer.
func (p *person) keptLines(dayTwo bool) int {
	n := 0
	for i := range p.lines {
		l := &p.lines[i]
		if l.dayTwo && !dayTwo {
			continue
		}
		refunded := l.refunded
		if l.changed && dayTwo {
			refunded = l.refundedLate
		}
		if refunded < l.amount {
			n++
		}
	}
	return n
}

var products = []string{
	"TENT-2P-GREEN", "TENT-4P-SAND", "BAG-30L-BLACK", "BAG-45L-NAVY", "JACKET-DOWN-M", "JACKET-DOWN-L", "JACKET-RAIN-M", "STOVE-GAS", "POLE-CARBON",
	"BOTTLE-750", "TRAIL-ZERO-260", "TRAIL-ZERO-270", "HEADLAMP-400", "SOCKS-WOOL-3", "GLOVES-M", "MAT-AIR",
}

// purchase makes lines whose profit within the year is exactly that of the person's rank.
func (m *maker) purchase(p *person) {
	r := draw.New(m.o.Seed, streamPurchases, uint64(p.number))
	target := m.plan.profit(p.rank)
	switch {
	case target > 0:
		m.earn(p, r, target)
	case target < 0:
		m.lose(p, r, -target)
	}
	if r.Percent(35) { // older than a year: large, and no part of the profit
		for range r.Between(1, 2) {
			amount := r.Between(50, 9000) * 100 * won
			p.add(line{amount: amount, cost: amount * r.Between(30, 70) / 100, time: m.at(r, 370, 720)}, r)
		}
	}
	if target != 0 && !p.returns && r.Percent(4) { // returned whole: the shop takes the cost back too
		amount := r.Between(200, 3000) * 100 * won
		p.add(line{amount: amount, refunded: amount, time: m.at(r, 10, 350)}, r)
	}
	m.purchaseDayTwo(p, r)
}

// at is a time of so many days before now, away from the ends of both days' windows.
func (m *maker) at(r draw.RNG, from, to int64) int64 {
	return m.now - r.Between(from, to-1)*day - r.Between(1, 23)*60*60 - r.Below(60*60)
}

func (m *maker) earn(p *person, r draw.RNG, target int64) {
	n := r.Between(1, 3)
	if p.rank <= m.plan.story.Top {
		n = r.Between(2, 7)
	}
	for left := target; n > 0; n-- {
		share := left
		if n > 1 {
			share = left * r.Between(20, 60) / 100
		}
		left -= share
		m.sell(p, r, share)
	}
	if p.returns {
		largest := slices.MaxFunc(p.ownLines(), func(a, b *line) int { return int(a.amount/won - b.amount/won) })
		largest.changed, largest.refundedLate = true, largest.amount
		// What the others earn is too little to stay in the top tenth.
		if rest := p.profit365(true, m.now); rest > 300_000*won {
			m.returnAll(p)
		}
	}
}

func (m *maker) returnAll(p *person) {
	for _, l := range p.ownLines() {
		l.changed, l.refundedLate = true, l.amount
	}
}

func (p *person) ownLines() []*line {
	lines := make([]*line, len(p.lines))
	for i := range p.lines {
		lines[i] = &p.lines[i]
	}
	return lines
}

// sell makes one line with exactly this profit. At a margin of 25 to 55 in 100 a refund of up to 15 in 100 leaves a cost above 0.
func (m *maker) sell(p *person, r draw.RNG, profit int64) {
	l := line{time: m.at(r, 3, 362)}
	l.amount = roundUp(profit*100/r.Between(25, 55), 100*won)
	if !p.returns && r.Percent(6) {
		l.refunded = l.amount / won * r.Between(1, 15) * (won / 100)
	}
	l.cost = l.amount - l.refunded - profit
	p.add(l, r)
}

func (m *maker) lose(p *person, r draw.RNG, loss int64) {
	amount := roundUp(loss*2, 100*won)
	p.add(line{amount: amount, refunded: amount, cost: loss, time: m.at(r, 3, 362)}, r)
}

// purchaseDayTwo buys and returns a little, among those for whom the story has no plan.
func (m *maker) purchaseDayTwo(p *person, r draw.RNG) {
	if p.planted || p.rank <= m.plan.story.Top {
		return
	}
	if r.Percent(2) {
		profit := r.Between(1, 2000) * won / 3
		amount := roundUp(profit*2, 100*won)
		p.add(line{amount: amount, cost: amount - profit, time: m.now + r.Between(1, 22)*60*60 + r.Below(60*60), dayTwo: true}, r)
	} else if len(p.lines) > 0 && r.Percent(1) {
		l := &p.lines[0]
		if l.refunded == 0 {
			l.changed, l.refundedLate = true, l.amount/won*(won/4) // a quarter
		}
	}
}

// add completes a line: guests and people without a card buy online only.
func (p *person) add(l line, r draw.RNG) {
	l.till = p.carded() && r.Percent(45)
	prefix := "W"
	if l.till {
		prefix = "T"
	}
	n := len(p.lines)
	l.order = fmt.Sprintf("%s%07d-%d", prefix, p.number, n/2)
	l.id = fmt.Sprintf("%s%07d-%02d", prefix, p.number, n)
	l.quantity = 1 + r.Below(8)/6
	l.sku = draw.Pick(r, products)
	if r.Percent(20) {
		l.discount = roundUp(l.amount/10, 100*won)
	}
	p.lines = append(p.lines, l)
}

func roundUp(x, unit int64) int64 { return max(1, (x+unit-1)/unit) * unit }
