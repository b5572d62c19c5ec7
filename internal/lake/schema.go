package lake

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var icebergTypes = map[sqlgen.Type]iceberg.Type{
	sqlgen.String:    iceberg.PrimitiveTypes.String,
	sqlgen.Integer:   iceberg.PrimitiveTypes.Int64,
	sqlgen.Decimal:   iceberg.DecimalTypeOf(18, 4),
	sqlgen.Double:    iceberg.PrimitiveTypes.Float64,
	sqlgen.Boolean:   iceberg.PrimitiveTypes.Bool,
	sqlgen.Date:      iceberg.PrimitiveTypes.Date,
	sqlgen.Timestamp: iceberg.PrimitiveTypes.TimestampTz,
}

// columnType is the type of a field, which another writer may have made.
func columnType(t Table, f iceberg.NestedField) (sqlgen.Type, error) {
	for k, v := range icebergTypes {
		if v.Equals(f.Type) {
			return k, nil
		}
	}
	return "", fault.New(fault.LakeCorrupt, "table %s: column %q has the type %s, which only another program can have given it", t, f.Name, f.Type)
}

// newFields numbers columns after the last id in use.
func newFields(cols []Column, last int) []iceberg.NestedField {
	out := make([]iceberg.NestedField, len(cols))
	for i, c := range cols {
		out[i] = iceberg.NestedField{ID: last + 1 + i, Name: c.Name, Type: icebergTypes[c.Type]}
	}
	return out
}

// checkColumns refuses what a table can't hold. The engine does not tell upper from lower case in ASCII, and Spark in no script,
// so two columns that differ only in it could not be read apart.
func checkColumns(t Table, cols []Column) error {
	if len(cols) == 0 {
		return fault.New(fault.SchemaChanged, "table %s would have no columns", t)
	}
	seen := map[string]string{}
	for _, c := range cols {
		if c.Name == "" || strings.ContainsRune(c.Name, 0) {
			return fault.New(fault.SchemaChanged, "table %s: a column without a name, or with a NUL in it", t)
		}
		if icebergTypes[c.Type] == nil {
			return fault.New(fault.Internal, "table %s: column %q has the unknown type %q", t, c.Name, c.Type)
		}
		low := strings.ToLower(c.Name)
		if other, ok := seen[low]; ok {
			return fault.New(fault.SchemaChanged, "table %s: the columns %q and %q differ at most in upper and lower case: rename one", t, other, c.Name)
		}
		seen[low] = c.Name
	}
	return nil
}

// evolve gives the fields of a table that had base and is to have cols. Ids are never used twice for different things: a
// column keeps its id while it keeps name and type, anything else gets a new one, which readers of old files see as null.
// When keep is set the old columns stay, and none may change its type.
func evolve(t Table, base []iceberg.NestedField, cols []Column, lastID int, keep bool) ([]iceberg.NestedField, error) {
	var out []iceberg.NestedField
	if keep {
		out = slices.Clone(base)
	}
	for _, c := range cols {
		i := slices.IndexFunc(base, func(f iceberg.NestedField) bool { return f.Name == c.Name })
		same := i >= 0 && base[i].Type.Equals(icebergTypes[c.Type])
		switch {
		case same && keep:
		case same:
			out = append(out, base[i])
		case keep && i >= 0:
			return nil, fault.New(fault.SchemaChanged, "table %s: column %q is %s and can't become %s by adding rows: give the field another name, or load the source anew",
				t, c.Name, base[i].Type, c.Type)
		default:
			lastID++
			out = append(out, iceberg.NestedField{ID: lastID, Name: c.Name, Type: icebergTypes[c.Type]})
		}
	}
	names := make([]Column, len(out))
	for i, f := range out {
		typ, err := columnType(t, f)
		if err != nil {
			return nil, err
		}
		names[i] = Column{Name: f.Name, Type: typ}
	}
	return out, checkColumns(t, names)
}

// ensureSchema makes sure that the table and a schema with the columns exist, and returns that schema. Its ids are committed
// before any file carries them, so that two writers can't give one id to different columns.
func (l *Lake) ensureSchema(ctx context.Context, t Table, baseSchema *int, cols []Column, keep bool) (*state, *iceberg.Schema, error) {
	if err := checkColumns(t, cols); err != nil {
		return nil, nil, err
	}
	s, err := l.load(t)
	if err != nil {
		return nil, nil, err
	}
	if s == nil {
		if err := l.create(t, cols); err != nil {
			return nil, nil, err
		}
	}
	var want []iceberg.NestedField
	s, err = l.update(ctx, t, func(s *state) ([]table.Update, error) {
		// A table that was never part of a revision gives its ids where they fit, but no columns.
		base, err := s.meta.CurrentSchema(), error(nil)
		if baseSchema != nil {
			if base, err = s.schemaOf(*baseSchema); err != nil {
				return nil, err
			}
		}
		if want, err = evolve(t, base.Fields(), cols, s.meta.LastColumnID(), keep && baseSchema != nil); err != nil {
			return nil, err
		}
		if s.find(want) != nil {
			return nil, nil
		}
		next := 0
		for _, sc := range s.meta.Schemas() {
			next = max(next, sc.ID+1)
		}
		return []table.Update{table.NewAddSchemaUpdate(iceberg.NewSchema(next, want...))}, nil
	})
	if err != nil {
		return nil, nil, err
	}
	schema := s.find(want)
	if schema == nil {
		return nil, nil, fault.New(fault.Internal, "table %s: a schema was committed and is not there", t)
	}
	return s, schema, nil
}

func (s *state) schemaOf(id int) (*iceberg.Schema, error) {
	for _, sc := range s.meta.Schemas() {
		if sc.ID == id {
			return sc, nil
		}
	}
	return nil, fault.New(fault.LakeCorrupt, "table %s lacks schema %d", s.table, id)
}

// find is the schema with exactly these fields in this order.
func (s *state) find(fields []iceberg.NestedField) *iceberg.Schema {
	for _, sc := range s.meta.Schemas() {
		if slices.EqualFunc(sc.Fields(), fields, func(a, b iceberg.NestedField) bool { return a.Equals(b) }) {
			return sc
		}
	}
	return nil
}
