package linkage

import (
	"fmt"
	"slices"
	"strings"
)

// Declaration is what a rule spells out of how its records are matched. What it leaves out follows from the kinds of the columns.
type Declaration struct {
	// Exclude names attributes that are not compared.
	Exclude []string
	// Comparisons are the only ones, where there are any.
	Comparisons []Declared
	// Blocking are the only rules that make candidates, where there are any: each a list of attributes, or parts of them as in surname.sound.
	Blocking [][]string
	// PairsPerRecord is how many candidates there are to be for each record before rules that find hardly anything are left out; 0 is the usual number.
	// Rules that are spelled out are not left out.
	PairsPerRecord int
	// MaxPairs is how many pairs all rules may find together before any is compared; 0 is any number.
	MaxPairs int64
}

// Declared comparison of an attribute.
type Declared struct {
	Attribute string
	// Compare is the kind of comparison: Text, Exact, Date, Number or Code; empty for what follows from the attribute.
	Compare string
	// Levels of agreement below equal values, best first; none for those that the kind of comparison has.
	Levels []Level
	// IgnoreFrequency: a rare value counts no more than a frequent one, and the model keeps no frequencies of the values.
	IgnoreFrequency bool
}

// Field of a source, as far as it tells how its values are compared.
type Field struct {
	Name, Semantic, Identifier, Type string
	// Compare is how an attribute without a semantic is compared.
	Compare string
}

// Respect is one in which records are compared, or candidates found: a semantic, or an identifier or attribute by its name.
type Respect struct {
	Kind Kind
	Name string
}

// Scheme is a declaration as it applies to the fields of some sources.
type Scheme struct {
	declaration Declaration
	fields      []Field
	respects    []Respect           // that are read, in order of fields
	compared    map[string]Declared // by name; nil for everything
	excluded    map[string]bool
	rules       [][]keyName // nil where they follow from the kinds
}

// keyName is a part of the values of a column.
type keyName struct {
	column string
	part   part
}

// maxRules that a candidate has bits for.
const maxRules = 64

// NewScheme applies a declaration to the fields of the Profile records of all sources. The error is FieldErrors.
func NewScheme(d Declaration, fields []Field) (*Scheme, error) {
	s := &Scheme{declaration: d, fields: fields, excluded: map[string]bool{}}
	s.findRespects()
	problems := slices.Concat(s.exclude(), s.compare(), s.block())
	if problems == nil {
		problems = s.count()
	}
	if problems != nil {
		return nil, problems
	}
	s.respects = slices.DeleteFunc(s.respects, func(x Respect) bool { return !s.needed(x) })
	return s, nil
}

// anonymousID is an identifier of a visitor, not of a person.
const anonymousID = "anonymousId"

// respectOf a field; the kind is empty where it is not compared.
func (s *Scheme) respectOf(f Field) Respect {
	switch k := Kind(f.Semantic); {
	case f.Semantic == "identifier" && f.Identifier != anonymousID:
		return Respect{Identifier, f.Identifier}
	case f.Semantic == "":
		return Respect{s.attributeKind(f), f.Name}
	case slices.Contains(semantics, k):
		return Respect{k, f.Semantic}
	}
	return Respect{}
}

// semantics whose values are compared as what they are.
var semantics = []Kind{
	GivenName, MiddleName, Surname, FullName, BirthDate, Gender, Email, Phone, Street, HouseNumber, City, Region, Postcode, FullAddress, Organization,
}

// methods are the kinds of comparison that can be declared.
var methods = map[string]Kind{"Text": Text, "Exact": Exact, "Date": BirthDate, "Number": Number, "Code": Identifier}

// attributeKind is that of an attribute without a semantic: as the rule declares it, or a field of any source does, or else by its type where the rule
// names it at all.
func (s *Scheme) attributeKind(f Field) Kind {
	for _, c := range s.declaration.Comparisons {
		if c.Attribute == f.Name && c.Compare != "" {
			return methods[c.Compare]
		}
	}
	if f.Compare != "" {
		return methods[f.Compare]
	}
	named := slices.ContainsFunc(s.declaration.Comparisons, func(c Declared) bool { return c.Attribute == f.Name }) ||
		slices.ContainsFunc(s.declaration.Blocking, func(rule []string) bool {
			return slices.ContainsFunc(rule, func(key string) bool { return attributeOf(key) == f.Name })
		})
	if !named {
		return ""
	}
	for _, o := range s.fields {
		if o.Semantic == "" && o.Name == f.Name && o.Compare != "" {
			return methods[o.Compare]
		}
	}
	switch {
	case f.Type == "integer" || f.Type == "double" || strings.HasPrefix(f.Type, "decimal"):
		return Number
	case f.Type == "date":
		return BirthDate
	case f.Type == "string" || f.Type == "":
		return Text
	}
	return Exact
}

func (s *Scheme) findRespects() {
	for _, f := range s.fields {
		if x := s.respectOf(f); x.Kind != "" && !slices.Contains(s.respects, x) {
			s.respects = append(s.respects, x)
		}
	}
}

// columns that there are after full names and addresses are taken apart.
func (s *Scheme) columns() (out []Respect) {
	for _, x := range s.respects {
		if piecesOf(x.Kind) == nil {
			out = append(out, x)
		}
	}
	for _, x := range s.respects {
		for _, k := range piecesOf(x.Kind) {
			if !slices.ContainsFunc(out, func(o Respect) bool { return o.Kind == k }) {
				out = append(out, Respect{k, string(k)})
			}
		}
	}
	return out
}

// piecesOf are the kinds of what a full name or a full address is taken apart into.
func piecesOf(k Kind) []Kind {
	switch k {
	case FullName:
		return []Kind{GivenName, MiddleName, Surname}
	case FullAddress:
		return []Kind{Street, HouseNumber, City, Region, Postcode}
	}
	return nil
}

// find the column that an attribute, an identifier or a semantic stands for.
func (s *Scheme) find(field, attribute string) (Respect, *FieldError) {
	name := attribute
	for _, f := range s.fields {
		if x := s.respectOf(f); x.Kind != "" && f.Name == attribute {
			name = x.Name
			break
		}
	}
	var there []string
	for _, x := range s.columns() {
		if x.Name == name {
			return x, nil
		}
		there = append(there, x.Name)
	}
	for _, x := range s.respects {
		if parts := piecesOf(x.Kind); x.Name == name && parts != nil {
			return Respect{}, wrong(field, "%q is compared by its parts: name %v", attribute, parts)
		}
	}
	slices.Sort(there)
	return Respect{}, &FieldError{field, &NotFoundError{attribute, there}}
}

func (s *Scheme) exclude() (problems FieldErrors) {
	for i, a := range s.declaration.Exclude {
		x, err := s.find(fmt.Sprintf("exclude[%d]", i), a)
		if err != nil {
			problems = append(problems, err)
		}
		s.excluded[x.Name] = true
	}
	return problems
}

func (s *Scheme) compare() (problems FieldErrors) {
	if len(s.declaration.Comparisons) == 0 {
		return nil
	}
	s.compared = map[string]Declared{}
	for i, c := range s.declaration.Comparisons {
		field := fmt.Sprintf("comparisons[%d]", i)
		x, err := s.find(field, c.Attribute)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if _, twice := s.compared[x.Name]; twice {
			problems = append(problems, wrong(field, "%s is compared already, as %q", c.Attribute, x.Name))
		}
		if slices.Contains(semantics, x.Kind) && (c.Compare == "Date" && x.Kind != BirthDate || c.Compare == "Number") && !s.plain(x) {
			problems = append(problems, wrong(field, "%s has a semantic, by which its values are normalised; it can't be compared as %s: take Text, Exact or Code", c.Attribute, c.Compare))
		}
		if err := checkLevels(field, c.Levels, x.Kind); err != nil {
			problems = append(problems, err)
		}
		s.compared[x.Name] = c
	}
	return problems
}

// plain says whether a column is of an attribute without a semantic.
func (s *Scheme) plain(x Respect) bool {
	return slices.ContainsFunc(s.fields, func(f Field) bool { return f.Semantic == "" && s.respectOf(f) == x })
}

func (s *Scheme) block() (problems FieldErrors) {
	for i, spelled := range s.declaration.Blocking {
		field := fmt.Sprintf("blocking[%d]", i)
		var rule []keyName
		for _, text := range spelled {
			k, err := s.key(field, text)
			if err == nil && slices.Contains(rule, k) {
				err = wrong(field, "%s is there already", text)
			}
			if err != nil {
				problems = append(problems, err)
				continue
			}
			rule = append(rule, k)
		}
		if len(rule) == len(spelled) && slices.ContainsFunc(s.rules, func(o []keyName) bool { return slices.Equal(o, rule) }) {
			problems = append(problems, wrong(field, "this rule is there already"))
		}
		s.rules = append(s.rules, rule)
	}
	return problems
}

// key reads an attribute, or a part of one such as surname.sound.
func (s *Scheme) key(field, text string) (keyName, *FieldError) {
	attribute := attributeOf(text)
	x, err := s.find(field, attribute)
	if err != nil {
		return keyName{}, err
	}
	p := whole
	if attribute != text {
		p = part(text[len(attribute)+1:])
	}
	if parts := partsOf(x.Kind); !slices.Contains(parts, p) {
		return keyName{}, wrong(field, "%s has no part %q; there are %v", attribute, p, parts)
	}
	return keyName{x.Name, p}, nil
}

func attributeOf(key string) string {
	attribute, _, _ := strings.Cut(key, ".")
	return attribute
}

// partsOf the values of a kind that candidates can agree in, and levels look at.
func partsOf(k Kind) []part {
	switch k {
	case BirthDate:
		return []part{whole, year, monthDay, yearOf}
	case Postcode:
		return []part{whole, district, area}
	case Email:
		return []part{whole, local}
	case Phone, Identifier:
		return []part{whole, first3, last4}
	case HouseNumber, Gender, Exact, Number:
		return []part{whole}
	case GivenName, MiddleName:
		return []part{whole, sound, full, initial, first3, last4}
	}
	return []part{whole, sound, initial, first3, last4}
}

// count what is compared, and the rules.
func (s *Scheme) count() FieldErrors {
	n := 0
	for _, x := range s.columns() {
		if s.compares(x.Name) {
			n++
		}
	}
	if n > maxComparisons {
		return FieldErrors{wrong("comparisons", "%d attributes are to be compared, and the most is %d: exclude some, or list those that count", n, maxComparisons)}
	}
	if n := len(s.rules); n > maxRules {
		return FieldErrors{wrong("blocking", "there are %d rules; the most is %d", n, maxRules)}
	}
	return nil
}

// compares says whether a column is compared, and not only there to find candidates by.
func (s *Scheme) compares(name string) bool {
	if s == nil || s.compared == nil {
		return s == nil || !s.excluded[name]
	}
	_, ok := s.compared[name]
	return ok
}

// keeps says whether a column is there at all.
func (s *Scheme) keeps(name string) bool {
	return name == string(generation) || s.compares(name) || slices.ContainsFunc(s.rules, func(rule []keyName) bool {
		return slices.ContainsFunc(rule, func(k keyName) bool { return k.column == name })
	})
}

// needed says whether the values of a field have to be read.
func (s *Scheme) needed(x Respect) bool {
	parts := piecesOf(x.Kind)
	if parts == nil {
		return s.keeps(x.Name)
	}
	return slices.ContainsFunc(s.columns(), func(o Respect) bool { return slices.Contains(parts, o.Kind) && s.keeps(o.Name) })
}

// Respects are the columns that have to be read, with full names and addresses as they are.
func (s *Scheme) Respects() []Respect { return s.respects }

// Of is the column that the values of a field belong to, if any.
func (s *Scheme) Of(f Field) (Respect, bool) {
	x := s.respectOf(f)
	return x, x.Kind != "" && slices.Contains(s.respects, x)
}

// New takes columns of the same length, one for each of Respects.
func (s *Scheme) New(columns []Column) *Records { return newRecords(columns, s) }

// declared is how a column is declared to be compared; the zero value where it is not.
func (s *Scheme) declared(name string) Declared {
	if s == nil {
		return Declared{}
	}
	return s.compared[name]
}

// method is the kind by which the values of a column are compared.
func (s *Scheme) method(c *column) Kind {
	if m, ok := methods[s.declared(c.name).Compare]; ok {
		return m
	}
	return c.kind
}

// pairsPerRecord before rules are left out, as declared: 0 for the usual number, -1 where none is left out, as they are spelled out.
func (s *Scheme) pairsPerRecord() int {
	switch {
	case s == nil:
		return 0
	case s.rules != nil:
		return -1
	}
	return s.declaration.PairsPerRecord
}
