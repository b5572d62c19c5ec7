package identity

import (
	"context"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var modelColumns = []lake.Column{
	{Name: "version", Type: sqlgen.Integer}, {Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp},
	{Name: "reason", Type: sqlgen.String}, {Name: "model", Type: sqlgen.String},
}

// modelOutput of a revision is the version of the model that its records were matched by.
const modelOutput = "model"

// modelsView is over the models of the revision that a run looks at.
var modelsView = table("base_models")

// models of a revision: the version that its records were matched by, and the last there is; 0 for none.
type models struct{ inUse, last int }

// modelsOf a revision, with modelsView over them where there are any.
func (r *run) modelsOf(ctx context.Context, revision *lake.Revision) (m models, err error) {
	if _, ok := revision.Version(r.relation("models")); !ok {
		return m, nil
	}
	if err := r.env.Lake.View(ctx, r.env.DB, modelsView, revision, r.relation("models")); err != nil {
		return m, err
	}
	if err := r.env.DB.Row(ctx, sqlgen.Format("SELECT coalesce(max(version), 0) FROM {t}", sqlgen.Args{"t": modelsView}), &m.last); err != nil {
		return m, err
	}
	m.inUse = m.last
	if o, ok := lake.FindOutput(revision.Outputs, modelOutput); ok {
		m.inUse = int(o.Rows)
	}
	return m, nil
}

// model of a version in modelsView.
func (r *run) model(ctx context.Context, version int) (*linkage.Model, error) {
	var text string
	err := r.env.DB.Row(ctx, sqlgen.Format("SELECT coalesce(max(model), '') FROM {t} WHERE version = {v}", sqlgen.Args{"t": modelsView, "v": version}), &text)
	if err != nil {
		return nil, err
	}
	model, err := linkage.DecodeModel([]byte(text))
	if err != nil {
		return nil, fault.New(fault.LakeCorrupt, "IdentityRule %s: model %d is unreadable: %w", r.cfg.Plan.Subject, version, err)
	}
	return model, nil
}

// ModelVersion is a model that was kept.
type ModelVersion struct {
	Version int            `json:"version"`
	Run     string         `json:"run"` // that learned or imported it
	At      time.Time      `json:"at"`
	Reason  string         `json:"reason"` // why
	InUse   bool           `json:"inUse"`
	Text    []byte         `json:"-"` // as it was kept
	Model   *linkage.Model `json:"-"`
}

// Models of a rule as a revision has them, oldest first.
func Models(ctx context.Context, env Env, rule string, revision *lake.Revision) (out []ModelVersion, err error) {
	r := &run{env: env, cfg: Config{Plan: lake.Plan{Subject: rule}}}
	m, err := r.modelsOf(ctx, revision)
	if err != nil || m.last == 0 {
		return nil, err
	}
	q := sqlgen.Format(`SELECT version, run, "at", reason, model FROM {t} ORDER BY version`, sqlgen.Args{"t": modelsView})
	err = env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var v ModelVersion
		var text string
		if err := scan(&v.Version, &v.Run, &v.At, &v.Reason, &text); err != nil {
			return err
		}
		model, err := linkage.DecodeModel([]byte(text))
		if err != nil {
			return fault.New(fault.LakeCorrupt, "IdentityRule %s: model %d is unreadable: %w", rule, v.Version, err)
		}
		v.At, v.InUse, v.Text, v.Model = v.At.UTC(), v.Version == m.inUse, []byte(text), model
		out = append(out, v)
		return nil
	})
	return out, err
}
