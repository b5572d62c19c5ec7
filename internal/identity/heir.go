package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// heir finds the profile that an id stands for: itself, or the one that it was merged into, maybe by way of others.
func (p *profileExplainer) heir(ctx context.Context) error {
	asked, seen := p.out.Profile, map[string]bool{}
	for !seen[p.out.Profile] {
		seen[p.out.Profile] = true
		alive, err := p.number(ctx, `SELECT (EXISTS (SELECT 1 FROM {members} WHERE profile_id = {id}) OR EXISTS (SELECT 1 FROM {identifiers} WHERE profile_id = {id}))::BIGINT`, p.args())
		if err != nil || alive == 1 {
			return err
		}
		last, err := p.changes(ctx, `event = 'merge' AND from_id = {id} DESC, "at" DESC, run DESC`, 1)
		switch {
		case err != nil:
			return err
		case len(last.Shown) == 0:
			return fault.New(fault.ReferenceNotFound, "IdentityRule %s never had a profile %s: give an id as %s.profiles has them", p.cfg.Plan.Subject, p.out.Profile, p.cfg.Plan.Subject)
		case last.Shown[0].Event != eventMerge || last.Shown[0].From != p.out.Profile:
			return fault.New(fault.ReferenceNotFound, "profile %s of IdentityRule %s has ended without an heir: nothing of it was left in run %s", p.out.Profile, p.cfg.Plan.Subject, last.Shown[0].Run)
		}
		p.out.Asked, p.out.Merged = asked, append(p.out.Merged, last.Shown[0])
		p.out.Profile = last.Shown[0].To
	}
	return fault.New(fault.LakeCorrupt, "the lineage of IdentityRule %s leads from profile %s in a circle", p.cfg.Plan.Subject, asked)
}

// lineage of the profile: how it came to be, and what went into it and out of it.
func (p *profileExplainer) lineage(ctx context.Context) (err error) {
	p.out.Lineage, err = p.changes(ctx, `"at", run, event, from_id, to_id`, p.limit)
	return err
}

// changes of the profile's id, the first in an order.
func (p *profileExplainer) changes(ctx context.Context, order string, limit int) (Some[Changed], error) {
	q := sqlgen.Format(`SELECT run, "at", event, coalesce(from_id, '') AS from_id, coalesce(to_id, '') AS to_id, coalesce(records, 0) AS records,
	coalesce(cause, '') AS cause FROM {lineage} WHERE {id} IN (from_id, to_id)`, p.args())
	return first(ctx, p.env.DB, limit, q, sqlgen.Format(order, p.args()), func(c *Changed) []any { return []any{&c.Run, &c.At, &c.Event, &c.From, &c.To, &c.Records, &c.Cause} })
}

// Knows says whether an identity space has, or ever had, a profile.
func Knows(ctx context.Context, env Env, revision *lake.Revision, id string) (bool, error) {
	view := table("asked_lineage")
	if err := env.Lake.View(ctx, env.DB, view, revision, lake.Table{Schema: revision.Subject, Name: "lineage"}); err != nil {
		return false, err
	}
	var n int
	err := env.DB.Row(ctx, sqlgen.Format("SELECT count(*) FROM {t} WHERE {id} IN (from_id, to_id)", sqlgen.Args{"t": view, "id": id}), &n)
	return n > 0, err
}
