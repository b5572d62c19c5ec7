package activation

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The reasons of a ledger's rows, beside those of package consent. The first five are gates: everybody in the audience has one
// of these or a consent reason.
const (
	Eligible     = "Eligible"
	Excluded     = "Excluded"     // a member of an excluded segment
	KeyMissing   = "KeyMissing"   // nothing to name the person with at the receiver
	KeyDuplicate = "KeyDuplicate" // somebody with a better rank, or a smaller id, has the same key
	LeftAudience = "LeftAudience" // not in the audience any more, but at the receiver until this run, or still
	KeyChanged   = "KeyChanged"   // the person is in the audience, under another key
	// ActivationDeleted is why everybody is taken out of the receiver.
	ActivationDeleted = "ActivationDeleted"
)

// refusals are the reasons for which even UpsertOnly takes people out.
var refusals = []string{
	Excluded, string(consent.ConsentDenied), string(consent.ConsentWithdrawn), string(consent.ConsentExpired),
}

// attach makes views of the people that a run reads.
func (r *run) attach(ctx context.Context) error {
	views := []struct {
		view string
		rev  *lake.Revision
		t    lake.Table
	}{
		{"sync_profiles", r.Identity, lake.Table{Schema: r.Rule, Name: "profiles"}},
		{"sync_lineage", r.Identity, lake.Table{Schema: r.Rule, Name: "lineage"}},
		{"sync_consent", r.Identity, lake.Table{Schema: r.Rule, Name: "consent"}},
		{"sync_members", r.Evaluated, lake.Table{Schema: r.Rule, Name: "segment_members"}},
	}
	if r.hasTraits() {
		views = append(views, struct {
			view string
			rev  *lake.Revision
			t    lake.Table
		}{"sync_traits", r.Evaluated, r.traits()})
	}
	for _, v := range views {
		if err := r.Lake.View(ctx, r.DB, sqlgen.Name(v.view), v.rev, v.t); err != nil {
			return err
		}
	}
	return nil
}

// attachBase makes a view of the ledger that the run builds on.
func (r *run) attachBase(ctx context.Context, base *lake.Revision) error {
	if _, ok := base.Version(ledgerTable(r.name())); !ok {
		return r.DB.Exec(ctx, emptyLedger())
	}
	return r.Lake.View(ctx, r.DB, sqlgen.Name("sync_base"), base, ledgerTable(r.name()))
}

func (c Config) traits() lake.Table { return lake.Table{Schema: c.Rule, Name: "traits"} }

func (c Config) hasTraits() bool {
	_, ok := c.Evaluated.Version(c.traits())
	return ok
}

// checkSegments refuses an audience that the evaluation can't answer for: a segment that failed or was never evaluated
// for the purpose is not one without members.
func (c Config) checkSegments() error {
	check := func(names []string, purpose string) error {
		for _, name := range names {
			if !slices.ContainsFunc(c.Evaluated.Outputs, func(o lake.Output) bool { return o.Name == "segment/"+name+"/"+purpose }) {
				return fault.New(fault.ReferenceNotFound, "activation %s: segment %s has no membership for purpose %q in evaluation %s: it failed there or was never evaluated; see the Segment",
					c.name(), name, purpose, c.Evaluated.Run)
			}
		}
		return nil
	}
	if err := check(c.Include, c.Purpose.Purpose); err != nil {
		return err
	}
	return check(c.Exclude, AnyPurpose)
}

// where is true for the members of any of the segments under a purpose.
func where(segments []string, purpose string) sqlgen.Expr {
	var any []sqlgen.Expr
	for _, s := range segments {
		any = append(any, sqlgen.Op("=", sqlgen.Col("segment"), sqlgen.Lit(s)))
	}
	return sqlgen.And(sqlgen.Op("=", sqlgen.Col("purpose"), sqlgen.Lit(purpose)), sqlgen.Or(any...))
}

// position is the place of a segment in the list, to name the first that excludes.
func position(segments []string) sqlgen.Expr {
	out := sqlgen.Lit(len(segments))
	for i := len(segments) - 1; i >= 0; i-- {
		out = sqlgen.If(sqlgen.Op("=", sqlgen.Col("segment"), sqlgen.Lit(segments[i])), sqlgen.Lit(i), out)
	}
	return out
}

const audience = `CREATE OR REPLACE TABLE sync_audience AS
SELECT coalesce(v.new_id, m.profile_id) AS profile_id, min(m.rank) AS rank
FROM sync_members m LEFT JOIN sync_moved v ON v.old_id = m.profile_id WHERE {where} GROUP BY 1`

const excluded = `CREATE OR REPLACE TABLE sync_excluded AS
SELECT coalesce(v.new_id, m.profile_id) AS profile_id, arg_min(m.segment, {position}) AS segment
FROM sync_members m LEFT JOIN sync_moved v ON v.old_id = m.profile_id WHERE {where} GROUP BY 1`

// judged has the first two gates for the audience and for whoever is at the receiver without being in the audience any more.
const judged = `CREATE OR REPLACE TABLE sync_judged AS
WITH people AS (
	SELECT profile_id, rank, true AS in_audience FROM sync_audience
	UNION ALL
	SELECT DISTINCT h.profile_id, NULL, false FROM sync_held h ANTI JOIN sync_audience a USING (profile_id) WHERE h.payload IS NOT NULL
)
SELECT p.profile_id, p.rank, p.in_audience, e.segment,
	CASE WHEN e.segment IS NOT NULL THEN 'Excluded'
		WHEN NOT list_contains({permitted}, coalesce(c.reason, 'ConsentUnknown')) THEN coalesce(c.reason, 'ConsentUnknown') END AS refused
FROM people p LEFT JOIN sync_excluded e USING (profile_id) LEFT JOIN ({consent}) c USING (profile_id)`

const values = `CREATE OR REPLACE TABLE sync_values AS
WITH sent AS (
	SELECT p.profile_id, p.{rank} AS rank, {key} AS key, CAST(json_object({payload}) AS VARCHAR) AS payload
	FROM ({profiles}) AS p
)
SELECT profile_id, key, payload, sha256(payload) AS payload_hash,
	row_number() OVER (PARTITION BY key ORDER BY rank NULLS LAST, profile_id) AS nth
FROM sent WHERE trim(key) <> '' AND {only}`

const gates = `CREATE OR REPLACE TABLE sync_gates AS
SELECT j.profile_id, j.in_audience, j.rank, v.key, v.payload, v.payload_hash,
	CASE WHEN j.refused IS NOT NULL THEN j.refused WHEN NOT j.in_audience THEN 'LeftAudience'
		WHEN v.key IS NULL THEN 'KeyMissing' WHEN v.nth > 1 THEN 'KeyDuplicate' ELSE 'Eligible' END AS reason,
	CASE WHEN j.refused = 'Excluded' THEN j.segment END AS detail
FROM sync_judged j LEFT JOIN sync_values v USING (profile_id)`

// readPeople finds who is in the audience or excluded, and where ids that are gone went. The journals' people are loaded.
func (r *run) readPeople(ctx context.Context) error {
	members := where(r.Include, r.Purpose.Purpose)
	out := where(r.Exclude, AnyPurpose)
	err := execAll(ctx, r.DB,
		"CREATE OR REPLACE TABLE sync_ids AS SELECT DISTINCT profile_id FROM sync_profiles",
		sqlgen.Format(moved, sqlgen.Args{"segments": sqlgen.Or(members, out)}),
		sqlgen.Format(audience, sqlgen.Args{"where": members}),
		sqlgen.Format(excluded, sqlgen.Args{"where": out, "position": position(r.Exclude)}),
		sqlgen.Format(held, sqlgen.Args{"match": r.match()}))
	if err != nil {
		return err
	}
	return r.checkClass(ctx)
}

// checkClass refuses to go on where the audience has members but the class has no profile at all: that is a revision that was
// computed for other purposes, not an audience without keys.
func (r *run) checkClass(ctx context.Context) error {
	var people, profiles bool
	err := r.DB.Row(ctx, sqlgen.Format(`SELECT EXISTS (FROM sync_audience), EXISTS (FROM sync_profiles WHERE "class" = {class})`,
		sqlgen.Args{"class": r.Class}), &people, &profiles)
	if err == nil && people && !profiles {
		err = fault.New(fault.ReferenceNotFound, "activation %s: revision %s has no profiles of class %q; resolve the IdentityRule %s again", r.name(), r.Identity.Run, r.Class, r.Rule)
	}
	return err
}

// passGates gives everybody a reason. sync_held says who is at the receiver. The condition, over key and profile_id, restricts
// for whom the last gates are computed.
func (r *run) passGates(ctx context.Context, only sqlgen.Expr) error {
	permitted := []string{string(consent.ConsentGranted)}
	if r.Purpose.Permits(consent.ConsentUnknown) {
		permitted = append(permitted, string(consent.ConsentUnknown))
	}
	profiles, err := r.profiles(ctx)
	if err != nil {
		return err
	}
	return execAll(ctx, r.DB,
		sqlgen.Format(judged, sqlgen.Args{"permitted": permitted, "consent": r.Purpose.Query(sqlgen.Name("sync_consent"), r.Plan.Now)}),
		sqlgen.Format(values, sqlgen.Args{
			"rank": sqlgen.Name(rankColumn), "key": text(r.key()), "payload": payload(r.Fields), "profiles": profiles, "only": only,
		}),
		gates)
}

const rankColumn = "rank"

// profiles is a query with one row for each person of the audience who passed the first gates: the attributes and traits
// that a field's expression may name.
func (r *run) profiles(ctx context.Context) (sqlgen.Query, error) {
	attrs, err := r.Lake.Columns(ctx, r.Identity, lake.Table{Schema: r.Rule, Name: "profiles"})
	if err != nil {
		return "", err
	}
	taken := map[string]bool{"class": true, "profile_id": true, rankColumn: true}
	cols := []sqlgen.Expr{sqlgen.Col("a", "profile_id"), sqlgen.Col("a", rankColumn)}
	add := func(alias string, columns []lake.Column) {
		for _, c := range columns {
			if name := strings.ToLower(c.Name); !taken[name] {
				taken[name] = true
				cols = append(cols, sqlgen.Col(alias, c.Name))
			}
		}
	}
	add("r", attrs)
	template := `SELECT {cols} FROM sync_judged a JOIN sync_profiles r ON r.profile_id = a.profile_id AND r."class" = {class}`
	if r.hasTraits() {
		traits, err := r.Lake.Columns(ctx, r.Evaluated, r.traits())
		if err != nil {
			return "", err
		}
		add("t", traits)
		template += ` LEFT JOIN sync_traits t ON t.profile_id = a.profile_id AND t."class" = {class}`
	}
	template += ` WHERE a.in_audience AND a.refused IS NULL`
	return sqlgen.Format(template, sqlgen.Args{"cols": cols, "class": r.Class}), nil
}

// payload are the arguments of json_object.
func payload(fields []Field) []sqlgen.Expr {
	var out []sqlgen.Expr
	for _, f := range fields {
		out = append(out, sqlgen.Lit(f.As), value(f))
	}
	return out
}

// value is what is sent for a field: text as a string, numbers exactly, a missing value as null.
func value(f Field) sqlgen.Expr {
	switch {
	case f.Hash == SHA256, f.Type == sqlgen.Timestamp, f.Type == sqlgen.Date:
		return text(f)
	case f.Type == sqlgen.Decimal:
		return sqlgen.Call("json", text(f)) // without trailing zeros
	case f.Type == sqlgen.Double:
		return sqlgen.If(sqlgen.Call("isfinite", f.Expr), f.Expr, sqlgen.Lit(nil)) // JSON has no other
	default:
		return f.Expr
	}
}

// text is the value as text: what is hashed, and what the ledger has of a key.
func text(f Field) sqlgen.Expr {
	x := sqlgen.Cast(f.Expr, sqlgen.String)
	switch f.Type {
	case sqlgen.Decimal:
		// Cast to the four decimals, so that there is a point to stop at.
		x = sqlgen.Cast(sqlgen.Cast(f.Expr, sqlgen.Decimal), sqlgen.String)
		x = sqlgen.Call("rtrim", sqlgen.Call("rtrim", x, sqlgen.Lit("0")), sqlgen.Lit("."))
	case sqlgen.Timestamp:
		x = sqlgen.Call("strftime", f.Expr, sqlgen.Lit("%Y-%m-%dT%H:%M:%S.%fZ"))
	}
	if f.Hash == SHA256 {
		x = sqlgen.Call("sha256", x)
	}
	return x
}
