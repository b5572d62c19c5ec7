package linkage

import (
	"slices"
	"testing"
)

func textColumn(k Kind, values ...string) Column {
	c := NewColumn(k, string(k), len(values))
	for i, v := range values {
		c.Set(i, v)
	}
	return c
}

func shown(c Column) (out []string) {
	for _, id := range c.IDs {
		if id < 0 {
			out = append(out, "")
		} else {
			out = append(out, c.Values[id])
		}
	}
	return out
}

// A full name stands in for the parts that a record lacks, and for none of a record that has its own.
func TestFullNamesBecomeParts(t *testing.T) {
	got := withParts([]Column{
		textColumn(FullName, "Smith, Dr. John Paul", "Anna Meier", "", "김민수"),
		textColumn(GivenName, "", "Anne", "Bo", ""),
		textColumn(Surname, "", "", "Li", ""),
		textColumn(City, "Leeds", "Bern", "Wuhan", "Seoul"),
	})
	want := map[Kind][]string{
		GivenName: {"John", "Anne", "Bo", "민수"}, Surname: {"Smith", "", "Li", "김"}, MiddleName: {"Paul", "", "", ""}, City: {"Leeds", "Bern", "Wuhan", "Seoul"},
	}
	if len(got) != len(want) {
		t.Errorf("%d columns", len(got))
	}
	for _, c := range got {
		if !slices.Equal(shown(c), want[c.Kind]) {
			t.Errorf("%s: %q, want %q", c.Kind, shown(c), want[c.Kind])
		}
	}
}

// A full address stands in for its parts in the same way.
func TestFullAddressesBecomeParts(t *testing.T) {
	got := withParts([]Column{textColumn(FullAddress, "1515 Adela Lane, Las Vegas, NV 89111", "5 Elm Street, Leeds"), textColumn(City, "", "York")})
	want := map[Kind][]string{
		Street: {"adela lane", ""}, HouseNumber: {"1515", ""}, City: {"las vegas", "York"}, Region: {"nv", ""}, Postcode: {"89111", ""},
	}
	if len(got) != len(want) {
		t.Errorf("%d columns", len(got))
	}
	for _, c := range got {
		if !slices.Equal(shown(c), want[c.Kind]) {
			t.Errorf("%s: %q, want %q", c.Kind, shown(c), want[c.Kind])
		}
	}
}

// Levels of names, dates and the others, each with a pair of records that is on it.
func TestLevels(t *testing.T) {
	type record map[Kind]string
	for _, c := range []struct {
		kind Kind
		a, b record
		want string
	}{
		{GivenName, record{GivenName: "Anna"}, record{GivenName: "ANNA"}, "equal"},
		{GivenName, record{GivenName: "José"}, record{GivenName: "Jose"}, "equal"},
		{GivenName, record{GivenName: "Robert"}, record{GivenName: "Bob"}, "pet name"},
		{GivenName, record{GivenName: "Stephen"}, record{GivenName: "Stehpen"}, "nearly equal"},
		{GivenName, record{GivenName: "R."}, record{GivenName: "Robert"}, "initial"},
		{GivenName, record{GivenName: "Mary Ann"}, record{GivenName: "Ann Louise"}, "shares a word"},
		{GivenName, record{GivenName: "Robert"}, record{GivenName: "Ursula"}, "differs"},
		{GivenName, record{GivenName: "민수"}, record{GivenName: "지우"}, "differs"},
		{GivenName, record{GivenName: "Robert"}, record{}, "missing"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor", Surname: "James"}, "swapped"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor"}, "in the other field"},
		{GivenName, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor"}, "missing"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "James"}, "missing"},
		{Surname, record{GivenName: "A", Surname: "이"}, record{GivenName: "A", Surname: "임"}, "differs"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-04-03"}, "equal"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-03-04"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-04-08"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-01-01"}, "same year"},
		{BirthDate, record{BirthDate: "1961-01-01"}, record{BirthDate: "1967-01-01"}, "years of one edit"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1988-04-03"}, "same day of the year"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1988-11-26"}, "differs"},
		{BirthDate, record{BirthDate: "12/11/1978"}, record{BirthDate: "1978-12-11"}, "equal"},
		{BirthDate, record{BirthDate: "3.4.1961"}, record{BirthDate: "1961-04-03"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "3.4.61"}, record{BirthDate: "1961-03-04"}, "equal"},
		{BirthDate, record{BirthDate: "April 1961"}, record{BirthDate: "1961-04-03"}, "missing"},
		{BirthDate, record{BirthDate: "1900-01-01"}, record{BirthDate: "1900-01-01"}, "missing"},
		{Email, record{Email: "anna.k@gmail.com"}, record{Email: "annak+shop@googlemail.com"}, "equal"},
		{Email, record{Email: "annak77@gmail.com"}, record{Email: "annak77@web.de"}, "same name"},
		{Email, record{Email: "annak77@web.de"}, record{Email: "annnak7@web.de"}, "two edits"},
		{Email, record{GivenName: "Anna", Email: "anna.koch@web.de"}, record{GivenName: "Anna", Email: "anna.koch@bluewin.ch"}, "missing"},
		{Phone, record{Phone: "+82 10-1234-5678"}, record{Phone: "+821012345678"}, "equal"},
		{Phone, record{Phone: "+821012345678"}, record{Phone: "+821012345679"}, "one edit"},
		{Postcode, record{Postcode: "SW1A 2AA"}, record{Postcode: "sw1a 9zz"}, "same district"},
		{Street, record{Street: "12 Main St."}, record{Street: "12 Main Street"}, "equal"},
		{Gender, record{Gender: "F"}, record{Gender: "M"}, "differs"},
		{Number, record{Number: "100"}, record{Number: "100.0"}, "equal"},
		{Number, record{Number: "100"}, record{Number: "105"}, "within 10 %"},
		{Exact, record{Exact: "gold"}, record{Exact: "silver"}, "differs"},
	} {
		var columns []Column
		for _, k := range []Kind{GivenName, Surname, BirthDate, Gender, Email, Phone, Street, Postcode, Number, Exact} {
			columns = append(columns, textColumn(k, c.a[k], c.b[k]))
		}
		r := New(columns)
		cs, err := r.comparisons()
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range cs {
			if r.columns[x.columns[0]].kind != c.kind {
				continue
			}
			for _, pair := range [][2]int32{{0, 1}, {1, 0}} {
				if got := x.levels[x.of(r.row(pair[0]), r.row(pair[1]))]; got != c.want {
					t.Errorf("%s of %v and %v: %q, want %q", c.kind, c.a, c.b, got, c.want)
				}
			}
		}
	}
}
