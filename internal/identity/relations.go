package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// strs are columns of text.
func strs(names ...string) []lake.Column {
	out := make([]lake.Column, len(names))
	for i, n := range names {
		out[i] = lake.Column{Name: n, Type: sqlgen.String}
	}
	return out
}

var (
	memberColumns     = strs("source", "record_key", "profile_id")
	identifierColumns = strs("identifier", "value", "profile_id")
)

// writeMembers writes which profile each Profile record belongs to.
func (r *run) writeMembers(ctx context.Context) error {
	rows, err := r.write(ctx, "members", memberColumns, ofTouchedProfile, sqlgen.Format(
		`SELECT s.name AS source, r.key AS record_key, p.id AS profile_id
		FROM {all} r JOIN {assigned} USING (rec) JOIN {profiles} p USING (cluster) JOIN {sources} s ON s.number = r.src`, r.stableArgs()))
	r.output("records", rows)
	return err
}

// writeIdentifiers writes which profile each identifier stands for. Blocked and ambiguous values stand for none.
func (r *run) writeIdentifiers(ctx context.Context) error {
	_, err := r.write(ctx, "identifiers", identifierColumns, ofTouchedProfile, sqlgen.Format(
		`SELECT k.name AS identifier, v.value, p.id AS profile_id
		FROM {map} m JOIN {values} v USING (vid) JOIN {profiles} p USING (cluster) JOIN {kinds} k ON k.number = v.kind`, r.stableArgs()))
	if err != nil {
		return err
	}
	return r.tally(ctx, "identifiers", sqlgen.Format(
		"SELECT k.name, count(*) FROM {map} JOIN {values} v USING (vid) JOIN {kinds} k ON k.number = v.kind GROUP BY k.name ORDER BY k.name", r.stableArgs()),
		sqlgen.Format("SELECT identifier, count(*) FROM {identifiers} GROUP BY identifier", r.stableArgs()))
}

// counts adds an output for each row of a query: a name within the group and a number.
func (r *run) counts(ctx context.Context, group string, q sqlgen.Query) error {
	return r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var name string
		var n int64
		if err := scan(&name, &n); err != nil {
			return err
		}
		r.output(group+"/"+name, n)
		return nil
	})
}

// texts is a query for the text of a rule's keys: that of the value, or of the values with a plus between them.
func (r *run) texts(number, kinds int) sqlgen.Query {
	args := sqlgen.Args{"keys": numbered("keys", number), "values": table("values")}
	if kinds == 1 {
		return sqlgen.Format("SELECT k.key, v.value AS text FROM {keys} k JOIN {values} v ON v.vid = k.key", args)
	}
	return sqlgen.Format(`SELECT key, string_agg(value, ' + ' ORDER BY place) AS text
		FROM (SELECT key, unnest(vids) AS vid, generate_subscripts(vids, 1) AS place FROM {keys}) JOIN {values} USING (vid) GROUP BY key`, args)
}

// writeEdges writes the values that connected records, with each of the records.
func (r *run) writeEdges(ctx context.Context) error {
	all := []sqlgen.Query{sqlgen.Format(overrideEdges, r.overrideArgs())}
	for _, rule := range r.space.rules {
		all = append(all, sqlgen.Format(
			`SELECT s.name AS source, r.key AS record_key, {label} AS identifier, x.text AS value, {rule} AS rule
			FROM {stars} e JOIN {all} r USING (rec) JOIN {sources} s ON s.number = r.src JOIN ({texts}) x ON x.key = e.key
			WHERE e.key NOT IN (SELECT key FROM {refused} WHERE rule = {rule})`,
			sqlgen.Args{
				"label": rule.label, "rule": rule.number, "stars": numbered("stars", rule.number), "all": table("records"),
				"sources": table("source_names"), "texts": r.texts(rule.number, len(rule.kinds)), "refused": table("refused"),
			}))
	}
	cols := append(strs("source", "record_key", "identifier", "value"), lake.Column{Name: "rule", Type: sqlgen.Integer})
	_, err := r.write(ctx, "edges", cols, ofTouchedRecord, sqlgen.UnionAll(all...))
	return err
}

var lineageColumns = []lake.Column{
	{Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp}, {Name: "event", Type: sqlgen.String},
	{Name: "from_id", Type: sqlgen.String}, {Name: "to_id", Type: sqlgen.String}, {Name: "records", Type: sqlgen.Integer},
	{Name: "cause", Type: sqlgen.String},
}

// writeLineage adds what happened to what happened before: an id that ended resolves through it for ever.
func (r *run) writeLineage(ctx context.Context) error {
	args := sqlgen.Args{"run": r.cfg.Plan.Run, "at": r.cfg.Plan.Now, "changes": table("changes")}
	_, err := r.tx.Append(ctx, r.relation("lineage"), lineageColumns, sqlgen.Format(
		`SELECT {run} AS run, {at} AS "at", event, from_id, to_id, records, cause FROM {changes}`, args))
	if err != nil {
		return err
	}
	return r.counts(ctx, "lineage", sqlgen.Format("SELECT event, count(*) FROM {changes} GROUP BY event ORDER BY event", args))
}

const sizeBands = `SELECT band, count(*) FROM (
	SELECT CASE WHEN n = 1 THEN '1' WHEN n = 2 THEN '2' WHEN n <= 5 THEN '3-5' WHEN n <= 10 THEN '6-10' WHEN n <= 50 THEN '11-50' ELSE '51+' END AS band, n
	FROM ({profiles})
) GROUP BY band ORDER BY min(n)`

// count adds the numbers of profiles to the outputs.
func (r *run) count(ctx context.Context) error {
	args := r.stableArgs()
	for name, known := range map[string]bool{"known": true, "anonymous": false} {
		args["known"] = known
		o := lake.Output{Name: name}
		err := r.env.DB.Row(ctx, sqlgen.Format(
			`SELECT (SELECT count(*) FROM {profiles} WHERE known = {known}), (SELECT count(*) FROM {profiles} WHERE known = {known} AND fresh),
			(SELECT count(*) FROM {old} o WHERE known = {known} AND NOT EXISTS (SELECT 1 FROM {profiles} p WHERE p.id = o.id))`, args), &o.Rows, &o.Added, &o.Removed)
		if err != nil {
			return err
		}
		if r.part != nil {
			o.Rows = rowsOf(r.part.base.Outputs, name) + o.Added - o.Removed
		}
		r.outputs = append(r.outputs, o)
	}
	r.output("resolved", int64(r.records))
	of := func(q string) sqlgen.Query {
		return sqlgen.Format(sizeBands, sqlgen.Args{"profiles": sqlgen.Format(q, args)})
	}
	return r.tally(ctx, "sizes", of("SELECT count(*) AS n FROM {assigned} GROUP BY cluster"), of("SELECT count(*) AS n FROM {members} GROUP BY profile_id"))
}
