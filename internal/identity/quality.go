package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// keptRuns is for how many runs figures are kept.
const keptRuns = 1000

var qualityColumns = slices.Concat(strs("run"), []lake.Column{{Name: "at", Type: sqlgen.Timestamp}}, strs("figure", "detail"),
	[]lake.Column{{Name: "value", Type: sqlgen.Double}})

// resolved is what figures are measured on: tables, views or queries that hold for all records, whatever part of them a run made anew.
type resolved struct {
	members sqlgen.Query // source, record_key and profile of every Profile record
	made    sqlgen.Query // those of them that the run has made
	events  sqlgen.Query // guard, identifier and value of every decision that holds
	changes sqlgen.Query // event and records of what this run did to ids
	stayed  sqlgen.Query // one number: the base's records that are still there
}

// resolved is what a run has made, or in a part what it leaves as it is and what it has made.
func (r *run) resolved() resolved {
	args := r.stableArgs()
	args["events"] = table("guard_events")
	p := resolved{
		members: sqlgen.Format(`SELECT s.name AS source, r.key AS record_key, p.id AS profile
			FROM {all} r JOIN {assigned} a USING (rec) JOIN {profiles} p USING (cluster) JOIN {sources} s ON s.number = r.src`, args),
		events:  sqlgen.Format("SELECT guard, identifier, value FROM {events}", args),
		changes: sqlgen.Format("SELECT event, records FROM {changes}", args),
		stayed:  sqlgen.Format("SELECT count(*) FROM {oldRecords}", args),
	}
	p.made = p.members
	if r.part == nil {
		return p
	}
	args["allMembers"], args["ofProfile"], args["base"], args["stale"] = table("all_members"), ofTouchedProfile, table("base_guard_events"), r.staleGuards()
	p.members = sqlgen.UnionAll(p.members, sqlgen.Format("SELECT source, record_key, profile_id::UUID FROM {allMembers} WHERE NOT {ofProfile}", args))
	p.events = sqlgen.UnionAll(p.events, sqlgen.Format("SELECT guard, identifier, value FROM {base} WHERE ({stale}) IS NOT TRUE", args))
	p.stayed = sqlgen.Format("SELECT (SELECT count(*) FROM {allMembers}) - (SELECT count(*) FROM {members}) + (SELECT count(*) FROM {oldRecords})", args)
	return p
}

// writeQuality measures the people and keeps the figures.
func (r *run) writeQuality(ctx context.Context) error {
	found, err := r.measure(ctx, r.resolved())
	if err != nil {
		return err
	}
	r.output(inLargeOutput, r.inLarge)
	for _, f := range found {
		r.output(f.Output())
	}
	rows := []sqlgen.Query{emptyOf(qualityColumns)}
	if _, ok := r.tx.Base().Version(r.relation("quality")); ok {
		view := table("base_quality")
		if err := r.env.Lake.View(ctx, r.env.DB, view, r.tx.Base(), r.relation("quality")); err != nil {
			return err
		}
		rows = append(rows, lastFigures(view, keptRuns-1))
	}
	for _, f := range found {
		rows = append(rows, sqlgen.Format(`SELECT {run} AS run, {at} AS "at", {figure} AS figure, nullif({detail}, '') AS detail, {value}::DOUBLE AS value`,
			sqlgen.Args{"run": r.cfg.Plan.Run, "at": r.cfg.Plan.Now, "figure": string(f.Name), "detail": f.Detail, "value": f.Value}))
	}
	_, err = r.tx.Replace(ctx, r.relation("quality"), qualityColumns, sqlgen.UnionAll(rows...))
	return err
}

// lastFigures is a query for the figures of the last runs in a table of figures.
func lastFigures(of sqlgen.Ident, runs int) sqlgen.Query {
	return sqlgen.Format(`SELECT run, "at", figure, detail, value FROM {t}
WHERE run IN (SELECT run FROM {t} GROUP BY run ORDER BY max("at") DESC, run DESC LIMIT {runs})`, sqlgen.Args{"t": of, "runs": runs})
}

// measure gives all figures that there is something to measure for.
func (r *run) measure(ctx context.Context, p resolved) (out figures.All, err error) {
	for _, part := range []func(context.Context, resolved) (figures.All, error){r.measureSizes, r.measureShared, r.measureRefused, r.measureChanges, r.measureLabels} {
		found, err := part(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// sizes of profiles that have records.
type sizes struct {
	records, profiles int64
	largest           int64 // records of the largest
	inLarge           int64 // records in profiles of more than figures.Large
}

const profileSizes = `SELECT coalesce(sum(n), 0)::BIGINT, count(*), coalesce(max(n), 0), coalesce(sum(n) FILTER (WHERE n > {large}), 0)::BIGINT
FROM (SELECT count(*) AS n FROM ({members}) GROUP BY profile)`

func (r *run) sizesOf(ctx context.Context, members sqlgen.Query) (s sizes, err error) {
	q := sqlgen.Format(profileSizes, sqlgen.Args{"members": members, "large": figures.Large})
	return s, r.env.DB.Row(ctx, q, &s.records, &s.profiles, &s.largest, &s.inLarge)
}

// inLargeOutput is how many records are in large profiles.
const inLargeOutput = "inLargeProfiles"

// sizes are those of all profiles. A part takes from those of the base what it looked at, and adds what it made; only where the largest profile of the
// base may have become smaller are all profiles looked at.
func (r *run) sizes(ctx context.Context, p resolved) (sizes, error) {
	if r.part == nil {
		return r.sizesOf(ctx, p.members)
	}
	before, err := r.sizesOf(ctx, sqlgen.Format("SELECT profile_id AS profile FROM {members}", r.stableArgs()))
	if err != nil {
		return sizes{}, err
	}
	now, err := r.sizesOf(ctx, p.made)
	if err != nil {
		return sizes{}, err
	}
	base := func(f figures.Name) int64 {
		name, _ := figures.Make(f, "", 0).Output()
		return rowsOf(r.part.base.Outputs, name)
	}
	all := sizes{
		records: base(figures.Records) - before.records + now.records, profiles: base(figures.Profiles) - before.profiles + now.profiles,
		largest: max(base(figures.LargestProfile), now.largest), inLarge: rowsOf(r.part.base.Outputs, inLargeOutput) - before.inLarge + now.inLarge,
	}
	if all.largest == before.largest && now.largest < all.largest {
		return r.sizesOf(ctx, p.members)
	}
	return all, nil
}

func (r *run) measureSizes(ctx context.Context, p resolved) (figures.All, error) {
	s, err := r.sizes(ctx, p)
	if err != nil {
		return nil, err
	}
	r.inLarge = s.inLarge
	out := figures.All{
		figures.Make(figures.Records, "", float64(s.records)), figures.Make(figures.Profiles, "", float64(s.profiles)),
		figures.Make(figures.LargestProfile, "", float64(s.largest)),
	}
	if s.records > 0 {
		out = append(out, figures.Make(figures.LargeProfiles, "", float64(s.inLarge)/float64(s.records)))
	}
	return out, nil
}

// Values with which records show more names than a family has. What a guard took out connects nobody and does not count. Few values are in so
// many records, found by their hash, and only of those the names are looked at.
const sharedValues = `WITH often AS (SELECT hash(value) AS h FROM ({values}) GROUP BY h HAVING count(*) > {many})
SELECT count(*) FROM (
	SELECT value FROM ({named}) WHERE hash(value) IN (SELECT h FROM often) AND name <> '' GROUP BY value HAVING count(DISTINCT name) > {many}
) WHERE value NOT IN (SELECT value FROM ({events}) WHERE identifier = {kind} AND guard IN ({blocking}))`

func (r *run) measureShared(ctx context.Context, p resolved) (out figures.All, err error) {
	name := r.space.countedName()
	if name == "" {
		return nil, nil
	}
	for k, kind := range r.space.kinds[:r.space.identifiers] {
		if _, named := r.valuesOf("source", kind, name, "true"); kind == AnonymousID || len(named) == 0 {
			continue
		}
		n, err := r.countShared(ctx, p, k, name)
		if err != nil {
			return nil, err
		}
		out = append(out, figures.Make(figures.SharedValues, kind, float64(n)))
	}
	return out, nil
}

// countShared counts the shared values of a kind. In a part only those can have become shared, or have ceased to be, that changed rows have or had.
func (r *run) countShared(ctx context.Context, p resolved, kind int, name string) (int64, error) {
	count := func(from string, events sqlgen.Query, only sqlgen.Query) (int64, error) {
		values, named := r.valuesOf(from, r.space.kinds[kind], name, only)
		return r.number(ctx, sharedValues, sqlgen.Args{
			"kind": r.space.kinds[kind], "values": sqlgen.UnionAll(values...), "named": sqlgen.UnionAll(named...), "events": events, "many": figures.ManyNames,
			"blocking": []sqlgen.Expr{sqlgen.Lit(guardBlocked), sqlgen.Lit(guardAutomatic)},
		})
	}
	if r.part == nil {
		return count("source", p.events, "true")
	}
	output, _ := figures.Make(figures.SharedValues, r.space.kinds[kind], 0).Output()
	changed := sqlgen.Format("(s.{v}::VARCHAR IN (SELECT value FROM {verdicts} WHERE kind = {kind})) IS TRUE", sqlgen.Args{"verdicts": table("verdicts"), "kind": kind})
	before, err := count("carried_before", sqlgen.Format("SELECT guard, identifier, value FROM {base}", sqlgen.Args{"base": table("base_guard_events")}), changed)
	if err != nil {
		return 0, err
	}
	now, err := count("carrying", p.events, changed)
	return rowsOf(r.part.base.Outputs, output) - before + now, err
}

// countedName is the attribute, by its meaning, by which people with one value are told apart; empty where records have no such name.
func (s *space) countedName() string {
	for _, semantic := range []string{"surname", "fullName"} {
		if s.profilesHave(func(f Field) bool { return counts(f, semantic) }) {
			return semantic
		}
	}
	return ""
}

// valuesOf a kind of identifier in Profile records for which a condition holds, from views of their sources: queries for each value, and for each value with each name in its record.
func (r *run) valuesOf(from, kind, semantic string, only sqlgen.Query) (values, named []sqlgen.Query) {
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		for _, f := range src.Fields {
			if f.Identifier != kind {
				continue
			}
			args := sqlgen.Args{"v": sqlgen.Name(f.Name), "source": numbered(from, i)}
			args["only"] = sqlgen.Format(string(only), args)
			values = append(values, sqlgen.Format("SELECT s.{v}::VARCHAR AS value FROM {source} s WHERE s.{v} IS NOT NULL AND {only}", args))
			for _, other := range src.Fields {
				if counts(other, semantic) {
					args["name"] = sqlgen.Name(other.Name)
					named = append(named, sqlgen.Format("SELECT s.{v}::VARCHAR AS value, lower(trim(s.{name}::VARCHAR)) AS name FROM {source} s WHERE {only}", args))
				}
			}
		}
	}
	return values, named
}

// measureRefused counts what would have brought records together, and was refused.
func (r *run) measureRefused(ctx context.Context, p resolved) (out figures.All, err error) {
	refusing := []string{guardSeparate, guardLimit, guardSize}
	found := map[string]int64{}
	q := sqlgen.Format("SELECT guard, count(*) FROM ({events}) GROUP BY guard", sqlgen.Args{"events": p.events})
	err = r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var guard string
		var n int64
		err := scan(&guard, &n)
		found[guard] = n
		return err
	})
	for _, g := range refusing {
		out = append(out, figures.Make(figures.RefusedMerges, g, float64(found[g])))
	}
	return out, err
}

// An event of a split or a move has the records that went from a profile of the base to another one which is not its heir.
const profileChanges = `SELECT count(*) FILTER (WHERE event = {merge}), count(*) FILTER (WHERE event = {split}),
	coalesce(sum(records) FILTER (WHERE event IN ({split}, {move})), 0)::BIGINT FROM ({changes})`

func (r *run) measureChanges(ctx context.Context, p resolved) (figures.All, error) {
	var merges, splits, went, stayed int64
	q := sqlgen.Format(profileChanges, sqlgen.Args{"changes": p.changes, "merge": eventMerge, "split": eventSplit, "move": eventMove})
	if err := r.env.DB.Row(ctx, q, &merges, &splits, &went); err != nil {
		return nil, err
	}
	if err := r.env.DB.Row(ctx, p.stayed, &stayed); err != nil {
		return nil, err
	}
	out := figures.All{figures.Make(figures.Merges, "", float64(merges)), figures.Make(figures.Splits, "", float64(splits))}
	if stayed > 0 {
		out = append(out, figures.Make(figures.Jitter, "", float64(went)/float64(stayed)))
	}
	return out, nil
}
