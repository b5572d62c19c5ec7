package identity

import (
	"cmp"
	"context"
	"errors"
	"strconv"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/cluster"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// probabilistic is how merges that no rule made are called.
const probabilistic = "probabilistic"

// link joins clusters whose records are probably of one person, after the deterministic rules, and under the same guards.
func (r *run) link(ctx context.Context, g *graph) error {
	if r.cfg.Probabilistic == nil {
		return nil
	}
	if err := r.exec(ctx, createLinks, sqlgen.Args{"links": table("links")}); err != nil {
		return err
	}
	columns, err := r.compared(ctx, "source", table("records"), r.records)
	if err != nil || len(columns) == 0 {
		return err
	}
	records := r.space.scheme.New(columns)
	edges, err := r.weigh(ctx, records)
	if err != nil {
		return err
	}
	before := g.clusters()
	groups, options := &groups{graph: g}, r.clustering()
	cluster.Refine(groups, edges, options)
	r.output("merges/"+probabilistic, int64(before-g.clusters()))
	if err := r.writeRefusedLinks(ctx, g, groups.refused); err != nil {
		return err
	}
	if err := r.stageLinks(ctx, g, edges, options); err != nil {
		return err
	}
	return r.writeKeys(ctx, records, r.weighed)
}

// clustering is how profiles are joined.
func (r *run) clustering() cluster.Options {
	o := cluster.Default()
	o.Join = r.cfg.Probabilistic.Threshold
	return o
}

// scheme is how the Profile records of the sources are compared; nil where they are not.
func (s *space) schemeOf(cfg Config) error {
	if cfg.Probabilistic == nil {
		return nil
	}
	var fields []linkage.Field
	for _, src := range s.sources {
		if src.RecordKind != Profile {
			continue
		}
		for _, f := range src.Fields {
			fields = append(fields, fieldOf(f))
		}
	}
	scheme, err := linkage.NewScheme(cfg.Probabilistic.Declaration, fields)
	s.scheme = scheme
	var problems linkage.FieldErrors
	if !errors.As(err, &problems) {
		return err
	}
	for _, p := range problems {
		if absent := (*linkage.NotFoundError)(nil); errors.As(p, &absent) {
			return missing(cfg, "probabilistic.%w", p)
		}
	}
	return invalid(cfg, "probabilistic.%w", err)
}

func fieldOf(f Field) linkage.Field {
	return linkage.Field{Name: f.Name, Semantic: f.Semantic, Identifier: f.Identifier, Type: string(f.Type), Compare: f.Compare}
}

// comparedValues are what a source says in each respect, as text, empty for nothing. Of several fields the first that has a value counts; meant is the
// value of a field.
func (s *space) comparedValues(src Source, meant func(Field) sqlgen.Query) (exprs []sqlgen.Query) {
	for _, c := range s.scheme.Respects() {
		held := []sqlgen.Query{"NULL"}
		for _, f := range src.Fields {
			if own, ok := s.scheme.Of(fieldOf(f)); ok && own == c {
				held = append(held, sqlgen.Format("CAST({v} AS VARCHAR)", sqlgen.Args{"v": meant(f)}))
			}
		}
		exprs = append(exprs, sqlgen.Format("coalesce({held}, '')", sqlgen.Args{"held": held}))
	}
	return exprs
}

// compared reads what Profile records have to be compared by: the numbered ones, of which there are n, from a table for each source.
func (r *run) compared(ctx context.Context, from string, numbers sqlgen.Ident, n int) ([]linkage.Column, error) {
	out := r.space.newColumns(n)
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		q := sqlgen.Format("SELECT r.rec::VARCHAR, {exprs} FROM {source} s JOIN {all} r ON r.src = {src} AND r.key = s._key", sqlgen.Args{
			"exprs": r.space.comparedValues(src, r.meant), "source": numbered(from, i), "all": numbers, "src": i,
		})
		if err := r.fill(ctx, q, out, strconv.Atoi); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *space) newColumns(records int) []linkage.Column {
	all := s.scheme.Respects()
	out := make([]linkage.Column, len(all))
	for i, c := range all {
		out[i] = linkage.NewColumn(c.Kind, c.Name, records)
	}
	return out
}

// fill columns from a query of texts: what tells the record, and then a value for each column. record is which one that is.
func (r *run) fill(ctx context.Context, q sqlgen.Query, out []linkage.Column, record func(of string) (int, error)) error {
	columns := linkage.Fill(out)
	return r.env.DB.Batches(ctx, q, func(b *engine.Batch) error {
		records := make([]int32, b.Len())
		for row := range records {
			i, err := record(b.Text(0, row))
			if err != nil {
				return err
			}
			records[row] = int32(i)
		}
		columns.Set(records, func(column, row int) string { return b.Text(column+1, row) })
		return nil
	})
}

// groups are the clusters of a graph as they are joined by probability. Unions that a guard refuses are remembered.
type groups struct {
	*graph
	refused []refusedLink
}

// refusedLink is a guard that two clusters would break together, each given by one of its records.
type refusedLink struct {
	a, b  int32
	guard int // or the number of guards + that of a split
}

func (g *groups) Len() int           { return len(g.parent) }
func (g *groups) Find(x int32) int32 { return g.find(x) }

func (g *groups) Union(roots ...int32) (int32, bool) {
	set, broken := g.check(roots)
	if broken >= 0 {
		if len(roots) == 2 {
			g.refused = append(g.refused, refusedLink{min(roots[0], roots[1]), max(roots[0], roots[1]), broken})
		}
		return 0, false
	}
	g.join(roots, set)
	return g.find(roots[0]), true
}

// clusters counts them.
func (f *forest) clusters() (n int) {
	for i, p := range f.parent {
		if p == int32(i) {
			n++
		}
	}
	return n
}

// writeRefusedLinks keeps which clusters that probably are one were kept apart.
func (r *run) writeRefusedLinks(ctx context.Context, g *graph, refused []refusedLink) error {
	type kept struct{ a, b int32 }
	first := map[kept]refusedLink{}
	for _, x := range refused {
		a, b := g.find(x.a), g.find(x.b)
		k := kept{min(a, b), max(a, b)}
		if have, ok := first[k]; a != b && (!ok || cmp.Or(cmp.Compare(x.a, have.a), cmp.Compare(x.b, have.b)) < 0) {
			first[k] = x
		}
	}
	err := r.exec(ctx, "CREATE OR REPLACE TABLE {t} (a INTEGER, b INTEGER, kind INTEGER, allowed INTEGER, separate BOOLEAN, timeframe VARCHAR)",
		sqlgen.Args{"t": table("refused_links")})
	if err != nil {
		return err
	}
	to, err := r.env.DB.Appender(ctx, "identity_refused_links")
	if err != nil {
		return err
	}
	for _, x := range first {
		if _, ok := g.isSplit(x.guard); ok {
			continue
		}
		guard := g.guards[x.guard]
		if err := to.Append(int(x.a), int(x.b), guard.kind, guard.limit, guard.separate, guard.timeframe()); err != nil {
			return closing(to, err)
		}
	}
	if err := to.Close(); err != nil {
		return err
	}
	return r.appendRows(ctx, "apart_links", func(row func(...any) error) error {
		for _, x := range first {
			if i, ok := g.isSplit(x.guard); ok {
				if err := row(int(x.a), int(x.b), int(r.splits[i])); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
