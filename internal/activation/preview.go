package activation

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
)

// Preview is what a run would do to the people at the receiver.
type Preview struct {
	Audience int64 // people in the included segments
	Eligible int64 // of them, whoever may be sent
	Before   int64 // people at the receiver, as the ledger has it
	Added    int64
	Updated  int64
	Removed  int64
	// OverBudget is why the run would not be carried out; nil for nothing.
	OverBudget error
}

// Look counts what a run of c would do, on the latest ledger, and speaks to nobody. What a run that died sent is not in the
// ledger yet. The lake and what is beside it stay as they are.
func Look(ctx context.Context, env Env, c Config) (Preview, error) {
	c, err := c.withDefaults()
	if err != nil {
		return Preview{}, err
	}
	r := &run{Env: env, Config: c}
	base, err := r.Lake.Latest(ctx, c.Plan.Task, c.Plan.Kind, c.Plan.Subject)
	if err != nil {
		return Preview{}, err
	}
	for _, step := range []func(context.Context) error{
		r.open,
		func(ctx context.Context) error { return r.attachBase(ctx, base) },
		func(ctx context.Context) error { return execAll(ctx, r.DB, journalTables...) },
		r.readPeople, r.foldJournal, r.judge,
		func(ctx context.Context) error { return r.diff(ctx, false) },
	} {
		if err := step(ctx); err != nil {
			return Preview{}, err
		}
	}
	var out Preview
	err = r.DB.Row(ctx, `WITH present AS (SELECT DISTINCT key FROM sync_held WHERE payload IS NOT NULL)
		SELECT (SELECT count(*) FROM sync_gates WHERE in_audience), (SELECT count(*) FROM sync_gates WHERE reason = 'Eligible'), (SELECT count(*) FROM present),
		count(DISTINCT o.key) FILTER (WHERE operation = 'upsert' AND p.key IS NULL), count(DISTINCT o.key) FILTER (WHERE operation = 'upsert' AND p.key IS NOT NULL),
		count(DISTINCT o.key) FILTER (WHERE operation = 'remove') FROM sync_operations o LEFT JOIN present p ON p.key = o.key`,
		&out.Audience, &out.Eligible, &out.Before, &out.Added, &out.Updated, &out.Removed)
	if err != nil {
		return Preview{}, err
	}
	if err = r.withinBudget(ctx, base); fault.Is(err, fault.BudgetExceeded) {
		out.OverBudget, err = err, nil
	}
	return out, err
}
