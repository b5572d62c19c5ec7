package identity

import (
	"context"
	"encoding/json"

	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// outgrownOutput of a revision is how many blocks have outgrown its pinned model.
const outgrownOutput = "outgrown"

// pinned says whether the model is never replaced.
func (m *Matching) pinned() bool { return m.Version > 0 || m.Import != nil }

// weighByVersion weighs by a model that was kept before and is pinned.
func (r *run) weighByVersion(ctx context.Context, records *linkage.Records, models models) ([]linkage.Edge, error) {
	version := r.cfg.Probabilistic.Version
	if models.last == 0 {
		return nil, missing(r.cfg, "probabilistic.model pins version %d, and there is no model yet: leave it out until one was learned", version)
	}
	if version > models.last {
		return nil, missing(r.cfg, "probabilistic.model pins version %d, and the last one in %s.models is %d: see kith model list", version, r.cfg.Plan.Subject, models.last)
	}
	model, err := r.model(ctx, version)
	if err != nil {
		return nil, err
	}
	edges, err := r.weighPinned(records, version, model)
	if err != nil {
		return nil, err
	}
	return edges, r.tx.Keep(r.relation("models"))
}

// weighByImport weighs by a model from elsewhere, which becomes a version where none is equal to it.
func (r *run) weighByImport(ctx context.Context, records *linkage.Records, models models) ([]linkage.Edge, error) {
	from := r.cfg.Probabilistic.From
	model, err := linkage.DecodeModel(r.cfg.Probabilistic.Import)
	if err != nil {
		return nil, invalid(r.cfg, "probabilistic.model: %s is no model that kith model export wrote: %w", from, err)
	}
	version, err := r.equalModel(ctx, models, model)
	if err != nil {
		return nil, err
	}
	known := version > 0
	if !known {
		version = models.last + 1
	}
	edges, err := r.weighPinned(records, version, model)
	switch {
	case err != nil:
		return nil, err
	case known:
		return edges, r.tx.Keep(r.relation("models"))
	}
	return edges, r.keepModel(ctx, version, "it was imported from "+from, model)
}

// equalModel is the last version that is equal to a model, or 0.
func (r *run) equalModel(ctx context.Context, models models, model *linkage.Model) (version int, err error) {
	if models.last == 0 {
		return 0, nil
	}
	text, err := json.Marshal(model)
	if err != nil {
		return 0, err
	}
	q := sqlgen.Format("SELECT coalesce(max(version), 0) FROM {t} WHERE model = {text}", sqlgen.Args{"t": modelsView, "text": string(text)})
	return version, r.env.DB.Row(ctx, q, &version)
}

// weighPinned weighs by a model that stays in use. Blocks that have outgrown it are divided, and counted.
func (r *run) weighPinned(records *linkage.Records, version int, model *linkage.Model) ([]linkage.Edge, error) {
	edges, found, outgrown, err := records.WeighPinned(model)
	if err != nil {
		return nil, r.unweighed(err)
	}
	r.outputCandidates(version, model, edges, found)
	if outgrown > 0 {
		r.output(outgrownOutput, int64(outgrown))
	}
	return edges, nil
}
