package identity

import (
	"context"
	"errors"
	"strconv"

	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// keyColumn has the key of a record in the i-th rule of the model.
func keyColumn(i int) string { return "k" + strconv.Itoa(i) }

// Records that are in a block with a changed one, the changed ones as the base has them among them.
const createSharing = `CREATE OR REPLACE TABLE {sharing} AS SELECT s.*, (source, record_key) IN (SELECT (c.source, c.record_key) FROM ({changed}) c) AS old FROM {keys} s WHERE {shares}`

// The size of the largest block that changed records are in by a rule, as it is by now.
const largestBlock = `SELECT coalesce(max(n), 0) FROM (SELECT sum(n) AS n FROM (
	SELECT {k} AS key, count(*) AS n FROM {sharing} WHERE NOT old AND {k} IN (SELECT key FROM {near} WHERE rule = {rule} AND key <> 0) GROUP BY key
	UNION ALL SELECT key, count(*) FROM {near} WHERE rule = {rule} AND key <> 0 GROUP BY key
) GROUP BY key)`

// Those among them that a changed record may be of one person with.
const seedNear = `INSERT INTO {nodes} SELECT DISTINCT {record}, 0 FROM {matches} JOIN {staged} s USING (rec) JOIN {sources} n ON n.number = s.src`

// seedMatches adds the records that probably match a changed one, and so could be joined with it. It does not fit where there is no model that does.
func (r *run) seedMatches(ctx context.Context, p *part) (bool, error) {
	if r.cfg.Probabilistic == nil || len(r.space.scheme.Respects()) == 0 {
		return true, nil
	}
	models, err := r.modelsOf(ctx, p.base)
	if err != nil || models.inUse == 0 || rowsOf(p.base.Outputs, outgrownOutput) > 0 {
		return false, err
	}
	if p.model, err = r.model(ctx, models.inUse); err != nil {
		return false, err
	}
	p.version = models.inUse
	if p.changed == 0 {
		return true, nil
	}
	if !r.cfg.Probabilistic.pinned() && unfit(p.model, p.records) != "" {
		return false, nil
	}
	current, err := r.near(ctx, func(i int, src Source) sqlgen.Query {
		return sqlgen.Format("SELECT true AS anew, {columns} FROM {changed} WHERE current", sqlgen.Args{"columns": sqlgen.Names(src.columns()...), "changed": numbered("changed", i)})
	})
	if err != nil {
		return false, err
	}
	if current.Len() == 0 {
		return true, nil
	}
	if fits, err := r.findNear(ctx, p, current); err != nil || !fits {
		return false, err
	}
	return true, r.matchNear(ctx, p, current.Len())
}

// near stages the Profile rows that a query gives for each source, and what they are compared by. Those that are anew come first.
func (r *run) near(ctx context.Context, rows func(i int, src Source) sqlgen.Query) (*linkage.Records, error) {
	all := []sqlgen.Query{"SELECT 0 AS src, '' AS key, true AS anew WHERE false"}
	values := []sqlgen.Query{"SELECT 0 AS kind, '' AS value, 0::BIGINT AS n WHERE false"}
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		args := sqlgen.Args{"near": numbered("near", i), "rows": rows(i, src), "src": i}
		if err := r.exec(ctx, "CREATE OR REPLACE TABLE {near} AS {rows}", args); err != nil {
			return nil, err
		}
		all = append(all, sqlgen.Format("SELECT {src} AS src, _key AS key, anew FROM {near}", args))
		for _, c := range r.space.identifiersOf(src) {
			args["kind"], args["v"] = c.kind, identifierText(c)
			values = append(values, sqlgen.Format("SELECT {kind} AS kind, {v} AS value, 1::BIGINT AS n FROM {near} s WHERE {v} IS NOT NULL", args))
		}
	}
	args := r.verdictArgs()
	args["staged"], args["all"], args["judged"] = table("near"), sqlgen.UnionAll(all...), r.judged(sqlgen.UnionAll(values...))
	for _, q := range []string{
		"CREATE OR REPLACE TABLE {staged} AS SELECT (row_number() OVER (ORDER BY anew DESC, src, key) - 1)::INTEGER AS rec, src, key FROM ({all})",
		numberAll, blockBarred,
	} {
		if err := r.exec(ctx, q, args); err != nil {
			return nil, err
		}
	}
	n, err := r.number(ctx, "SELECT count(*) FROM {staged}", args)
	if err != nil {
		return nil, err
	}
	columns, err := r.compared(ctx, "near", table("near"), int(n))
	if err != nil {
		return nil, err
	}
	return r.space.scheme.New(columns), nil
}

// findNear finds the records that are in a block with a changed one. It does not fit where a block has outgrown the model.
func (r *run) findNear(ctx context.Context, p *part, current *linkage.Records) (bool, error) {
	rules, keys, err := current.Keys(p.model)
	if errors.Is(err, linkage.ErrOutdated) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := r.env.Lake.View(ctx, r.env.DB, table("base_keys"), p.base, r.relation("candidate_keys")); err != nil {
		return false, err
	}
	err = r.env.DB.CreateNumbers(ctx, "identity_near_keys", []string{"rule", "key"}, len(keys), func(i, column int) int64 {
		if column == 0 {
			return int64(i % len(rules))
		}
		return int64(keys[i])
	})
	if err != nil {
		return false, err
	}
	var shares []sqlgen.Query
	for i := range rules {
		shares = append(shares, sqlgen.Format("{k} IN (SELECT key FROM {near} WHERE rule = {rule} AND key <> 0)",
			sqlgen.Args{"k": sqlgen.Name(keyColumn(i)), "near": table("near_keys"), "rule": i}))
	}
	var changed []sqlgen.Query
	for i, src := range r.space.sources {
		if src.RecordKind == Profile {
			changed = append(changed, sqlgen.Format("SELECT {name} AS source, _key AS record_key FROM {changed}", sqlgen.Args{"name": src.Name, "changed": numbered("changed", i)}))
		}
	}
	args := sqlgen.Args{
		"sharing": table("sharing"), "keys": table("base_keys"), "near": table("near_keys"), "changed": sqlgen.UnionAll(changed...), "shares": anyOf(shares),
	}
	if err := r.exec(ctx, createSharing, args); err != nil {
		return false, err
	}
	for i := range rules {
		args["k"], args["rule"] = sqlgen.Name(keyColumn(i)), i
		if largest, err := r.number(ctx, largestBlock, args); err != nil || largest > p.model.Outgrown() {
			return false, err
		}
	}
	return true, nil
}

// matchNear weighs the changed records, of which there are so many, against those in their blocks, and adds the ones that could be joined with one of them.
func (r *run) matchNear(ctx context.Context, p *part, changed int) error {
	records, err := r.near(ctx, func(i int, src Source) sqlgen.Query {
		return sqlgen.Format(`SELECT true AS anew, {columns} FROM {changed} WHERE current
UNION ALL SELECT false, {columns} FROM {source} WHERE (_key IN (SELECT record_key FROM {sharing} WHERE source = {name} AND NOT old)) IS TRUE`, sqlgen.Args{
			"columns": sqlgen.Names(src.columns()...), "changed": numbered("changed", i), "source": numbered("source", i), "sharing": table("sharing"), "name": src.Name,
		})
	})
	if err != nil {
		return err
	}
	anew := make([]bool, records.Len())
	for i := range changed {
		anew[i] = true
	}
	edges, _, err := records.WeighTouching(p.model, anew)
	if err != nil {
		return err
	}
	args := sqlgen.Args{"matches": table("near_matches"), "staged": table("near"), "sources": table("source_names")}
	var matching []int32
	options := r.clustering()
	for _, e := range edges {
		if options.Joins(e.Weight) {
			matching = append(matching, e.L, e.R)
		}
	}
	err = r.env.DB.CreateNumbers(ctx, "identity_near_matches", []string{"rec"}, len(matching), func(i, _ int) int64 { return int64(matching[i]) })
	if err != nil {
		return err
	}
	args["record"] = node(recordNode, sqlgen.Col("n", "name"), sqlgen.Col("s", "key"))
	return r.env.DB.Exec(ctx, touched(seedNear, args))
}
