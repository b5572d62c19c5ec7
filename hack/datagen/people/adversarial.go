package people

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// Case is data that is hard to survive or easy to get wrong, with the truth: Truth[i] is the person of Records[i]. The same n gives the
// same case.
type Case struct {
	Records []Record
	Truth   []string
}

func (c *Case) add(person string, rec Record) {
	rec.ID = "R" + digits(int64(len(c.Records)+1), 9)
	if rec.Source == "" {
		rec.Source = "crm"
	}
	if rec.UpdatedAt == "" {
		rec.UpdatedAt = "2025-06-01T12:00:00Z"
	}
	c.Records, c.Truth = append(c.Records, rec), append(c.Truth, person)
}

var cases = map[string]func(n int) Case{
	"shared-email": SharedEmail, "kiosk": Kiosk, "same-name-city": SameNameCity, "empty": EmptyRecords, "huge": HugeValues, "twins": Twins, "household-phone": HouseholdPhone,
	"chain": Chain, "twins-in-families": TwinsInFamilies, "identical": Identical, "born-together": BornTogether, "shifted": Shifted, "odd": OddValues,
}

// CaseNames are the names that WriteCase takes.
func CaseNames() []string {
	var names []string
	for n := range cases {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// WriteCase writes a case of n records as Generate writes people, with one more column, device_id.
func WriteCase(dir, name string, n int) error {
	build, ok := cases[name]
	if !ok {
		return fmt.Errorf("case %q is none of %s", name, strings.Join(CaseNames(), ", "))
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	c := build(n)
	people, err := createText(dir, "people.csv", strings.Join(Columns, ",")+",device_id")
	if err != nil {
		return err
	}
	truth, err := createText(dir, "truth.csv", "record_id,person_id")
	if err != nil {
		return err
	}
	var row []byte
	for i, rec := range c.Records {
		row = row[:0]
		for _, v := range rec.values() {
			row = append(appendValue(row, v), ',')
		}
		people.line(string(appendValue(row, rec.Device)))
		truth.line(rec.ID, ",", c.Truth[i])
	}
	if err := people.close(); err != nil {
		return err
	}
	return truth.close()
}

// strangers makes people who have nothing to do with each other, each with a record of all fields.
type strangers struct{ *maker }

func newStrangers(of uint64) strangers { return strangers{newMaker(us, draw.Mix(of^streamCase<<56))} }

func (s strangers) next() (string, Record) {
	s.r.Reseed(s.seed, streamCase, uint64(s.people))
	p := s.person()
	p.sex, p.birth, p.surname = int(s.r.Below(2)), now-s.r.Between(20*year, 80*year), s.names.surname(s.r)
	s.name(p)
	home := s.places.dwelling(s.r)
	return "P" + digits(p.number, 8), Record{
		Given: p.given, Middle: p.middle, Surname: p.surname, BirthDate: date(p.birth), Gender: []string{"M", "F"}[p.sex],
		Email: s.contacts.email(s.r, p.given, p.surname, birthYear(p.birth)), Phone: s.contacts.typed(s.r, s.names.phones.mobile(s.r, home.area)),
		Street: s.names.joinStreet(home.name, home.kind), HouseNumber: home.house, City: home.city, Postcode: home.postcode, Region: home.region,
	}
}

// SharedEmail is n strangers who all gave one email: the shop's own, entered by its clerks. All else differs; nobody is to be merged.
func SharedEmail(n int) Case {
	var c Case
	s := newStrangers(1)
	for range n {
		person, rec := s.next()
		rec.Email = "info@shop.example.com"
		c.add(person, rec)
	}
	return c
}

// Kiosk is n strangers who used one device in a shop. Every tenth of them has a second record, from a device of his own and with the
// same email: those two belong together, nothing else does.
func Kiosk(n int) Case {
	var c Case
	s := newStrangers(2)
	for len(c.Records) < n {
		person, rec := s.next()
		second := rec
		rec.Device = "kiosk-0001"
		c.add(person, rec)
		if s.people%10 == 0 && len(c.Records) < n {
			second.Source, second.Device, second.Phone = "shop", "device-"+digits(s.people, 8), ""
			c.add(person, second)
		}
	}
	return c
}

// SameNameCity is people all named John Smith in Springfield, IL, with two records each, and n records in all: one with email and
// phone, one with email and birth date. Name and city say nothing; the email says all.
func SameNameCity(n int) Case {
	var c Case
	s := newStrangers(3)
	for len(c.Records) < n {
		person, rec := s.next()
		rec.Given, rec.Middle, rec.Surname, rec.Gender = "John", "", "Smith", "M"
		rec.City, rec.Region, rec.Postcode = "Springfield", "IL", "62701"
		first, second := rec, rec
		first.BirthDate, first.Street, first.HouseNumber = "", "", ""
		second.Source, second.Phone = "shop", ""
		c.add(person, first)
		if len(c.Records) < n {
			c.add(person, second)
		}
	}
	return c
}

// EmptyRecords has n records with nothing but a key, a source and a time. Nothing says that any two are of one person.
func EmptyRecords(n int) Case {
	var c Case
	for i := range n {
		c.add("P"+digits(int64(i+1), 8), Record{})
	}
	return c
}

// hugeValue is the length in bytes of the values of HugeValues: 1 MB. A line of text may have 1 MiB.
const hugeValue = 1_000_000

// HugeValues is n strangers each of whom has one field, another each time, of 1 MB. The values of a field are the same but for the
// last bytes, so that whatever is cut off or compared in part makes them one person.
func HugeValues(n int) Case {
	var c Case
	s := newStrangers(4)
	for i := range n {
		person, rec := s.next()
		fields := []*string{&rec.Given, &rec.Surname, &rec.Email, &rec.Phone, &rec.Street, &rec.City, &rec.Postcode, &rec.BirthDate}
		tail := digits(int64(i), 8)
		*fields[i%len(fields)] = strings.Repeat("x", hugeValue-len(tail)) + tail
		c.add(person, rec)
	}
	return c
}

// Twins is pairs of people born on one day who live at one address, have one phone, one surname and names that begin alike, with two
// records each and n in all. One record of each has the email, the other has not.
func Twins(n int) Case {
	var c Case
	s := newStrangers(5)
	for len(c.Records) < n {
		person, rec := s.next()
		rec.Given = draw.Pick(s.r, []string{"Jason", "Daniel", "Martin", "Jonas"})
		rec.Middle = ""
		other, own := s.next()
		twin := rec
		twin.Given = map[string]string{"Jason": "Justin", "Daniel": "David", "Martin": "Marvin", "Jonas": "Jonah"}[rec.Given]
		twin.Email = own.Email
		for _, t := range []struct {
			person string
			rec    Record
		}{{person, rec}, {other, twin}} {
			second := t.rec
			second.Source, second.Email = "loyalty", ""
			for _, r := range []Record{t.rec, second} {
				if len(c.Records) < n {
					c.add(t.person, r)
				}
			}
		}
	}
	return c
}

// HouseholdPhone is families of five with one landline, one address and one surname, each member with one record with and one without
// the birth date; n records in all.
func HouseholdPhone(n int) Case {
	var c Case
	s := newStrangers(6)
	for len(c.Records) < n {
		_, family := s.next()
		names := map[string]bool{}
		for range 5 {
			person, rec := s.next()
			for names[rec.Given] {
				rec.Given = s.names.givenName(s.r, male, 1980)
			}
			names[rec.Given] = true
			rec.Surname, rec.Phone, rec.Email = family.Surname, family.Phone, ""
			rec.Street, rec.HouseNumber, rec.City, rec.Postcode, rec.Region = family.Street, family.HouseNumber, family.City, family.Postcode, family.Region
			second := rec
			second.Source, second.BirthDate = "loyalty", ""
			for _, r := range []Record{rec, second} {
				if len(c.Records) < n {
					c.add(person, r)
				}
			}
		}
	}
	return c
}
