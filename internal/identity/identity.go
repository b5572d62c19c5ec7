// Package identity makes people out of records. A run reads the sources of an IdentityRule as they stand, finds which Profile records
// are one person, attaches the identifiers of events, transactions and consent, gives every profile an id that survives the next run, and
// commits the relations of the space: members, identifiers, edges, links, components, candidate_keys, models, lineage, guard_events, overrides, consent,
// profiles, provenance, profile_values and quality.
//
// A run that builds on another looks at a part: the rows that have changed and all that they can have an effect on. What it commits is what
// a run over everything would, so that people depend on neither the order of the records nor the runs before; only the ids do.
//
//	config.go, space.go      the declaration, checked and numbered
//	part.go, reach.go        whether a part will do, and what is in it
//	verdicts.go, near.go     the same for values that guards bar, and for records that are alike
//	blocked.go, automatic.go values that identify nobody: by what they are, by what they occur with
//	graph.go, windows.go     clusters under guards: pure, in memory, integers only
//	forced.go                the same for what people decided
//	stage.go, match.go       records and identifier values as integers (SQL), and the rules one after the other
//	overrides.go             what people decided about pairs of records
//	link.go                  records that probably are of one person, after the rules
//	model.go, pinned.go, models.go   the model by which they are weighed: learned, pinned or imported, and kept
//	attach.go                identifiers that no Profile record carries, anonymous visitors
//	stable.go, lineage.go    which id a profile keeps, and what became of the others
//	difference.go            what lies between two revisions
//	budget.go                changes that are too many to go on without being asked
//	write.go                 how a relation is written: anew, or what is in the part
//	components.go            what a change can spread within
//	relations.go, links.go, guards.go   what is committed
//	survivors.go, lists.go   which record gives a value, and which others there are
//	profiles.go, seen.go     profiles and provenance, for each class of purposes
//	consent.go               what was said, by whom
//	quality.go, labels.go    how good the people are: figures/ names what is measured
//	canary.go                a rule on trial, beside the one in use
//	explain.go, path.go, decided.go   why two records are one person, or two
//	explain_profile.go, heir.go, span.go   what a profile is made of, which one an id stands for, and what holds it together
//
// What does not live here: reading sources (ingest), deciding what consent permits (consent), and traits and segments (segment).
package identity

import (
	"context"
	"encoding/json"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Progress is told how many of the steps of a run are done. It may be nil.
type Progress func(done, total int64, unit string)

// Env is what a run works with. The engine must be able to read the lake's directory and be used by this run only.
type Env struct {
	Lake     *lake.Lake
	DB       *engine.DB
	Progress Progress
	// everything: look at all records, though a part would do.
	everything bool
}

// run is one run at work.
type run struct {
	env   Env
	cfg   Config
	space *space
	tx    *lake.Tx
	state state
	part  *part // nil for everything
	// weighed is the model that records were weighed by; nil for none.
	weighed *linkage.Model
	// records is the number of Profile records, numbered from 0 in order of source and key. Clusters are numbered after what they were
	// founded on: that of records after the first of them, that of identifiers alone after records + the first of them.
	records int
	// values has, for each kind, the range of its values' numbers.
	values []span
	// splits are the numbers, among the overrides, of the splits that the graph has.
	splits []int32
	// inLarge is how many records are in large profiles, once that is measured.
	inLarge int64
	outputs []lake.Output
}

// Run resolves the people of cfg and commits them as cfg.Plan, which it begins itself. The counts are in the revision's
// outputs: records, resolved (how many of them were looked at), known, anonymous, changed (see Churn), inLargeProfiles, model, candidates and outgrown, and in
// groups identifiers/, merges/, candidates/, tooMany/, guards/, lineage/, overrides/, changed/, cut/ (values that a list has no place for),
// sizes/ (profiles by their number of records) and quality/ (package figures). In a part merges, candidates and cut are those of the part.
//
// The class of an error is InvalidManifest, ReferenceNotFound, ColumnMissing or SchemaChanged where the declaration does not fit the sources,
// TooManyCandidates or ModelMismatch where records can't be compared as it asks for, BudgetExceeded where too many people would change, and
// Superseded where another run was faster.
func Run(ctx context.Context, env Env, cfg Config) (*lake.Revision, error) {
	s, err := newSpace(cfg)
	if err != nil {
		return nil, err
	}
	tx, err := env.Lake.Begin(ctx, env.DB, cfg.Plan)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	r := &run{env: env, cfg: cfg, space: s, tx: tx}
	if r.state.Rule, err = ruleHash(cfg); err != nil {
		return nil, err
	}
	remembered, err := json.Marshal(r.state)
	if err != nil {
		return nil, err
	}
	if tx.Done() == nil {
		if err := r.resolve(ctx); err != nil {
			return nil, err
		}
	}
	return tx.Commit(ctx, r.outputs, string(remembered))
}

func (r *run) resolve(ctx context.Context) error {
	steps := []func(context.Context) error{
		r.openSources, r.nameNumbers, r.openBase, r.takePart, r.stageRecords, r.stageOverrides, r.stageValues, r.match, r.attach, r.attachAnonymous, r.bind, r.keepIDs, r.traceLineage, r.withinBudget,
		r.writeMembers, r.writeIdentifiers, r.writeEdges, r.writeLinks, r.writeComponents, r.writeLineage, r.writeGuards, r.writeOverrides, r.writeConsent, r.writeProfiles, r.writeQuality, r.count,
	}
	for i, step := range steps {
		if r.env.Progress != nil {
			r.env.Progress(int64(i), int64(len(steps)), "steps")
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	if r.env.Progress != nil {
		r.env.Progress(int64(len(steps)), int64(len(steps)), "steps")
	}
	return nil
}

// exec runs a statement made of a template.
func (r *run) exec(ctx context.Context, template string, args sqlgen.Args) error {
	return r.env.DB.Exec(ctx, sqlgen.Format(template, args))
}

// drop frees the memory of tables that no later step reads.
func (r *run) drop(ctx context.Context, tables ...sqlgen.Ident) error {
	for _, t := range tables {
		if err := r.exec(ctx, "DROP TABLE IF EXISTS {t}", sqlgen.Args{"t": t}); err != nil {
			return err
		}
	}
	return nil
}

// number is the result of a query of one number.
func (r *run) number(ctx context.Context, template string, args sqlgen.Args) (int64, error) {
	var n int64
	err := r.env.DB.Row(ctx, sqlgen.Format(template, args), &n)
	return n, err
}
