package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

type city struct {
	name, region, prefix string
	area                 int64 // of its landlines
	streets              int64
}

// address is one dwelling. Several households may have the same: a block of flats.
type address struct {
	name, kind, house, city, postcode, region string
	area                                      int64
}

// places are the cities of a country and, made anew whenever they are asked for, their streets.
type places struct {
	*country
	cities []city
	by     shares
}

func newPlaces(c *country) *places {
	p := &places{country: c, by: zipf(townCount, 60)}
	for i := range townCount {
		var t city
		if i < len(c.cities) {
			f := strings.Split(c.cities[i], ",")
			t = city{name: f[0], region: f[1], prefix: f[2]}
		} else {
			h := draw.Mix(uint64(i) ^ streamTown<<56)
			near := strings.Split(c.cities[h%uint64(len(c.cities))], ",")
			t = city{name: c.townTail.make(c.code+"town", i), region: near[1], prefix: near[2]}
		}
		t.area = c.phones.area(draw.Mix(uint64(i) / 3))
		t.streets = 40 + 24_000/int64(i+8)
		p.cities = append(p.cities, t)
	}
	return p
}

// dwelling draws an address: a quarter of all households live in blocks of flats, which stand in few streets.
func (p *places) dwelling(r draw.RNG) address {
	number := p.by.draw(r)
	c := &p.cities[number]
	street, house := r.Below(c.streets), r.Between(1, p.houseNumbers)
	if r.Percent(25) {
		street, house = r.Below(1+c.streets/50), r.Between(1, 40)
	}
	a := address{city: c.name, region: c.region, area: c.area, house: digits(house, 1), postcode: p.postcode(c.prefix, int64(number), street, house)}
	if r.Percent(4) {
		a.house += string(rune('a' + r.Below(4)))
	}
	a.name, a.kind = p.streetOf(number, street)
	return a
}

// streetOf names a street: every city has a Main Street, most streets have names that are found elsewhere too.
func (p *places) streetOf(city int, street int64) (name, kind string) {
	h := draw.Mix(uint64(city)<<32 ^ uint64(street) ^ streamStreet<<56)
	kind = p.streetKinds[0]
	if h%10 > 3 {
		kind = p.streetKinds[h>>8%uint64(len(p.streetKinds))]
	}
	if n := uint64(len(p.streets)); h>>16%100 < 55 {
		return p.streets[min(h>>24%n, h>>40%n)], kind
	}
	return p.streetTail.make(p.code+"street", int(h>>24%6000)), kind
}
