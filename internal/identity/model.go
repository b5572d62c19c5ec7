package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// grown is how many times more records than it was learned from make a model outdated, or how many times fewer.
const grown = 2

// weigh gives the candidates among the records their match weights: by the model that is pinned, or else by that of the base, so that the same records
// always match in the same way, or by another where that does not fit any more. A model that was learned or imported is kept.
func (r *run) weigh(ctx context.Context, records *linkage.Records) ([]linkage.Edge, error) {
	if r.part != nil {
		return r.weighPart(records)
	}
	models, err := r.modelsOf(ctx, r.tx.Base())
	if err != nil {
		return nil, err
	}
	switch m := r.cfg.Probabilistic; {
	case m.Version > 0:
		return r.weighByVersion(ctx, records, models)
	case m.Import != nil:
		return r.weighByImport(ctx, records, models)
	}
	reason := "there was none"
	if models.inUse > 0 {
		model, err := r.model(ctx, models.inUse)
		if err != nil {
			return nil, err
		}
		if reason = unfit(model, records.Len()); reason == "" {
			edges, found, err := records.Weigh(model)
			if err == nil {
				r.outputCandidates(models.inUse, model, edges, found)
				return edges, r.tx.Keep(r.relation("models"))
			}
			if !errors.Is(err, linkage.ErrOutdated) {
				return nil, r.unweighed(err)
			}
			reason = err.Error()
		}
	}
	model, err := records.Learn()
	if err != nil {
		return nil, r.unweighed(err)
	}
	edges, found, err := records.Weigh(model)
	if errors.Is(err, linkage.ErrOutdated) {
		return nil, fault.New(fault.Internal, "IdentityRule %s: a model that was just learned: %w", r.cfg.Plan.Subject, err)
	}
	if err != nil {
		return nil, r.unweighed(err)
	}
	r.outputCandidates(models.last+1, model, edges, found)
	return edges, r.keepModel(ctx, models.last+1, reason, model)
}

// weighPart weighs by the model of the base, which was found to fit.
func (r *run) weighPart(records *linkage.Records) ([]linkage.Edge, error) {
	edges, found, err := records.Weigh(r.part.model)
	if err != nil {
		return nil, r.unweighed(err)
	}
	r.outputCandidates(r.part.version, r.part.model, edges, found)
	return edges, r.tx.Keep(r.relation("models"))
}

// unfit says why a model does not fit so many records; empty where it may.
func unfit(model *linkage.Model, records int) string {
	if records > grown*model.Records || grown*records < model.Records {
		return fmt.Sprintf("it was learned from %d records, and there are %d", model.Records, records)
	}
	return ""
}

// unweighed classes what keeps records from being compared.
func (r *run) unweighed(err error) error {
	var many *linkage.TooManyError
	switch {
	case errors.As(err, &many):
		return fault.New(fault.TooManyCandidates, "IdentityRule %s: %w; make rules narrower, or raise probabilistic.candidates.maxPairs", r.cfg.Plan.Subject, err)
	case errors.Is(err, linkage.ErrOutdated):
		return fault.New(fault.ModelMismatch, "IdentityRule %s: probabilistic.model: %w; pin another, or none to have one learned", r.cfg.Plan.Subject, err)
	}
	return invalid(r.cfg, "probabilistic: %w", err)
}

// outputCandidates counts what was weighed, and remembers by which model.
func (r *run) outputCandidates(version int, model *linkage.Model, edges []linkage.Edge, found []linkage.Candidates) {
	r.weighed = model
	r.output(modelOutput, int64(version))
	r.output("candidates", int64(len(edges)))
	for _, c := range found {
		r.output("candidates/"+c.Rule, c.Pairs)
		if c.Left > 0 {
			r.output("tooMany/"+c.Rule, c.Left)
		}
	}
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
