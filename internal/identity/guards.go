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
	guardOverride  = overrideLabel       // somebody decided that two records are two people
)

const blockedEvents = `SELECT {guard} AS guard, k.name AS identifier, v.value, NULL::VARCHAR AS source, NULL::VARCHAR AS record_key,
	'in ' || v.n || ' rows' AS detail, NULL::INTEGER AS cluster
FROM {judged} v JOIN {kinds} k ON k.number = v.kind WHERE v.blocked AND v.n > 0 AND v.vid NOT IN (SELECT vid FROM {automatic})`

const automaticEvents = `SELECT {guard}, k.name, v.value, NULL, NULL,
	'in ' || v.n || ' rows, with ' || string_agg(a.different || ' different values of ' || a.name, ' and ' ORDER BY a.place), NULL
FROM {automatic} a JOIN {judged} v USING (vid) JOIN {kinds} k ON k.number = v.kind GROUP BY k.name, v.value, v.n`

// A rule's values that connect nothing, each with the first record that carries it.
const refusedEvents = `SELECT {refusing}, n.name, x.text, s.name, r.key, {reason}, {cluster}
FROM {refused} f JOIN {rules} n ON n.number = f.rule LEFT JOIN {kinds} k ON k.number = f.kind JOIN ({texts}) x ON x.key = f.key
LEFT JOIN (SELECT key AS star, min(rec) AS rec FROM {stars} WHERE {carried} GROUP BY key) e ON e.star = f.key
LEFT JOIN {all} r ON r.rec = e.rec LEFT JOIN {sources} s ON s.number = r.src {placed}
WHERE f.rule = {rule}`

// Which profile a refused value is of: that of the record, or of its first identifier where no record carries it.
const (
	placedRecord     = `LEFT JOIN {assigned} a ON a.rec = e.rec`
	placedIdentifier = `LEFT JOIN {keys} y ON y.key = f.key LEFT JOIN {map} a ON a.vid = y.vids[1]`
)

const (
	refusing = `CASE WHEN f.kind = {size} THEN {maxRecords} WHEN f.separate THEN {separate} ELSE {limit} END`
	reason   = `'would put more than ' || f.allowed || CASE WHEN f.kind = {size} THEN ' records' ELSE ' different values of ' || k.name || f.timeframe END || ' into one profile'`
)

// Two profiles that probably are one and must not be, each with one of its records.
const refusedLinkEvents = `SELECT {refusing}, {match}, o.name || ' ' || p.key, s.name, r.key, {reason}, a.cluster
FROM {refusedLinks} f JOIN {assigned} a ON a.rec = f.a LEFT JOIN {kinds} k ON k.number = f.kind
JOIN {all} r ON r.rec = f.a JOIN {sources} s ON s.number = r.src JOIN {all} p ON p.rec = f.b JOIN {sources} o ON o.number = p.src`

// What a rule of one kind refused has its event already.
const ambiguousEvents = `SELECT {guard}, k.name, v.value, s.name, r.key, 'carried by records of several profiles', a.cluster
FROM {ambiguous} c JOIN {values} v USING (vid) JOIN {kinds} k ON k.number = v.kind
JOIN (SELECT vid, min(rec) AS rec FROM {carries} WHERE vid IN (SELECT vid FROM {ambiguous} WHERE lo < hi) GROUP BY vid) e USING (vid)
JOIN {all} r ON r.rec = e.rec JOIN {sources} s ON s.number = r.src JOIN {assigned} a ON a.rec = e.rec
WHERE c.lo < c.hi AND NOT {anonymous} AND c.vid NOT IN (SELECT key FROM {refused} WHERE rule IN ({single}))
	AND c.vid NOT IN (SELECT key FROM {apart} WHERE rule IN ({single}))`

const sharedEvents = `SELECT {guard}, {kind}, v.value, NULL, NULL, 'occurred with identifiers of several profiles', m.cluster
FROM {company} JOIN {values} v USING (vid) LEFT JOIN {map} m USING (vid) WHERE lo < hi AND {link}`

const tooManyEvents = `SELECT {guard}, {kind}, v.value, NULL, NULL, 'would put more than ' || {allowed}::VARCHAR || ' different values of ' || {kind} || ' into one profile', m.cluster
FROM {linked} JOIN {values} v USING (vid) LEFT JOIN {map} m USING (vid) WHERE NOT taken`

var guardColumns = []lake.Column{
	{Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp}, {Name: "guard", Type: sqlgen.String},
	{Name: "identifier", Type: sqlgen.String}, {Name: "value", Type: sqlgen.String}, {Name: "source", Type: sqlgen.String},
	{Name: "record_key", Type: sqlgen.String}, {Name: "detail", Type: sqlgen.String}, {Name: "profile_id", Type: sqlgen.String},
}

// Decisions that hold in this revision, each with the run that took it first.
const guardEvents = `SELECT coalesce(b.run, {run}) AS run, coalesce(b."at", {at}) AS "at", e.* EXCLUDE (cluster), p.id AS profile_id
FROM {events} e LEFT JOIN {profiles} p USING (cluster) LEFT JOIN (SELECT guard, identifier, value, arg_min(run, "at") AS run, min("at") AS "at" FROM {base} GROUP BY guard, identifier, value) b
	ON b.guard = e.guard AND b.identifier = e.identifier AND b.value = e.value`

// staleDecisions are those of the base that a part takes anew: of its profiles, of values that are nobody's, and of values in changed rows, whether
// they identify anybody.
const staleDecisions = `CASE WHEN guard IN ({blockedValue}, {automaticGuard})
	THEN (identifier, value) IN (SELECT (k.name, v.value) FROM {verdicts} v JOIN {kinds} k ON k.number = v.kind)
	ELSE {ofProfile} OR profile_id IS NULL AND {ofValue} END`

func (r *run) staleGuards() sqlgen.Query {
	return sqlgen.Format(staleDecisions, sqlgen.Args{
		"blockedValue": guardBlocked, "automaticGuard": guardAutomatic, "verdicts": table("verdicts"), "kinds": table("kind_names"),
		"ofProfile": ofTouchedProfile, "ofValue": ofTouchedValue,
	})
}

// writeGuards writes what the guards decided.
func (r *run) writeGuards(ctx context.Context) error {
	args := r.stableArgs()
	args["separate"], args["limit"], args["carries"] = guardSeparate, guardLimit, table("carries")
	args["size"], args["maxRecords"], args["match"], args["refusedLinks"] = ofSize, guardSize, probabilistic, table("refused_links")
	args["refusing"], args["reason"] = sqlgen.Format(refusing, args), sqlgen.Format(reason, args)
	args["ambiguous"], args["company"], args["linked"] = table("carried"), table("company"), table("linked")
	args["judged"], args["automatic"] = table("values"), table("automatic")
	if r.part != nil {
		args["judged"], args["automatic"] = table("verdicts"), table("verdict_reasons")
	}
	args["apart"] = table("apart")
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
		args["cluster"], args["placed"] = sqlgen.Col("a", "cluster"), sqlgen.Format(placedRecord, args)
		if rule.number == 0 {
			args["keys"] = numbered("keys", 0)
			args["placed"] = sqlgen.Format(placedIdentifier, args)
		}
		all = append(all, sqlgen.Format(refusedEvents, args))
		if len(rule.kinds) == 1 {
			single = append(single, sqlgen.Lit(int64(rule.number)))
		}
	}
	args["single"] = single
	if r.cfg.Probabilistic != nil {
		all = append(all, sqlgen.Format(refusedLinkEvents, args))
	}
	all = append(all, r.overrideEvents()...)
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
	stale := r.staleGuards()
	if _, err := r.write(ctx, "guard_events", guardColumns, stale, sqlgen.Format(guardEvents, args)); err != nil {
		return err
	}
	args["stale"] = stale
	return r.tally(ctx, "guards", sqlgen.Format("SELECT guard, count(*) FROM {events} GROUP BY guard ORDER BY guard", args),
		sqlgen.Format("SELECT guard, count(*) FROM {base} WHERE ({stale}) IS TRUE GROUP BY guard", args))
}
