package segment

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Run evaluates cfg and writes the tables of tx; the caller commits it. A Trait or Segment that is wrong, or over its budget, is left out, reported in
// Result.Errors, and keeps what it was in the base revision, as does a Segment that is not due. Of a tx that is Done there is nothing to
// do and the result is empty.
func Run(ctx context.Context, env Env, tx *lake.Tx, cfg Config) (Result, error) {
	if tx.Done() != nil {
		return Result{}, nil
	}
	r := &run{Env: env, Config: cfg, tx: tx, base: tx.Base(), shared: map[string]string{}, held: map[string]bool{}, lost: map[string]bool{}}
	if err := r.analyse(ctx); err != nil {
		return Result{}, err
	}
	r.total = int64(4 + len(r.Classes)*(1+len(r.space.Levels)))
	for _, step := range []func(context.Context) error{r.open, r.attach, r.evaluate, r.write} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
		r.step()
	}
	return r.result, nil
}

// run is one evaluation at work. Its tables in the engine begin with eval_.
type run struct {
	Env
	Config
	tx     *lake.Tx
	base   *lake.Revision
	space  *lang.Space
	result Result
	// attributes of profiles, with the types of their columns.
	attributes map[string]sqlgen.Type
	// segments and purposes by their number in eval_members.
	segments, purposes []string
	// people is the last table of profiles of each class.
	people []string
	// shared are the tables of aggregates that need nothing of profiles, by list and sources.
	shared map[string]string
	// held are the Segments that went over their budgets; lost, by key, what fails because it needs more of them than they have.
	held, lost  map[string]bool
	done, total int64
}

// step tells the progress.
func (r *run) step() {
	r.done++
	if r.Progress != nil {
		r.Progress(min(r.done, r.total), r.total, "steps")
	}
}

func (r *run) exec(ctx context.Context, template string, args sqlgen.Args) error {
	return r.DB.Exec(ctx, sqlgen.Format(template, args))
}

// analyse checks the expressions against the columns that profiles have and the fields that sources declare.
func (r *run) analyse(ctx context.Context) error {
	columns, err := r.Lake.Columns(ctx, r.Identity, r.profiles())
	if err != nil {
		return err
	}
	r.attributes = map[string]sqlgen.Type{}
	var sources []lang.Source
	for _, s := range r.Sources {
		src := lang.Source{Name: s.Name, Kind: s.RecordKind}
		for _, a := range s.Attributes {
			src.Attrs = append(src.Attrs, lang.Attr{Name: a.Name, Type: a.Type})
		}
		if s.RecordKind != "Profile" {
			sources = append(sources, src)
		}
	}
	schema := lang.SchemaOf(sources, nil)
	for _, c := range columns {
		r.attributes[c.Name] = c.Type
		if c.Name != "class" && c.Name != "profile_id" && c.Name != "known" {
			schema.Profile = append(schema.Profile, lang.Attr{Name: c.Name, Type: c.Type})
		}
	}
	var traits []lang.Trait
	for _, t := range r.Traits {
		traits = append(traits, lang.Trait(t))
	}
	var segments []lang.Segment
	for _, s := range r.Segments {
		g := lang.Segment{Name: s.Name, Where: s.Where}
		if s.Rank != nil {
			g.RankBy = s.Rank.By
		}
		segments = append(segments, g)
	}
	if r.space, err = lang.Analyse(schema, lang.Options{Now: r.Now, TimeZone: r.TimeZone}, traits, segments); err != nil {
		return err
	}
	r.failures()
	r.closePurposes()
	return r.checkPurposes()
}

// checkPurposes refuses a purpose that no class has: its members would be taken for people who left.
func (r *run) checkPurposes() error {
	for _, s := range r.Segments {
		for _, p := range s.Purposes {
			if !slices.ContainsFunc(r.Classes, func(c Class) bool { return slices.Contains(c.Purposes, p) }) {
				return fault.New(fault.ReferenceNotFound, "Segment %s is to be evaluated for purpose %q, which no class of sources has", s.Name, p)
			}
		}
	}
	return nil
}

func (r *run) failures() {
	add := func(kind, name string) {
		if err := r.space.Failed[lang.Key(kind, name)]; err != nil {
			r.result.Errors = append(r.result.Errors, Failure{kind, name, err})
		}
	}
	for _, t := range r.Traits {
		add("Trait", t.Name)
	}
	for _, s := range r.Segments {
		add("Segment", s.Name)
	}
}

// closePurposes adds to the purposes of each Segment those of what needs it, since inSegment keeps the purpose of
// the expression it stands in. A Trait is computed for every class.
func (r *run) closePurposes() {
	r.Segments = slices.Clone(r.Segments)
	var all []string
	for _, c := range r.Classes {
		all = append(all, c.Purposes...)
	}
	for _, level := range slices.Backward(r.space.Levels) {
		for _, item := range level {
			purposes := all
			if s := r.segment(item.Name); item.Kind == "Segment" && s != nil {
				purposes = s.Purposes
			}
			for _, name := range needed(item) {
				if s := r.segment(name); s != nil {
					s.Purposes = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.Purposes, purposes))))
				}
			}
		}
	}
}

// needed are the Segments that an item asks for.
func needed(i lang.Item) []string {
	out := slices.Clone(i.Value.Segments)
	if i.Rank != nil {
		out = append(out, i.Rank.Segments...)
	}
	return out
}

func (r *run) segment(name string) *Segment {
	for i := range r.Segments {
		if r.Segments[i].Name == name {
			return &r.Segments[i]
		}
	}
	return nil
}

// kept says whether a Segment's last result stays: it can't be evaluated, went over its budget, or is not due and has one for every purpose.
func (r *run) kept(s *Segment) bool {
	if r.held[s.Name] || r.space.Failed[lang.Key("Segment", s.Name)] != nil {
		return true
	}
	return !s.Due && !slices.ContainsFunc(s.Purposes, func(p string) bool { return !r.before(s.Name, p) })
}

// before says whether the base has a result of a Segment for a purpose, be it that nobody is a member.
func (r *run) before(segment, purpose string) bool {
	return r.base != nil && slices.ContainsFunc(r.base.Outputs, func(o lake.Output) bool { return o.Name == outputName(segment, purpose) })
}

// open makes views of what is read, and numbers profiles, Segments and purposes. Numbers make joins and groups small; those of
// profiles are in the order of their ids, so that ordering by the one is ordering by the other.
func (r *run) open(ctx context.Context) error {
	if err := r.Lake.View(ctx, r.DB, sqlgen.Name("eval_profiles"), r.Identity, r.profiles()); err != nil {
		return err
	}
	if err := r.exec(ctx, `CREATE TABLE eval_ids AS SELECT profile_id, CAST(row_number() OVER (ORDER BY profile_id) AS INTEGER) AS n
		FROM (SELECT DISTINCT profile_id FROM eval_profiles)`, nil); err != nil {
		return err
	}
	for _, s := range r.Segments {
		r.segments = append(r.segments, s.Name)
		r.purposes = append(r.purposes, s.Purposes...)
	}
	if err := r.openBase(ctx); err != nil {
		return err
	}
	slices.Sort(r.segments)
	slices.Sort(r.purposes)
	r.segments, r.purposes = slices.Compact(r.segments), slices.Compact(r.purposes)
	if err := r.DB.Exec(ctx, "CREATE TABLE eval_members (segment INTEGER, purpose INTEGER, n INTEGER, rank BIGINT)"); err != nil {
		return err
	}
	return r.numberBase(ctx)
}

// openBase makes eval_before of the last membership; of a first run it is empty.
func (r *run) openBase(ctx context.Context) error {
	if _, ok := r.base.Version(r.members()); !ok {
		return r.exec(ctx, `CREATE TABLE eval_before (segment VARCHAR, purpose VARCHAR, profile_id VARCHAR, entered_at TIMESTAMPTZ, rank BIGINT)`, nil)
	}
	if err := r.Lake.View(ctx, r.DB, sqlgen.Name("eval_before"), r.base, r.members()); err != nil {
		return err
	}
	return r.DB.Rows(ctx, "SELECT DISTINCT segment, purpose FROM eval_before", func(scan func(...any) error) error {
		var segment, purpose string
		if err := scan(&segment, &purpose); err != nil {
			return err
		}
		r.segments, r.purposes = append(r.segments, segment), append(r.purposes, purpose)
		return nil
	})
}

// numberBase makes eval_old of eval_before with numbers for names. A profile that is no more has no number and keeps its id.
func (r *run) numberBase(ctx context.Context) error {
	if err := r.names(ctx, "eval_segments", r.segments); err != nil {
		return err
	}
	if err := r.names(ctx, "eval_purposes", r.purposes); err != nil {
		return err
	}
	return r.exec(ctx, `CREATE TABLE eval_old AS SELECT s.number AS segment, u.number AS purpose, i.n,
		CASE WHEN i.n IS NULL THEN b.profile_id END AS gone, b.entered_at, b.rank
		FROM eval_before b JOIN eval_segments s ON s.name = b.segment JOIN eval_purposes u ON u.name = b.purpose
		LEFT JOIN eval_ids i ON i.profile_id = b.profile_id`, nil)
}

// names makes a table of names and their numbers.
func (r *run) names(ctx context.Context, table string, names []string) error {
	t := sqlgen.Name(table)
	if err := r.exec(ctx, "CREATE TABLE {t} (name VARCHAR, number INTEGER)", sqlgen.Args{"t": t}); err != nil {
		return err
	}
	for i, n := range names {
		if err := r.exec(ctx, "INSERT INTO {t} VALUES ({name}, {number})", sqlgen.Args{"t": t, "name": n, "number": i}); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) segmentNumber(name string) int { return slices.Index(r.segments, name) }

func (r *run) purposeNumber(name string) int { return slices.Index(r.purposes, name) }

// purposesIn are the purposes of a class that a Segment is evaluated for.
func (s *Segment) purposesIn(c Class) []string {
	var out []string
	for _, p := range s.Purposes {
		if slices.Contains(c.Purposes, p) {
			out = append(out, p)
		}
	}
	return out
}
