package worker

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity"
	"github.com/kith-dev/kith/internal/plan"
)

// matching is how a rule matches by probability; nil for not at all.
func matching(p *v1alpha1.Probabilistic) *identity.Matching {
	if p == nil {
		return nil
	}
	m := &identity.Matching{Declaration: plan.Matching(p), Threshold: float64(p.Threshold)}
	if p.Model != nil {
		m.Version = int(p.Model.Version)
	}
	return m
}

// importModel reads the model that a rule matches by, where it is a file.
func (t task) importModel(r *plan.ResolvePlan, m *identity.Matching) (err error) {
	p := r.Rule.Probabilistic
	if p == nil || p.Model == nil || p.Model.File == nil {
		return nil
	}
	f := p.Model.File
	m.From = f.Volume.ClaimName + ":" + f.Path
	m.Import, err = t.modelFile(f)
	return err
}

// maxModel bounds what is read of a file. A model of a million records has 1.3 MB.
const maxModel = 64 << 20

func (t task) modelFile(f *v1alpha1.ModelFile) ([]byte, error) {
	dir, err := t.env.volume(f.Volume)
	if err != nil {
		return nil, err
	}
	text, err := readBelow(dir, f.Path)
	rule := t.plan.Subject.Name
	switch {
	case err == nil && len(text) > maxModel:
		return nil, fault.New(fault.InvalidManifest, "IdentityRule %s: %s on volume %s is larger than %d MiB and no model", rule, f.Path, f.Volume.ClaimName, maxModel>>20)
	case err == nil:
		return text, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.FileNotFound, "IdentityRule %s: there is no file %s on volume %s for probabilistic.model; write one with kith model export", rule, f.Path, f.Volume.ClaimName)
	case strings.Contains(err.Error(), "path escapes from parent"):
		return nil, fault.New(fault.PathOutsideVolume, "IdentityRule %s: %s leads out of volume %s", rule, f.Path, f.Volume.ClaimName)
	default:
		return nil, fault.New(fault.FileUnreadable, "IdentityRule %s: %s on volume %s can't be read: %w", rule, f.Path, f.Volume.ClaimName, err)
	}
}

// readBelow reads one byte more than a model may have of a file below a folder, which no link leads out of.
func readBelow(dir, path string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxModel+1))
}
