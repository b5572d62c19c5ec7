package linkage

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/internal/linkage/parallel"
	"github.com/kith-dev/kith/internal/normalise/person"
)

// Kind of a column: the semantic of a field, or how an attribute without one is to be compared.
type Kind string

// The kinds that are compared.
const (
	GivenName    Kind = "givenName"
	MiddleName   Kind = "middleName"
	Surname      Kind = "surname"
	FullName     Kind = "fullName"
	BirthDate    Kind = "birthDate"
	Gender       Kind = "gender"
	Email        Kind = "email"
	Phone        Kind = "phone"
	Identifier   Kind = "identifier"
	Street       Kind = "street"
	HouseNumber  Kind = "houseNumber"
	City         Kind = "city"
	Region       Kind = "region"
	Postcode     Kind = "postcode"
	Organization Kind = "organization"
	FullAddress  Kind = "fullAddress"
	Text         Kind = "Text"
	Number       Kind = "Number"
	Exact        Kind = "Exact"
	// family is the surname, or the only name where a record has one. It is no comparison of its own.
	family Kind = "family"
	// generation tells father from son where they have one name. It is no comparison of its own either: what differs in it is another given name.
	generation Kind = "generation"
)

// Column of all records.
type Column struct {
	Kind Kind
	Name string
	// Values are distinct. IDs has for each record the place of its value, or -1 where it has none.
	Values []string
	IDs    []int32
	index  *index // of Values, while they are set
}

// column is a Column in the form that is compared: values that look alike for a person are one.
type column struct {
	kind   Kind
	name   string
	values []string // folded
	texts  []text
	count  []int32 // records that have each value
	filled int     // records that have a value
	parts  map[part][]uint64
}

// newColumn gives a column and for each record, in the order given, the number of its folded value, or -1.
func newColumn(in Column, order []int32) (*column, []int32) {
	folded, hashes := make([]string, len(in.Values)), make([]uint64, len(in.Values))
	parallel.Stretches(len(folded), func(from, to int) {
		for i := from; i < to; i++ {
			if folded[i] = canonical(in.Kind, in.Values[i]); folded[i] != "" {
				hashes[i] = hash(folded[i])
			}
		}
	})
	c := &column{kind: in.Kind, name: in.Name}
	to, known := make([]int32, len(in.Values)), newIndex(len(in.Values))
	hashed := hashes[:0] // those of the values, which are no more
	for i, f := range folded {
		if to[i] = -1; f == "" {
			continue
		}
		id, ok := known.find(hashes[i], f, c.values)
		if !ok {
			c.values, hashed = append(c.values, f), append(hashed, hashes[i])
		}
		to[i] = id
	}
	c.parts = map[part][]uint64{whole: hashed}
	c.texts = make([]text, len(c.values))
	parallel.Stretches(len(c.texts), func(from, to int) {
		for i := from; i < to; i++ {
			c.texts[i] = newText(c.values[i])
		}
	})
	c.count = make([]int32, len(c.values))
	ids := make([]int32, len(order))
	for i, record := range order {
		ids[i] = -1
		if id := in.IDs[record]; id >= 0 && to[id] >= 0 {
			ids[i] = to[id]
			c.count[to[id]]++
			c.filled++
		}
	}
	return c, ids
}

// placesIn another column: of each value the place that the same one has there, or -1.
func (c *column) placesIn(o *column) []int32 {
	known := newIndex(len(o.values))
	for i, h := range o.of(whole) {
		known.find(h, o.values[i], o.values)
	}
	out := make([]int32, len(c.values))
	for i, h := range c.of(whole) {
		s := known.slot(uint32(h>>32), func(place uint32) bool { return o.values[place-1] == c.values[i] })
		out[i] = int32(s.place) - 1
	}
	return out
}

// canonical is the form of a value in which it is compared, empty for none.
func canonical(k Kind, v string) string {
	switch k {
	case Email:
		return person.Mailbox(v)
	case BirthDate:
		return birthDate(v)
	case Phone, Identifier:
		return strings.ReplaceAll(person.Fold(v), " ", "")
	case Number:
		return strings.TrimSpace(v)
	case Street:
		return person.Street(v)
	case HouseNumber:
		return person.HouseNumber(v)
	}
	return person.Fold(v)
}

// birthDate as eight digits; empty where it stands for no date, as 1900-01-01 does. Digits that are no date may be a misread one, and stay.
func birthDate(v string) string {
	d := person.DateDigits(v)
	if t, err := time.Parse("20060102", d); err == nil && person.BirthDate(t, time.Time{}) <= person.DefaultBirthDate {
		return ""
	}
	return d
}

// NewColumn has no values yet.
func NewColumn(k Kind, name string, records int) Column {
	c := Column{Kind: k, Name: name, IDs: make([]int32, records), index: newIndex(0)}
	for i := range c.IDs {
		c.IDs[i] = -1
	}
	return c
}

// Set the value of a record; empty for none. A value that is new is copied.
func (c *Column) Set(record int, value string) {
	if value = shortened(value); value != "" {
		c.set(record, maphash.String(seed, value), value)
	}
}

func (c *Column) set(record int, hash uint64, value string) {
	id, ok := c.index.find(hash, value, c.Values)
	if !ok {
		c.Values = append(c.Values, c.index.copied(value))
	}
	c.IDs[record] = id
}

// indexOf is the first column of a kind, or -1.
func indexOf(columns []Column, k Kind) int {
	return slices.IndexFunc(columns, func(c Column) bool { return c.Kind == k })
}
