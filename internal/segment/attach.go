package segment

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var recordKinds = map[lang.List]string{lang.Events: "Event", lang.Transactions: "Transaction"}

// lists in the order in which they are attached.
var lists = []lang.List{lang.Events, lang.Transactions}

func elements(l lang.List) sqlgen.Ident { return sqlgen.Name("eval_" + string(l)) }

// expressions of everything that will be evaluated.
func (r *run) expressions() []*lang.Compiled {
	var out []*lang.Compiled
	for _, level := range r.space.Levels {
		for _, item := range level {
			out = append(out, r.compiled(item)...)
		}
	}
	return out
}

// compiled are the expressions of an item, none if it is kept.
func (r *run) compiled(item lang.Item) []*lang.Compiled {
	if s := r.segment(item.Name); item.Kind == "Segment" && (s == nil || r.kept(s)) {
		return nil
	}
	if item.Rank != nil {
		return []*lang.Compiled{item.Value, item.Rank}
	}
	return []*lang.Compiled{item.Value}
}

// attach makes one narrow table of each list that expressions use: the number of the profile, that of the source, and
// the columns that somebody reads.
func (r *run) attach(ctx context.Context) error {
	used := map[lang.List]map[string]bool{}
	for _, e := range r.expressions() {
		for _, a := range e.Aggregates {
			if used[a.List] == nil {
				used[a.List] = map[string]bool{}
			}
		}
		for l, columns := range e.Elements {
			for _, c := range columns {
				used[l][c] = true
			}
		}
	}
	if len(used) == 0 {
		return nil
	}
	if err := r.identify(ctx); err != nil {
		return err
	}
	for _, l := range lists {
		if used[l] != nil {
			if err := r.attachList(ctx, l, slices.Sorted(maps.Keys(used[l]))); err != nil {
				return err
			}
		}
	}
	return r.DB.Exec(ctx, "DROP TABLE eval_identifiers")
}

// identify makes eval_identifiers: which profile an identifier stands for. One that stands for several stands for none.
func (r *run) identify(ctx context.Context) error {
	if err := r.Lake.View(ctx, r.DB, sqlgen.Name("eval_identifiers_view"), r.Identity, r.identifiers()); err != nil {
		return err
	}
	return r.DB.Exec(ctx, `CREATE TABLE eval_identifiers AS SELECT v.identifier, v.value, min(i.n) AS n
		FROM eval_identifiers_view v JOIN eval_ids i ON i.profile_id = v.profile_id WHERE v.value IS NOT NULL
		GROUP BY v.identifier, v.value HAVING min(i.n) = max(i.n)`)
}

func (r *run) attachList(ctx context.Context, l lang.List, columns []string) error {
	types := r.elementTypes(l)
	declare := []sqlgen.Query{`CAST(0 AS INTEGER) AS "@n"`, `CAST(0 AS SMALLINT) AS "@number"`}
	for _, c := range columns {
		declare = append(declare, sqlgen.Format("{null}", sqlgen.Args{"null": sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), types[c]), c)}))
	}
	if err := r.exec(ctx, "CREATE TABLE {t} AS SELECT {columns} WHERE false", sqlgen.Args{"t": elements(l), "columns": declare}); err != nil {
		return err
	}
	for i, s := range r.Sources {
		if s.RecordKind != recordKinds[l] || !r.read(s.Name) {
			continue
		}
		if err := r.attachSource(ctx, l, i, columns, types); err != nil {
			return err
		}
	}
	return nil
}

// read says whether some class may use the source.
func (r *run) read(source string) bool {
	return slices.ContainsFunc(r.Classes, func(c Class) bool { return c.permits(source) })
}

// elementTypes are the types of a list's columns.
func (r *run) elementTypes(l lang.List) map[string]sqlgen.Type {
	out := map[string]sqlgen.Type{
		lang.ElementSource: sqlgen.String, lang.ElementKey: sqlgen.String, lang.ElementTime: sqlgen.Timestamp, "name": sqlgen.String,
	}
	for _, s := range r.Sources {
		if s.RecordKind == recordKinds[l] {
			for _, a := range s.Attributes {
				out[a.Name] = a.Type
			}
		}
	}
	return out
}

// attachSource adds the rows of one source that belong to a profile: that of the strongest of their identifiers which stands for one.
func (r *run) attachSource(ctx context.Context, l lang.List, number int, columns []string, types map[string]sqlgen.Type) error {
	s := r.Sources[number]
	table := lake.Table{Schema: "source", Name: s.Name}
	view := sqlgen.Name(fmt.Sprintf("eval_source_%d", number))
	if err := r.Lake.View(ctx, r.DB, view, s.Revision, table); err != nil {
		return err
	}
	has := map[string]sqlgen.Type{}
	stored, err := r.Lake.Columns(ctx, s.Revision, table)
	if err != nil {
		return err
	}
	for _, c := range stored {
		has[c.Name] = c.Type
	}
	joins, found := r.identifierJoins(s, has)
	if len(found) == 0 {
		return nil
	}
	profile := sqlgen.Call("coalesce", found...)
	selected := []sqlgen.Expr{profile, sqlgen.Lit(number)}
	for _, c := range columns {
		selected = append(selected, column(s, c, has, types[c]))
	}
	return r.exec(ctx, "INSERT INTO {t} SELECT {columns} FROM {view} AS e {joins} WHERE {profile} IS NOT NULL", sqlgen.Args{
		"t": elements(l), "columns": selected, "view": view, "joins": sqlgen.Lines(joins...), "profile": profile,
	})
}

// identifierJoins looks up every identifier column of a source, strongest kind first.
func (r *run) identifierJoins(s Source, has map[string]sqlgen.Type) (joins []sqlgen.Query, found []sqlgen.Expr) {
	for _, kind := range r.IdentifierOrder {
		for _, a := range s.Attributes {
			if a.Identifier != kind || has[a.Name] == "" {
				continue
			}
			alias := fmt.Sprintf("i%d", len(joins))
			joins = append(joins, sqlgen.Format("LEFT JOIN eval_identifiers AS {alias} ON {k} = {kind} AND {v} = {value}", sqlgen.Args{
				"alias": sqlgen.Name(alias), "k": sqlgen.Col(alias, "identifier"), "kind": kind, "v": sqlgen.Col(alias, "value"),
				"value": sqlgen.Cast(sqlgen.Col("e", a.Name), sqlgen.String),
			}))
			found = append(found, sqlgen.Col(alias, "n"))
		}
	}
	return joins, found
}

// column is a column of a list as a source has it. One that the source does not have, or not yet, is missing; one that it has with another type,
// because it was declared anew and not read since, is converted where that is possible.
func column(s Source, name string, has map[string]sqlgen.Type, t sqlgen.Type) sqlgen.Expr {
	switch name {
	case lang.ElementSource:
		return sqlgen.Lit(s.Name)
	case lang.ElementTime:
		return sqlgen.Col("e", "_time")
	case lang.ElementKey:
		return sqlgen.Col("e", "_key")
	}
	declared := slices.ContainsFunc(s.Attributes, func(a Attribute) bool { return a.Name == name })
	switch {
	case !declared || has[name] == "":
		return sqlgen.Cast(sqlgen.Lit(nil), t)
	case has[name] != t:
		return sqlgen.TryCast(sqlgen.Col("e", name), t)
	default:
		return sqlgen.Col("e", name)
	}
}
