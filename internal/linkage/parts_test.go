package linkage

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"
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
		textColumn(FullName, "Smith, Dr. John Paul, Jr.", "Anna Meier", "", "김민수"),
		textColumn(GivenName, "", "Anne", "Bo", ""),
		textColumn(Surname, "", "", "Li", ""),
		textColumn(City, "Leeds", "Bern", "Wuhan", "Seoul"),
	})
	want := map[Kind][]string{
		GivenName: {"John", "Anne", "Bo", "민수"}, Surname: {"Smith", "", "Li", "김"}, MiddleName: {"Paul", "", "", ""}, City: {"Leeds", "Bern", "Wuhan", "Seoul"},
		generation: {"2", "", "", ""},
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

// What tells father from son is taken out of the parts of a name.
func TestGenerationsAreTakenOut(t *testing.T) {
	got := withParts([]Column{
		textColumn(GivenName, "Robert", "Morris II", "Junior", ""), textColumn(MiddleName, "Lee III", "", "", ""), textColumn(Surname, "Smith Sr.", "Klein", "Silva Neto", ""),
	})
	want := map[Kind][]string{
		GivenName: {"Robert", "Morris", "Junior", ""}, MiddleName: {"Lee", "", "", ""}, Surname: {"Smith", "Klein", "Silva", ""}, generation: {"3", "2", "3", ""},
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

// Two records of which only names can be compared are joined where the name is rare, and not where some doubt is left.
func TestANameAlone(t *testing.T) {
	const n = 400
	given, surname, born := NewColumn(GivenName, "given", n), NewColumn(Surname, "surname", n), NewColumn(BirthDate, "born", n)
	for i := range n {
		who := i / 2
		given.Set(i, []string{"Anna", "Boris", "Clara", "Dietrich", "Esther", "Friedrich"}[who%6])
		surname.Set(i, []string{"Smith", "Jones", "Garcia", "Nguyen", "Okafor", "Weber", "Rossi"}[who%7])
		if i > 3 {
			born.Set(i, time.Date(1950, 1, 2+97*who, 0, 0, 0, 0, time.UTC).Format(time.DateOnly))
		}
	}
	for _, i := range []int{0, 1, 20, 21} {
		given.Set(i, "Yolanda")
	}
	for _, i := range []int{2, 3} {
		given.Set(i, "Xaviera")
		surname.Set(i, "Quintanilla")
	}
	r := New([]Column{given, surname, born})
	m, err := r.Learn()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		a, b          int32
		joined, alone bool
	}{{1, 0, false, true}, {3, 2, true, false}, {5, 4, true, false}, {5, 7, false, false}} {
		e, err := r.Explain(m, c.a, c.b)
		if err != nil {
			t.Fatal(err)
		}
		sum, alone := 0.0, false
		for _, s := range e.Steps {
			sum += s.Bits
			alone = alone || s.What == NameStep
		}
		if e.Weight > 0 != c.joined || alone != c.alone || math.Abs(sum-e.Weight) > 1e-6 {
			t.Errorf("%d and %d: %+v", c.a, c.b, e)
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
	with := func(r record, k Kind, v string) record {
		r = maps.Clone(r)
		r[k] = v
		return r
	}
	father := record{GivenName: "Robert", Surname: "Smith", BirthDate: "1961-04-03", Street: "Main Street", HouseNumber: "12"}
	son := with(father, BirthDate, "1988-11-26")
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
		{GivenName, record{GivenName: "Robert"}, record{GivenName: "Ursula"}, "of the other gender"},
		{GivenName, record{GivenName: "Mark"}, record{GivenName: "Marsha"}, "of the other gender"},
		{GivenName, record{GivenName: "Robert", Gender: "M"}, record{GivenName: "Ursula"}, "differs"},
		{GivenName, record{GivenName: "Robert"}, record{GivenName: "Andrea"}, "differs"},
		{GivenName, record{GivenName: "Mary Ann"}, record{GivenName: "Mark Ann"}, "nearly equal"},
		{GivenName, father, son, "differs"},
		{Surname, father, son, "equal"},
		{GivenName, father, with(son, Street, "9 Elm Street"), "equal"},
		{GivenName, father, with(son, HouseNumber, "14"), "equal"},
		{GivenName, father, with(son, BirthDate, "1970-10-29"), "equal"},
		{GivenName, father, with(son, BirthDate, "1991-04-03"), "equal"},
		{GivenName, father, with(son, BirthDate, ""), "equal"},
		{GivenName, record{GivenName: "민수"}, record{GivenName: "지우"}, "differs"},
		{GivenName, record{GivenName: "Robert"}, record{}, "missing"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor", Surname: "James"}, "swapped"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor"}, "in the other field"},
		{GivenName, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor"}, "missing"},
		{Surname, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "James"}, "missing"},
		{GivenName, record{GivenName: "James", Surname: "Taylor"}, record{GivenName: "Taylor", Surname: "James"}, "missing"},
		{GivenName, record{GivenName: "Robert", Surname: "Smith Sr."}, record{GivenName: "Robert", Surname: "Smith Jr"}, "differs"},
		{GivenName, record{GivenName: "Morris I", Surname: "Klein"}, record{GivenName: "Morris II", Surname: "Klein"}, "differs"},
		{GivenName, record{GivenName: "Robert", Surname: "Smith Sr."}, record{GivenName: "Robert", Surname: "Smith"}, "equal"},
		{GivenName, record{GivenName: "Robert", Surname: "Smith II"}, record{GivenName: "Robert", Surname: "Smith Jr"}, "equal"},
		{Surname, record{GivenName: "Robert", Surname: "Smith Sr."}, record{GivenName: "Robert", Surname: "Smith Jr"}, "equal"},
		{GivenName, record{GivenName: "Faisal"}, record{GivenName: "فيصل"}, "nearly equal"},
		{GivenName, record{GivenName: "Иван"}, record{GivenName: "Ivan"}, "nearly equal"},
		{GivenName, record{GivenName: "Иван"}, record{GivenName: "Peter"}, "differs"},
		{GivenName, record{GivenName: "伟"}, record{GivenName: "Wei"}, "missing"},
		{GivenName, record{GivenName: "伟"}, record{GivenName: "杰"}, "differs"},
		{Surname, record{Surname: "Васильев"}, record{Surname: "Vasiliev"}, "nearly equal"},
		{Surname, record{GivenName: "A", Surname: "이"}, record{GivenName: "A", Surname: "임"}, "differs"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-04-03"}, "equal"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-03-04"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-04-08"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1961-01-01"}, "same year"},
		{BirthDate, record{BirthDate: "1961-01-01"}, record{BirthDate: "1967-01-01"}, "years of one edit"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1988-04-03"}, "same day of the year"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1988-11-26"}, "differs"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1971-05-03"}, "two edits"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1962-03-04"}, "two edits"},
		{BirthDate, record{BirthDate: "1961-04-03"}, record{BirthDate: "1988-06-02"}, "differs"},
		{BirthDate, record{BirthDate: "12/11/1978"}, record{BirthDate: "1978-12-11"}, "equal"},
		{BirthDate, record{BirthDate: "3.4.1961"}, record{BirthDate: "1961-04-03"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "3.4.61"}, record{BirthDate: "1961-03-04"}, "equal"},
		{BirthDate, record{BirthDate: "20/8/1991"}, record{BirthDate: "8/20/91"}, "equal"},
		{BirthDate, record{BirthDate: "20/8/1991"}, record{BirthDate: "20/7/91"}, "one edit or day and month swapped"},
		{BirthDate, record{BirthDate: "24-May-11"}, record{BirthDate: "5/24/2011"}, "equal"},
		{BirthDate, record{BirthDate: "April 1961"}, record{BirthDate: "1961-04-03"}, "missing"},
		{BirthDate, record{BirthDate: "1900-01-01"}, record{BirthDate: "1900-01-01"}, "missing"},
		{Email, record{Email: "anna.k@gmail.com"}, record{Email: "annak+shop@googlemail.com"}, "equal"},
		{Email, record{Email: "annak77@gmail.com"}, record{Email: "annak77@web.de"}, "same name"},
		{Email, record{Email: "annak77@web.de"}, record{Email: "annnak7@web.de"}, "two edits"},
		{Email, record{GivenName: "Jay", Surname: "Jones", Email: "jjones@a.de"}, record{GivenName: "Jones", Surname: "Jay", Email: "jjones@b.de"}, "missing"},
		{Email, record{GivenName: "Anna", Email: "anna.koch@web.de"}, record{GivenName: "Anna", Email: "anna.koch@bluewin.ch"}, "missing"},
		{Phone, record{Phone: "+82 10-1234-5678"}, record{Phone: "+821012345678"}, "equal"},
		{Phone, record{Phone: "+821012345678"}, record{Phone: "+821012345679"}, "one edit or same end"},
		{Phone, record{Phone: "+12023213212"}, record{Phone: "+13213212"}, "one edit or same end"},
		{Phone, record{Phone: "+12023213212"}, record{Phone: "+12023219999"}, "differs"},
		{Postcode, record{Postcode: "SW1A 2AA"}, record{Postcode: "sw1a 9zz"}, "same district"},
		{Street, record{Street: "12 Main St."}, record{Street: "12 Main Street"}, "equal"},
		{Gender, record{Gender: "F"}, record{Gender: "M"}, "differs"},
		{Number, record{Number: "100"}, record{Number: "100.0"}, "equal"},
		{Number, record{Number: "100"}, record{Number: "105"}, "within 10 %"},
		{Exact, record{Exact: "gold"}, record{Exact: "silver"}, "differs"},
	} {
		var columns []Column
		for _, k := range []Kind{GivenName, Surname, BirthDate, Gender, Email, Phone, Street, HouseNumber, Postcode, Number, Exact} {
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
