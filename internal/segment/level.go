package segment

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// evaluate computes level by level, and each level for every class before any class takes its results for known: a Segment that
// goes over its budget for one purpose keeps its members for all.
func (r *run) evaluate(ctx context.Context) error {
	classes := make([]*classRun, len(r.Classes))
	for i, c := range r.Classes {
		classes[i] = &classRun{run: r, class: c, number: i}
		if err := classes[i].start(ctx); err != nil {
			return err
		}
		r.step()
	}
	for _, level := range r.space.Levels {
		for _, w := range classes {
			if err := w.level(ctx, level); err != nil {
				return err
			}
			r.step()
		}
		if err := r.hold(ctx, level); err != nil {
			return err
		}
		for _, w := range classes {
			if err := w.keep(ctx); err != nil {
				return err
			}
		}
	}
	for _, w := range classes {
		r.people = append(r.people, w.people)
	}
	return nil
}

// classRun evaluates for one class of purposes.
type classRun struct {
	*run
	class  Class
	number int
	// people is the table of the class's profiles with what is known of them so far; gen counts its versions.
	people string
	gen    int
	// asked are the Segments that something evaluated for the class needs.
	asked map[string]bool
	// current are the items of the level at work, whose values are columns of result.
	current []lang.Item
}

// items of a level that this class evaluates.
func (w *classRun) items(level []lang.Item) []lang.Item {
	var out []lang.Item
	for _, item := range level {
		if item.Kind == "Trait" {
			if w.space.Failed[lang.Key("Trait", item.Name)] == nil {
				out = append(out, item)
			}
		} else if s := w.segment(item.Name); len(s.purposesIn(w.class)) > 0 && !w.kept(s) {
			out = append(out, item)
		}
	}
	return out
}

func (w *classRun) nextPeople() string {
	w.gen++
	return fmt.Sprintf("eval_people_%d_%d", w.number, w.gen)
}

// start makes the table of the class's profiles with the attributes that expressions read.
func (w *classRun) start(ctx context.Context) error {
	w.asked = map[string]bool{}
	attributes := map[string]bool{}
	for _, level := range w.space.Levels {
		for _, item := range w.items(level) {
			for _, s := range needed(item) {
				w.asked[s] = true
			}
			for _, e := range w.compiled(item) {
				for _, a := range e.Profile {
					if _, ok := w.attributes[a]; ok {
						attributes[a] = true
					}
				}
			}
		}
	}
	columns := []sqlgen.Query{`i.n AS "@n"`, "coalesce(p.known, false) AS known"}
	for _, a := range slices.Sorted(maps.Keys(attributes)) {
		columns = append(columns, sqlgen.Format("{c}", sqlgen.Args{"c": sqlgen.Col("p", a)}))
	}
	w.people = w.nextPeople()
	if err := w.exec(ctx, "CREATE TABLE {t} AS SELECT {columns} FROM eval_profiles p JOIN eval_ids i ON i.profile_id = p.profile_id WHERE p.class = {class}",
		sqlgen.Args{"t": sqlgen.Name(w.people), "columns": columns, "class": w.class.Name}); err != nil {
		return err
	}
	return w.oldFlags(ctx)
}

// oldFlags are the columns of the Segments that keep their last result and that somebody asks for.
func (w *classRun) oldFlags(ctx context.Context) error {
	added := []sqlgen.Query{"p.*"}
	tables := &joins{}
	for _, name := range slices.Sorted(maps.Keys(w.asked)) {
		if w.kept(w.segment(name)) {
			added = append(added, tables.flag(w, "eval_old", name))
		}
	}
	if len(added) == 1 {
		return nil
	}
	return w.extend(ctx, added, tables)
}

// level evaluates items that need only what levels before it made.
func (w *classRun) level(ctx context.Context, level []lang.Item) error {
	w.current = w.items(level)
	var expressions []*lang.Compiled
	for _, item := range w.current {
		expressions = append(expressions, w.compiled(item)...)
	}
	var drop []string
	joins := &joins{}
	for _, l := range lists {
		for _, correlated := range []bool{false, true} {
			table, temporary, err := w.aggregate(ctx, l, correlated, expressions)
			if err != nil {
				return err
			}
			if table != "" {
				joins.add(table, lang.Aggregate{List: l, Correlated: correlated}.From())
			}
			if temporary {
				drop = append(drop, table)
			}
		}
	}
	if table, err := w.windows(ctx, joins, expressions); err != nil {
		return err
	} else if table != "" {
		joins.add(table, "w")
		drop = append(drop, table)
	}
	if err := w.values(ctx, joins); err != nil {
		return err
	}
	for _, t := range drop {
		if err := w.exec(ctx, "DROP TABLE {t}", sqlgen.Args{"t": sqlgen.Name(t)}); err != nil {
			return err
		}
	}
	return nil
}

func (w *classRun) result() string { return fmt.Sprintf("eval_result_%d", w.number) }

// joins are the tables that a profile's row is looked up in.
type joins struct{ parts []sqlgen.Query }

func (j *joins) add(table, alias string) {
	j.parts = append(j.parts, sqlgen.Format("LEFT JOIN {t} AS {a} ON {n} = p.\"@n\"", sqlgen.Args{
		"t": sqlgen.Name(table), "a": sqlgen.Name(alias), "n": sqlgen.Col(alias, "n")}))
}

func (j *joins) query() sqlgen.Query { return sqlgen.Lines(j.parts...) }

// aggregate makes the table of a list's aggregates in one scan. Those that need nothing of profiles are made once for all expressions and
// all classes that may use the same sources of the list; the others for one level of one class, and are temporary.
func (w *classRun) aggregate(ctx context.Context, l lang.List, correlated bool, of []*lang.Compiled) (table string, temporary bool, err error) {
	if len(aggregates(l, correlated, of)) == 0 {
		return "", false, nil
	}
	var sources []int
	for i, s := range w.Sources {
		if s.RecordKind == recordKinds[l] && w.class.permits(s.Name) {
			sources = append(sources, i)
		}
	}
	key := fmt.Sprint(l, sources)
	if correlated {
		table = fmt.Sprintf("eval_%s_p_%d", l, w.number)
	} else {
		if table = w.shared[key]; table != "" {
			return table, false, nil
		}
		of = w.expressions()
		table = fmt.Sprintf("eval_%s_%d", l, len(w.shared))
		w.shared[key] = table
	}
	numbers := make([]sqlgen.Expr, len(sources))
	for i, n := range sources {
		numbers[i] = sqlgen.Lit(n)
	}
	args := sqlgen.Args{
		"t": sqlgen.Name(table), "e": elements(l), "p": sqlgen.Name(w.people), "columns": aggregates(l, correlated, of),
		"permitted": sqlgen.In(sqlgen.Col("e", "@number"), numbers...),
	}
	template := `CREATE TABLE {t} AS SELECT e."@n" AS n, {columns} FROM {e} AS e WHERE {permitted} GROUP BY e."@n"`
	if correlated {
		template = `CREATE TABLE {t} AS SELECT e."@n" AS n, {columns} FROM {e} AS e JOIN {p} AS p ON p."@n" = e."@n" WHERE {permitted} GROUP BY e."@n"`
	}
	return table, correlated, w.exec(ctx, template, args)
}

// aggregates of a list that the expressions need, each once.
func aggregates(l lang.List, correlated bool, of []*lang.Compiled) []sqlgen.Expr {
	var out []sqlgen.Expr
	seen := map[string]bool{}
	for _, e := range of {
		for _, a := range e.Aggregates {
			if a.List == l && a.Correlated == correlated && !seen[a.Name] {
				seen[a.Name] = true
				out = append(out, sqlgen.As(a.Value, a.Name))
			}
		}
	}
	return out
}

// windows makes the table of the percent ranks that the expressions need; its name is empty if they need none.
func (w *classRun) windows(ctx context.Context, joins *joins, of []*lang.Compiled) (string, error) {
	values := []sqlgen.Query{`p."@n" AS n`, "p.known"}
	ranks := []sqlgen.Query{"n"}
	seen := map[string]bool{}
	for _, e := range of {
		for _, x := range e.Windows {
			if seen[x.Name] {
				continue
			}
			seen[x.Name] = true
			values = append(values, sqlgen.Format("{v}", sqlgen.Args{"v": sqlgen.As(x.Value, x.Name)}))
			ranks = append(ranks, sqlgen.Format(`CASE WHEN known AND {v} IS NOT NULL THEN
				CASE WHEN count(*) OVER (PARTITION BY known AND {v} IS NOT NULL) = 1 THEN CAST(1 AS DOUBLE)
				ELSE percent_rank() OVER (PARTITION BY known AND {v} IS NOT NULL ORDER BY {v}) END END AS {v}`, sqlgen.Args{"v": sqlgen.Name(x.Name)}))
		}
	}
	if len(seen) == 0 {
		return "", nil
	}
	table := fmt.Sprintf("eval_windows_%d", w.number)
	return table, w.exec(ctx, "CREATE TABLE {t} AS SELECT {ranks} FROM (SELECT {values} FROM {p} AS p {joins})", sqlgen.Args{
		"t": sqlgen.Name(table), "ranks": ranks, "values": values, "p": sqlgen.Name(w.people), "joins": joins.query()})
}

// Columns of a level's result, by the position of the item.
func valueColumn(i int) string { return fmt.Sprintf("v%d", i) }
func rankColumn(i int) string  { return fmt.Sprintf("r%d", i) }

// values computes the items, and who is a member of those that are Segments.
func (w *classRun) values(ctx context.Context, joins *joins) error {
	columns := []sqlgen.Query{`p."@n" AS n`}
	for i, item := range w.current {
		v := item.Value.Value
		if item.Kind == "Segment" {
			v = sqlgen.IsTrue(v)
		}
		columns = append(columns, sqlgen.Format("{v}", sqlgen.Args{"v": sqlgen.As(v, valueColumn(i))}))
		if item.Rank != nil {
			columns = append(columns, sqlgen.Format("{v}", sqlgen.Args{"v": sqlgen.As(item.Rank.Value, rankColumn(i))}))
		}
	}
	if err := w.exec(ctx, "CREATE TABLE {t} AS SELECT {columns} FROM {p} AS p {joins}", sqlgen.Args{
		"t": sqlgen.Name(w.result()), "columns": columns, "p": sqlgen.Name(w.people), "joins": joins.query()}); err != nil {
		return err
	}
	for i, item := range w.current {
		if item.Kind == "Segment" {
			if err := w.members(ctx, i, item); err != nil {
				return err
			}
		}
	}
	return nil
}

// keep makes the Traits of the level, and the membership in its Segments that somebody asks for, columns of people.
func (w *classRun) keep(ctx context.Context) error {
	added := []sqlgen.Query{"p.*"}
	tables := &joins{}
	tables.add(w.result(), "r")
	for i, item := range w.current {
		switch {
		case item.Kind == "Trait":
			added = append(added, sqlgen.Format("{v}", sqlgen.Args{"v": sqlgen.As(sqlgen.Cast(sqlgen.Col("r", valueColumn(i)), item.Value.Type), item.Attribute)}))
		case w.asked[item.Name] && w.held[item.Name]:
			added = append(added, tables.flag(w, "eval_old", item.Name))
		case w.asked[item.Name]:
			added = append(added, tables.flag(w, "eval_members", item.Name))
		}
	}
	if len(added) > 1 {
		if err := w.extend(ctx, added, tables); err != nil {
			return err
		}
	}
	return w.exec(ctx, "DROP TABLE {t}", sqlgen.Args{"t": sqlgen.Name(w.result())})
}

// extend makes the next version of people.
func (w *classRun) extend(ctx context.Context, columns []sqlgen.Query, tables *joins) error {
	next := w.nextPeople()
	if err := w.exec(ctx, "CREATE TABLE {t} AS SELECT {columns} FROM {p} AS p {joins}", sqlgen.Args{
		"t": sqlgen.Name(next), "columns": columns, "p": sqlgen.Name(w.people), "joins": tables.query()}); err != nil {
		return err
	}
	if err := w.exec(ctx, "DROP TABLE {p}", sqlgen.Args{"p": sqlgen.Name(w.people)}); err != nil {
		return err
	}
	w.people = next
	return nil
}

// flag joins the members of a Segment and is the column that tells them apart.
func (j *joins) flag(w *classRun, table, segment string) sqlgen.Query {
	alias := fmt.Sprintf("m%d", len(j.parts))
	purposes := w.segment(segment).purposesIn(w.class)
	purpose := purposes[0]
	if i := slices.IndexFunc(purposes, func(p string) bool { return w.before(segment, p) }); table == "eval_old" && i >= 0 {
		purpose = purposes[i] // the others were added since, and read what this one does
	}
	j.parts = append(j.parts, sqlgen.Format(`LEFT JOIN (SELECT n FROM {t} WHERE segment = {segment} AND purpose = {purpose} AND n IS NOT NULL) AS {a} ON {n} = p."@n"`,
		sqlgen.Args{"t": sqlgen.Name(table), "segment": w.segmentNumber(segment), "purpose": w.purposeNumber(purpose),
			"a": sqlgen.Name(alias), "n": sqlgen.Col(alias, "n")}))
	return sqlgen.Format("{flag}", sqlgen.Args{"flag": sqlgen.As(sqlgen.NotNull(sqlgen.Col(alias, "n")), lang.SegmentColumn(segment))})
}

// members adds the members of the i-th item of a level, for each purpose of the class that it is evaluated for.
func (w *classRun) members(ctx context.Context, i int, item lang.Item) error {
	s := w.segment(item.Name)
	purposes := s.purposesIn(w.class)
	numbers := make([]sqlgen.Expr, len(purposes))
	for k, p := range purposes {
		numbers[k] = sqlgen.Lit(w.purposeNumber(p))
	}
	args := sqlgen.Args{
		"segment": w.segmentNumber(s.Name), "purposes": sqlgen.In(sqlgen.Col("u", "number"), numbers...),
		"r": sqlgen.Name(w.result()), "v": sqlgen.Name(valueColumn(i)),
	}
	if s.Rank == nil {
		return w.exec(ctx, `INSERT INTO eval_members SELECT {segment}, u.number, r.n, NULL FROM {r} r CROSS JOIN eval_purposes u WHERE r.{v} AND {purposes}`, args)
	}
	args["by"], args["limit"] = sqlgen.Name(rankColumn(i)), sqlgen.Lit(true)
	template := `INSERT INTO eval_members SELECT {segment}, u.number, r.n, r.place
		FROM (SELECT n, row_number() OVER (ORDER BY {by} ASC NULLS LAST, n) AS place FROM {r} WHERE {v}) r
		CROSS JOIN eval_purposes u WHERE {purposes} AND {limit}`
	if s.Rank.Descending {
		template = strings.Replace(template, "ASC", "DESC", 1)
	}
	if s.Rank.Limit != nil {
		args["limit"] = sqlgen.Op("<=", sqlgen.Col("r", "place"), sqlgen.Lit(*s.Rank.Limit))
	}
	return w.exec(ctx, template, args)
}
