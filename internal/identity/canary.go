package identity

import (
	"context"
	"os"
	"slices"

	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// A canary is a rule on trial. It makes all people, in a lake that lies over the tenant's and is thrown away, as a run would that took the
// people in use for its base: so what it says is what would come. Kept are the profiles of a share of the space, beside those in use.
//
// The share is made of whole components: profiles of either rule hang together where they have a record or an identifier in common. A component is
// in it by a hash of its smallest id among the people in use. So it is closed under both rules, and the same people are in it as long as they have their ids.

// canaryRelations are kept of a canary, each as canary_<name>.
var canaryRelations = []string{
	"members", "identifiers", "edges", "links", "lineage", "guard_events", "consent", "profiles", "provenance", "profile_values",
}

const canaryPrefix = "canary_"

// The two sides of canary_quality.
const (
	currentSide = "current"
	canarySide  = "canary"
)

// canary is a trial at work.
type canary struct {
	*run // of the candidate, for what measures need
	// shadow is the lake that all people by the candidate are in, as the revision made; people are those in use.
	shadow       *lake.Lake
	made, people *lake.Revision
	percent      int
}

// RunCanary makes people by the rule of cfg from what the people in use were made of, and commits as cfg.Plan the profiles of so many percent
// of the space, with figures of both rules there. The outputs are records (of the share), allRecords, people (known, in use, of the share),
// moved (records that have another profile id), changed and its events (see Churn), everyone/people and everyone/changed (without regard to the
// share), and quality/ (package figures) for the rule on trial, current/quality/ for the one in use.
//
// The class of an error is one of those of Run, but for BudgetExceeded: nobody is changed by a trial. It is Superseded where there are newer people.
func RunCanary(ctx context.Context, env Env, cfg Config, people *lake.Revision, percent int) (*lake.Revision, error) {
	tx, err := env.Lake.Begin(ctx, env.DB, cfg.Plan)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	if tx.Done() != nil {
		return tx.Commit(ctx, nil, "")
	}
	dir, err := os.MkdirTemp(env.DB.Scratch(), "canary-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	shadow, err := env.Lake.Over(ctx, dir)
	if err != nil {
		return nil, err
	}
	made, err := Run(ctx, Env{Lake: shadow, DB: env.DB, Progress: env.Progress}, asRule(cfg, people))
	if err != nil {
		return nil, err
	}
	s, err := newSpace(cfg)
	if err != nil {
		return nil, err
	}
	c := &canary{run: &run{env: env, cfg: cfg, space: s, tx: tx}, shadow: shadow, made: made, people: people, percent: percent}
	for _, step := range []func(context.Context) error{c.open, c.share, c.compare, c.measureBoth, c.keep} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return tx.Commit(ctx, c.outputs, "")
}

// EndCanary commits, as the plan of a trial, that there is none: its relations are no more.
func EndCanary(ctx context.Context, env Env, p lake.Plan) (*lake.Revision, error) {
	tx, err := env.Lake.Begin(ctx, env.DB, p)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	return tx.Commit(ctx, nil, "")
}

// asRule is the run by which the candidate would take the place of the rule in use, at the time that counted when the people in use were made, so that
// time makes no difference between the two.
func asRule(cfg Config, people *lake.Revision) Config {
	cfg.Plan.Task, cfg.Plan.Base, cfg.Plan.Serial, cfg.Plan.Now = people.Task, people.Run, people.Serial+1, people.Now
	cfg.MaxChangePercent = 0
	return cfg
}

func (c *canary) view(side, relation string) sqlgen.Ident { return table(side + "_" + relation) }

// open makes views of what is compared, of both sides.
func (c *canary) open(ctx context.Context) error {
	for _, name := range canaryRelations {
		t := c.relation(name)
		if _, ok := c.made.Version(t); ok {
			if err := c.shadow.View(ctx, c.env.DB, c.view(canarySide, name), c.made, t); err != nil {
				return err
			}
		}
	}
	for _, name := range []string{"members", "identifiers", "guard_events"} {
		if err := c.env.Lake.View(ctx, c.env.DB, c.view(currentSide, name), c.people, c.relation(name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *canary) args() sqlgen.Args {
	return sqlgen.Args{
		"members": c.view(canarySide, "members"), "identifiers": c.view(canarySide, "identifiers"), "events": c.view(canarySide, "guard_events"),
		"lineage": c.view(canarySide, "lineage"), "oldMembers": c.view(currentSide, "members"), "oldIdentifiers": c.view(currentSide, "identifiers"),
		"nodes": table("canary_nodes"), "founders": table("canary_founders"), "share": table("canary_share"), "records": table("canary_records"),
		"percent": c.percent, "run": c.made.Run, "anonymousKind": AnonymousID,
	}
}

// Profiles of both sides, those in use first and each side in order of their ids, so that the first of a component is its smallest id in use.
const canaryNodes = `CREATE OR REPLACE TABLE {nodes} AS SELECT (row_number() OVER (ORDER BY side, id) - 1)::INTEGER AS node, side, id FROM (
	SELECT 0 AS side, profile_id AS id FROM {oldMembers} UNION SELECT 0, profile_id FROM {oldIdentifiers}
	UNION SELECT 1, profile_id FROM {members} UNION SELECT 1, profile_id FROM {identifiers})`

// What a profile in use and one of the candidate have in common.
const canaryPairs = `SELECT DISTINCT a.node, b.node FROM (
	SELECT o.profile_id AS was, n.profile_id AS becomes FROM {oldMembers} o JOIN {members} n USING (source, record_key)
	UNION SELECT o.profile_id, n.profile_id FROM {oldIdentifiers} o JOIN {identifiers} n USING (identifier, value)
) JOIN (SELECT node, id FROM {nodes} WHERE side = 0) a ON a.id = was JOIN (SELECT node, id FROM {nodes} WHERE side = 1) b ON b.id = becomes`

// A larger percentage has those of a smaller one, and others.
const (
	canaryShare = `CREATE OR REPLACE TABLE {share} AS SELECT n.side, n.id FROM {nodes} n JOIN {founders} f USING (node) JOIN {nodes} o ON o.node = f.founder
WHERE ('0x' || substr(sha1(o.id), 1, 8))::UBIGINT % 100 < {percent}`
	canaryRecords = `CREATE OR REPLACE TABLE {records} AS SELECT source, record_key FROM {members} WHERE (profile_id IN (SELECT id FROM {share} WHERE side = 1)) IS TRUE`
)

// share finds the profiles of both sides that are in the share.
func (c *canary) share(ctx context.Context) error {
	args := c.args()
	if err := c.exec(ctx, canaryNodes, args); err != nil {
		return err
	}
	n, err := c.number(ctx, "SELECT count(*) FROM {nodes}", args)
	if err != nil {
		return err
	}
	f := newForest(int(n))
	if err := c.pairs(ctx, sqlgen.Format(canaryPairs, args), func(a, b int32) { f.union(f.find(a), f.find(b)) }); err != nil {
		return err
	}
	if err := c.assign(ctx, "canary_founders", "node", "founder", f.founders()); err != nil {
		return err
	}
	for _, q := range []string{canaryShare, canaryRecords} {
		if err := c.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return c.drop(ctx, table("canary_nodes"), table("canary_founders"))
}

// These profiles of a side are in the share.
func (c *canary) inShare(side string) sqlgen.Query {
	of := 0
	if side == canarySide {
		of = 1
	}
	return sqlgen.Format("(profile_id IN (SELECT id FROM {share} WHERE side = {side})) IS TRUE", sqlgen.Args{"share": table("canary_share"), "side": of})
}

var ofShareRecord = sqlgen.Format("((source, record_key) IN (SELECT (source, record_key) FROM {records})) IS TRUE", sqlgen.Args{"records": table("canary_records")})

// condition under which a row of a relation of the candidate is of the share.
func (c *canary) condition(relation string) sqlgen.Query {
	switch relation {
	case "edges":
		return ofShareRecord
	case "guard_events":
		return c.eventsInShare(canarySide)
	case "lineage":
		return sqlgen.Format("run = {run} AND (from_id IN (SELECT id FROM {share}) OR to_id IN (SELECT id FROM {share}))", c.args())
	default:
		return c.inShare(canarySide)
	}
}

// eventsInShare is a condition on decisions of guards: the record, or, where there is none, the profile that they are about.
func (c *canary) eventsInShare(side string) sqlgen.Query {
	return sqlgen.Format("({record} OR record_key IS NULL AND {profile})", sqlgen.Args{"record": ofShareRecord, "profile": c.inShare(side)})
}

// Profiles of a side with whether they are people.
const canaryPeople = `(SELECT profile_id::UUID AS id, bool_or(known) AS known FROM (
	SELECT profile_id, true AS known FROM {members} UNION ALL SELECT profile_id, identifier <> {anonymousKind} FROM {identifiers}) WHERE {share} GROUP BY profile_id)`

const canaryMoved = `SELECT count(*) FROM {oldMembers} o JOIN {members} n USING (source, record_key) SEMI JOIN {records} r ON r.source = o.source AND r.record_key = o.record_key
WHERE o.profile_id <> n.profile_id`

// compare counts what the candidate would change.
func (c *canary) compare(ctx context.Context) error {
	args := c.args()
	counted := []struct{ name, query string }{
		{"records", "SELECT count(*) FROM {records}"}, {"allRecords", "SELECT count(*) FROM {members}"},
		{"people", "SELECT count(*) FROM {old} WHERE known"}, {"moved", canaryMoved},
	}
	args["share"] = c.inShare(canarySide)
	args["profiles"] = sqlgen.Format(canaryPeople, args)
	args["old"] = sqlgen.Format(canaryPeople, sqlgen.Args{
		"members": args["oldMembers"], "identifiers": args["oldIdentifiers"], "anonymousKind": AnonymousID, "share": c.inShare(currentSide),
	})
	for _, x := range counted {
		n, err := c.number(ctx, x.query, args)
		if err != nil {
			return err
		}
		c.output(x.name, n)
	}
	args["changes"] = sqlgen.Format("(SELECT event, from_id::UUID AS from_id, to_id::UUID AS to_id FROM (SELECT * FROM {lineage} WHERE {condition}))",
		sqlgen.Args{"lineage": args["lineage"], "condition": c.condition("lineage")})
	churn, err := c.churn(ctx, args)
	if err != nil {
		return err
	}
	c.outputChurn(churn)
	all := ChurnOf(c.people, c.made)
	c.output("everyone/people", all.Before)
	c.output("everyone/changed", all.Changed)
	return nil
}

// measureBoth measures the two sides on the records of the share.
func (c *canary) measureBoth(ctx context.Context) error {
	if err := c.narrow(ctx); err != nil {
		return err
	}
	rows := []sqlgen.Query{emptyOf(canaryQualityColumns)}
	for _, side := range []string{currentSide, canarySide} {
		found, err := c.measureSide(ctx, side)
		if err != nil {
			return err
		}
		for _, f := range found {
			name, n := f.Output()
			if side == currentSide {
				name = figures.InUse + name
			}
			c.output(name, n)
			rows = append(rows, sqlgen.Format(`SELECT {side} AS side, {figure} AS figure, nullif({detail}, '') AS detail, {value}::DOUBLE AS value`,
				sqlgen.Args{"side": side, "figure": string(f.Name), "detail": f.Detail, "value": f.Value}))
		}
	}
	_, err := c.tx.Replace(ctx, c.relation(canaryPrefix+"quality"), canaryQualityColumns, sqlgen.UnionAll(rows...))
	return err
}

var canaryQualityColumns = append(strs("side", "figure", "detail"), lake.Column{Name: "value", Type: sqlgen.Double})

// narrow leaves of the sources the records of the share.
func (c *canary) narrow(ctx context.Context) error {
	if err := c.openSources(ctx); err != nil {
		return err
	}
	for i, src := range c.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		kept := sqlgen.Format("(_key IN (SELECT record_key FROM {records} WHERE source = {name})) IS TRUE", sqlgen.Args{"records": table("canary_records"), "name": src.Name})
		if err := c.narrowSource(ctx, i, src, kept); err != nil {
			return err
		}
	}
	return nil
}

// measureSide gives the figures of a side. Whatever is no fault of the share is left out: labels of records elsewhere. What changes is told of the
// candidate, which would change it.
func (c *canary) measureSide(ctx context.Context, side string) (out figures.All, err error) {
	args := sqlgen.Args{
		"members": c.view(side, "members"), "events": c.view(side, "guard_events"), "share": c.inShare(side), "inShare": c.eventsInShare(side),
		"blocking": []sqlgen.Expr{sqlgen.Lit(guardBlocked), sqlgen.Lit(guardAutomatic)}, "lineage": c.view(canarySide, "lineage"), "changed": c.condition("lineage"),
		"records": table("canary_records"),
	}
	p := resolved{
		members: sqlgen.Format("SELECT source, record_key, profile_id AS profile FROM {members} WHERE {share}", args),
		// What is blocked is blocked everywhere.
		events:  sqlgen.Format("SELECT guard, identifier, value FROM {events} WHERE guard IN ({blocking}) OR {inShare}", args),
		changes: sqlgen.Format("SELECT event, records FROM {lineage} WHERE {changed}", args),
		stayed:  sqlgen.Format("SELECT count(*) FROM {records}", args),
	}
	measures := []func(context.Context, resolved) (figures.All, error){c.measureSizes, c.measureShared, c.measureRefused, c.measureLabels}
	if side == canarySide {
		measures = append(measures, c.measureChanges)
	}
	for _, measure := range measures {
		found, err := measure(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return slices.DeleteFunc(out, func(f figures.Figure) bool { return f.Name == figures.LabelsOfNoRecord }), nil
}

// keep writes the relations of the share.
func (c *canary) keep(ctx context.Context) error {
	for _, name := range canaryRelations {
		t := c.relation(name)
		if _, ok := c.made.Version(t); !ok {
			continue
		}
		cols, err := c.shadow.Columns(ctx, c.made, t)
		if err != nil {
			return err
		}
		q := sqlgen.Format("SELECT * FROM {view} WHERE {condition}", sqlgen.Args{"view": c.view(canarySide, name), "condition": c.condition(name)})
		if _, err := c.tx.Replace(ctx, c.relation(canaryPrefix+name), cols, q); err != nil {
			return err
		}
	}
	return nil
}
