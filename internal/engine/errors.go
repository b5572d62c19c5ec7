package engine

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/fault"
)

// Classify gives err a class and says what was being done. It is the one place where errors of the engine, of the file
// system and of a context become faults; an error that already has a class keeps it. The message holds no values from
// data: the engine quotes them when it can't convert one.
func Classify(doing string, err error) error {
	if err == nil {
		return nil
	}
	var classed *fault.Error
	if errors.As(err, &classed) {
		return err
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), engineType(err) == duckdb.ErrorTypeInterrupt:
		return fault.New(fault.Cancelled, "%s: stopped: %w", doing, redacted{err})
	case isDiskFull(err):
		return fault.New(fault.DiskFull, "%s: no space left on the volume: %w", doing, redacted{err})
	case engineType(err) == duckdb.ErrorTypeOutOfMemory, strings.Contains(err.Error(), "Out of Memory Error"), errors.Is(err, syscall.ENOMEM):
		return fault.New(fault.OutOfMemory, "%s: the engine needs more memory than its limit: %w", doing, redacted{err})
	default:
		return fault.New(fault.Internal, "%s: %w", doing, redacted{err})
	}
}

func engineType(err error) duckdb.ErrorType {
	var e *duckdb.Error
	if errors.As(err, &e) {
		return e.Type
	}
	return duckdb.ErrorTypeInvalid
}

func isDiskFull(err error) bool {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return true
	}
	// The engine gives the system's text; past the limit of its spill files it raises an out-of-memory error that names them.
	text := err.Error()
	return strings.Contains(text, "No space left on device") || strings.Contains(text, "Disk quota exceeded") ||
		strings.Contains(text, "max_temp_directory_size")
}

// redacted shows an error without what could be a value of somebody's data.
type redacted struct{ err error }

func (r redacted) Unwrap() error { return r.err }

var quoted = regexp.MustCompile(`(?s)'[^']*'|"[^"]*"|\d+`)

func (r redacted) Error() string {
	text := r.err.Error()
	switch engineType(r.err) {
	case duckdb.ErrorTypeBinder, duckdb.ErrorTypeCatalog, duckdb.ErrorTypeParser, duckdb.ErrorTypeSyntax:
		// These name columns and functions, which help; the statement they go on to show may hold literals.
		before, _, _ := strings.Cut(text, "\n")
		return before
	case duckdb.ErrorTypeInvalidInput:
		// Its text can be anything, values included, without quotes around them.
		return "Invalid Input Error"
	case duckdb.ErrorTypeIO, duckdb.ErrorTypeOutOfMemory, duckdb.ErrorTypePermission:
		return text
	}
	var path *os.PathError
	var link *os.LinkError
	if errors.As(r.err, &path) || errors.As(r.err, &link) || errors.Is(r.err, context.Canceled) || errors.Is(r.err, context.DeadlineExceeded) {
		return text
	}
	var e *duckdb.Error
	if !errors.As(r.err, &e) {
		return text
	}
	before, _, _ := strings.Cut(text, "\n")
	return quoted.ReplaceAllString(before, "…")
}
