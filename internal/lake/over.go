package lake

import (
	"context"
	"os"
	"path/filepath"
)

// Over opens a lake in an empty directory that begins as l is and keeps to itself what is written: runs can be done in it that l never sees. A table
// is read from l until it is first written, and goes its own way from then on. Nothing is ever written to l, which may be on a volume that
// can only be read. Maintain is not for a lake that lies over another.
func (l *Lake) Over(ctx context.Context, dir string) (*Lake, error) {
	out, err := Open(ctx, dir)
	if err == nil {
		out.below = l.dir
	}
	return out, err
}

// Dirs are the directories that an engine needs among its allowed ones to read and write the lake.
func (l *Lake) Dirs() []string {
	if l.below == "" {
		return []string{l.dir}
	}
	return []string{l.dir, l.below}
}

func (l *Lake) tableBelow(t Table) string {
	if l.below == "" {
		return ""
	}
	return filepath.Join(l.below, t.Schema, t.Name)
}

// ownOrBelow is where a file of the table is. Names of files are unique, so there is only one of them.
func (s *state) ownOrBelow(rest string) string {
	own := filepath.Join(s.dir, rest)
	if s.below == "" {
		return own
	}
	if _, err := os.Stat(own); err == nil {
		return own
	}
	return filepath.Join(s.below, rest)
}
