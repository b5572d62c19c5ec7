package identity

import (
	"context"
	"time"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// Decided is a decision of somebody about two records, and what became of it.
type Decided struct {
	First    Ref        `json:"first"`
	Second   Ref        `json:"second"`
	Decision string     `json:"decision"` // Merge or Split
	Outcome  string     `json:"outcome"`  // Applied, or Refused for a Merge that a Split forbids
	Reason   string     `json:"reason,omitempty"`
	Steward  string     `json:"steward,omitempty"`
	At       *time.Time `json:"at,omitempty"`
}

// decided are the decisions of a revision about any two of the records. A revision that was made before there were overrides has none.
func (x *explainer) decided(ctx context.Context, refs []Ref) (out []Decided, err error) {
	if _, ok := x.revision.Version(x.relation("overrides")); !ok {
		return nil, nil
	}
	view := table("base_overrides")
	if err := x.env.Lake.View(ctx, x.env.DB, view, x.revision, x.relation("overrides")); err != nil {
		return nil, err
	}
	q := sqlgen.Format(`SELECT first_source, first_key, second_source, second_key, decision, outcome, coalesce(reason, ''), coalesce(steward, ''), decided_at
		FROM {overrides} WHERE {first} AND {second} ORDER BY decided_at DESC NULLS LAST, first_source, first_key, second_source, second_key`,
		sqlgen.Args{"overrides": view, "first": these(refs, "first_source", "first_key"), "second": these(refs, "second_source", "second_key")})
	err = x.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var d Decided
		err := scan(&d.First.Source, &d.First.Key, &d.Second.Source, &d.Second.Key, &d.Decision, &d.Outcome, &d.Reason, &d.Steward, &d.At)
		out = append(out, d)
		return err
	})
	return out, err
}
