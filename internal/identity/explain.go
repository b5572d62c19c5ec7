package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Ref names a Profile record: a source and a key in it.
type Ref struct {
	Source string `json:"source"`
	Key    string `json:"key"`
}

func (r Ref) String() string { return r.Source + "/" + r.Key }

// PairExplanation says why two records are one person, or why not.
type PairExplanation struct {
	A        Ref       `json:"a"`
	B        Ref       `json:"b"`
	Profiles [2]string `json:"profiles"` // their ids
	Shared   []Shared  `json:"shared"`   // deterministic rules that both agree in, and a Merge of the two as rule 0
	// Overrides are what somebody decided about the records of the two profiles.
	Overrides []Decided `json:"overrides,omitempty"`
	// Match is how alike they are; nil where the rule has no model.
	Match *linkage.Explanation `json:"match,omitempty"`
	// Path from A to B through records of their profile, each step the strongest there is, where they are one person.
	Path []PathStep `json:"path,omitempty"`
	// Between the two profiles, where they are two.
	Between *Between `json:"between,omitempty"`
	// Refused are the guards that kept the two profiles apart.
	Refused []string `json:"refused,omitempty"`
}

// Shared is a value that both records agree in, by a deterministic rule.
type Shared struct {
	Rule  int    `json:"rule"`
	Label string `json:"label"`
	Value string `json:"value"`
}

// PathStep goes from one record to another.
type PathStep struct {
	From Ref `json:"from"`
	To   Ref `json:"to"`
	// Weight of the two as a match, in bits; where a rule connects them, Rule names it and the weight does not count.
	Weight float64 `json:"weight"`
	Rule   string  `json:"rule,omitempty"`
}

// Between two profiles.
type Between struct {
	Compared int     `json:"compared"` // pairs of their records that were compared
	Mean     float64 `json:"mean"`     // of their weights, in bits, each counted by how much it tells; they are joined where it is at least the threshold
	// Threshold of the rule.
	Threshold float64 `json:"threshold"`
}

// explainer reads what the last revision knows of some records.
type explainer struct {
	run
	revision *lake.Revision
}

// ExplainPair says why two records are one person, or why not, by the latest revision and the rows of the sources as cfg has them. The class is
// ReferenceNotFound where a record is in no profile.
func ExplainPair(ctx context.Context, env Env, cfg Config, revision *lake.Revision, a, b Ref) (*PairExplanation, error) {
	x, err := newExplainer(ctx, env, cfg, revision)
	if err != nil {
		return nil, err
	}
	out := &PairExplanation{A: a, B: b}
	for i, ref := range []Ref{a, b} {
		if out.Profiles[i], err = x.profileOf(ctx, ref); err != nil {
			return nil, err
		}
	}
	refs, profiles, err := x.recordsOf(ctx, out.Profiles[0], out.Profiles[1])
	if err != nil {
		return nil, err
	}
	ties, err := x.ties(ctx, refs, out.Profiles[0], out.Profiles[1])
	if err != nil {
		return nil, err
	}
	at, other := slices.Index(refs, a), slices.Index(refs, b)
	out.Shared = sharedBy(ties, at, other)
	if out.Overrides, err = x.decided(ctx, refs); err != nil {
		return nil, err
	}
	edges, err := x.match(ctx, out, refs, at, other)
	if err != nil {
		return nil, err
	}
	if out.Profiles[0] == out.Profiles[1] {
		out.Path = strongest(refs, edges, ties, at, other)
		return out, nil
	}
	out.Between = between(edges, profiles)
	if cfg.Probabilistic != nil {
		out.Between.Threshold = cfg.Probabilistic.Threshold
	}
	out.Refused, err = x.refused(ctx, refs)
	return out, err
}

func newExplainer(ctx context.Context, env Env, cfg Config, revision *lake.Revision) (*explainer, error) {
	s, err := newSpace(cfg)
	if err != nil {
		return nil, err
	}
	x := &explainer{run{env: env, cfg: cfg, space: s}, revision}
	for _, name := range []string{"members", "edges", "guard_events"} {
		if err := env.Lake.View(ctx, env.DB, table("base_"+name), revision, x.relation(name)); err != nil {
			return nil, err
		}
	}
	return x, x.openSources(ctx)
}

// match compares the records of the two profiles with each other, and explains the pair that was asked for.
func (x *explainer) match(ctx context.Context, out *PairExplanation, refs []Ref, a, b int) ([]linkage.Edge, error) {
	if x.space.scheme == nil {
		return nil, nil
	}
	model, err := x.modelInUse(ctx)
	if err != nil || model == nil {
		return nil, err
	}
	columns, err := x.columnsOf(ctx, refs)
	if err != nil {
		return nil, err
	}
	records := x.space.scheme.New(columns)
	match, err := records.Explain(model, int32(a), int32(b))
	if err != nil {
		return nil, x.misfit(err)
	}
	out.Match = &match
	edges, _, _, err := records.WeighPinned(model)
	return edges, err
}

// modelInUse is the model that the revision's records were matched by; nil where there is none.
func (x *explainer) modelInUse(ctx context.Context) (*linkage.Model, error) {
	models, err := x.modelsOf(ctx, x.revision)
	if err != nil || models.inUse == 0 {
		return nil, err
	}
	return x.model(ctx, models.inUse)
}

// misfit is the error about a model that was made of other columns.
func (x *explainer) misfit(err error) error {
	return fault.New(fault.ModelMismatch, "IdentityRule %s: the model in use does not fit the declarations; run the rule again: %w", x.cfg.Plan.Subject, err)
}

// columnsOf records, numbered as they stand, with what the guards of the revision took out.
func (x *explainer) columnsOf(ctx context.Context, refs []Ref) ([]linkage.Column, error) {
	out := x.space.newColumns(len(refs))
	for i, src := range x.space.sources {
		var keys []string
		for _, r := range refs {
			if r.Source == src.Name {
				keys = append(keys, r.Key)
			}
		}
		if len(keys) == 0 {
			continue
		}
		q := sqlgen.Format("SELECT _key, {exprs} FROM {source} s WHERE list_contains({keys}::VARCHAR[], _key)",
			sqlgen.Args{"exprs": x.space.comparedValues(src, x.unblocked), "source": numbered("source", i), "keys": keys})
		if err := x.fill(ctx, q, out, func(key string) (int, error) { return slices.Index(refs, Ref{src.Name, key}), nil }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unblocked is the value of a field, missing where it is an identifier that identifies nobody.
func (x *explainer) unblocked(f Field) sqlgen.Query {
	if f.Identifier == "" {
		return sqlgen.Format("{v}", sqlgen.Args{"v": sqlgen.Col("s", f.Name)})
	}
	return sqlgen.Format("CASE WHEN {v}::VARCHAR IN (SELECT value FROM {events} WHERE guard IN ({guards}) AND identifier = {kind}) THEN NULL ELSE {v} END",
		sqlgen.Args{"v": sqlgen.Col("s", f.Name), "events": table("base_guard_events"), "guards": []sqlgen.Expr{sqlgen.Lit(guardBlocked), sqlgen.Lit(guardAutomatic)}, "kind": f.Identifier})
}

func (x *explainer) profileOf(ctx context.Context, ref Ref) (id string, err error) {
	q := sqlgen.Format("SELECT coalesce(max(profile_id), '') FROM {members} WHERE source = {source} AND record_key = {key}",
		sqlgen.Args{"members": table("base_members"), "source": ref.Source, "key": ref.Key})
	if err := x.env.DB.Row(ctx, q, &id); err != nil {
		return "", err
	}
	if id == "" {
		return "", fault.New(fault.ReferenceNotFound, "IdentityRule %s has no Profile record %s: give SOURCE/KEY as %s.members has them", x.cfg.Plan.Subject, ref, x.cfg.Plan.Subject)
	}
	return id, nil
}

// recordsOf profiles, in order, each with the id of its profile.
func (x *explainer) recordsOf(ctx context.Context, ids ...string) (refs []Ref, profiles []string, err error) {
	q := sqlgen.Format("SELECT source, record_key, profile_id FROM {members} WHERE list_contains({ids}::VARCHAR[], profile_id) ORDER BY source, record_key",
		sqlgen.Args{"members": table("base_members"), "ids": ids})
	err = x.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var r Ref
		var id string
		err := scan(&r.Source, &r.Key, &id)
		refs, profiles = append(refs, r), append(profiles, id)
		return err
	})
	return refs, profiles, err
}

// tie is a value by which a rule connects records.
type tie struct {
	Shared
	records []int
}

// ties between the records of profiles, by the edges of the revision.
func (x *explainer) ties(ctx context.Context, refs []Ref, ids ...string) (out []tie, err error) {
	at := make(map[Ref]int, len(refs))
	for i, r := range refs {
		at[r] = i
	}
	q := sqlgen.Format(`SELECT rule, identifier, value, source, record_key FROM {edges} JOIN {members} USING (source, record_key)
WHERE list_contains({ids}::VARCHAR[], profile_id) ORDER BY rule, identifier, value, source, record_key`,
		sqlgen.Args{"edges": table("base_edges"), "members": table("base_members"), "ids": ids})
	err = x.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var s Shared
		var r Ref
		if err := scan(&s.Rule, &s.Label, &s.Value, &r.Source, &r.Key); err != nil {
			return err
		}
		if n := len(out); n == 0 || out[n-1].Shared != s {
			out = append(out, tie{Shared: s})
		}
		last := &out[len(out)-1]
		last.records = append(last.records, at[r])
		return nil
	})
	return out, err
}

// these records, in two columns.
func these(refs []Ref, source, key string) sqlgen.Expr {
	var all []sqlgen.Expr
	for _, r := range refs {
		all = append(all, sqlgen.And(sqlgen.Op("=", sqlgen.Col(source), sqlgen.Lit(r.Source)), sqlgen.Op("=", sqlgen.Col(key), sqlgen.Lit(r.Key))))
	}
	return sqlgen.Or(all...)
}

// refused are the details of the guard events that kept probable matches between the records apart.
func (x *explainer) refused(ctx context.Context, refs []Ref) (out []string, err error) {
	var others []sqlgen.Expr
	for _, r := range refs {
		others = append(others, sqlgen.Lit(r.Source+" "+r.Key))
	}
	q := sqlgen.Format("SELECT guard || ': ' || detail FROM {events} WHERE identifier = {probabilistic} AND {these} AND value IN ({others}) ORDER BY 1",
		sqlgen.Args{"events": table("base_guard_events"), "probabilistic": probabilistic, "these": these(refs, "source", "record_key"), "others": others})
	err = x.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var s string
		err := scan(&s)
		out = append(out, s)
		return err
	})
	return out, err
}

func sharedBy(ties []tie, a, b int) (out []Shared) {
	for _, t := range ties {
		if slices.Contains(t.records, a) && slices.Contains(t.records, b) {
			out = append(out, t.Shared)
		}
	}
	return out
}

func between(edges []linkage.Edge, profiles []string) *Between {
	return meanOf(edges, func(e linkage.Edge) bool { return profiles[e.L] != profiles[e.R] })
}

// ParseRef reads SOURCE/KEY.
func ParseRef(s string) (Ref, bool) {
	source, key, ok := strings.Cut(s, "/")
	return Ref{source, key}, ok && source != "" && key != ""
}
