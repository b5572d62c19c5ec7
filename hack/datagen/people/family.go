package people

import (
	"slices"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// Time is in days since 1970. The records were made in the years before now, which no clock decides: 1 January 2026.
const (
	now         = 20454
	year        = 365
	recordsFrom = now - 13*year
)

// birthYear of somebody born on a day, exact enough to choose a name by.
func birthYear(birth int64) int64 { return 1970 + birth*100/36525 }

// stay is where somebody lives from a day on, with the household's telephone if it has one.
type stay struct {
	from int64
	address
	line string
}

// person has what is true of one person, through time.
type person struct {
	number                       int64
	sex                          int
	given, goesBy, middle        string
	surname, maiden              string // maiden is the name until married; empty where it is the same
	married                      int64
	birth                        int64
	emails                       []string // the first is the one mostly used; others' are among them where they are shared
	mobile, earlier              string   // earlier is the number until changed, empty if there was none
	changed                      int64
	stays                        []stay
	household                    int64 // the day from which stays are the household's
	inHousehold                  bool
	child                        bool
	father, mother, twin, spouse *person
}

// at gives the stay at a day; people who lived nowhere yet are where they will live first.
func (p *person) at(day int64) *stay {
	for i := len(p.stays) - 1; i > 0; i-- {
		if p.stays[i].from <= day {
			return &p.stays[i]
		}
	}
	return &p.stays[0]
}

// surnameAt is the surname at a day.
func (p *person) surnameAt(day int64) string {
	if p.maiden != "" && day < p.married {
		return p.maiden
	}
	return p.surname
}

// maker makes households one after the other; each has a generator of its own.
type maker struct {
	seed     uint64
	names    *nameTables
	places   *places
	contacts *contacts
	r        draw.RNG
	people   int64
}

func newMaker(c *country, seed uint64) *maker {
	return &maker{seed: seed, names: newNameTables(c), places: newPlaces(c), contacts: newContacts(c), r: draw.New(seed, streamFamily, 0)}
}

// householdKinds in percent: single, couple, couple with children, one parent with children, flat share.
var householdKinds = sharesOf(30, 28, 29, 8, 5)

// household makes the members of household number n, parents first.
func (m *maker) household(n uint64) []*person {
	m.r.Reseed(m.seed, streamFamily, n)
	kind := householdKinds.draw(m.r)
	adults := []int{1, 2, 2, 1, 2}[kind]
	if kind == 4 {
		adults += int(m.r.Below(3))
	}
	parents := kind == 2 || kind == 3
	all := make([]*person, 0, 6)
	for i := range adults {
		p := m.person()
		p.sex = int(m.r.Below(2))
		low, high := int64(18), int64(90)
		if parents {
			low, high = 25, 75
		} else if kind == 4 {
			low, high = 18, 35
		}
		p.birth = now - m.r.Between(low*year, high*year)
		if i == 1 && kind != 4 { // spouses are of about the same age, and of the other sex mostly
			first := all[0]
			p.birth = min(first.birth+m.r.Between(-6*year, 6*year), now-18*year)
			if m.r.Percent(97) {
				p.sex = 1 - first.sex
			}
			p.spouse, first.spouse = first, p
		}
		p.surname = m.names.surname(m.r)
		all = append(all, p)
	}
	formed := m.settle(all)
	if parents {
		all = m.bringUp(all, formed)
	}
	for _, p := range all {
		m.name(p)
	}
	for _, p := range all {
		m.reach(p)
	}
	return all
}

func (m *maker) person() *person {
	m.people++
	return &person{number: m.people}
}

// settle lets adults move in together, after a home of their own; wives may take the husband's name on that day.
func (m *maker) settle(adults []*person) (formed int64) {
	youngest := adults[0].birth
	for _, p := range adults {
		youngest = max(youngest, p.birth)
	}
	formed = now - m.r.Below(min(now-youngest-17*year, 35*year))
	if len(adults) == 2 && adults[0].spouse != nil && m.r.Percent(m.names.takesName) {
		from, to := adults[0], adults[1]
		if from.sex == female && to.sex == male {
			from, to = to, from
		}
		to.maiden, to.married, to.surname = to.surname, formed+m.r.Below(3*year), from.surname
		if to.maiden == to.surname {
			to.maiden = ""
		}
	}
	homes := m.homes(formed)
	for _, p := range adults {
		p.stays = append([]stay{{from: p.birth + 17*year, address: m.places.dwelling(m.r)}}, homes...)
		p.household, p.inHousehold = formed, true
	}
	return formed
}

// homes from a day on: people move every nine years, and half of the homes have a landline.
func (m *maker) homes(from int64) []stay {
	line := m.r.Percent(50)
	var homes []stay
	for at := from; at < now; at += m.r.Between(1*year, 17*year) {
		s := stay{from: at, address: m.places.dwelling(m.r)}
		if line {
			s.line = m.names.phones.line(m.r, s.area)
		}
		homes = append(homes, s)
	}
	if len(homes) == 0 {
		homes = append(homes, stay{from: from, address: m.places.dwelling(m.r)})
	}
	return homes
}

// bringUp adds one to four children; thirty births in a thousand are of twins, twice as many as in life. The grown-up leave.
func (m *maker) bringUp(parents []*person, formed int64) []*person {
	all := parents
	mother := parents[len(parents)-1]
	youngest := parents[0].birth
	for _, p := range parents {
		youngest = max(youngest, p.birth)
		if p.sex == female {
			mother = p
		}
	}
	born := max(youngest+19*year, min(formed, mother.birth+30*year)) + m.r.Below(6*year)
	births := 1 + []int{0, 0, 0, 1, 1, 1, 1, 2, 2, 3}[m.r.Below(10)]
	for range births {
		if born > now-3*year {
			break
		}
		c := m.childOf(parents, born, formed)
		all = append(all, c)
		if m.r.Permille(twinBirths) {
			t := m.childOf(parents, born, formed)
			t.twin, c.twin = c, t
			if m.r.Percent(70) {
				t.sex = c.sex
			}
			all = append(all, t)
		}
		born += m.r.Between(year, 5*year)
	}
	return all
}

// twinBirths of 1,000 are of two children.
const twinBirths = 30

func (m *maker) childOf(parents []*person, born, formed int64) *person {
	c := m.person()
	c.child, c.birth, c.sex, c.surname = true, born, int(m.r.Below(2)), parents[0].surname
	for _, p := range parents {
		if p.sex == male {
			c.father, c.surname = p, p.surname
		} else {
			c.mother = p
		}
	}
	c.household = formed
	c.stays = slices.Clone(parents[0].stays[1:])
	c.inHousehold = true
	if leaves := born + m.r.Between(18*year, 30*year); leaves < now {
		keep := slices.IndexFunc(c.stays, func(s stay) bool { return s.from >= leaves })
		if keep > 0 {
			c.stays = c.stays[:keep]
		}
		c.stays = append(c.stays, m.homes(leaves)...)
		c.inHousehold = false
	}
	return c
}

// name gives a person names that were given in the year and, to few sons, the father's; a child never gets a living brother's or sister's.
func (m *maker) name(p *person) {
	y := int(birthYear(p.birth))
	p.given = m.names.givenName(m.r, p.sex, y)
	if p.sex == male && p.father != nil && m.r.Percent(m.names.namesakes) {
		p.given = p.father.given
	}
	for p.twin != nil && p.given == p.twin.given {
		p.given = m.names.givenName(m.r, p.sex, y)
	}
	if m.r.Percent(m.names.middlePercent) {
		p.middle = m.names.givenName(m.r, p.sex, y-20)
	}
	if nick := m.names.nicknames[p.given]; len(nick) > 0 && m.r.Percent(goesByNickname) {
		p.goesBy = draw.Pick(m.r, nick)
	}
}

// goesByNickname is the percentage of those whose name has a nickname, and who give it in half of their records.
const goesByNickname = 20

// reach gives a person emails and numbers: own ones, or those of the family.
func (m *maker) reach(p *person) {
	age := (now - p.birth) / year
	parent := p.mother
	if parent == nil {
		parent = p.father
	}
	p.mobile = m.names.phones.mobile(m.r, p.stays[0].area)
	if m.r.Percent(30) {
		p.earlier, p.changed = m.names.phones.mobile(m.r, p.stays[0].area), now-m.r.Below(12*year)
	}
	switch {
	case p.child && age < 16 && parent != nil && m.r.Percent(60):
		p.mobile, p.earlier = parent.mobile, ""
	case !p.child && p.spouse != nil && p.spouse.mobile != "" && m.r.Percent(5):
		p.mobile, p.earlier = p.spouse.mobile, ""
	}
	switch {
	case p.child && age < 14 && parent != nil:
		p.emails = parent.emails
		return
	case age > 72 && m.r.Percent(30):
		return
	case p.spouse != nil && len(p.spouse.emails) > 0 && m.r.Percent(6):
		p.emails = append(p.emails, p.spouse.emails[0])
	}
	for range 1 + []int{0, 0, 0, 0, 0, 1, 1, 1, 2, 2}[m.r.Below(10)] {
		surname := p.surname
		if p.maiden != "" && m.r.Percent(40) {
			surname = p.maiden
		}
		p.emails = append(p.emails, m.contacts.email(m.r, p.given, surname, birthYear(p.birth)))
	}
}
