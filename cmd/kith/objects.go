package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/manifest"
	"github.com/kith-dev/kith/internal/plan"
)

// mistake is one thing that is wrong with the declarations, where it stands.
type mistake struct {
	manifest.Pos
	Class             fault.Class
	Kind, Name, Field string
	Message           string
}

// mistakes are all of them, as one error of the first one's class.
type mistakes []mistake

func (ms mistakes) Error() string {
	lines := make([]string, 0, len(ms)+1)
	for _, m := range ms {
		lines = append(lines, m.String())
	}
	return strings.Join(append([]string{fmt.Sprintf("%d mistakes in the declarations", len(ms))}, lines...), "\n  ")
}

func (m mistake) String() string {
	where := strings.TrimSpace(m.Kind + " " + m.Name)
	if m.Field != "" {
		where += ": " + m.Field
	}
	return fmt.Sprintf("%s: %s: %s: %s", m.Pos, m.Class, where, m.Message)
}

// check reads declarations and finds everything that is wrong with each and with all of them together.
func check(paths []string) (*manifest.Set, mistakes, error) {
	set, err := manifest.Load(paths, manifest.Options{})
	if problems, ok := err.(manifest.Problems); ok {
		var out mistakes
		for _, p := range problems {
			out = append(out, mistake{Pos: p.Pos, Class: fault.InvalidManifest, Kind: p.Kind, Name: p.Name, Field: p.Field, Message: p.Message})
		}
		return nil, out, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if set.Objects.Workspace == nil {
		return nil, nil, fault.New(fault.ReferenceNotFound, "%s declares no Workspace: add one named default (docs/workspace.md)", strings.Join(paths, ", "))
	}
	var out mistakes
	for _, p := range plan.Check(&set.Objects) {
		out = append(out, mistake{Pos: set.Pos(p.Kind, p.Name, p.Field), Class: fault.ClassOf(p.Err), Kind: p.Kind, Name: p.Name, Field: p.Field, Message: p.Err.Error()})
	}
	slices.SortStableFunc(out, func(a, b mistake) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return set, out, nil
}

// loadObjects reads declarations that must be right.
func loadObjects(paths []string) (*plan.Objects, error) {
	set, wrong, err := check(paths)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, fault.New(wrong[0].Class, "%w", wrong)
	}
	set.Objects.Sort()
	return &set.Objects, nil
}
