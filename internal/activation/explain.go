package activation

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Gate is one step on a person's way to the receiver.
type Gate struct {
	Name   string // Audience, Exclusions, Consent, Key or Ledger
	Passed bool   // for Ledger: the receiver has the person
	// Reason is that of the ledger where the gate was not passed, the outcome for Ledger, and empty where a gate was not reached.
	Reason string
	Detail []string // what it was decided on, one fact each; without values of identifiers
}

// NotInAudience is the reason of the first gate in an explanation.
const NotInAudience = "NotInAudience"

// Explain gives every gate for one person, in order, on the revisions of c and the latest ledger. An id that was merged
// away stands for the profile that it became. What a run that died sent is not in the ledger yet. ReferenceNotFound for an
// id that never was.
func Explain(ctx context.Context, env Env, c Config, profileID string) ([]Gate, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := explanation{run: &run{Env: env, Config: c}, id: profileID}
	if err := e.prepare(ctx); err != nil {
		return nil, err
	}
	var out []Gate
	for _, gate := range []func(context.Context) (Gate, error){e.audience, e.exclusions, e.consent, e.key, e.ledger} {
		g, err := gate(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

type explanation struct {
	*run
	id string
}

// prepare computes the gates for the person and for who competes for the same key.
func (e *explanation) prepare(ctx context.Context) error {
	if err := e.checkSegments(); err != nil {
		return err
	}
	base, err := e.Lake.Latest(ctx, e.Plan.Task, e.Plan.Kind, e.Plan.Subject)
	if err != nil {
		return err
	}
	if err := e.attach(ctx); err != nil {
		return err
	}
	if err := e.attachBase(ctx, base); err != nil {
		return err
	}
	if err := execAll(ctx, e.DB, journalTables...); err != nil {
		return err
	}
	// The person may be in none of the relations that are searched for ids that are gone.
	err = e.DB.Exec(ctx, sqlgen.Format("INSERT INTO sync_people (profile_id) VALUES ({id})", sqlgen.Args{"id": e.id}))
	if err != nil {
		return err
	}
	if err := e.readPeople(ctx); err != nil {
		return err
	}
	err = e.DB.Row(ctx, sqlgen.Format("SELECT profile_id FROM sync_ids WHERE profile_id = {id} UNION ALL SELECT new_id FROM sync_moved WHERE old_id = {id}",
		sqlgen.Args{"id": e.id}), &e.id)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.ReferenceNotFound, "no profile has the id %q in revision %s, and none was merged away under it", e.id, e.Identity.Run)
	}
	if err != nil {
		return err
	}
	if err := e.passGates(ctx, sqlgen.Op("=", sqlgen.Col("profile_id"), sqlgen.Lit(e.id))); err != nil {
		return e.explainBinding(err)
	}
	var key sql.NullString
	if err := e.row(ctx, "SELECT key FROM sync_values", &key); err != nil || !key.Valid {
		return err
	}
	return e.passGates(ctx, sqlgen.Op("=", sqlgen.Col("key"), sqlgen.Lit(key.String)))
}

// row reads one row, or leaves dest as it is where there is none. {id} is the person.
func (e *explanation) row(ctx context.Context, template string, dest ...any) error {
	err := e.DB.Row(ctx, sqlgen.Format(template, sqlgen.Args{"id": e.id}), dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// memberships lists the person's segments among those of a condition.
func (e *explanation) memberships(ctx context.Context, segments []string, purpose string) ([]string, error) {
	var out []string
	q := sqlgen.Format(`SELECT m.segment, m.entered_at, m.rank FROM sync_members m LEFT JOIN sync_moved v ON v.old_id = m.profile_id
		WHERE coalesce(v.new_id, m.profile_id) = {id} AND {where} ORDER BY 1, 2`, sqlgen.Args{"id": e.id, "where": where(segments, purpose)})
	err := e.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var segment string
		var entered sql.NullTime
		var rank sql.NullInt64
		if err := scan(&segment, &entered, &rank); err != nil {
			return err
		}
		fact := "in segment " + segment
		if entered.Valid {
			fact += " since " + entered.Time.UTC().Format(time.RFC3339)
		}
		if rank.Valid {
			fact += fmt.Sprintf(", rank %d", rank.Int64)
		}
		out = append(out, fact)
		return nil
	})
	return out, err
}

func (e *explanation) audience(ctx context.Context) (Gate, error) {
	in, err := e.memberships(ctx, e.Include, e.Purpose.Purpose)
	g := Gate{Name: "Audience", Passed: len(in) > 0, Detail: in}
	if !g.Passed {
		g.Reason = NotInAudience
		for _, s := range e.Include {
			g.Detail = append(g.Detail, "not in segment "+s)
		}
	}
	return g, err
}

func (e *explanation) exclusions(ctx context.Context) (Gate, error) {
	in, err := e.memberships(ctx, e.Exclude, AnyPurpose)
	g := Gate{Name: "Exclusions", Passed: len(in) == 0, Detail: in}
	if !g.Passed {
		g.Reason = Excluded
	}
	return g, err
}

func (e *explanation) consent(ctx context.Context) (Gate, error) {
	var records []consent.Record
	g := Gate{Name: "Consent"}
	q := sqlgen.Format(`SELECT identifier, coalesce("value", ''), coalesce(status, ''), "time", coalesce(source, '') FROM sync_consent
		WHERE profile_id = {id} AND purpose = {purpose} ORDER BY "time" DESC NULLS LAST, 1, 2`, sqlgen.Args{"id": e.id, "purpose": e.Purpose.Purpose})
	err := e.DB.Rows(ctx, q, func(scan func(...any) error) error {
		r := consent.Record{Purpose: e.Purpose.Purpose}
		var at sql.NullTime
		if err := scan(&r.Identifier, &r.Value, &r.Status, &at, &r.Source); err != nil {
			return err
		}
		when := "at an unknown time"
		if at.Valid {
			r.Time = at.Time
			when = at.Time.UTC().Format(time.RFC3339)
		}
		records = append(records, r)
		g.Detail = append(g.Detail, fmt.Sprintf("%s: %s for %s, %s, by %s", r.Identifier, r.Status, r.Purpose, when, r.Source))
		return nil
	})
	reason := e.Purpose.Decide(records, e.Plan.Now)
	if g.Passed = e.Purpose.Permits(reason); !g.Passed {
		g.Reason = string(reason)
	}
	if len(records) == 0 {
		g.Detail = append(g.Detail, "nothing is recorded for "+e.Purpose.Purpose)
	}
	return g, err
}

func (e *explanation) key(ctx context.Context) (Gate, error) {
	g := Gate{Name: "Key"}
	var reason string
	if err := e.row(ctx, "SELECT reason FROM sync_gates WHERE profile_id = {id} AND in_audience", &reason); err != nil {
		return g, err
	}
	field := e.Config.key().As
	switch reason {
	case Eligible:
		g.Passed, g.Detail = true, []string{"field " + field + " has a value, and nobody before has the same"}
	case KeyMissing:
		g.Reason, g.Detail = reason, []string{"field " + field + " is empty"}
	case KeyDuplicate:
		var other string
		err := e.row(ctx, "SELECT profile_id FROM sync_gates WHERE reason = 'Eligible' AND key = (SELECT key FROM sync_gates WHERE profile_id = {id})", &other)
		g.Reason, g.Detail = reason, []string{"field " + field + " has the same value as that of profile " + other + ", which has a better rank or a smaller id"}
		return g, err
	}
	return g, nil
}

func (e *explanation) ledger(ctx context.Context) (Gate, error) {
	g := Gate{Name: "Ledger"}
	q := sqlgen.Format(`SELECT b.outcome, coalesce(b.reason, ''), coalesce(b.run, ''), b.sent_at, b.payload IS NOT NULL
		FROM sync_base b LEFT JOIN sync_moved v ON v.old_id = b.profile_id
		WHERE coalesce(v.new_id, b.profile_id) = {id} ORDER BY b.reason = 'Eligible' DESC, b.payload IS NULL, b.key`, sqlgen.Args{"id": e.id})
	err := e.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var outcome, reason, run string
		var at sql.NullTime
		var there bool
		if err := scan(&outcome, &reason, &run, &at, &there); err != nil {
			return err
		}
		if g.Reason == "" {
			g.Reason = outcome
		}
		g.Passed = g.Passed || there
		fact := outcome + " (" + reason + ")"
		if run != "" {
			fact += " by run " + run
		}
		if at.Valid {
			fact += ", last change taken at " + at.Time.UTC().Format(time.RFC3339)
		}
		g.Detail = append(g.Detail, fact)
		return nil
	})
	if len(g.Detail) == 0 {
		g.Detail = []string{"nothing was sent"}
	}
	return g, err
}
