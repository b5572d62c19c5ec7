package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The guards, as guard_events names them.
const (
	guardBlocked   = "blockedValue"      // the value identifies nobody
	guardAutomatic = "automatic"         // the same, because it occurs with too many different values of something else
	guardSeparate  = "separate"          // the value would put two values of a separate kind into one profile
	guardLimit     = "limit"             // the value would put more values of a kind into one profile than allowed
	guardSize      = "maxProfileRecords" // the value would put more records into one profile than allowed
	guardAmbiguous = "ambiguous"         // records of several profiles carry the value, so that it stands for none of them
	guardShared    = "sharedDevice"      // the anonymous id occurred with identifiers of several profiles
)

const blockedEvents = `SELECT {guard} AS guard, k.name AS identifier, v.value, NULL::VARCHAR AS source, NULL::VARCHAR AS record_key,
	'in ' || v.n || ' rows' AS detail
FROM {values} v JOIN {kinds} k ON k.number = v.kind WHERE v.blocked AND v.vid NOT IN (SELECT vid FROM {automatic})`

const automaticEvents = `SELECT {guard}, k.name, v.value, NULL, NULL,
	'in ' || v.n || ' rows, with ' || string_agg(a.different || ' different values of ' || a.name, ' and ' ORDER BY a.place)
FROM {automatic} a JOIN {values} v USING (vid) JOIN {kinds} k ON k.number = v.kind GROUP BY k.name, v.value, v.n`

// A rule's values that connect nothing, each with the first record that carries it.
const refusedEvents = `SELECT {refusing}, n.name, x.text, s.name, r.key, {reason}
FROM {refused} f JOIN {rules} n ON n.number = f.rule LEFT JOIN {kinds} k ON k.number = f.kind JOIN ({texts}) x ON x.key = f.key
LEFT JOIN (SELECT key AS star, min(rec) AS rec FROM {stars} WHERE {carried} GROUP BY key) e ON e.star = f.key
LEFT JOIN {all} r ON r.rec = e.rec LEFT JOIN {sources} s ON s.number = r.src
WHERE f.rule = {rule}`

const (
	refusing = `CASE WHEN f.kind = {size} THEN {maxRecords} WHEN f.separate THEN {separate} ELSE {limit} END`
	reason   = `'would put more than ' || f.allowed || CASE WHEN f.kind = {size} THEN ' records' ELSE ' different values of ' || k.name || f.timeframe END || ' into one profile'`
)

// Two profiles that probably are one and must not be, each with one of its records.
const refusedLinkEvents = `SELECT {refusing}, {match}, o.name || ' ' || p.key, s.name, r.key, {reason}
FROM {refusedLinks} f LEFT JOIN {kinds} k ON k.number = f.kind
JOIN {all} r ON r.rec = f.a JOIN {sources} s ON s.number = r.src JOIN {all} p ON p.rec = f.b JOIN {sources} o ON o.number = p.src`

// What a rule of one kind refused has its event already.
const ambiguousEvents = `SELECT {guard}, k.name, v.value, s.name, r.key, 'carried by records of several profiles'
FROM {ambiguous} c JOIN {values} v USING (vid) JOIN {kinds} k ON k.number = v.kind
JOIN (SELECT vid, min(rec) AS rec FROM {carries} WHERE vid IN (SELECT vid FROM {ambiguous} WHERE lo < hi) GROUP BY vid) e USING (vid)
JOIN {all} r ON r.rec = e.rec JOIN {sources} s ON s.number = r.src
WHERE c.lo < c.hi AND NOT {anonymous} AND c.vid NOT IN (SELECT key FROM {refused} WHERE rule IN ({single}))`

const sharedEvents = `SELECT {guard}, {kind}, v.value, NULL, NULL, 'occurred with identifiers of several profiles'
FROM {company} JOIN {values} v USING (vid) WHERE lo < hi AND {link}`

const tooManyEvents = `SELECT {guard}, {kind}, v.value, NULL, NULL, 'would put more than ' || {allowed}::VARCHAR || ' different values of ' || {kind} || ' into one profile'
FROM {linked} JOIN {values} v USING (vid) WHERE NOT taken`

var guardColumns = []lake.Column{
	{Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp}, {Name: "guard", Type: sqlgen.String},
	{Name: "identifier", Type: sqlgen.String}, {Name: "value", Type: sqlgen.String}, {Name: "source", Type: sqlgen.String},
	{Name: "record_key", Type: sqlgen.String}, {Name: "detail", Type: sqlgen.String},
}

// Decisions that hold in this revision, each with the run that took it first.
const guardEvents = `SELECT coalesce(b.run, {run}) AS run, coalesce(b."at", {at}) AS "at", e.*
FROM {events} e LEFT JOIN (SELECT guard, identifier, value, arg_min(run, "at") AS run, min("at") AS "at" FROM {base} GROUP BY guard, identifier, value) b
	ON b.guard = e.guard AND b.identifier = e.identifier AND b.value = e.value`

// writeGuards writes what the guards decided.
func (r *run) writeGuards(ctx context.Context) error {
	args := r.stableArgs()
	args["separate"], args["limit"], args["carries"] = guardSeparate, guardLimit, table("carries")
	args["size"], args["maxRecords"], args["match"], args["refusedLinks"] = ofSize, guardSize, probabilistic, table("refused_links")
	args["refusing"], args["reason"] = sqlgen.Format(refusing, args), sqlgen.Format(reason, args)
	args["ambiguous"], args["company"], args["linked"] = table("carried"), table("company"), table("linked")
	args["automatic"] = table("automatic")
	args["kind"], args["link"], args["anonymous"] = AnonymousID, r.cfg.Anonymous.OnIdentify != Isolate, r.isAnonymous(sqlgen.Col("c", "vid"))
	with := func(template, guard string) sqlgen.Query {
		args["guard"] = guard
		return sqlgen.Format(template, args)
	}
	all := []sqlgen.Query{with(blockedEvents, guardBlocked), with(automaticEvents, guardAutomatic)}
	single := []sqlgen.Expr{sqlgen.Lit(int64(-1))}
	for _, rule := range append([]rule{{number: 0}}, r.space.rules...) {
		args["rule"], args["stars"], args["carried"] = rule.number, numbered("stars", rule.number), rule.number > 0
		args["texts"] = r.texts(rule.number, len(rule.kinds))
		all = append(all, sqlgen.Format(refusedEvents, args))
		if len(rule.kinds) == 1 {
			single = append(single, sqlgen.Lit(int64(rule.number)))
		}
	}
	args["single"] = single
	if r.cfg.Probabilistic {
		all = append(all, sqlgen.Format(refusedLinkEvents, args))
	}
	all = append(all, with(ambiguousEvents, guardAmbiguous), with(sharedEvents, guardShared))
	for _, g := range r.space.guards {
		if g.kind != r.space.anonymous() {
			continue
		}
		name := guardLimit
		if g.separate {
			name = guardSeparate
		}
		args["allowed"] = g.limit
		all = append(all, with(tooManyEvents, name))
	}
	args["events"], args["made"] = table("guard_events"), sqlgen.UnionAll(all...)
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {events} AS {made}", args); err != nil {
		return err
	}
	args["run"], args["at"], args["base"] = r.cfg.Plan.Run, r.cfg.Plan.Now, table("base_guard_events")
	if _, err := r.tx.Replace(ctx, r.relation("guard_events"), guardColumns, sqlgen.Format(guardEvents, args)); err != nil {
		return err
	}
	return r.counts(ctx, "guards", sqlgen.Format("SELECT guard, count(*) FROM {events} GROUP BY guard ORDER BY guard", args))
}
