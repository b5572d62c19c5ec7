package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// grown is how many times more records than it was learned from make a model outdated, or how many times fewer.
const grown = 2

var modelColumns = []lake.Column{
	{Name: "version", Type: sqlgen.Integer}, {Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp},
	{Name: "reason", Type: sqlgen.String}, {Name: "model", Type: sqlgen.String},
}

// weigh gives the candidates among the records their match weights: by the model of the base, so that the same records always match in the same way, or by
// another where that does not fit any more. A model that was learned is kept.
func (r *run) weigh(ctx context.Context, records *linkage.Records) ([]linkage.Edge, *linkage.Model, error) {
	version, model, err := r.modelOf(ctx, r.tx.Base())
	if err != nil {
		return nil, nil, err
	}
	reason := ""
	switch {
	case model == nil:
		reason = "there was none"
	case r.part == nil: // where there is a part it was found to fit
		reason = unfit(model, records.Len())
	}
	if reason == "" {
		edges, found, err := records.Weigh(model)
		if err == nil {
			r.outputCandidates(int64(version), edges, found)
			return edges, model, r.tx.Keep(r.relation("models"))
		}
		if !errors.Is(err, linkage.ErrOutdated) || r.part != nil {
			return nil, nil, err
		}
		reason = err.Error()
	}
	if model, err = records.Learn(); err != nil {
		return nil, nil, invalid(r.cfg, "probabilistic: %w", err)
	}
	edges, found, err := records.Weigh(model)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "IdentityRule %s: a model that was just learned: %w", r.cfg.Plan.Subject, err)
	}
	r.outputCandidates(int64(version+1), edges, found)
	return edges, model, r.keepModel(ctx, version+1, reason, model)
}

// unfit says why a model does not fit so many records; empty where it may.
func unfit(model *linkage.Model, records int) string {
	if records > grown*model.Records || grown*records < model.Records {
		return fmt.Sprintf("it was learned from %d records, and there are %d", model.Records, records)
	}
	return ""
}

func (r *run) outputCandidates(version int64, edges []linkage.Edge, found []linkage.Candidates) {
	r.output("model", version)
	r.output("candidates", int64(len(edges)))
	for _, c := range found {
		r.output("candidates/"+c.Rule, c.Pairs)
		if c.Left > 0 {
			r.output("tooMany/"+c.Rule, c.Left)
		}
	}
}

// modelOf a revision: the last one; version 0 for none.
func (r *run) modelOf(ctx context.Context, revision *lake.Revision) (version int, model *linkage.Model, err error) {
	if _, ok := revision.Version(r.relation("models")); !ok {
		return 0, nil, nil
	}
	view := table("base_models")
	if err := r.env.Lake.View(ctx, r.env.DB, view, revision, r.relation("models")); err != nil {
		return 0, nil, err
	}
	var text string
	err = r.env.DB.Row(ctx, sqlgen.Format("SELECT version, model FROM {t} ORDER BY version DESC LIMIT 1", sqlgen.Args{"t": view}), &version, &text)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, err
	}
	model = &linkage.Model{}
	if err := json.Unmarshal([]byte(text), model); err != nil {
		return 0, nil, fault.New(fault.LakeCorrupt, "IdentityRule %s: model %d is unreadable: %w", r.cfg.Plan.Subject, version, err)
	}
	return version, model, nil
}

func (r *run) keepModel(ctx context.Context, version int, reason string, model *linkage.Model) error {
	text, err := json.Marshal(model)
	if err != nil {
		return err
	}
	args := sqlgen.Args{"version": version, "run": r.cfg.Plan.Run, "at": r.cfg.Plan.Now, "reason": reason, "model": string(text)}
	_, err = r.tx.Append(ctx, r.relation("models"), modelColumns,
		sqlgen.Format(`SELECT {version}::BIGINT AS version, {run} AS run, {at} AS "at", {reason} AS reason, {model} AS model`, args))
	return err
}
