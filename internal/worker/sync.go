package worker

import (
	"context"
	"slices"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/connectors/filesink"
	"github.com/kith-dev/kith/internal/connectors/webhook"
	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/segment/lang"
)

func (t task) sync(ctx context.Context) (Outcome, error) {
	if t.plan.Sync.RemoveMembers && t.latest == nil {
		// What was never sent need not be taken back, and an Activation can be deleted whose destination never worked.
		if left, err := activation.HasJournals(t.env.LakeDir, t.plan.Subject.Name); err != nil || !left {
			return Outcome{}, err
		}
	}
	c, err := t.activation(ctx)
	if err != nil {
		return Outcome{}, err
	}
	destination, err := t.destination()
	if err != nil {
		return Outcome{}, err
	}
	_, runErr := activation.Run(ctx, t.activationEnv(), c, destination)
	rev, err := t.committed(ctx)
	if runErr != nil {
		err = runErr
	}
	return Outcome{Revision: rev}, err
}

func (t task) activationEnv() activation.Env {
	return activation.Env{Lake: t.env.Lake, LakeDir: t.env.LakeDir, DB: t.db, Progress: t.env.Progress}
}

// activation is the plan as the activation takes it.
func (t task) activation(ctx context.Context) (activation.Config, error) {
	s := t.plan.Sync
	c := activation.Config{
		Plan: t.lakePlan(), Rule: s.Rule, Class: s.Class, Mode: activation.Mode(s.Activation.Mode),
		Purpose: consent.Policy{
			Purpose: s.Purpose.Name, WhenUnknown: consent.Unknown(s.Purpose.WhenUnknown),
			Conflict: consent.Conflict(s.Purpose.Conflict), ExpiresAfter: s.Purpose.ExpiresAfter.Value(),
		},
		Include: names(s.Activation.Audience.Include), Exclude: names(s.Activation.Audience.Exclude),
		Delivery: activation.Delivery{
			BatchSize: int(s.Delivery.BatchSize), Timeout: s.Delivery.Timeout.Value(), MaxAttempts: int(s.Delivery.MaxAttempts),
			Rate: t.rate(),
		},
		Budget: t.budget(),
	}
	if s.RemoveMembers {
		c.RemoveMembers, c.Fields = true, t.fieldNames()
		return c, nil
	}
	var err error
	if c.Evaluated, err = t.input(ctx, t.plan.Inputs[0].Run); err != nil {
		return c, err
	}
	if c.Identity, err = t.input(ctx, t.plan.Inputs[1].Run); err != nil {
		return c, err
	}
	c.Fields, err = t.fields()
	return c, err
}

// budget of the Activation, unless this run was approved.
func (t task) budget() activation.Budget {
	b := t.plan.Sync.Activation.Budget
	if slices.Contains(t.plan.Approved, t.plan.Subject.Name) {
		return activation.Budget{}
	}
	// A plan that does not say is one whose declaration left out the default, which is to refuse.
	out := activation.Budget{RefuseEmpty: b.OnEmptyAudience != "Proceed"}
	if b.MaxChangePercent != nil {
		out.MaxChangePercent = int(*b.MaxChangePercent)
	}
	return out
}

// rate is how fast this worker may send.
func (t task) rate() activation.Rate {
	d := t.plan.Sync.Delivery
	if d.RateLimit == nil {
		return activation.Rate{}
	}
	out := activation.Rate{Requests: int(d.RateLimit.Requests), Per: d.RateLimit.Per.Value()}
	if t.env.ShareRate {
		out.Per *= time.Duration(max(d.Concurrency, 1)) // a share of the requests may be less than one
	}
	return out
}

func (t task) fields() ([]activation.Field, error) {
	s := t.plan.Sync
	schema := lang.Schema{}
	for _, a := range s.Profile {
		schema.Profile = append(schema.Profile, lang.Attr{Name: a.Name, Type: a.Type})
	}
	options := lang.Options{Now: t.plan.Now, TimeZone: s.TimeZone, Rank: true}
	var out []activation.Field
	for _, f := range s.Activation.Fields {
		expr, typ, err := lang.CompileProfile(schema, f.Value, options)
		if err != nil {
			return nil, fault.New(fault.ClassOf(err), "Activation %s: field %s: %w", t.plan.Subject.Name, f.As, err)
		}
		out = append(out, activation.Field{As: f.As, Expr: expr, Type: typ, Hash: f.Hash, Key: f.Key})
	}
	return out, nil
}

// fieldNames are the fields without their expressions: all that is needed to take people out again. The attributes that the
// expressions name may be gone by then.
func (t task) fieldNames() []activation.Field {
	var out []activation.Field
	for _, f := range t.plan.Sync.Activation.Fields {
		out = append(out, activation.Field{As: f.As, Hash: f.Hash, Key: f.Key})
	}
	return out
}

func (t task) destination() (activation.Destination, error) {
	switch c := t.plan.Sync.Connector; {
	case c.Webhook != nil:
		o := webhook.Options{URL: c.Webhook.URL}
		if ref := c.Webhook.CredentialsSecretRef; ref != nil {
			token, err := t.env.secret(ref.Name, "token")
			if err != nil {
				return nil, err
			}
			o.Token = token
		}
		return webhook.New(o)
	case c.Files != nil:
		root, err := t.env.volume(c.Files.Volume)
		if err != nil {
			return nil, err
		}
		return filesink.New(filesink.Options{Root: root, Path: c.Files.Path, Format: filesink.Format(c.Files.Format)})
	}
	return nil, fault.New(fault.InvalidManifest, "Destination %s has no connector", t.plan.Sync.Destination)
}

// Gates tells every gate that one person passed or failed on the way into an Activation's audience, by the person's identifier:
// its kind (email, phone, an identifier's name, or profile for a profile id) and value.
func Gates(ctx context.Context, env Env, p *plan.Plan, kind, value string) ([]activation.Gate, error) {
	var gates []activation.Gate
	_, err := run(ctx, env, p, func(t task) (Outcome, error) {
		c, err := t.activation(ctx)
		if err != nil {
			return Outcome{}, err
		}
		profile, err := t.profile(ctx, c.Identity, kind, value)
		if err != nil {
			return Outcome{}, err
		}
		gates, err = activation.Explain(ctx, t.activationEnv(), c, profile)
		return Outcome{}, err
	})
	return gates, err
}

func names(refs []v1alpha1.ObjectReference) []string {
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = r.Name
	}
	return out
}
