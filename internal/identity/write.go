package identity

import (
	"context"
	"strings"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// write makes the rows of q those of a relation: all of them, or in a part those that stand in place of what the condition stale finds in the base. It
// gives the number of rows that the relation has then.
func (r *run) write(ctx context.Context, name string, cols []lake.Column, stale, q sqlgen.Query) (int64, error) {
	if r.part == nil {
		return r.tx.Replace(ctx, r.relation(name), cols, q)
	}
	kept, err := r.forget(ctx, name, cols, stale)
	if err != nil {
		return 0, err
	}
	added, err := r.tx.Append(ctx, r.relation(name), cols, q)
	return kept + added, err
}

// forget empties a relation, or in a part takes out what the condition stale finds. It gives the number of rows that are left.
func (r *run) forget(ctx context.Context, name string, cols []lake.Column, stale sqlgen.Query) (int64, error) {
	if r.part == nil {
		return r.tx.Replace(ctx, r.relation(name), cols, emptyOf(cols))
	}
	deleted, err := r.tx.Delete(ctx, r.relation(name), stale)
	v, _ := r.part.base.Version(r.relation(name))
	return v.Rows - deleted, err
}

// tally adds an output for each row of a query: a name within the group and a number. In a part the numbers are those of the base, less what a query
// finds that was in the part before, plus what is in it now.
func (r *run) tally(ctx context.Context, group string, now, before sqlgen.Query) error {
	if r.part == nil {
		return r.counts(ctx, group, now)
	}
	var base []sqlgen.Query
	for _, o := range r.part.base.Outputs {
		if name, ok := strings.CutPrefix(o.Name, group+"/"); ok {
			base = append(base, sqlgen.Format("SELECT {name}, {n}", sqlgen.Args{"name": name, "n": o.Rows}))
		}
	}
	return r.counts(ctx, group, sqlgen.Format("SELECT name, sum(n)::BIGINT FROM ({all}) t(name, n) GROUP BY name HAVING sum(n) > 0 ORDER BY name", sqlgen.Args{
		"all": sqlgen.UnionAll(append(base, now, sqlgen.Format("SELECT name, -n FROM ({before}) t(name, n)", sqlgen.Args{"before": before}))...),
	}))
}
