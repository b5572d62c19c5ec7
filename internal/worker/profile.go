package worker

import (
	"context"
	"database/sql"
	"errors"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// profile is the id of the person who has an identifier. The value may be given as people write it.
func (t task) profile(ctx context.Context, people *lake.Revision, kind, value string) (string, error) {
	if kind == "profile" {
		return value, nil
	}
	table := lake.Table{Schema: t.plan.Sync.Rule, Name: "identifiers"}
	view := sqlgen.Name("wanted_identifiers")
	if err := t.env.Lake.View(ctx, t.db, view, people, table); err != nil {
		return "", err
	}
	var id string
	err := t.db.Row(ctx, sqlgen.Format("SELECT profile_id FROM {view} WHERE identifier = {kind} AND value IN ({values}) LIMIT 1",
		sqlgen.Args{"view": view, "kind": kind, "values": []sqlgen.Expr{sqlgen.Lit(value), sqlgen.Lit(written(kind, value))}}), &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fault.New(fault.ReferenceNotFound, "nobody in %s has that %s: it is in no source, it is blocked, or it is shared by several people (see %s.guard_events)",
			t.plan.Sync.Rule, kind, t.plan.Sync.Rule)
	}
	return id, err
}

// written is the stored form of an identifier that people may write in another. A phone needs its country code.
func written(kind, value string) string {
	semantic := normalise.SemanticIdentifier
	if kind == normalise.SemanticEmail || kind == normalise.SemanticPhone {
		semantic = kind
	}
	if v, ok := normalise.Text(semantic, "", value); ok {
		return v
	}
	return value
}
