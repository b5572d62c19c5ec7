package filesource

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// maxFiles bounds the files of one source, as the state lists each.
const maxFiles = 100_000

// checkPath refuses paths that name something outside before anything is opened; links are the business of os.Root.
func (s *Source) checkPath() error {
	p := s.cfg.Path
	if p == "" {
		return s.invalid("the path is empty")
	}
	if strings.HasPrefix(p, "/") || slices.Contains(strings.Split(p, "/"), "..") {
		return fault.New(fault.PathOutsideVolume, "DataSource %s: the path %q leaves the volume; paths are relative to the volume's root and have no \"..\"", s.cfg.Name, p)
	}
	if _, err := path.Match(strings.ReplaceAll(p, "**", "*"), ""); err != nil {
		return s.invalid("the path %q is not a pattern: %s", p, err)
	}
	return nil
}

// found is a file of the source as it was found.
type found struct {
	path string
	info fs.FileInfo
}

// find lists the matching files in the order of their paths. None is FileNotFound.
func (s *Source) find(ctx context.Context, root *os.Root) ([]found, error) {
	f := finder{ctx: ctx, src: s, root: root, fsys: root.FS(), seen: map[string]bool{}}
	pattern := path.Clean(s.cfg.Path)
	if err := f.expand(".", strings.Split(pattern, "/")); err != nil {
		return nil, err
	}
	if len(f.out) == 0 {
		return nil, fault.New(fault.FileNotFound, "DataSource %s: no file matches %q in the volume%s", s.cfg.Name, s.cfg.Path, f.hint)
	}
	slices.SortFunc(f.out, func(a, b found) int { return strings.Compare(a.path, b.path) })
	return f.out, nil
}

type finder struct {
	ctx  context.Context
	src  *Source
	root *os.Root
	fsys fs.FS
	seen map[string]bool
	out  []found
	hint string
}

// expand follows the segments of a pattern below a directory.
func (f *finder) expand(dir string, segments []string) error {
	if err := f.ctx.Err(); err != nil {
		return engine.Classify("list files", err)
	}
	first, rest := segments[0], segments[1:]
	if !strings.ContainsAny(first, `*?[\`) {
		return f.step(path.Join(dir, first), rest, true)
	}
	if first == "**" {
		if len(rest) == 0 {
			rest = []string{"*"}
		}
		if err := f.expand(dir, rest); err != nil {
			return err
		}
	}
	entries, err := fs.ReadDir(f.fsys, dir)
	if err != nil {
		return f.unreadable(dir, err)
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") && !strings.HasPrefix(first, ".") {
			continue
		}
		if first == "**" {
			// A link to a directory is not followed here, as it could lead in a circle.
			if e.IsDir() {
				err = f.expand(path.Join(dir, name), segments)
			}
		} else if ok, _ := path.Match(first, name); ok {
			err = f.step(path.Join(dir, name), rest, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// step takes one path that the segments before match. A named path that is not there, or is no file, matches nothing.
func (f *finder) step(p string, rest []string, named bool) error {
	info, err := f.root.Stat(p)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return f.unreadable(p, err)
	case len(rest) > 0:
		if !info.IsDir() {
			return nil
		}
		return f.expand(p, rest)
	case info.IsDir():
		if named {
			f.hint = "; it is a directory, so write " + f.src.cfg.Path + "/* for the files in it"
		}
		return nil
	case !info.Mode().IsRegular():
		if named {
			f.hint = "; it is not an ordinary file"
		}
		return nil
	case f.seen[p]:
		return nil
	case len(f.out) >= maxFiles:
		return f.src.invalid("the path %q matches more than %d files; move away what has been read, or join small files", f.src.cfg.Path, maxFiles)
	}
	f.seen[p] = true
	f.out = append(f.out, found{p, info})
	return nil
}

func (f *finder) unreadable(p string, err error) error {
	return f.src.accessError(p, err)
}

// accessError classes what the system says about a path.
func (s *Source) accessError(p string, err error) error {
	switch {
	case strings.Contains(err.Error(), "path escapes from parent"):
		return fault.New(fault.PathOutsideVolume, "DataSource %s: %s is a link that leaves the volume; links must be relative and stay inside", s.cfg.Name, p)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.FileChanged, "DataSource %s: %s was removed while it was to be read; the run is tried again", s.cfg.Name, p)
	case errors.Is(err, fs.ErrPermission):
		return fault.New(fault.FileUnreadable, "DataSource %s: %s may not be read by the user that this program runs as", s.cfg.Name, p)
	default:
		return fault.New(fault.FileUnreadable, "DataSource %s: %s can't be read: %w", s.cfg.Name, p, err)
	}
}
