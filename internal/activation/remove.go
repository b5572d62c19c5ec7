package activation

import (
	"context"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What stands in for people and gates when the Activation is being deleted: nobody is in the audience. The revisions of people and
// segments are not looked at, because they may be gone by then; so ids that were merged away stay as they are.
var nobody = []sqlgen.Query{
	`CREATE OR REPLACE TABLE sync_ids (profile_id VARCHAR)`,
	`CREATE OR REPLACE TABLE sync_moved (old_id VARCHAR, new_id VARCHAR)`,
	`CREATE OR REPLACE TABLE sync_gates (profile_id VARCHAR, in_audience BOOLEAN, rank BIGINT, key VARCHAR, payload VARCHAR,
		payload_hash VARCHAR, reason VARCHAR, detail VARCHAR)`,
}

func (r *run) readNobody(ctx context.Context) error {
	return execAll(ctx, r.DB, append(nobody[:len(nobody):len(nobody)], sqlgen.Format(held, sqlgen.Args{"match": r.match()}))...)
}

func (r *run) judgeNobody(context.Context) error { return nil }

// left is the reason of somebody at the receiver who is not in the audience.
func (c Config) left() string {
	if c.RemoveMembers {
		return ActivationDeleted
	}
	return LeftAudience
}

// nothingToRemove says that the receiver has nobody whom a run could take out. From files that each run adds to, in mode Append,
// nobody can be: they say whom to add and nothing else. Journals of runs that died are folded into a ledger in any case.
func (r *run) nothingToRemove(ctx context.Context, dest Destination, died *dead) (bool, error) {
	if _, files := dest.(Publisher); files && r.Mode == Append {
		return true, nil
	}
	var operations int64
	err := r.DB.Row(ctx, "SELECT count(*) FROM sync_operations", &operations)
	return operations == 0 && len(died.runs) == 0, err
}
