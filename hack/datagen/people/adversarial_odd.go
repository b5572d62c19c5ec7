package people

import "strings"

// Chain is n strangers each of whom shares an email with the one before and a device with the one after: through each other all of them hang together.
func Chain(n int) Case {
	var c Case
	s := newStrangers(7)
	for i := range n {
		person, rec := s.next()
		rec.Email, rec.Device = "link"+digits(int64(i/2), 8)+"@example.com", "device-"+digits(int64((i+1)/2), 8)
		c.add(person, rec)
	}
	return c
}

// TwinsInFamilies is n records, one in 25 of which is of twins as in Twins and the others of families as in HouseholdPhone.
func TwinsInFamilies(n int) Case {
	var c Case
	for prefix, part := range []Case{Twins(n / 25), HouseholdPhone(n - n/25)} {
		for i, rec := range part.Records {
			c.add(digits(int64(prefix), 1)+part.Truth[i], rec)
		}
	}
	return c
}

// Identical is one person whom a source has n times, each time under another key and without an email.
func Identical(n int) Case {
	var c Case
	person, rec := newStrangers(8).next()
	rec.Email = ""
	for range n {
		c.add(person, rec)
	}
	return c
}

// BornTogether is n people of one name, one day of birth and one sex, each with an email and a phone of his own.
func BornTogether(n int) Case {
	var c Case
	s := newStrangers(9)
	for range n {
		person, rec := s.next()
		c.add(person, Record{Given: "John", Surname: "Smith", BirthDate: "1980-02-03", Gender: "M", Email: rec.Email, Phone: rec.Phone})
	}
	return c
}

// Shifted is strangers with two records each, of which the second has its values in the wrong columns; n records in all.
func Shifted(n int) Case {
	var c Case
	s := newStrangers(10)
	for len(c.Records) < n {
		person, rec := s.next()
		c.add(person, rec)
		fields := func(r *Record) []*string {
			return []*string{&r.Given, &r.Surname, &r.BirthDate, &r.Gender, &r.Email, &r.Phone, &r.Street, &r.HouseNumber, &r.City, &r.Postcode, &r.Region}
		}
		second := rec
		from, to := fields(&rec), fields(&second)
		by := 1 + int(s.r.Below(int64(len(from)-1)))
		for i := range to {
			*to[i] = *from[(i+by)%len(from)]
		}
		if len(c.Records) < n {
			c.add(person, second)
		}
	}
	return c
}

// odd values: what people, programs and attackers write. None of them identifies anybody.
var odd = []string{
	"\u202eאבג", strings.Repeat("e\u0301", 40), "A" + strings.Repeat("\u0300", 2000), strings.Repeat("👨‍👩‍👧‍👦", 50), "🏳️‍🌈", "\u200b", "\ufeff", "0", "-", ".", "12345",
	"null", "N/A", "O'Brien\"; DROP TABLE people; --", "=1+1", "ß", "İ", "ﬁ", "ａｂ", "٣٤", "\t", "   ", "\"", "a,b", "line\nbreak", strings.Repeat("a", 5000), strings.Repeat("ab ", 300),
}

// oddDates are none, or so far away that they might as well be.
var oddDates = []string{"0000-00-00", "9999-12-31", "2025-02-30", "31.02.1990", "1", "-1", "1e9", "99999999999999999999", "NaN"}

// broken has bytes that are no text.
var broken = []string{"Jos\xe9", "\xff\xfe", "Jo\x00hn", "\xed\xa0\x80"}

// OddValues is n strangers in whose records several values are odd, and in one of fifty not even text.
func OddValues(n int) Case {
	var c Case
	s := newStrangers(11)
	for i := range n {
		person, rec := s.next()
		fields := []*string{&rec.Given, &rec.Middle, &rec.Surname, &rec.Gender, &rec.Email, &rec.Phone, &rec.Street, &rec.City, &rec.Postcode, &rec.Region, &rec.Device}
		for range 3 {
			*fields[s.r.Below(int64(len(fields)))] = odd[s.r.Below(int64(len(odd)))]
		}
		if i%5 == 0 {
			rec.BirthDate = oddDates[i/5%len(oddDates)]
		}
		if i%50 == 7 {
			rec.Surname = broken[i/50%len(broken)]
		}
		c.add(person, rec)
	}
	return c
}
