package linkage

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

var shopFields = []Field{
	{Name: "first", Semantic: "givenName", Type: "string"}, {Name: "surname", Semantic: "surname", Type: "string"},
	{Name: "birthDate", Semantic: "birthDate", Type: "date"}, {Name: "email", Semantic: "email", Identifier: "email", Type: "string"},
	{Name: "card", Semantic: "identifier", Identifier: "loyaltyCard", Type: "string"}, {Name: "device", Semantic: "identifier", Identifier: "anonymousId", Type: "string"},
	{Name: "job", Type: "string", Compare: "Text"}, {Name: "income", Type: "decimal"}, {Name: "birthplace", Type: "string"}, {Name: "since", Type: "date"},
	{Name: "address", Semantic: "fullAddress", Type: "string"}, {Name: "agrees", Type: "boolean"},
}

func respects(s *Scheme) string {
	var out []string
	for _, x := range s.Respects() {
		out = append(out, string(x.Kind)+" "+x.Name)
	}
	return strings.Join(out, ", ")
}

// What is read follows from the semantics, from what fields say, and from what a declaration names or leaves out.
func TestWhatIsCompared(t *testing.T) {
	const derived = "givenName givenName, surname surname, birthDate birthDate, email email, identifier loyaltyCard, Text job, fullAddress fullAddress"
	for name, c := range map[string]struct {
		d    Declaration
		want string
	}{
		"nothing declared":       {Declaration{}, derived},
		"some left out":          {Declaration{Exclude: []string{"first", "loyaltyCard", "job"}}, "surname surname, birthDate birthDate, email email, fullAddress fullAddress"},
		"part of an address out": {Declaration{Exclude: []string{"city"}}, derived},
		"all of an address out":  {Declaration{Exclude: []string{"city", "street", "houseNumber", "region", "postcode", "job"}}, strings.TrimSuffix(derived, ", Text job, fullAddress fullAddress")},
		"by type":                {Declaration{Comparisons: []Declared{{Attribute: "income"}, {Attribute: "birthplace"}, {Attribute: "since"}, {Attribute: "agrees"}}}, "Number income, Text birthplace, birthDate since, Exact agrees"},
		"as declared":            {Declaration{Comparisons: []Declared{{Attribute: "birthplace", Compare: "Code"}, {Attribute: "job", Compare: "Exact"}}}, "Exact job, identifier birthplace"},
		"read to find by":        {Declaration{Comparisons: []Declared{{Attribute: "surname"}}, Blocking: [][]string{{"postcode.district", "birthplace.initial"}}}, "surname surname, Text birthplace, fullAddress fullAddress"},
	} {
		s, err := NewScheme(c.d, shopFields)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := respects(s); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// Mistakes are found before there is any data, and told with what there is instead.
func TestMistakesInDeclarations(t *testing.T) {
	levels := func(attribute string, levels ...Level) Declaration {
		return Declaration{Comparisons: []Declared{{Attribute: attribute, Levels: levels}}}
	}
	var many []Field
	for i := range 17 {
		many = append(many, Field{Name: fmt.Sprintf("a%d", i), Compare: "Text"})
	}
	for _, c := range []struct {
		d      Declaration
		fields []Field
		says   string
	}{
		{Declaration{Exclude: []string{"town"}}, shopFields, `exclude[0]: no Profile source has an attribute "town" that can be compared; there are birthDate, city, email`},
		{Declaration{Exclude: []string{"birthplace"}}, shopFields, `exclude[0]: no Profile source has an attribute "birthplace"`},
		{Declaration{Comparisons: []Declared{{Attribute: "anonymousId"}}}, shopFields, `comparisons[0]: no Profile source has an attribute "anonymousId"`},
		{Declaration{Comparisons: []Declared{{Attribute: "fullAddress"}}}, shopFields, "comparisons[0]: \"fullAddress\" is compared by its parts: name [street houseNumber city region postcode]"},
		{Declaration{Comparisons: []Declared{{Attribute: "first"}, {Attribute: "givenName"}}}, shopFields, `comparisons[1]: givenName is compared already, as "givenName"`},
		{Declaration{Comparisons: []Declared{{Attribute: "surname", Compare: "Number"}}}, shopFields, "can't be compared as Number"},
		{levels("surname", Level{Part: "year"}), shopFields, `comparisons[0].levels[0]: values of this attribute have no part "year"; there are [sound initial first3 last4]`},
		{levels("surname", Level{DaysApart: 3}), shopFields, "daysApart is for dates"},
		{levels("surname", Level{AbsoluteDifference: 3}), shopFields, "absoluteDifference is not for values of kind surname"},
		{levels("income", Level{JaroWinkler: 0.9}), shopFields, "jaroWinkler is not for values of kind Number"},
		{levels("surname", Level{JaroWinkler: 0.8}, Level{EditDistance: 2}, Level{JaroWinkler: 0.9}), shopFields, "comparisons[0].levels[2]: it is never reached"},
		{levels("surname", Level{EditDistance: 2}, Level{EditDistance: 3}, Level{EditDistance: 2}), shopFields, "comparisons[0].levels[2]: this level is there already"},
		{levels("surname", Level{Part: "sound"}, Level{Part: "sound"}), shopFields, "comparisons[0].levels[1]: this level is there already"},
		{levels("surname", make([]Level, 11)...), shopFields, "comparisons[0].levels: there are 11 levels; the most is 10"},
		{Declaration{Blocking: [][]string{{"email"}, {"surnam.sound"}}}, shopFields, `blocking[1]: no Profile source has an attribute "surnam"`},
		{Declaration{Blocking: [][]string{{"surname.year"}}}, shopFields, `blocking[0]: surname has no part "year"; there are [value sound initial first3 last4]`},
		{Declaration{Blocking: [][]string{{"email", "email.value"}}}, shopFields, "blocking[0]: email.value is there already"},
		{Declaration{Blocking: [][]string{{"email"}, {"email.value"}}}, shopFields, "blocking[1]: this rule is there already"},
		{Declaration{}, many, "comparisons: 17 attributes are to be compared, and the most is 16"},
	} {
		_, err := NewScheme(c.d, c.fields)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, not: %s", c.d, err, c.says)
		}
		var all FieldErrors
		var absent *NotFoundError
		if errors.As(err, &all) && (len(all) != 1 || errors.As(all[0], &absent) != strings.Contains(c.says, "no Profile source")) {
			t.Errorf("%v is told as %T", err, err)
		}
	}
}

// All mistakes are told at once.
func TestAllMistakesInDeclarations(t *testing.T) {
	_, err := NewScheme(Declaration{
		Comparisons: []Declared{{Attribute: "town"}, {Attribute: "surname", Levels: []Level{{DaysApart: 1}}}, {Attribute: "lastName"}},
		Blocking:    [][]string{{"email"}, {"mail"}, {"email.year", "surname"}},
	}, shopFields)
	var all FieldErrors
	var fields []string
	if errors.As(err, &all) {
		for _, e := range all {
			fields = append(fields, e.Field)
		}
	}
	if got := strings.Join(fields, " "); got != "comparisons[0] comparisons[1].levels[0] comparisons[2] blocking[1] blocking[2]" {
		t.Errorf("%s: %v", got, err)
	}
}

// Values are on the first level that holds, in the order in which levels are listed.
func TestDeclaredLevels(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		levels      []Level
		left, right string
		want        string
	}{
		{Surname, []Level{{EditDistance: 1}, {JaroWinkler: 0.9}, {Part: "sound"}}, "Müller", "muller", "equal"},
		{Surname, []Level{{EditDistance: 1}, {JaroWinkler: 0.9}, {Part: "sound"}}, "Müller", "Mueller", "at most 1 edit"},
		{Surname, []Level{{EditDistance: 1}, {JaroWinkler: 0.9}, {Part: "sound"}}, "Dwayne", "Duane", "same sound"},
		{Surname, []Level{{EditDistance: 1}, {JaroWinkler: 0.9}, {Part: "sound"}}, "Martha", "Marhtas", "Jaro-Winkler 0.9 or more"},
		{Surname, []Level{{EditDistance: 1}, {JaroWinkler: 0.9}, {Part: "sound"}}, "Martha", "", "missing"},
		{Surname, []Level{{EditDistance: 2}}, "김민수", "김만식", "at most 2 edits"},
		{Surname, []Level{{EditDistance: 2}}, "abcdef", "fedcba", "differs"},
		{Number, []Level{{AbsoluteDifference: 0.5}, {PercentageDifference: 10}}, "100", "100.5", "at most 0.5 apart"},
		{Number, []Level{{AbsoluteDifference: 0.5}, {PercentageDifference: 10}}, "-100", "-90", "at most 10 % apart"},
		{Number, []Level{{AbsoluteDifference: 0.5}, {PercentageDifference: 10}}, "100", "89", "differs"},
		{Number, []Level{{AbsoluteDifference: 0.5}, {PercentageDifference: 10}}, "100", "many", "differs"},
		{BirthDate, []Level{{DaysApart: 1}, {DaysApart: 31}, {Part: "year"}}, "1961-02-28", "1961-03-01", "at most 1 day apart"},
		{BirthDate, []Level{{DaysApart: 1}, {DaysApart: 31}, {Part: "year"}}, "1961-02-28", "1961-03-31", "at most 31 days apart"},
		{BirthDate, []Level{{DaysApart: 1}, {DaysApart: 31}, {Part: "year"}}, "1961-02-28", "1961-12-31", "same year"},
		{BirthDate, []Level{{DaysApart: 1}, {DaysApart: 31}, {Part: "year"}}, "1961-02-28", "1962-04-28", "differs"},
		{Email, []Level{{Part: "local"}}, "ada@example.com", "ada@example.org", "same local"},
	} {
		name := string(c.kind)
		if c.kind == Number {
			name = "n"
		}
		fields := []Field{{Name: "n", Type: "double"}, {Name: "x", Semantic: string(c.kind)}}
		s, err := NewScheme(Declaration{Comparisons: []Declared{{Attribute: name, Levels: c.levels}}}, fields)
		if err != nil {
			t.Fatal(err)
		}
		column := NewColumn(c.kind, name, 2)
		column.Set(0, c.left)
		column.Set(1, c.right)
		cs, err := s.New([]Column{column}).comparisons()
		if err != nil || len(cs) != 1 {
			t.Fatalf("%d comparisons: %v", len(cs), err)
		}
		r := s.New([]Column{column})
		for _, pair := range [][2]int32{{0, 1}, {1, 0}} {
			if got := cs[0].levels[cs[0].of(r.row(pair[0]), r.row(pair[1]))]; got != c.want {
				t.Errorf("%s and %s are on the level %q, not %q", c.left, c.right, got, c.want)
			}
		}
	}
}

// There are no more rules than a candidate has bits for: the first of those that follow from the kinds, and an error for those that are spelled out.
func TestRulesHaveALimit(t *testing.T) {
	var columns []Column
	for _, k := range []Kind{GivenName, Surname, BirthDate, Postcode, City} {
		columns = append(columns, textColumn(k, "a", "b", "a"))
	}
	var fields []Field
	var blocking [][]string
	for i := range 66 {
		c := textColumn(Text, "x", "y", "x")
		c.Name = fmt.Sprint("text", i)
		columns, fields, blocking = append(columns, c), append(fields, Field{Name: c.Name}), append(blocking, []string{c.Name})
	}
	rules := New(columns[:25]).rules()
	if n := len(rules); n != maxRules || rules[0].name != "both names" {
		t.Errorf("%d rules, the first %s", n, rules[0].name)
	}
	d := Declaration{Comparisons: []Declared{{Attribute: "text0"}}, Blocking: blocking}
	if _, err := NewScheme(d, fields); err == nil || err.Error() != "blocking: there are 66 rules; the most is 64" {
		t.Errorf("%v", err)
	}
	d.Blocking = blocking[:maxRules]
	s, err := NewScheme(d, fields)
	if err != nil {
		t.Fatal(err)
	}
	r := s.New(columns[5 : 5+maxRules])
	m, err := r.Learn()
	if err != nil {
		t.Fatal(err)
	}
	edges, found, err := r.Weigh(m)
	if err != nil || len(edges) != 1 || edges[0].L != 2 || edges[0].R != 0 || len(found) != maxRules || found[63] != (Candidates{"text63.value", 1, 0}) {
		t.Errorf("edges %v, candidates %v, %v", edges, found, err)
	}
}

// A model that somebody has written by hand, or that was cut, is refused and brings nothing down.
func TestBrokenModels(t *testing.T) {
	m, err := New([]Column{textColumn(Surname, "a", "b", "a", "c"), textColumn(City, "x", "y", "x", "")}).Learn()
	if err != nil || m.check() != nil {
		t.Fatal(err, m.check())
	}
	for name, harm := range map[string]func(m *Model){
		"no comparisons":         func(m *Model) { m.Comparisons = nil },
		"a frequency less":       func(m *Model) { m.Frequencies = m.Frequencies[1:] },
		"blocks of another rule": func(m *Model) { m.Divided = append(m.Divided, nil) },
		"blocks of one":          func(m *Model) { m.Largest = 1 },
		"a level less":           func(m *Model) { m.Comparisons[0].P[moved] = m.Comparisons[0].P[moved][1:] },
		"a level never":          func(m *Model) { m.Comparisons[1].P[strangers][2] = 0 },
		"more than all":          func(m *Model) { m.Frequencies[0].Counts[7] = 100 },
		"no rest":                func(m *Model) { m.Frequencies[0].Rest = -1 },
		"unsorted blocks":        func(m *Model) { m.Divided[0] = [][]uint32{{2, 1}} },
	} {
		broken, err := New([]Column{textColumn(Surname, "a", "b", "a", "c"), textColumn(City, "x", "y", "x", "")}).Learn()
		if err != nil {
			t.Fatal(err)
		}
		if harm(broken); broken.check() == nil {
			t.Errorf("a model with %s is taken", name)
		}
	}
}
