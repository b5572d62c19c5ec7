package ingest

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Whoever reads a source after a run looks at what has changed, not at all of it: so rows that say the same as before stay where they are, with the run that
// brought them. Only where most rows are others the table is written anew.

const (
	// Rows of the base that were read again and say the same.
	findSame = `CREATE OR REPLACE TABLE {same} AS SELECT b.{key} FROM {base} AS b JOIN ({fresh}) AS f ON f.{key} = b.{key} WHERE {equal}`
	// Rows of the base that are no more, or say something else now.
	goneFromAll  = `{key} NOT IN (SELECT {key} FROM {same})`
	goneFromRead = `({key} IN (SELECT {key} FROM {latest})) IS TRUE AND {key} NOT IN (SELECT {key} FROM {same})`
	freshRows    = `SELECT f.* FROM ({fresh}) AS f ANTI JOIN {same} AS s ON s.{key} = f.{key}`
)

// writeDifference takes out of the table what is not as before and adds what is new. It does nothing, and says so, where the table has other columns by now,
// or where more than half of the rows would be others. It gives the number of rows that the table has then.
func (r *run) writeDifference(ctx context.Context, columns []lake.Column, fresh sqlgen.Query) (written bool, rows int64, err error) {
	if r.base == nil || r.anew || !sameColumns(columns, r.columns) {
		return false, 0, nil
	}
	equal := []sqlgen.Expr{sqlgen.Lit(true)}
	for _, c := range columns {
		if c.Name != record.KeyColumn && c.Name != record.RunColumn && c.Name != record.IngestedColumn {
			equal = append(equal, sqlgen.Op("IS NOT DISTINCT FROM", sqlgen.Col("f", c.Name), sqlgen.Col("b", c.Name)))
		}
	}
	args := names(sqlgen.Args{"same": sqlgen.Name(sameTable), "fresh": fresh, "equal": sqlgen.And(equal...)})
	if err := r.env.DB.Exec(ctx, sqlgen.Format(findSame, args)); err != nil {
		return false, 0, err
	}
	var same int64
	if err := r.env.DB.Row(ctx, sqlgen.Format("SELECT count(*) FROM {same}", args), &same); err != nil {
		return false, 0, err
	}
	v, _ := r.base.Version(r.sourceTable())
	gone, changed := goneFromAll, r.counts.Written-same+v.Rows-same
	if r.carry {
		gone, changed = goneFromRead, r.counts.Written-same
	}
	if 2*changed > max(r.counts.Written, v.Rows) {
		return false, 0, nil
	}
	deleted, err := r.tx.Delete(ctx, r.sourceTable(), sqlgen.Format(gone, args))
	if err != nil {
		return false, 0, err
	}
	added, err := r.tx.Append(ctx, r.sourceTable(), columns, sqlgen.Format(freshRows, args))
	return true, v.Rows - deleted + added, err
}

// sameColumns tells whether two tables have the same columns, in any order.
func sameColumns(a, b []lake.Column) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c lake.Column) bool { return !slices.Contains(b, c) })
}
