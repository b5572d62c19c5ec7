package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// overrideLabel is how merges by a decision are called, as others by what their rule compares. The guard that keeps apart what is split has the same name.
const overrideLabel = "override"

// The rule of merges by a decision: the number that edges have, and that under which causes are found, which is before all others.
const (
	overrideRule  = 0
	overrideFirst = -1
)

// What became of a decision.
const (
	outcomeApplied = "Applied"
	OutcomeRefused = "Refused"       // a Merge that a Split forbids
	outcomeMissing = "RecordMissing" // one of the two records is not there
)

// overrideSemantics are of the fields that a source of decisions needs.
var overrideSemantics = []string{
	normalise.SemanticDecision, normalise.SemanticFirstSource, normalise.SemanticFirstKey, normalise.SemanticSecondSource, normalise.SemanticSecondKey,
	normalise.SemanticReason,
}

func (s *space) checkOverrides(cfg Config) error {
	src := cfg.Overrides
	if src == nil {
		return nil
	}
	switch {
	case src.RecordKind != Override:
		return invalid(cfg, "overrides come from source %q, which has records of kind %q, not Override", src.Name, src.RecordKind)
	case src.Revision == nil:
		return fault.New(fault.Internal, "IdentityRule %s: no revision of source %q", cfg.Plan.Subject, src.Name)
	}
	for _, semantic := range overrideSemantics {
		if bySemantic(*src, semantic) == "" {
			return invalid(cfg, "source %q has overrides, but no field with semantic %s", src.Name, semantic)
		}
	}
	return nil
}

const readOverrides = `SELECT {decision} AS decision, {firstSource} AS first_source, {firstKey} AS first_key, {secondSource} AS second_source,
	{secondKey} AS second_key, {reason} AS reason, {steward} AS steward, _time AS decided_at, _key AS row_key
FROM {source} s`

const noOverrides sqlgen.Query = `SELECT '' AS decision, '' AS first_source, '' AS first_key, '' AS second_source, '' AS second_key, '' AS reason, '' AS steward,
	NULL::TIMESTAMPTZ AS decided_at, '' AS row_key WHERE false`

// The decisions that count, in the order in which they are tried, the latest first; each with the numbers of its two records, which are missing where a
// record is not there. The separator is in no name of a source. Rows that name no two records say nothing; an ingest does not let them in.
const stageOverrides = `CREATE OR REPLACE TABLE {overrides} AS
WITH decided AS (
	SELECT *, least(one, other) AS low, greatest(one, other) AS high FROM (
		SELECT *, first_source || chr(31) || first_key AS one, second_source || chr(31) || second_key AS other FROM ({decisions})
	)
	WHERE one <> other AND decision IN ({merge}, {split}, {withdraw})
	QUALIFY row_number() OVER (PARTITION BY low, high
		ORDER BY decided_at DESC NULLS LAST, CASE decision WHEN {split} THEN 0 WHEN {withdraw} THEN 1 ELSE 2 END, one, reason, steward, row_key) = 1
)
SELECT (row_number() OVER (ORDER BY decided_at DESC NULLS LAST, low, high) - 1)::INTEGER AS number, decision, a.rec AS a, b.rec AS b,
	first_source, first_key, second_source, second_key, first_source || '/' || first_key AS first, second_source || '/' || second_key AS second,
	reason, steward, decided_at
FROM decided LEFT JOIN {named} a ON a.source = first_source AND a.key = first_key LEFT JOIN {named} b ON b.source = second_source AND b.key = second_key
WHERE decision <> {withdraw}`

// stageOverrides makes the table overrides, a row for each pair of records that somebody decided about, and the tables of what will become of
// decisions: overruled, the Merges that a Split refused; apart and apart_links, what a Split kept from connecting.
func (r *run) stageOverrides(ctx context.Context) error {
	args := sqlgen.Args{
		"overrides": table("overrides"), "overruled": table("overruled"), "apart": table("apart"), "links": table("apart_links"), "decisions": noOverrides, "merge": normalise.Merge, "split": normalise.Split, "withdraw": normalise.Withdraw,
		"named": sqlgen.Format("(SELECT r.rec, s.name AS source, r.key FROM {all} r JOIN {sources} s ON s.number = r.src)",
			sqlgen.Args{"all": table("records"), "sources": table("source_names")}),
	}
	if src := r.cfg.Overrides; src != nil {
		view := table("override_source")
		if err := r.openSource(ctx, view, *src); err != nil {
			return err
		}
		args["decisions"] = decisionsOf(*src, view)
		if r.part != nil {
			args["decisions"] = sqlgen.Format("SELECT * FROM ({decisions}) WHERE {touched}", sqlgen.Args{"decisions": args["decisions"], "touched": ofTouchedPair})
		}
	}
	for _, q := range []string{
		stageOverrides,
		"CREATE OR REPLACE TABLE {overruled} (number INTEGER, split INTEGER)",
		"CREATE OR REPLACE TABLE {apart} (rule INTEGER, key INTEGER, split INTEGER, rec INTEGER)",
		"CREATE OR REPLACE TABLE {links} (a INTEGER, b INTEGER, split INTEGER)",
	} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return nil
}

// decisionsOf is a query for what the rows of a source, in a table, decide.
func decisionsOf(src Source, rows sqlgen.Ident) sqlgen.Query {
	args := sqlgen.Args{
		"source": rows, "merge": normalise.Merge, "split": normalise.Split, "withdraw": normalise.Withdraw,
		normalise.SemanticSteward: sqlgen.Cast(sqlgen.Lit(nil), sqlgen.String),
	}
	for _, semantic := range []string{
		normalise.SemanticDecision, normalise.SemanticFirstSource, normalise.SemanticFirstKey, normalise.SemanticSecondSource,
		normalise.SemanticSecondKey, normalise.SemanticReason, normalise.SemanticSteward,
	} {
		if column := bySemantic(src, semantic); column != "" {
			args[semantic] = sqlgen.Col("s", column)
		}
	}
	return sqlgen.Format(readOverrides, args)
}

// decisions are the overrides of one kind about records that are there, in the order in which they are tried, and their numbers.
func (r *run) decisions(ctx context.Context, decision string) (pairs []pair, numbers []int32, err error) {
	q := sqlgen.Format("SELECT number, a, b FROM {overrides} WHERE decision = {decision} AND a IS NOT NULL AND b IS NOT NULL ORDER BY number",
		sqlgen.Args{"overrides": table("overrides"), "decision": decision})
	err = r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var number int32
		var p pair
		if err := scan(&number, &p.first, &p.second); err != nil {
			return err
		}
		pairs, numbers = append(pairs, p), append(numbers, number)
		return nil
	})
	return pairs, numbers, err
}

// applyOverrides has the graph keep apart what is split, and joins what is merged.
func (r *run) applyOverrides(ctx context.Context, g *graph) error {
	splits, numbers, err := r.decisions(ctx, normalise.Split)
	if err != nil {
		return err
	}
	r.splits = numbers
	g.keepApart(splits, r.valuesEnd())
	merges, numbers, err := r.decisions(ctx, normalise.Merge)
	if err != nil {
		return err
	}
	merged, refused := g.force(merges)
	if r.cfg.Overrides != nil {
		r.output("merges/"+overrideLabel, int64(merged))
	}
	return r.appendRows(ctx, "overruled", func(row func(...any) error) error {
		for i, split := range refused {
			if split < 0 {
				continue
			}
			if err := row(int(numbers[i]), int(r.splits[split])); err != nil {
				return err
			}
		}
		return nil
	})
}

// valuesEnd is the number after the last value of any kind.
func (r *run) valuesEnd() (end int32) {
	for _, s := range r.values {
		end = max(end, s.hi)
	}
	return end
}

// keptApart takes out of a rule's stars what a split keeps from connecting, and remembers it.
func (r *run) keptApart(ctx context.Context, g *graph, rule int, refused []refusal) error {
	if len(g.splits) == 0 {
		return nil
	}
	err := r.appendRows(ctx, "apart", func(row func(...any) error) error {
		for _, x := range refused {
			if i, ok := g.isSplit(x.guard); ok {
				if err := row(rule, int(x.key), int(r.splits[i]), int(x.node)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.exec(ctx, "DELETE FROM {stars} WHERE (key, rec) IN (SELECT (key, rec) FROM {apart} WHERE rule = {rule})",
		sqlgen.Args{"stars": numbered("stars", rule), "apart": table("apart"), "rule": rule})
}

// appendRows adds to a table of the run what rows gives.
func (r *run) appendRows(ctx context.Context, name string, rows func(row func(...any) error) error) error {
	to, err := r.env.DB.Appender(ctx, "identity_"+name)
	if err != nil {
		return err
	}
	if err := rows(to.Append); err != nil {
		return closing(to, err)
	}
	return to.Close()
}

// The two records of each Merge that holds.
const mergeStars = `SELECT number AS key, unnest([a, b]) AS rec FROM {overrides}
WHERE decision = {mergeDecision} AND a IS NOT NULL AND b IS NOT NULL AND number NOT IN (SELECT number FROM {overruled})`

const overrideEdges = `SELECT s.name AS source, r.key AS record_key, {override} AS identifier, o.first || ' + ' || o.second AS value, {rule} AS rule
FROM ({stars}) e JOIN {overrides} o ON o.number = e.key JOIN {all} r USING (rec) JOIN {sources} s ON s.number = r.src`

func (r *run) overrideArgs() sqlgen.Args {
	args := r.stableArgs()
	args["overrides"], args["overruled"], args["apart"], args["links"] = table("overrides"), table("overruled"), table("apart"), table("apart_links")
	args["mergeDecision"], args["splitDecision"], args["override"] = normalise.Merge, normalise.Split, overrideLabel
	args["applied"], args["refusedOutcome"], args["missing"] = outcomeApplied, OutcomeRefused, outcomeMissing
	args["stars"], args["rule"] = sqlgen.Format(mergeStars, args), overrideRule
	return args
}

var overrideColumns = []lake.Column{
	{Name: "first_source", Type: sqlgen.String}, {Name: "first_key", Type: sqlgen.String}, {Name: "second_source", Type: sqlgen.String},
	{Name: "second_key", Type: sqlgen.String}, {Name: "decision", Type: sqlgen.String}, {Name: "reason", Type: sqlgen.String},
	{Name: "steward", Type: sqlgen.String}, {Name: "decided_at", Type: sqlgen.Timestamp}, {Name: "outcome", Type: sqlgen.String},
}

const overrideRows = `SELECT first_source, first_key, second_source, second_key, decision, reason, steward, decided_at,
	CASE WHEN a IS NULL OR b IS NULL THEN {missing} WHEN number IN (SELECT number FROM {overruled}) THEN {refusedOutcome} ELSE {applied} END AS outcome
FROM {overrides}`

// writeOverrides writes what became of each decision.
func (r *run) writeOverrides(ctx context.Context) error {
	args := r.overrideArgs()
	rows := sqlgen.Format(overrideRows, args)
	if _, err := r.write(ctx, "overrides", overrideColumns, ofTouchedPair, rows); err != nil {
		return err
	}
	before := noOverrides
	if r.part != nil {
		view := table("base_overrides")
		if err := r.env.Lake.View(ctx, r.env.DB, view, r.part.base, r.relation("overrides")); err != nil {
			return err
		}
		before = sqlgen.Format("SELECT decision, outcome FROM {view} WHERE {touched}", sqlgen.Args{"view": view, "touched": ofTouchedPair})
	}
	outcomes := func(rows sqlgen.Query) sqlgen.Query {
		args["rows"] = rows
		return sqlgen.Format("SELECT CASE outcome WHEN {applied} THEN decision ELSE outcome END AS what, count(*) FROM ({rows}) GROUP BY what ORDER BY what", args)
	}
	return r.tally(ctx, "overrides", outcomes(rows), outcomes(before))
}

const keptApart = `'would put ' || d.first || ' and ' || d.second || ' into one profile, which are split'`

// Merges that a Split refused, values that do not connect somebody, and likeness that does not.
const (
	overruledEvents = `SELECT {guard} AS guard, {override} AS identifier, o.first || ' + ' || o.second AS value, o.first_source AS source, o.first_key AS record_key,
	{keptApart} AS detail, a.cluster
FROM {overruled} x JOIN {overrides} o USING (number) LEFT JOIN {assigned} a ON a.rec = o.a JOIN {overrides} d ON d.number = x.split`

	apartEvents = `SELECT {guard}, n.name, t.text, d.second_source, d.second_key, {keptApart}, a.cluster
FROM (SELECT DISTINCT key, split FROM {apart} WHERE rule = {rule}) x JOIN {overrides} d ON d.number = x.split LEFT JOIN {assigned} a ON a.rec = d.b
JOIN {rules} n ON n.number = {rule} JOIN ({texts}) t USING (key)`

	apartLinkEvents = `SELECT {guard}, {match}, o.name || ' ' || p.key, s.name, r.key, {keptApart}, a.cluster
FROM {links} x LEFT JOIN {assigned} a ON a.rec = x.a JOIN {overrides} d ON d.number = x.split
JOIN {all} r ON r.rec = x.a JOIN {sources} s ON s.number = r.src JOIN {all} p ON p.rec = x.b JOIN {sources} o ON o.number = p.src`
)

// overrideEvents are the guard events of overrides.
func (r *run) overrideEvents() []sqlgen.Query {
	args := r.overrideArgs()
	args["guard"], args["keptApart"], args["match"] = guardOverride, sqlgen.Query(keptApart), probabilistic
	out := []sqlgen.Query{sqlgen.Format(overruledEvents, args), sqlgen.Format(apartLinkEvents, args)}
	for _, rule := range r.space.rules {
		args["rule"], args["texts"] = rule.number, r.texts(rule.number, len(rule.kinds))
		out = append(out, sqlgen.Format(apartEvents, args))
	}
	return out
}

// Splits that took a profile of the base apart: the first, for each of the clusters that have one of its two records.
const createDivided = `CREATE OR REPLACE TABLE {divided} AS
SELECT x.old, c.cluster, arg_min({overrideCause}, o.number) AS cause
FROM {overrides} o JOIN {oldRecords} x ON x.rec = o.a JOIN {oldRecords} y ON y.rec = o.b AND y.old = x.old
JOIN {assigned} c ON c.rec IN (o.a, o.b)
WHERE o.decision = {splitDecision} GROUP BY x.old, c.cluster`

const overrideCause = `'override: ' || o.decision || ' of ' || o.first || ' and ' || o.second || coalesce(': ' || o.reason, '')`
