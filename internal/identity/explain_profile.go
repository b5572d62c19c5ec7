package identity

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/cluster"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Some of a list that can be long: the first of it, and how many there are.
type Some[T any] struct {
	Total int `json:"total"`
	Shown []T `json:"shown"`
}

// some of a list that is all there.
func some[T any](all []T, limit int) Some[T] {
	return Some[T]{len(all), slices.Clip(all[:min(limit, len(all))])}
}

// ProfileExplanation says what a profile is made of, what holds it together, and how it came to be. Each list has its first entries.
type ProfileExplanation struct {
	Profile string `json:"profile"`
	// Asked is the id that was asked for, where that one ended in Profile; Merged are the merges that led there.
	Asked   string    `json:"asked,omitempty"`
	Merged  []Changed `json:"merged,omitempty"`
	Known   bool      `json:"known"`
	Records Some[Ref] `json:"records"`
	// Identifiers that stand for the profile.
	Identifiers Some[Identifier] `json:"identifiers"`
	// Ties are the values by which a rule connects records of it, the strongest rule first.
	Ties Some[Tie] `json:"ties"`
	// Matches are the pairs of records that connect, by their likeness, what no stronger connection does; strongest first.
	Matches Some[PathStep] `json:"matches"`
	// Compared are all pairs of its records that were compared; nil where the rule has no model.
	Compared *Between `json:"compared,omitempty"`
	// Weakest connection; nil of a profile of one record.
	Weakest *WeakestLink `json:"weakest,omitempty"`
	// Groups of records that no connection brings together any more. More than 1 where the declaration has changed since the people were made.
	Groups  int           `json:"groups"`
	Guards  Some[Guarded] `json:"guards"`
	Lineage Some[Changed] `json:"lineage"`
	// Class of purposes whose Values these are: the one that reads most sources.
	Class   string         `json:"class,omitempty"`
	Values  Some[Survivor] `json:"values"`
	Consent Some[Said]     `json:"consent"`
}

// Identifier that stands for a profile.
type Identifier struct {
	Kind  string `json:"identifier"`
	Value string `json:"value"`
}

// Tie is a value by which a rule connects that many records.
type Tie struct {
	Shared
	Records int `json:"records"`
}

// WeakestLink is the connection that a profile loses its hold without: the last one that is needed when the strongest are taken first. It is a
// value of a rule, or a likeness.
type WeakestLink struct {
	Tie   *Tie      `json:"tie,omitempty"`
	Match *PathStep `json:"match,omitempty"`
	// Parts that it connects, by their records; the largest first.
	Parts Some[int] `json:"parts"`
	// Others are connections no stronger that hold the parts together too. Without any, the profile falls apart without this one.
	Others int `json:"others"`
	// Between the parts, all pairs that were compared; nil where the rule has no model.
	Between *Between `json:"between,omitempty"`
}

// Guarded is a decision of a guard about a record of the profile, or about a value that one of them carries.
type Guarded struct {
	Guard      string `json:"guard"`
	Identifier string `json:"identifier"`
	Value      string `json:"value"`
	Detail     string `json:"detail,omitempty"`
	Run        string `json:"run"` // the first that decided so
}

// Changed is something that happened to an id.
type Changed struct {
	Run     string    `json:"run"`
	At      time.Time `json:"at"`
	Event   string    `json:"event"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to,omitempty"`
	Records int64     `json:"records"`
	Cause   string    `json:"cause,omitempty"`
}

// Survivor is the value of an attribute, and the record that gave it; without a key one that was seen in events, transactions or consent.
type Survivor struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
	Source    string `json:"source,omitempty"`
	Key       string `json:"key,omitempty"`
}

// Said is the last word of an identifier on a purpose.
type Said struct {
	Purpose    string     `json:"purpose"`
	Status     string     `json:"status"`
	Identifier string     `json:"identifier"`
	Value      string     `json:"value"`
	Time       *time.Time `json:"time,omitempty"`
	Source     string     `json:"source"`
}

// ExplainProfile says what a profile is made of, by the latest revision and the rows of the sources as cfg has them, with the first limit entries of each
// list. An id that was merged stands for the profile that it ended in. The class is ReferenceNotFound where there is no such profile, or none any more.
func ExplainProfile(ctx context.Context, env Env, cfg Config, revision *lake.Revision, id string, limit int) (*ProfileExplanation, error) {
	x, err := newExplainer(ctx, env, cfg, revision)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"identifiers", "lineage", "profiles", "provenance", "consent"} {
		if err := env.Lake.View(ctx, env.DB, table("base_"+name), revision, x.relation(name)); err != nil {
			return nil, err
		}
	}
	p := profileExplainer{explainer: x, limit: limit, out: &ProfileExplanation{Profile: id}}
	for _, step := range []func(context.Context) error{p.heir, p.connections, p.identifiers, p.guards, p.lineage, p.values, p.consent} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p.out, nil
}

type profileExplainer struct {
	*explainer
	limit int
	out   *ProfileExplanation
}

// args for queries about the profile.
func (p *profileExplainer) args() sqlgen.Args {
	return sqlgen.Args{
		"id": p.out.Profile, "members": table("base_members"), "identifiers": table("base_identifiers"), "edges": table("base_edges"),
		"lineage": table("base_lineage"), "events": table("base_guard_events"), "profiles": table("base_profiles"), "provenance": table("base_provenance"),
		"consent": table("base_consent"), "probabilistic": probabilistic, "anonymous": AnonymousID,
	}
}

// first rows of a query in an order, into the fields of a T each.
func first[T any](ctx context.Context, db *engine.DB, limit int, q, order sqlgen.Query, fields func(*T) []any) (Some[T], error) {
	out := Some[T]{Shown: []T{}}
	q = sqlgen.Format("SELECT *, count(*) OVER () FROM ({q}) ORDER BY {order} LIMIT {limit}", sqlgen.Args{"q": q, "order": order, "limit": limit})
	err := db.Rows(ctx, q, func(scan func(...any) error) error {
		var row T
		err := scan(append(fields(&row), &out.Total)...)
		out.Shown = append(out.Shown, row)
		return err
	})
	return out, err
}

// connections are the records and what holds them together.
func (p *profileExplainer) connections(ctx context.Context) error {
	refs, _, err := p.recordsOf(ctx, p.out.Profile)
	if err != nil {
		return err
	}
	ties, err := p.ties(ctx, refs, p.out.Profile)
	if err != nil {
		return err
	}
	edges, compared, err := p.likeness(ctx, refs)
	if err != nil {
		return err
	}
	links := linksOf(ties, edges)
	s := spanning(len(refs), links)
	var held []Tie
	var matches []PathStep
	for _, l := range links {
		if l.tie != nil {
			held = append(held, Tie{l.tie.Shared, len(l.records)})
		}
	}
	for _, i := range s.tree {
		if links[i].tie == nil {
			matches = append(matches, stepOf(refs, links[i]))
		}
	}
	p.out.Records, p.out.Ties, p.out.Matches, p.out.Groups = some(refs, p.limit), some(held, p.limit), some(matches, p.limit), s.groups
	if compared {
		p.out.Compared = meanOf(edges, func(linkage.Edge) bool { return true })
	}
	p.out.Weakest = weakest(refs, links, s, edges, compared, p.limit)
	return nil
}

func stepOf(refs []Ref, l link) PathStep {
	return PathStep{From: refs[l.records[0]], To: refs[l.records[1]], Weight: l.weight}
}

// weakest link of what is spanned; nil where there is none, or where it would not be known.
func weakest(refs []Ref, links []link, s spanned, edges []linkage.Edge, compared bool, limit int) *WeakestLink {
	if len(s.tree) == 0 || s.groups > 1 {
		return nil
	}
	l := links[s.tree[len(s.tree)-1]]
	out := &WeakestLink{Parts: some(s.sizes(l.records), limit), Others: s.others}
	if l.tie != nil {
		out.Tie = &Tie{l.tie.Shared, len(l.records)}
	} else {
		step := stepOf(refs, l)
		out.Match = &step
	}
	if compared {
		out.Between = meanOf(edges, func(e linkage.Edge) bool { return s.part[e.L] != s.part[e.R] })
	}
	return out
}

func meanOf(edges []linkage.Edge, counts func(linkage.Edge) bool) *Between {
	var counted []linkage.Edge
	for _, e := range edges {
		if counts(e) {
			counted = append(counted, e)
		}
	}
	return &Between{Compared: len(counted), Mean: cluster.Default().Mean(counted)}
}

// likeness of all records that are candidates of each other; false where the rule has no model.
func (p *profileExplainer) likeness(ctx context.Context, refs []Ref) ([]linkage.Edge, bool, error) {
	if p.space.scheme == nil || len(refs) == 0 {
		return nil, false, nil
	}
	model, err := p.modelInUse(ctx)
	if err != nil || model == nil {
		return nil, false, err
	}
	columns, err := p.columnsOf(ctx, refs)
	if err != nil {
		return nil, false, err
	}
	edges, _, _, err := p.space.scheme.New(columns).WeighPinned(model)
	if err != nil {
		return nil, false, p.misfit(err)
	}
	slices.SortFunc(edges, func(a, b linkage.Edge) int { return slices.Compare([]int32{a.R, a.L}, []int32{b.R, b.L}) })
	return edges, true, nil
}

func (p *profileExplainer) identifiers(ctx context.Context) (err error) {
	args := p.args()
	q := sqlgen.Format("SELECT identifier, value FROM {identifiers} WHERE profile_id = {id}", args)
	order := sqlgen.Format("identifier = {anonymous}, identifier, value", args)
	p.out.Identifiers, err = first(ctx, p.env.DB, p.limit, q, order, func(i *Identifier) []any { return []any{&i.Kind, &i.Value} })
	p.out.Known = p.out.Records.Total > 0 || slices.ContainsFunc(p.out.Identifiers.Shown, func(i Identifier) bool { return i.Kind != AnonymousID })
	return err
}

// Decisions about a record of the profile, about a value that one of them carries, and about another profile that probably is this one.
const guardsAround = `SELECT DISTINCT guard, identifier, CASE WHEN mine THEN e.value ELSE e.source || ' ' || e.record_key END AS value, coalesce(detail, '') AS detail, run FROM (
	SELECT e.*, true AS mine FROM {events} e SEMI JOIN (SELECT source, record_key FROM {members} WHERE profile_id = {id}) USING (source, record_key)
	UNION ALL
	SELECT e.*, true FROM {events} e SEMI JOIN ({carried}) c ON c.identifier = e.identifier AND c.value = e.value
	UNION ALL
	SELECT e.*, false FROM {events} e WHERE identifier = {probabilistic} AND value IN (SELECT source || ' ' || record_key FROM {members} WHERE profile_id = {id})
) e`

func (p *profileExplainer) guards(ctx context.Context) (err error) {
	carried := []sqlgen.Query{"SELECT '' AS identifier, '' AS value WHERE false"}
	args := p.args()
	for i, src := range p.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		args["source"], args["name"] = numbered("source", i), src.Name
		for _, f := range src.Fields {
			if f.Identifier == "" {
				continue
			}
			args["kind"], args["v"] = f.Identifier, sqlgen.Col("s", f.Name)
			carried = append(carried, sqlgen.Format(`SELECT {kind}, {v}::VARCHAR FROM {source} s
WHERE {v} IS NOT NULL AND _key IN (SELECT record_key FROM {members} WHERE profile_id = {id} AND source = {name})`, args))
		}
	}
	args["carried"] = sqlgen.UnionAll(carried...)
	p.out.Guards, err = first(ctx, p.env.DB, p.limit, sqlgen.Format(guardsAround, args), "guard, identifier, value, detail, run", func(g *Guarded) []any {
		return []any{&g.Guard, &g.Identifier, &g.Value, &g.Detail, &g.Run}
	})
	return err
}

// values that survive, for the class that reads most.
func (p *profileExplainer) values(ctx context.Context) error {
	p.out.Values = Some[Survivor]{Shown: []Survivor{}}
	if len(p.cfg.Classes) == 0 {
		return nil
	}
	class := slices.MaxFunc(p.cfg.Classes, func(a, b Class) int { return len(a.Sources) - len(b.Sources) })
	columns, err := p.env.Lake.Columns(ctx, p.revision, p.relation("profiles"))
	if err != nil {
		return err
	}
	args := p.args()
	args["class"] = class.Name
	all := []sqlgen.Query{"SELECT '' AS attribute, '' AS value, 0 AS place WHERE false"}
	for i, c := range columns {
		if slices.Contains(reserved, strings.ToLower(c.Name)) {
			continue
		}
		args["attribute"], args["v"], args["place"] = c.Name, sqlgen.Name(c.Name), i
		all = append(all, sqlgen.Format("SELECT {attribute} AS attribute, {v}::VARCHAR AS value, {place} AS place FROM {profiles} WHERE class = {class} AND profile_id = {id}", args))
	}
	args["all"] = sqlgen.UnionAll(all...)
	p.out.Class = class.Name
	p.out.Values, err = first(ctx, p.env.DB, p.limit, sqlgen.Format(`SELECT attribute, value, coalesce(source, ''), coalesce(record_key, ''), place
FROM (SELECT * FROM ({all}) WHERE value IS NOT NULL) LEFT JOIN (SELECT * FROM {provenance} WHERE class = {class} AND profile_id = {id}) USING (attribute)`,
		args), "place", func(s *Survivor) []any { return []any{&s.Attribute, &s.Value, &s.Source, &s.Key, new(int)} })
	return err
}

func (p *profileExplainer) consent(ctx context.Context) (err error) {
	q := sqlgen.Format(`SELECT purpose, coalesce(status, ''), identifier, value, "time", source FROM {consent} WHERE profile_id = {id}`, p.args())
	p.out.Consent, err = first(ctx, p.env.DB, p.limit, q, `purpose, "time" DESC NULLS LAST, identifier, value`, func(s *Said) []any {
		return []any{&s.Purpose, &s.Status, &s.Identifier, &s.Value, &s.Time, &s.Source}
	})
	return err
}
