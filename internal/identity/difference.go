package identity

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Difference is what lies between the relations of two revisions of one rule, beside what ChurnOf tells.
type Difference struct {
	// Moved are the Profile records of both that belong to another profile id now; Added and Gone are those of one of the two only.
	Moved, Added, Gone int64
	// Values are the attributes whose surviving value is another one for some profiles, with the number of these: profiles of both revisions, and
	// any of their classes.
	Values []Count
	// Examples of what happened to ids, a few for each event of lineage.
	Examples []Example
}

// Count is a number by name.
type Count struct {
	Name string
	N    int64
}

// Example is one event of lineage. An id is empty where the event has none.
type Example struct{ Event, From, To string }

// Compare gives the difference between two revisions of a rule, base being the one that rev was made on, with so many examples for each
// event. Without a base all is new.
func Compare(ctx context.Context, env Env, rule string, base, rev *lake.Revision, examples int) (Difference, error) {
	c := comparison{Env: env, rule: rule, base: base, rev: rev}
	var d Difference
	err := c.records(ctx, &d)
	if err == nil && base != nil {
		d.Values, err = c.values(ctx)
	}
	if err == nil && examples > 0 {
		d.Examples, err = c.examples(ctx, examples)
	}
	return d, err
}

type comparison struct {
	Env
	rule      string
	base, rev *lake.Revision
}

// open makes views of a relation as the two revisions have it.
func (c comparison) open(ctx context.Context, relation string) (sqlgen.Args, error) {
	args := sqlgen.Args{"old": table("compared_old"), "new": table("compared_new")}
	t := lake.Table{Schema: c.rule, Name: relation}
	if err := c.Lake.View(ctx, c.DB, table("compared_new"), c.rev, t); err != nil || c.base == nil {
		return args, err
	}
	return args, c.Lake.View(ctx, c.DB, table("compared_old"), c.base, t)
}

func (c comparison) records(ctx context.Context, d *Difference) error {
	args, err := c.open(ctx, "members")
	if err != nil {
		return err
	}
	if c.base == nil {
		return c.DB.Row(ctx, sqlgen.Format("SELECT count(*) FROM {new}", args), &d.Added)
	}
	return c.DB.Row(ctx, sqlgen.Format(`SELECT count(*) FILTER (WHERE o.profile_id <> n.profile_id), count(*) FILTER (WHERE o.profile_id IS NULL),
		count(*) FILTER (WHERE n.profile_id IS NULL) FROM {old} o FULL JOIN {new} n USING (source, record_key)`, args), &d.Moved, &d.Added, &d.Gone)
}

func (c comparison) values(ctx context.Context) ([]Count, error) {
	args, err := c.open(ctx, "profiles")
	if err != nil {
		return nil, err
	}
	t := lake.Table{Schema: c.rule, Name: "profiles"}
	old, err := c.Lake.Columns(ctx, c.base, t)
	if err != nil {
		return nil, err
	}
	now, err := c.Lake.Columns(ctx, c.rev, t)
	if err != nil {
		return nil, err
	}
	differing := differences(old, now)
	if len(differing) == 0 {
		return nil, nil
	}
	var changed, sums []sqlgen.Query
	for i, d := range differing {
		a := sqlgen.Args{"when": d.when, "i": sqlgen.Name("d" + strconv.Itoa(i))}
		changed = append(changed, sqlgen.Format("bool_or({when}) AS {i}", a))
		sums = append(sums, sqlgen.Format("count(*) FILTER (WHERE {i})", a))
	}
	args["changed"], args["sums"] = changed, sums
	counts := make([]int64, len(differing))
	to := make([]any, len(differing))
	for i := range counts {
		to[i] = &counts[i]
	}
	if err := c.DB.Row(ctx, sqlgen.Format(`SELECT {sums} FROM (
		SELECT profile_id, {changed} FROM {old} o JOIN {new} n USING (class, profile_id) GROUP BY profile_id)`, args), to...); err != nil {
		return nil, err
	}
	var out []Count
	for i, n := range counts {
		if n > 0 {
			out = append(out, Count{differing[i].attribute, n})
		}
	}
	return out, nil
}

// differing is the condition under which two profiles have different values of an attribute.
type differing struct {
	attribute string
	when      sqlgen.Expr
}

// differences of two tables of profiles, o and n, in order of the attributes. One that only one of them has is missing in the other.
func differences(old, now []lake.Column) []differing {
	before, after := attributeTypes(old), attributeTypes(now)
	names := slices.Sorted(maps.Keys(before))
	for name := range after {
		if before[name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var out []differing
	for _, name := range names {
		o, n := sqlgen.Col("o", name), sqlgen.Col("n", name)
		when := sqlgen.Op("IS DISTINCT FROM", o, n)
		switch {
		case before[name] == "":
			when = sqlgen.NotNull(n)
		case after[name] == "":
			when = sqlgen.NotNull(o)
		case before[name] != after[name]:
			when = sqlgen.Op("IS DISTINCT FROM", sqlgen.Cast(o, sqlgen.String), sqlgen.Cast(n, sqlgen.String))
		}
		out = append(out, differing{name, when})
	}
	return out
}

// attributeTypes of a table of profiles.
func attributeTypes(columns []lake.Column) map[string]sqlgen.Type {
	out := map[string]sqlgen.Type{}
	for _, c := range columns {
		if !slices.Contains(reserved, c.Name) {
			out[c.Name] = c.Type
		}
	}
	return out
}

func (c comparison) examples(ctx context.Context, n int) ([]Example, error) {
	args, err := c.open(ctx, "lineage")
	if err != nil {
		return nil, err
	}
	args["run"], args["n"] = c.rev.Run, n
	var out []Example
	err = c.DB.Rows(ctx, sqlgen.Format(`SELECT event, coalesce(from_id, ''), coalesce(to_id, '') FROM {new} WHERE run = {run}
		QUALIFY row_number() OVER (PARTITION BY event ORDER BY from_id, to_id) <= {n} ORDER BY 1, 2, 3`, args), func(scan func(...any) error) error {
		var e Example
		err := scan(&e.Event, &e.From, &e.To)
		out = append(out, e)
		return err
	})
	return out, err
}
