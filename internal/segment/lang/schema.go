package lang

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// typePrefix keeps our types from being taken for variables.
const typePrefix = "kith."

// The types of CEL that are ours. decimal and date are opaque: only the declared functions take them.
var (
	decimalType     = cel.OpaqueType("decimal")
	dateType        = cel.OpaqueType("date")
	profileType     = cel.ObjectType(typePrefix + "profile")
	eventType       = cel.ObjectType(typePrefix + "event")
	transactionType = cel.ObjectType(typePrefix + "transaction")
)

var celTypes = map[sqlgen.Type]*cel.Type{
	sqlgen.String: cel.StringType, sqlgen.Integer: cel.IntType, sqlgen.Decimal: decimalType, sqlgen.Double: cel.DoubleType,
	sqlgen.Boolean: cel.BoolType, sqlgen.Date: dateType, sqlgen.Timestamp: cel.TimestampType,
}

// columnType is the type of a column for values of t; ok is false where no column holds them.
func columnType(t *cel.Type) (_ sqlgen.Type, ok bool) {
	for st, ct := range celTypes {
		if ct.IsExactType(t) {
			return st, true
		}
	}
	return "", false
}

// field is an attribute with the column of p or e that holds it.
type field struct {
	Attr
	column string
	never  bool // never missing
}

// provider tells the checker the fields of profile, event and transaction, and remembers where it looked for one in vain.
type provider struct {
	types.Provider
	objects map[string]map[string]field
	missed  []miss
}

type miss struct{ object, field string }

func newProvider(s Schema, rank bool) *provider {
	builtin := []field{
		{Attr{Name: "source", Type: sqlgen.String}, ElementSource, true},
		{Attr{Name: "time", Type: sqlgen.Timestamp}, ElementTime, false},
	}
	name := field{Attr{Name: "name", Type: sqlgen.String}, "name", false}
	if slices.ContainsFunc(s.Events, func(a Attr) bool { return a.Name == "name" }) {
		name.Name = ""
	}
	known := []field{{Attr{Name: "known", Type: sqlgen.Boolean}, "known", true}}
	profile := fields(s.Profile, known)
	if f, ok := profile["rank"]; ok && rank {
		f.Conflict = "rank is the person's place in a ranked Segment"
		profile["rank"] = f
	}
	registry := types.NewEmptyRegistry()
	return &provider{Provider: registry, objects: map[string]map[string]field{
		profileType.TypeName():     profile,
		eventType.TypeName():       fields(s.Events, append(builtin, name)),
		transactionType.TypeName(): fields(s.Transactions, builtin),
	}}
}

// fields by name. Columns of the engine do not tell upper from lower case, so attributes that differ in nothing else conflict.
func fields(attrs []Attr, builtin []field) map[string]field {
	out := map[string]field{}
	folded := map[string]string{}
	for _, a := range attrs {
		fold := strings.ToLower(a.Name)
		if other, ok := folded[fold]; ok && other != a.Name {
			a.Conflict = fmt.Sprintf("%s and %s differ only in case", other, a.Name)
			f := out[other]
			f.Conflict = a.Conflict
			out[other] = f
		}
		folded[fold] = a.Name
		out[a.Name] = field{Attr: a, column: a.Name}
	}
	for _, b := range builtin {
		if b.Name != "" {
			out[b.Name] = b
		}
	}
	return out
}

func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return nil, false
}

func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	fields, ok := p.objects[name]
	return slices.Sorted(maps.Keys(fields)), ok
}

func (p *provider) FindStructFieldType(object, name string) (*types.FieldType, bool) {
	f, ok := p.objects[object][name]
	if !ok {
		p.missed = append(p.missed, miss{object, name})
		return nil, false
	}
	return &types.FieldType{Type: celTypes[f.Type]}, true
}

func (p *provider) FindIdent(string) (ref.Val, bool) { return nil, false }

// Union adds the attributes of a source to those of others. An attribute that two sources declare with different types
// can't be used until one of them gives it another name.
func Union(attrs []Attr, source string, more []Attr) []Attr {
	out := slices.Clone(attrs)
	for _, a := range more {
		i := slices.IndexFunc(out, func(b Attr) bool { return b.Name == a.Name })
		switch {
		case i < 0:
			out = append(out, a)
		case out[i].Type != a.Type && out[i].Conflict == "":
			out[i].Conflict = fmt.Sprintf("it is %s in one source and %s in %s", article(string(out[i].Type)), article(string(a.Type)), source)
		}
	}
	return out
}

// nearest is the candidate that is most likely meant by name, or empty.
func nearest(name string, candidates []string) string {
	best, limit := "", 1+len(name)/3
	for _, c := range candidates {
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if d < limit || d == limit && best == "" {
			best, limit = c, d
		}
	}
	return best
}

// distance is the number of characters to insert, delete or replace to make b of a.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range rb {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(rb)]
}

func article(noun string) string {
	if strings.ContainsAny(noun[:1], "aeiou") {
		return "an " + noun
	}
	return "a " + noun
}
