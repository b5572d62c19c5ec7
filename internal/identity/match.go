package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The values of a rule that two records or more carry. key numbers them in the order of their text.
const (
	keysOfOne = `CREATE OR REPLACE TABLE {keys} AS
SELECT vid AS key, [vid] AS vids FROM {carries} WHERE vid >= {lo} AND vid < {hi} GROUP BY vid HAVING count(*) > 1`
	starsOfOne = `CREATE OR REPLACE TABLE {stars} AS
SELECT c.vid AS key, c.rec FROM {carries} c JOIN {keys} k ON k.key = c.vid`

	combine  = `CREATE OR REPLACE TABLE {combined} AS SELECT rec, [{vids}] AS vids FROM {records} {joins}`
	keysOfMe = `CREATE OR REPLACE TABLE {keys} AS
SELECT (row_number() OVER (ORDER BY vids) - 1)::INTEGER AS key, vids FROM {combined} GROUP BY vids HAVING count(*) > 1`
	starsOfMe = `CREATE OR REPLACE TABLE {stars} AS SELECT key, rec FROM {combined} JOIN {keys} USING (vids)`
)

// match clusters the Profile records, rule after rule.
func (r *run) match(ctx context.Context) error {
	guards := r.guards()
	nodes, values, err := r.guarded(ctx, guards)
	if err != nil {
		return err
	}
	g := newGraph(r.records, guards, nodes, values)
	if err := r.watch(ctx, g); err != nil {
		return err
	}
	if err := r.applyOverrides(ctx, g); err != nil {
		return err
	}
	refusals, err := r.newRefusals(ctx)
	if err != nil {
		return err
	}
	for _, rule := range r.space.rules {
		if err := r.stageStars(ctx, rule); err != nil {
			return closing(refusals, err)
		}
		s, err := r.readStars(ctx, numbered("stars", rule.number))
		if err != nil {
			return closing(refusals, err)
		}
		merged, refused := g.apply(s)
		if err := writeRefusals(refusals, rule.number, guards, refused); err != nil {
			return closing(refusals, err)
		}
		if err := r.keptApart(ctx, g, rule.number, refused); err != nil {
			return closing(refusals, err)
		}
		r.output("merges/rule "+sqlgen.DuckDB.Literal(rule.number)+": "+rule.label, int64(merged))
	}
	if err := r.link(ctx, g); err != nil {
		return closing(refusals, err)
	}
	if err := refusals.Close(); err != nil {
		return err
	}
	return r.assign(ctx, "assigned", "rec", "cluster", g.founders())
}

func closing(a *engine.Appender, err error) error {
	_ = a.Close()
	return err
}

// output counts something for the report.
func (r *run) output(name string, rows int64) {
	r.outputs = append(r.outputs, lake.Output{Name: name, Rows: rows})
}

// guards with the numbers of their values.
func (r *run) guards() []guard {
	out := make([]guard, len(r.space.guards))
	for i, g := range r.space.guards {
		if g.kind != ofSize {
			g.values = r.values[g.kind]
		}
		out[i] = g
	}
	return out
}

// guarded reads which record has which guarded value.
func (r *run) guarded(ctx context.Context, guards []guard) (nodes, values []int32, err error) {
	if len(guards) == 0 {
		return nil, nil, nil
	}
	q := sqlgen.Format("SELECT rec, vid FROM {carries} WHERE {guarded} ORDER BY rec, vid",
		sqlgen.Args{"carries": table("carries"), "guarded": withinGuards(guards)})
	err = r.pairs(ctx, q, func(rec, vid int32) {
		nodes, values = append(nodes, rec), append(values, vid)
	})
	return nodes, values, err
}

func withinGuards(guards []guard) sqlgen.Expr {
	var kinds []sqlgen.Expr
	for _, g := range guards {
		if g.kind == ofSize {
			continue
		}
		kinds = append(kinds, within(sqlgen.Col("vid"), g.values))
	}
	return sqlgen.Or(kinds...)
}

// within says that a value's number is one of a kind's.
func within(vid sqlgen.Expr, s span) sqlgen.Expr {
	return sqlgen.And(sqlgen.Op(">=", vid, sqlgen.Lit(int64(s.lo))), sqlgen.Op("<", vid, sqlgen.Lit(int64(s.hi))))
}

// pairs reads a query of two integers.
func (r *run) pairs(ctx context.Context, q sqlgen.Query, each func(a, b int32)) error {
	return r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var a, b int32
		if err := scan(&a, &b); err != nil {
			return err
		}
		each(a, b)
		return nil
	})
}

func (r *run) stageStars(ctx context.Context, rule rule) error {
	args := sqlgen.Args{
		"carries": table("carries"), "keys": numbered("keys", rule.number), "stars": numbered("stars", rule.number), "combined": table("combined"),
	}
	if len(rule.kinds) == 1 {
		s := r.values[rule.kinds[0]]
		args["lo"], args["hi"] = int(s.lo), int(s.hi)
		if err := r.exec(ctx, keysOfOne, args); err != nil {
			return err
		}
		return r.exec(ctx, starsOfOne, args)
	}
	var vids []sqlgen.Expr
	var joins []sqlgen.Query
	for i, k := range rule.kinds {
		alias := "c" + sqlgen.DuckDB.Literal(i)
		vids = append(vids, sqlgen.Col(alias, "vid"))
		joins = append(joins, sqlgen.Format("JOIN (SELECT rec, vid FROM {carries} WHERE {of}) {alias} USING (rec)",
			sqlgen.Args{"carries": table("carries"), "of": within(sqlgen.Col("vid"), r.values[k]), "alias": sqlgen.Name(alias)}))
	}
	args["vids"], args["joins"], args["records"] = vids, sqlgen.Lines(joins...), table("records")
	for _, q := range []string{combine, keysOfMe, starsOfMe} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return r.drop(ctx, table("combined"))
}

func (r *run) readStars(ctx context.Context, from sqlgen.Ident) (*stars, error) {
	s := &stars{}
	q := sqlgen.Format("SELECT key, node FROM (SELECT key, rec AS node FROM {stars}) ORDER BY key, node", sqlgen.Args{"stars": from})
	return s, r.pairs(ctx, q, s.add)
}

// newRefusals makes the table of values that connect nothing: rule 0 is for combinations of identifiers that no record carries.
func (r *run) newRefusals(ctx context.Context) (*engine.Appender, error) {
	const create = "CREATE OR REPLACE TABLE {t} (rule INTEGER, key INTEGER, kind INTEGER, allowed INTEGER, separate BOOLEAN, timeframe VARCHAR)"
	if err := r.exec(ctx, create, sqlgen.Args{"t": table("refused")}); err != nil {
		return nil, err
	}
	return r.env.DB.Appender(ctx, "identity_refused")
}

func writeRefusals(to *engine.Appender, rule int, guards []guard, refused []refusal) error {
	for _, x := range refused {
		if x.guard >= len(guards) {
			continue // a split, see keptApart
		}
		g := guards[x.guard]
		if err := to.Append(rule, int(x.key), g.kind, g.limit, g.separate, g.timeframe()); err != nil {
			return err
		}
	}
	return nil
}

// assign makes a table of what each number from 0 on is assigned to, such as the cluster of each record.
func (r *run) assign(ctx context.Context, name, number, to string, assigned []int32) error {
	return r.env.DB.CreateNumbers(ctx, "identity_"+name, []string{number, to}, len(assigned), func(i, column int) int64 {
		if column == 0 {
			return int64(i)
		}
		return int64(assigned[i])
	})
}
