package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/worker"
)

func newExplain() *cobra.Command {
	c := &cobra.Command{Use: "explain", Short: "Say why"}
	c.AddCommand(newExplainActivation(), newExplainPair(), newExplainProfile())
	return c
}

// person names one person by exactly one flag.
type person struct{ email, phone, identifier, profile string }

func (p person) kindAndValue() (kind, value string, err error) {
	given := 0
	for _, x := range []struct{ kind, value string }{{"email", p.email}, {"phone", p.phone}, {"profile", p.profile}} {
		if x.value != "" {
			kind, value = x.kind, x.value
			given++
		}
	}
	if p.identifier != "" {
		var ok bool
		if kind, value, ok = strings.Cut(p.identifier, "="); !ok {
			return "", "", usageError{fmt.Errorf("--identifier %q is not NAME=VALUE", p.identifier)}
		}
		given++
	}
	if given != 1 {
		return "", "", usageError{fmt.Errorf("say who: give one of --email, --phone, --identifier, --profile")}
	}
	return kind, value, nil
}

func newExplainActivation() *cobra.Command {
	var o runOptions
	var who person
	c := &cobra.Command{
		Use:     "activation NAME -f DIR --lake DIR --email ADDRESS",
		Short:   "Show every gate that one person passed or failed",
		Example: `  kith explain activation early-access-email -f examples/retail --lake ./lake --email somebody@example.com`,
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return explainActivation(c.Context(), c.OutOrStdout(), o, args[0], who)
		},
	}
	o.bindKnown(c)
	f := c.Flags()
	f.StringVar(&o.now, "now", "", "time that counts as now, RFC 3339; without it, that of the last run")
	f.StringVar(&who.email, "email", "", "the person's e-mail address")
	f.StringVar(&who.phone, "phone", "", "the person's phone number, with country code")
	f.StringVar(&who.identifier, "identifier", "", "another identifier, as NAME=VALUE")
	f.StringVar(&who.profile, "profile", "", "the profile's id")
	return c
}

// bindKnown flags of a command that asks about what runs have made: the declarations and the lake.
func (o *runOptions) bindKnown(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVarP(&o.manifests, "filename", "f", nil, "file or folder of declarations; can be given again")
	f.StringVar(&o.lake, "lake", "", "folder of the lake")
	_ = c.MarkFlagRequired("filename")
	_ = c.MarkFlagRequired("lake")
}

func explainActivation(ctx context.Context, out io.Writer, o runOptions, name string, who person) error {
	kind, value, err := who.kindAndValue()
	if err != nil {
		return err
	}
	objects, err := loadObjects(o.manifests)
	if err != nil {
		return err
	}
	a := objects.Activation(name)
	if a == nil {
		return fault.New(fault.ReferenceNotFound, "there is no Activation %q", name)
	}
	l, revs, now, err := o.known(ctx, plan.SyncSubject(name))
	if err != nil {
		return err
	}
	p, wait := plan.Sync(objects, a, revs, now)
	if wait != nil {
		return notYet(wait)
	}
	gates, err := worker.Gates(ctx, worker.Env{Lake: l, LakeDir: o.lake}, p, kind, value)
	if err != nil {
		return err
	}
	printGates(out, gates)
	return nil
}

// known lake with its revisions, and the time that counts as now: as given, or that of the subject's last run.
func (o *runOptions) known(ctx context.Context, s plan.Subject) (*lake.Lake, plan.Revisions, time.Time, error) {
	l, db, err := openLake(ctx, o.lake)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	_ = db.Close()
	revs, _, err := local.Revisions(ctx, l)
	if err != nil {
		return nil, nil, time.Time{}, err
	}
	if last, ok := revs[s]; ok && o.now == "" {
		return l, revs, last.Now, nil
	}
	now, err := parseNow(o.now)
	return l, revs, now, err
}

// people of an IdentityRule as a plan, which names the rows that they were made from.
func (o *runOptions) people(ctx context.Context, rule string) (*lake.Lake, *plan.Plan, error) {
	objects, err := loadObjects(o.manifests)
	if err != nil {
		return nil, nil, err
	}
	r := objects.IdentityRule(rule)
	if r == nil {
		var there []string
		for _, other := range objects.IdentityRules {
			there = append(there, other.Name)
		}
		return nil, nil, fault.New(fault.ReferenceNotFound, "there is no IdentityRule %q; there is: %s", rule, strings.Join(there, ", "))
	}
	s := plan.ResolveSubject(rule)
	l, revs, now, err := o.known(ctx, s)
	if err != nil {
		return nil, nil, err
	}
	for _, in := range revs[s].Inputs {
		revs[plan.IngestSubject(in.Name)] = plan.Revision{Run: in.Run}
	}
	p, wait := plan.Resolve(objects, r, revs, now)
	if wait != nil {
		return nil, nil, notYet(wait)
	}
	return l, p, nil
}

// notYet says what has to be there first.
func notYet(wait *plan.Waiting) error {
	return fault.New(fault.ReferenceNotFound, "%s %s has no revision yet: run `kith run` first", wait.Kind, wait.Name)
}
