package identity

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// part is what a run looks at that builds on the one before: the rows that have changed since, and all that they can have an effect on. What is
// outside stays as the base has it, and is what it would be if the run looked at everything.
type part struct {
	base      *lake.Revision
	sources   []*lake.Revision // as the base saw them
	overrides *lake.Revision   // likewise
	records   int              // Profile records that there are by now
	changed   int              // Profile rows that are new or gone, a changed one twice
	model     *linkage.Model   // by which they are weighed, of that version; nil for none
	version   int
}

// A part that is larger than this share of the profiles of the base, and than some, is not worth its while.
const (
	largestPart = 0.2
	smallPart   = 1000
)

// state is what a revision remembers for the run after it.
type state struct {
	Rule string `json:"rule"` // hash of all that is declared
}

// ruleHash tells apart what may have different results from the same records: declarations, and builds of the program.
func ruleHash(cfg Config) (string, error) {
	cfg.Plan, cfg.MaxChangePercent, cfg.Labels = lake.Plan{Subject: cfg.Plan.Subject}, 0, nil
	cfg.Sources = slices.SortedFunc(slices.Values(cfg.Sources), func(a, b Source) int { return strings.Compare(a.Name, b.Name) }) // their order does not matter
	for i := range cfg.Sources {
		cfg.Sources[i].Revision = nil
	}
	if cfg.Overrides != nil {
		overrides := *cfg.Overrides
		overrides.Revision = nil
		cfg.Overrides = &overrides
	}
	text, err := json.Marshal(cfg)
	if err != nil {
		return "", err
	}
	build, err := thisBuild()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(append(text, build...))
	return hex.EncodeToString(sum[:]), nil
}

// thisBuild tells one build of the program from all others: by what the linker says that it was made of, or, where programs do not say that, by all of it.
var thisBuild = sync.OnceValues(func() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fault.New(fault.Internal, "find the program: %w", err)
	}
	if program, err := elf.Open(path); err == nil {
		defer func() { _ = program.Close() }()
		if note := program.Section(".note.go.buildid"); note != nil {
			return note.Data()
		}
	}
	all, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Internal, "read the program: %w", err)
	}
	sum := sha256.Sum256(all)
	return sum[:], nil
})

// takePart narrows the sources and the base to a part, where that gives the same people as looking at everything.
func (r *run) takePart(ctx context.Context) error {
	p, err := r.buildsOn(ctx)
	if err != nil || p == nil {
		return err
	}
	for _, step := range []func(context.Context, *part) (fits bool, err error){r.compareSources, r.judgeChanged, r.seed, r.reach} {
		if fits, err := step(ctx, p); err != nil || !fits {
			return err
		}
	}
	r.part = p
	return r.narrow(ctx)
}

// buildsOn gives the base as a part may build on it: it was made by the same declarations, and what it was made from is still there.
func (r *run) buildsOn(ctx context.Context) (*part, error) {
	base := r.tx.Base()
	if base == nil || r.env.everything || r.cfg.Plan.Now.Before(base.Now) {
		return nil, nil
	}
	var s state
	if json.Unmarshal([]byte(base.State), &s) != nil || s.Rule != r.state.Rule {
		return nil, nil
	}
	revisions, err := r.env.Lake.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	p := &part{base: base}
	for _, src := range r.space.sources {
		before := inputOf(base, src, revisions)
		if before == nil {
			return nil, nil
		}
		p.sources = append(p.sources, before)
	}
	if src := r.cfg.Overrides; src != nil {
		if p.overrides = inputOf(base, *src, revisions); p.overrides == nil {
			return nil, nil
		}
	}
	return p, nil
}

// inputOf is the revision of a source that another revision was made from; nil where it is gone.
func inputOf(rev *lake.Revision, src Source, revisions []lake.Revision) *lake.Revision {
	for _, in := range rev.Inputs {
		if in.Name != src.Name {
			continue
		}
		at := slices.IndexFunc(revisions, func(x lake.Revision) bool { return x.Run == in.Run })
		if at < 0 {
			continue
		}
		if _, there := revisions[at].Version(sourceTable(src)); there {
			return &revisions[at]
		}
	}
	return nil
}

func sourceTable(src Source) lake.Table { return lake.Table{Schema: "source", Name: src.Name} }

// columns of a source that people are made from.
func (s Source) columns() []string {
	out := []string{"_key", "_time"}
	for _, f := range s.Fields {
		out = append(out, f.Name)
	}
	return out
}

// compareSources makes tables of the rows that have changed since the base: current ones that it did not see, and others that it saw and that are no more.
// It does not fit where so many have changed that the part is going to be too large.
func (r *run) compareSources(ctx context.Context, p *part) (bool, error) {
	p.records = int(rowsOf(p.base.Outputs, "records"))
	for i, src := range r.space.sources {
		changed := numbered("changed", i)
		if err := r.compareSource(ctx, src, p.sources[i], changed); err != nil {
			return false, err
		}
		if src.RecordKind != Profile {
			continue
		}
		var come, gone int
		q := sqlgen.Format("SELECT count(*) FILTER (WHERE current), count(*) FILTER (WHERE NOT current) FROM {changed}", sqlgen.Args{"changed": changed})
		if err := r.env.DB.Row(ctx, q, &come, &gone); err != nil {
			return false, err
		}
		p.records += come - gone
		p.changed += come + gone
	}
	if src := r.cfg.Overrides; src != nil {
		if err := r.compareSource(ctx, *src, p.overrides, table("changed_overrides")); err != nil {
			return false, err
		}
	}
	return p.changed <= smallPart || float64(p.changed) <= 2*largestPart*float64(p.records), nil
}

func (r *run) compareSource(ctx context.Context, src Source, before *lake.Revision, changed sqlgen.Ident) error {
	view := table("changes_view")
	if err := r.env.Lake.Changes(ctx, r.env.DB, view, before, src.Revision, sourceTable(src), src.columns()...); err != nil {
		return err
	}
	return r.exec(ctx, "CREATE OR REPLACE TABLE {changed} AS SELECT {type} = {inserted} AS current, {columns} FROM {view}", sqlgen.Args{
		"changed": changed, "type": sqlgen.Name(lake.ChangeType), "inserted": lake.Inserted, "columns": sqlgen.Names(src.columns()...), "view": view,
	})
}

// narrow leaves of the sources and of the base what is in the part.
func (r *run) narrow(ctx context.Context) error {
	for i, src := range r.space.sources {
		if err := r.narrowSource(ctx, i, src, r.touchedRows(src)); err != nil {
			return err
		}
	}
	for _, name := range []string{"members", "identifiers"} {
		if err := r.env.Lake.View(ctx, r.env.DB, table("all_"+name), r.part.base, r.relation(name)); err != nil {
			return err
		}
		args := sqlgen.Args{"base": table("base_" + name), "part": table("part_" + name)}
		if err := r.exec(ctx, "CREATE OR REPLACE VIEW {base} AS SELECT * FROM {part}", args); err != nil {
			return err
		}
	}
	return nil
}

// narrowSource leaves of a source the rows s for which a condition holds.
func (r *run) narrowSource(ctx context.Context, i int, src Source, kept sqlgen.Query) error {
	args := sqlgen.Args{"part": numbered("part", i), "source": numbered("source", i), "columns": sqlgen.Names(src.columns()...), "kept": kept}
	for _, q := range []string{"CREATE OR REPLACE TABLE {part} AS SELECT {columns} FROM {source} s WHERE {kept}", "CREATE OR REPLACE VIEW {source} AS SELECT * FROM {part}"} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return nil
}

// touchedRows is a condition on the rows s of a source: whether they are in the part.
func (r *run) touchedRows(src Source) sqlgen.Query {
	if src.RecordKind == Profile {
		return touched("(_key IN (SELECT record_key FROM {records} WHERE source = {name})) IS TRUE", sqlgen.Args{"name": src.Name})
	}
	return r.rowNodes(src).touched(src.RecordKind)
}
