package activation

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
)

// Budget limits what one run may change at a receiver that holds people already. The zero value does not limit.
type Budget struct {
	// MaxChangePercent of the people at the receiver who may be added and removed; 0 is no limit. Updates of people who stay do not count.
	MaxChangePercent int
	// RefuseEmpty refuses to take the last person out of the receiver because nobody is eligible any more.
	RefuseEmpty bool
}

// spent counts the operations that a budget is about. What an earlier run was let do and did not get done, because the
// receiver was down or because the run died, is not counted again: else the outage in which a first run reached one person
// of a thousand would need an approval, and so would every retry of an approved run. This is so for the batches in doubt of a journal
// too, which at most repeat under their key what the receiver may have done already. They are not sent on their own, though, while the run as a whole
// is held back: that would have to be committed, and what somebody looks at and approves would change under his hands.
const spent = `WITH present AS (SELECT DISTINCT key FROM sync_held WHERE payload IS NOT NULL),
begun AS (
	SELECT key, operation FROM sync_held WHERE outcome IN ('Failed', 'Uncertain')
	UNION SELECT key, operation FROM sync_base WHERE outcome IN ('Failed', 'Uncertain')
), todo AS (
	SELECT DISTINCT o.operation, o.key, present.key IS NOT NULL AS there, begun.key IS NOT NULL AS begun
	FROM sync_operations o LEFT JOIN present ON present.key = o.key LEFT JOIN begun ON begun.key = o.key AND begun.operation = o.operation
)
SELECT (SELECT count(*) FROM present), (SELECT count(*) FROM sync_gates WHERE reason = 'Eligible'),
	count(*) FILTER (WHERE operation = 'upsert' AND NOT there AND NOT begun),
	count(*) FILTER (WHERE operation = 'remove' AND NOT begun), count(*) FILTER (WHERE operation = 'remove')
FROM todo`

// withinBudget refuses to go on with more than the budget allows. A first run has none, nor one that finds the receiver empty.
func (r *run) withinBudget(ctx context.Context, base *lake.Revision) error {
	if base == nil || r.RemoveMembers || r.Budget == (Budget{}) {
		return nil
	}
	var people, eligible, added, removed, out int64
	if err := r.DB.Row(ctx, spent, &people, &eligible, &added, &removed, &out); err != nil {
		return err
	}
	switch limit := int64(r.Budget.MaxChangePercent); {
	case people == 0:
		return nil
	case r.Budget.RefuseEmpty && eligible == 0 && removed > 0 && out == people:
		return fault.New(fault.BudgetExceeded, "activation %s: nobody is eligible, and run %s would remove all %d people at the destination, which budget.onEmptyAudience refuses; approve the run if they are to go, or set it to Proceed",
			r.name(), r.Plan.Run, people)
	case limit > 0 && 100*(added+removed) > limit*people:
		return fault.New(fault.BudgetExceeded, "activation %s: run %s would add %d and remove %d of %d people at the destination, more than the %d percent that budget.maxChangePercent allows; approve the run, or raise the budget",
			r.name(), r.Plan.Run, added, removed, people, limit)
	}
	return nil
}
