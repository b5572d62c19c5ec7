package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/linkage/quality"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Label is the kind of rows that say who a record of another source truly is. They are never among the sources: nothing is matched by them.
const Label RecordKind = "Label"

// Of several rows about one record the latest counts.
const createLabels = `CREATE OR REPLACE TABLE {labels} AS
SELECT {source} AS source, {key} AS record_key, {person} AS person FROM {rows} WHERE {person} IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY {source}, {key} ORDER BY _time DESC NULLS LAST, {person}) = 1`

// How many labelled records each profile and each person have in common, and each has at all; pairs are counted, never made.
const agreement = `WITH cells AS (
	SELECT profile, person, count(*) AS n FROM ({members}) JOIN {labels} USING (source, record_key) GROUP BY profile, person
),
profiles AS (SELECT profile, sum(n) AS found FROM cells GROUP BY profile),
people AS (SELECT person, sum(n) AS "right" FROM cells GROUP BY person)
SELECT coalesce(sum(n), 0)::BIGINT, coalesce(sum(n * (n - 1) // 2), 0)::BIGINT, coalesce(sum(n * n / found), 0), coalesce(sum(n * n / "right"), 0),
	(SELECT coalesce(sum(found * (found - 1) // 2), 0)::BIGINT FROM profiles), (SELECT coalesce(sum("right" * ("right" - 1) // 2), 0)::BIGINT FROM people)
FROM cells JOIN profiles USING (profile) JOIN people USING (person)`

// measureLabels compares the people with the labels, over the labelled records alone. Labels that the lake does not have as they are declared are as good as none:
// people are not to depend on what they are judged by.
func (r *run) measureLabels(ctx context.Context, p resolved) (figures.All, error) {
	if r.cfg.Labels == nil {
		return nil, nil
	}
	labels := *r.cfg.Labels
	labels.Fields = nil
	args := sqlgen.Args{"rows": table("label_rows"), "labels": table("labels"), "members": p.members}
	for hole, semantic := range map[string]string{
		"source": normalise.SemanticRecordSource, "key": normalise.SemanticRecordKey, "person": normalise.SemanticPersonID,
	} {
		i := slices.IndexFunc(r.cfg.Labels.Fields, func(f Field) bool { return f.Semantic == semantic })
		if i < 0 {
			return nil, invalid(r.cfg, "the source of labels %q has no field with semantic %s", labels.Name, semantic)
		}
		labels.Fields = append(labels.Fields, r.cfg.Labels.Fields[i])
		args[hole] = sqlgen.Name(r.cfg.Labels.Fields[i].Name)
	}
	switch err := r.openSource(ctx, table("label_rows"), labels); {
	case fault.Is(err, fault.ColumnMissing), fault.Is(err, fault.SchemaChanged):
		return figures.All{figures.Make(figures.LabelledRecords, "", 0)}, nil
	case err != nil:
		return nil, err
	}
	if err := r.exec(ctx, createLabels, args); err != nil {
		return nil, err
	}
	all, err := r.number(ctx, "SELECT count(*) FROM {labels}", args)
	if err != nil {
		return nil, err
	}
	var c quality.Counts
	err = r.env.DB.Row(ctx, sqlgen.Format(agreement, args), &c.Records, &c.Both, &c.Precision, &c.Recall, &c.Found, &c.Right)
	if err != nil {
		return nil, err
	}
	out := figures.All{
		figures.Make(figures.LabelledRecords, "", float64(c.Records)), figures.Make(figures.LabelsOfNoRecord, "", float64(all-c.Records)),
	}
	if c.Records == 0 {
		return out, nil // there is nothing to be right or wrong about
	}
	pairs, bCubed := c.Pairs(), c.BCubed()
	return append(out,
		figures.Make(figures.PairPrecision, "", pairs.Precision), figures.Make(figures.PairRecall, "", pairs.Recall), figures.Make(figures.PairF1, "", pairs.F1),
		figures.Make(figures.BCubedPrecision, "", bCubed.Precision), figures.Make(figures.BCubedRecall, "", bCubed.Recall), figures.Make(figures.BCubedF1, "", bCubed.F1),
	), r.drop(ctx, table("labels"))
}
