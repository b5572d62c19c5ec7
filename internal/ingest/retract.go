package ingest

import (
	"context"
	"encoding/json"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Retract replaces the tables of a DataSource by empty ones and commits that, without a look at the source. A DataSource that is
// declared again under the name is read from its beginning. The revision is nil where there is nothing to take back.
func Retract(ctx context.Context, env Env, name string) (*lake.Revision, error) {
	tx, err := env.Lake.Begin(ctx, env.DB, env.Plan)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if done := tx.Done(); done != nil {
		return done, nil
	}
	r := &run{env: env, cfg: record.Config{Name: name}, tx: tx, base: tx.Base()}
	st, err := decodeState(name, r.base)
	if err != nil || r.base == nil || st.Retracted {
		return nil, err
	}
	v, _ := r.base.Version(r.sourceTable())
	for _, t := range []lake.Table{r.sourceTable(), r.quarantineTable()} {
		if err := r.empty(ctx, t); err != nil {
			return nil, err
		}
	}
	// A state of no shape is that of another declaration, whichever comes next: see Run.
	text, err := json.Marshal(state{Retracted: true})
	if err != nil {
		return nil, fault.New(fault.Internal, "DataSource %s: write the state: %w", name, err)
	}
	var none Counts
	return tx.Commit(ctx, none.outputs(lake.Output{Name: "rows", Removed: v.Rows}), string(text))
}

// empty replaces a table by one with its columns and no rows.
func (r *run) empty(ctx context.Context, t lake.Table) error {
	columns, err := r.env.Lake.Columns(ctx, r.base, t)
	if err != nil {
		return err
	}
	nulls := make([]sqlgen.Expr, len(columns))
	for i, c := range columns {
		nulls[i] = sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), c.Type), c.Name)
	}
	_, err = r.tx.Replace(ctx, t, columns, sqlgen.Format("SELECT {nulls} WHERE false", sqlgen.Args{"nulls": nulls}))
	return engine.Classify("empty table "+t.String(), err)
}
