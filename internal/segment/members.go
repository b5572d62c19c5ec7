package segment

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// write makes the new content of the three tables.
func (r *run) write(ctx context.Context) error {
	if err := r.writeTraits(ctx); err != nil {
		return err
	}
	if err := r.keepMembers(ctx); err != nil {
		return err
	}
	if err := r.count(ctx); err != nil {
		return err
	}
	if _, err := r.tx.Replace(ctx, r.members(), memberColumns, sqlgen.Format(newMembers, sqlgen.Args{"now": r.Now})); err != nil {
		return err
	}
	_, err := r.tx.Append(ctx, r.log(), logColumns, sqlgen.Format(changes, sqlgen.Args{"run": r.Run, "at": r.Now}))
	return err
}

// keepMembers makes eval_kept: the last members of Segments that keep their result.
func (r *run) keepMembers(ctx context.Context) error {
	if err := r.DB.Exec(ctx, "CREATE TABLE eval_kept_names (segment INTEGER, purpose INTEGER)"); err != nil {
		return err
	}
	for i := range r.Segments {
		s := &r.Segments[i]
		if !r.kept(s) {
			continue
		}
		for _, p := range s.Purposes {
			if err := r.exec(ctx, "INSERT INTO eval_kept_names VALUES ({s}, {p})", sqlgen.Args{"s": r.segmentNumber(s.Name), "p": r.purposeNumber(p)}); err != nil {
				return err
			}
		}
	}
	return r.DB.Exec(ctx, "CREATE TABLE eval_kept AS SELECT o.* FROM eval_old o SEMI JOIN eval_kept_names k ON k.segment = o.segment AND k.purpose = o.purpose")
}

// newMembers is the whole membership. Who stays keeps the time of entering.
const newMembers = `SELECT s.name AS segment, u.name AS purpose, m.profile_id, m.entered_at, m.rank FROM (
	SELECT m.segment, m.purpose, i.profile_id, coalesce(o.entered_at, {now}) AS entered_at, m.rank
	FROM eval_members m JOIN eval_ids i ON i.n = m.n
	LEFT JOIN eval_old o ON o.segment = m.segment AND o.purpose = m.purpose AND o.n = m.n
	UNION ALL
	SELECT k.segment, k.purpose, coalesce(i.profile_id, k.gone), k.entered_at, k.rank FROM eval_kept k LEFT JOIN eval_ids i ON i.n = k.n
) m JOIN eval_segments s ON s.number = m.segment JOIN eval_purposes u ON u.number = m.purpose`

// changed has the number of everyone who is a member now and was not, or the other way round; those whose profile is gone have an id instead.
const changed = `SELECT m.segment, m.purpose, m.n, CAST(NULL AS VARCHAR) AS gone, 'entered' AS event FROM eval_members m
	ANTI JOIN eval_old o ON o.segment = m.segment AND o.purpose = m.purpose AND o.n = m.n
	UNION ALL
	SELECT o.segment, o.purpose, o.n, o.gone, 'left' FROM eval_old o
	ANTI JOIN eval_members m ON o.segment = m.segment AND o.purpose = m.purpose AND o.n = m.n
	ANTI JOIN eval_kept_names k ON k.segment = o.segment AND k.purpose = o.purpose`

const changes = `SELECT {run} AS run, {at} AS at, s.name AS segment, u.name AS purpose, coalesce(i.profile_id, c.gone) AS profile_id, c.event
	FROM (` + changed + `) c JOIN eval_segments s ON s.number = c.segment JOIN eval_purposes u ON u.number = c.purpose
	LEFT JOIN eval_ids i ON i.n = c.n`

// count fills the result with a line for each Segment and purpose.
func (r *run) count(ctx context.Context) error {
	counts := map[[2]int]*Count{}
	for i := range r.Segments {
		for _, p := range r.Segments[i].Purposes {
			c := &Count{Name: r.Segments[i].Name, Purpose: p}
			if r.kept(&r.Segments[i]) && !r.before(c.Name, p) {
				continue
			}
			counts[[2]int{r.segmentNumber(c.Name), r.purposeNumber(p)}] = c
		}
	}
	const query = `SELECT segment, purpose, CAST(sum(rows) AS BIGINT), CAST(sum(added) AS BIGINT), CAST(sum(removed) AS BIGINT) FROM (
		SELECT segment, purpose, 1 AS rows, 0 AS added, 0 AS removed FROM eval_members
		UNION ALL SELECT segment, purpose, 1, 0, 0 FROM eval_kept
		UNION ALL SELECT segment, purpose, 0, CASE event WHEN 'entered' THEN 1 ELSE 0 END, CASE event WHEN 'left' THEN 1 ELSE 0 END FROM (` + changed + `)
		) GROUP BY segment, purpose`
	err := r.DB.Rows(ctx, query, func(scan func(...any) error) error {
		var key [2]int
		var n Count
		if err := scan(&key[0], &key[1], &n.Rows, &n.Added, &n.Removed); err != nil {
			return err
		}
		if c := counts[key]; c != nil {
			c.Rows, c.Added, c.Removed = n.Rows, n.Added, n.Removed
		}
		return nil
	})
	for _, c := range counts {
		r.result.Members = append(r.result.Members, *c)
	}
	slices.SortFunc(r.result.Members, byName)
	return err
}

func byName(a, b Count) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return strings.Compare(a.Purpose, b.Purpose)
}

// trait is a column of the table of traits: evaluated, or as the base revision has it.
type trait struct {
	Trait
	typ  sqlgen.Type
	kept bool
}

// traitColumns are the Traits that have a column, in the order in which they are declared. One that could not be computed and never was has none.
func (r *run) traitColumns(ctx context.Context) ([]trait, error) {
	old := map[string]sqlgen.Type{}
	if _, ok := r.base.Version(r.traits()); ok {
		columns, err := r.Lake.Columns(ctx, r.base, r.traits())
		if err != nil {
			return nil, err
		}
		for _, c := range columns {
			old[c.Name] = c.Type
		}
	}
	computed := map[string]sqlgen.Type{}
	for _, level := range r.space.Levels {
		for _, item := range level {
			if item.Kind == "Trait" {
				computed[item.Name] = item.Value.Type
			}
		}
	}
	var out []trait
	for _, t := range r.Traits {
		failed := r.space.Failed[lang.Key("Trait", t.Name)]
		switch {
		case failed == nil:
			out = append(out, trait{t, computed[t.Name], false})
		case old[t.Attribute] != "" && !fault.Is(failed, fault.InvalidManifest):
			out = append(out, trait{t, old[t.Attribute], true})
		}
	}
	return out, nil
}

// writeTraits writes a row for each profile of each class; without any Trait the table is empty.
func (r *run) writeTraits(ctx context.Context) error {
	traits, err := r.traitColumns(ctx)
	if err != nil {
		return err
	}
	columns := []lake.Column{{Name: "class", Type: sqlgen.String}, {Name: "profile_id", Type: sqlgen.String}}
	old := sqlgen.Query("SELECT NULL AS class, NULL AS profile_id WHERE false")
	for _, t := range traits {
		columns = append(columns, lake.Column{Name: t.Attribute, Type: t.typ})
		if t.kept && r.base != nil {
			if err := r.Lake.View(ctx, r.DB, sqlgen.Name("eval_old_traits"), r.base, r.traits()); err != nil {
				return err
			}
			old = "FROM eval_old_traits"
		}
	}
	var parts []sqlgen.Query
	for i, class := range r.Classes {
		selected := []sqlgen.Expr{sqlgen.As(sqlgen.Lit(class.Name), "class"), sqlgen.Col("i", "profile_id")}
		for _, t := range traits {
			from := "p"
			if t.kept {
				from = "o"
			}
			selected = append(selected, sqlgen.As(sqlgen.Col(from, t.Attribute), t.Attribute))
		}
		parts = append(parts, sqlgen.Format(`SELECT {columns} FROM {p} AS p JOIN eval_ids i ON i.n = p."@n"
			LEFT JOIN ({old}) o ON o.profile_id = i.profile_id AND o.class = {class}`,
			sqlgen.Args{"columns": selected, "p": sqlgen.Name(r.people[i]), "old": old, "class": class.Name}))
		if err := r.countTraits(ctx, class, r.people[i], traits); err != nil {
			return err
		}
	}
	slices.SortFunc(r.result.Traits, byName)
	all := sqlgen.UnionAll(parts...)
	if len(traits) == 0 || len(parts) == 0 {
		all = "SELECT NULL AS class, NULL AS profile_id WHERE false"
	}
	_, err = r.tx.Replace(ctx, r.traits(), columns, all)
	return err
}

// countTraits counts the profiles that have a value.
func (r *run) countTraits(ctx context.Context, class Class, people string, traits []trait) error {
	for _, t := range traits {
		if t.kept {
			continue
		}
		c := Count{Name: t.Name, Purpose: class.Name}
		if err := r.DB.Row(ctx, sqlgen.Format("SELECT count({c}) FROM {p} AS p", sqlgen.Args{
			"c": sqlgen.Col("p", t.Attribute), "p": sqlgen.Name(people)}), &c.Rows); err != nil {
			return fmt.Errorf("count trait %s: %w", t.Name, err)
		}
		r.result.Traits = append(r.result.Traits, c)
	}
	return nil
}
