package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// usual are the automatic guards of a rule that declares none: an address or a number with so many names is that of an office, a shop
// or a till.
var usual = []Automatic{
	{Per: "email", Distinct: "surname", Above: 20}, {Per: "email", Distinct: "givenName", Above: 20},
	{Per: "phone", Distinct: "surname", Above: 20}, {Per: "phone", Distinct: "givenName", Above: 20},
}

// automatic is an Automatic with the number of its kind.
type automatic struct {
	Automatic
	kind int
}

// numberAutomatic checks what is declared. Of the usual ones it takes those for which there is something to count.
func (s *space) numberAutomatic(cfg Config) error {
	declared := cfg.Guards.Automatic != nil
	list := cfg.Guards.Automatic
	if !declared {
		list = usual
	}
	for _, a := range list {
		carried := s.profilesHave(func(f Field) bool { return f.Identifier == a.Per })
		counted := s.profilesHave(func(f Field) bool { return counts(f, a.Distinct) })
		switch {
		case carried && counted:
			s.automatic = append(s.automatic, automatic{a, slices.Index(s.kinds, a.Per)})
		case declared && !carried:
			return missing(cfg, "guards.automatic names %q, and no Profile source has such an identifier", a.Per)
		case declared:
			return missing(cfg, "guards.automatic names %q, and no Profile source has such an identifier or attribute", a.Distinct)
		}
	}
	return nil
}

func (s *space) profilesHave(is func(Field) bool) bool {
	return slices.ContainsFunc(s.sources, func(src Source) bool { return src.RecordKind == Profile && slices.ContainsFunc(src.Fields, is) })
}

// counts says whether an automatic guard that counts different values of what is called so looks at a field.
func counts(f Field, distinct string) bool {
	return f.Identifier == distinct || f.Name == distinct || f.Identifier == "" && f.Semantic == distinct
}

// tooShared are the values that occur with more different others than allowed. Only a value in enough rows can, and of those there are few.
const tooShared = `INSERT INTO {automatic}
SELECT v.vid, {place}, {name}, count(*) FROM (SELECT DISTINCT value, other FROM ({pairs}) WHERE other <> '') p
JOIN {values} v ON v.kind = {kind} AND v.value = p.value GROUP BY v.vid HAVING count(*) > {above}`

const sharedPairs = `SELECT s.{v}::VARCHAR AS value, lower(trim(s.{other}::VARCHAR)) AS other FROM {source} s
WHERE (s.{v}::VARCHAR IN (SELECT value FROM {values} WHERE kind = {kind} AND NOT blocked AND n * {columns} > {above})) IS TRUE`

// blockAutomatically blocks, among the values that are not blocked yet, those that occur with too many different others. All guards are asked
// before any value is blocked, so that their order does not matter. from is what the tables are called that have the rows of each Profile source.
func (r *run) blockAutomatically(ctx context.Context, from string) error {
	args := sqlgen.Args{"automatic": table("automatic"), "values": table("values")}
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {automatic} (vid INTEGER, place INTEGER, name VARCHAR, different BIGINT)", args); err != nil {
		return err
	}
	for i, a := range r.space.automatic {
		args["place"], args["name"], args["kind"], args["above"] = i, a.Distinct, a.kind, a.Above
		args["pairs"] = r.sharedPairs(a, from)
		if err := r.exec(ctx, tooShared, args); err != nil {
			return err
		}
	}
	return r.exec(ctx, "UPDATE {values} SET blocked = true WHERE vid IN (SELECT vid FROM {automatic})", args)
}

// sharedPairs is a query for the values of an automatic guard's identifier, each with what it occurs with in a record.
func (r *run) sharedPairs(a automatic, from string) sqlgen.Query {
	var all []sqlgen.Query
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		others := slices.DeleteFunc(slices.Clone(src.Fields), func(f Field) bool { return !counts(f, a.Distinct) })
		for _, f := range src.Fields {
			if f.Identifier != a.Per {
				continue
			}
			for _, other := range others {
				// A row has as many others as there are columns of them.
				all = append(all, sqlgen.Format(sharedPairs, sqlgen.Args{
					"v": sqlgen.Name(f.Name), "other": sqlgen.Name(other.Name), "source": numbered(from, i), "values": table("values"),
					"kind": a.kind, "columns": len(others), "above": a.Above,
				}))
			}
		}
	}
	return sqlgen.UnionAll(all...)
}
