package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/cluster"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var linkColumns = append(strs("source", "record_key", "profile_id", "other_source", "other_record_key", "other_profile_id"), lake.Column{Name: "weight", Type: sqlgen.Double})

const createLinks = "CREATE OR REPLACE TABLE {links} (a INTEGER, b INTEGER, weight DOUBLE)"

// stageLinks adds to the table links the pairs of records that probably are of one person, and ended in two profiles.
func (r *run) stageLinks(ctx context.Context, g *graph, edges []linkage.Edge, o cluster.Options) error {
	to, err := r.env.DB.Appender(ctx, "identity_links")
	if err != nil {
		return err
	}
	for _, e := range edges {
		if o.Joins(e.Weight) && g.find(e.L) != g.find(e.R) {
			if err := to.Append(int(e.R), int(e.L), float64(e.Weight)); err != nil {
				return closing(to, err)
			}
		}
	}
	return to.Close()
}

// writeLinks writes them with their profiles.
func (r *run) writeLinks(ctx context.Context) error {
	if r.cfg.Probabilistic == nil {
		return nil
	}
	args := r.stableArgs()
	args["links"] = table("links")
	_, err := r.write(ctx, "links", linkColumns, ofTouchedRecord, sqlgen.Format(
		`SELECT s.name AS source, r.key AS record_key, p.id AS profile_id, t.name AS other_source, o.key AS other_record_key, q.id AS other_profile_id, l.weight
		FROM {links} l JOIN {all} r ON r.rec = l.a JOIN {sources} s ON s.number = r.src JOIN {assigned} x ON x.rec = l.a JOIN {profiles} p ON p.cluster = x.cluster
		JOIN {all} o ON o.rec = l.b JOIN {sources} t ON t.number = o.src JOIN {assigned} y ON y.rec = l.b JOIN {profiles} q ON q.cluster = y.cluster`, args))
	return err
}

// writeKeys writes the keys by which records become candidates, so that a later run finds those of the records that change.
func (r *run) writeKeys(ctx context.Context, records *linkage.Records, model *linkage.Model) error {
	rules, keys, err := records.Keys(model)
	if err != nil {
		return err
	}
	cols, names := strs("source", "record_key"), []string{"rec"}
	var present []sqlgen.Query
	for i := range rules {
		k := keyColumn(i)
		cols, names = append(cols, lake.Column{Name: k, Type: sqlgen.Integer}), append(names, k)
		present = append(present, sqlgen.Format("nullif({k}, 0) AS {k}", sqlgen.Args{"k": sqlgen.Name(k)}))
	}
	err = r.env.DB.CreateNumbers(ctx, "identity_keys_of_records", names, records.Len(), func(rec, column int) int64 {
		if column == 0 {
			return int64(rec)
		}
		return int64(keys[rec*len(rules)+column-1])
	})
	if err != nil {
		return err
	}
	args := r.stableArgs()
	args["keys"], args["present"] = table("keys_of_records"), present
	_, err = r.write(ctx, "candidate_keys", cols, ofTouchedRecord, sqlgen.Format(
		"SELECT s.name AS source, r.key AS record_key, {present} FROM {keys} k JOIN {all} r USING (rec) JOIN {sources} s ON s.number = r.src", args))
	if err != nil {
		return err
	}
	return r.drop(ctx, table("keys_of_records"))
}
