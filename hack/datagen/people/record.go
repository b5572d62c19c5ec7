package people

import (
	"strings"
	"time"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// Record is one row of people.csv. Device is for the cases of adversarial.go only: people.csv has no such column.
type Record struct {
	ID, Source, Given, Middle, Surname, BirthDate, Gender, Email, Phone string
	Street, HouseNumber, City, Postcode, Region, UpdatedAt              string
	Device                                                              string
}

// Columns are those of people.csv, in the order of values.
var Columns = []string{"record_id", "source", "given_name", "middle_name", "surname", "birth_date", "gender", "email", "phone",
	"street", "house_number", "city", "postcode", "region", "updated_at"}

func (r *Record) values() [15]string {
	return [...]string{r.ID, r.Source, r.Given, r.Middle, r.Surname, r.BirthDate, r.Gender, r.Email, r.Phone,
		r.Street, r.HouseNumber, r.City, r.Postcode, r.Region, r.UpdatedAt}
}

// recordCount is how many records there are of a person; of children, few have one.
func (m *maker) recordCount(p *person) int {
	switch age := (now - p.birth) / year; {
	case age < 14:
		if m.r.Percent(15) {
			return 1
		}
		return 0
	case age < 18:
		return int(m.r.Below(3))
	}
	return 1 + recordsPerPerson.draw(m.r)
}

// record makes one record of a person, as a source has it since some day, with what it lacks and what is wrong in it.
func (m *maker) record(p *person, s *source) Record {
	r := m.r
	day := max(recordsFrom+r.Below(now-recordsFrom), min(p.birth+14*year, now-1))
	rec := Record{
		Source: s.name, Given: p.given, Middle: p.middle, Surname: p.surnameAt(day), BirthDate: date(p.birth), Gender: []string{"M", "F"}[p.sex],
		UpdatedAt: time.Unix(day*86400+r.Below(86400), 0).UTC().Format("2006-01-02T15:04:05Z"),
	}
	if p.goesBy != "" && r.Percent(50) {
		rec.Given = p.goesBy
	}
	if len(rec.Middle) > 0 && r.Percent(50) {
		rec.Middle = string([]rune(rec.Middle)[:1])
	}
	lived := day
	if r.Percent(8) { // nobody told the source of a move
		lived -= r.Between(year, 6*year)
	}
	home := p.at(lived)
	rec.City, rec.Postcode, rec.Region, rec.HouseNumber = home.city, home.postcode, home.region, home.house
	kind := home.kind
	if short := m.names.abbreviations[kind]; short != "" && r.Percent(s.abbreviated) {
		kind = short
	}
	rec.Street = m.names.joinStreet(home.name, kind)
	m.addContacts(&rec, p, home, day)
	m.omit(&rec, s)
	m.damage(&rec, s)
	m.style(&rec, s)
	return rec
}

func date(day int64) string { return time.Unix(day*86400, 0).UTC().Format(time.DateOnly) }

func (m *maker) addContacts(rec *Record, p *person, home *stay, day int64) {
	r := m.r
	if n := int64(len(p.emails)); n > 0 {
		rec.Email = p.emails[0]
		if r.Percent(28) {
			rec.Email = p.emails[r.Below(n)]
		}
	}
	number := p.mobile
	switch {
	case home.line != "" && r.Percent(35):
		number = home.line
	case p.earlier != "" && day < p.changed:
		number = p.earlier
	}
	rec.Phone = m.contacts.typed(r, number)
}

// omit what the source does not have, or puts a default in its place.
func (m *maker) omit(rec *Record, s *source) {
	r := m.r
	for _, f := range []struct {
		field    *string
		percent  int64
		defaults []string
	}{
		{&rec.Middle, s.noMiddle, nil},
		{&rec.BirthDate, s.noBirth, defaultBirths},
		{&rec.Gender, s.noGender, nil},
		{&rec.Email, s.noEmail, defaultEmails},
		{&rec.Phone, s.noPhone, defaultPhones},
	} {
		if !r.Percent(f.percent) {
			continue
		}
		*f.field = ""
		if f.defaults != nil && f.percent < 100 && r.Percent(s.demands) {
			*f.field = draw.Pick(r, f.defaults)
		}
	}
	if r.Percent(s.noAddress) {
		rec.Street, rec.HouseNumber, rec.Postcode = "", "", ""
		if r.Percent(50) {
			rec.City, rec.Region = "", ""
		}
	}
}

// The values that clerks and forms put where there is nothing.
var (
	defaultBirths = []string{"1900-01-01", "1900-01-01", "1970-01-01", "2000-01-01"}
	defaultEmails = []string{"noreply@example.com", "none@none.com", "test@test.com", "no@email.com"}
	defaultPhones = []string{"0000000000", "000-000-0000", "1234567890", "9999999999"}
)

// style is how a source writes: case and spaces.
func (m *maker) style(rec *Record, s *source) {
	r := m.r
	change := func(f func(string) string) {
		for _, field := range []*string{&rec.Given, &rec.Middle, &rec.Surname, &rec.Street, &rec.City} {
			*field = f(*field)
		}
	}
	switch n := r.Below(100); {
	case n < s.upper:
		change(strings.ToUpper)
	case n < s.upper+s.lower:
		change(strings.ToLower)
	}
	if r.Percent(2) {
		rec.Given += " "
	}
	if r.Percent(1) {
		rec.Surname = " " + rec.Surname
	}
	if rec.Email != "" && r.Percent(3) {
		rec.Email = strings.ToUpper(rec.Email[:1]) + rec.Email[1:]
	}
}
