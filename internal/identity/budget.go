package identity

import (
	"context"
	"maps"
	"slices"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Churn is what a run does to the people that there were: the known profiles of its base. Visitors, who come, go and become people every day,
// and people who are new do not count.
type Churn struct {
	Before int64 // people in the base
	// Changed are those of them whose id ended, or who gave records or identifiers to other people, or took some from them.
	Changed int64
	// What happened to ids, as events of lineage between people.
	Merges, Splits, Moves, Retired int64
}

// Over says whether more than a percentage of the people change; 0 is no limit, and there is none where there were no people.
func (c Churn) Over(maxPercent int) bool {
	return maxPercent > 0 && c.Before > 0 && 100*c.Changed > int64(maxPercent)*c.Before
}

// Percent of the people who change.
func (c Churn) Percent() float64 {
	if c.Before == 0 {
		return 0
	}
	return 100 * float64(c.Changed) / float64(c.Before)
}

// Events between people: both their ids are of known profiles, of the base or of the run. An id that ended without a heir has no other one.
const countChurn = `WITH people AS (
	SELECT id, true AS was FROM {old} WHERE known UNION ALL SELECT id, false FROM {profiles} WHERE known
), ours AS (
	SELECT event, from_id::UUID AS from_id, to_id::UUID AS to_id FROM {changes} c
	WHERE event <> {new} AND from_id IN (SELECT id FROM people WHERE was) AND (to_id IS NULL OR to_id IN (SELECT id FROM people))
), touched AS (
	SELECT from_id AS id FROM ours UNION SELECT to_id FROM ours
)
SELECT (SELECT count(*) FROM touched WHERE id IN (SELECT id FROM people WHERE was)),
	count(*) FILTER (WHERE event = {merge}), count(*) FILTER (WHERE event = {split}),
	count(*) FILTER (WHERE event = {move}), count(*) FILTER (WHERE event = {retire}) FROM ours`

// outputs has a name for each of the counts, by which ChurnOf finds them again.
func (c *Churn) outputs() map[string]*int64 {
	return map[string]*int64{
		"changed": &c.Changed, "changed/" + eventMerge: &c.Merges, "changed/" + eventSplit: &c.Splits, "changed/" + eventMove: &c.Moves, "changed/" + eventRetire: &c.Retired,
	}
}

// ChurnOf is what the run that made a revision on base did to the people of base; nothing for a first one.
func ChurnOf(base, rev *lake.Revision) Churn {
	c := Churn{}
	if base == nil {
		return c
	}
	c.Before = rowsOf(base.Outputs, "known")
	for name, n := range c.outputs() {
		*n = rowsOf(rev.Outputs, name)
	}
	return c
}

// withinBudget counts what becomes of the people of the base, and refuses to go on where that is more than the budget allows. A first run has
// none. Nothing has been written yet.
func (r *run) withinBudget(ctx context.Context) error {
	base := r.tx.Base()
	if base == nil {
		return nil
	}
	c, err := r.churn(ctx, sqlgen.Args{"old": table("old"), "profiles": table("profiles"), "changes": table("changes")})
	if err != nil {
		return err
	}
	c.Before = rowsOf(base.Outputs, "known")
	r.outputChurn(c)
	if c.Over(r.cfg.MaxChangePercent) {
		return fault.New(fault.BudgetExceeded,
			"IdentityRule %s: run %s would change %d of %d people (%d merges, %d splits, %d moves, %d retired), more than the %d percent that budget.maxChangePercent allows; the people stay as they are until the run is approved or the budget is raised",
			r.cfg.Plan.Subject, r.cfg.Plan.Run, c.Changed, c.Before, c.Merges, c.Splits, c.Moves, c.Retired, r.cfg.MaxChangePercent)
	}
	return nil
}

// churn counts the events between people: {old} and {profiles} are the profiles before and after, {changes} what became of them.
func (r *run) churn(ctx context.Context, args sqlgen.Args) (c Churn, err error) {
	maps.Copy(args, sqlgen.Args{"new": eventNew, "merge": eventMerge, "split": eventSplit, "move": eventMove, "retire": eventRetire})
	err = r.env.DB.Row(ctx, sqlgen.Format(countChurn, args), &c.Changed, &c.Merges, &c.Splits, &c.Moves, &c.Retired)
	return c, err
}

func (r *run) outputChurn(c Churn) {
	counts := c.outputs()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if name == "changed" || *counts[name] > 0 {
			r.output(name, *counts[name])
		}
	}
}

// rowsOf is the number of rows of an output, 0 where there is none.
func rowsOf(outputs []lake.Output, name string) int64 {
	o, _ := lake.FindOutput(outputs, name)
	return o.Rows
}
