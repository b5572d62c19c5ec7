package pgsource

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/kith-dev/kith/internal/fault"
)

// classify gives an error of the driver its class, in words that hold nothing of the connection string and no data.
func (s *Source) classify(doing string, err error) error {
	var classed *fault.Error
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &classed):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !timedOut(err):
		return fault.New(fault.Cancelled, "DataSource %s: postgres: %s: stopped", s.cfg.Name, doing)
	case errors.As(err, &refused):
		if down(refused.Code) {
			return fault.New(fault.DatabaseDown, "DataSource %s: postgres: %s: the server does not take part: SQLSTATE %s, %s", s.cfg.Name, doing, refused.Code, refused.Message)
		}
		return fault.New(fault.DatabaseError, "DataSource %s: postgres: %s: %s", s.cfg.Name, doing, refusal(refused))
	default:
		return fault.New(fault.DatabaseDown, "DataSource %s: postgres: %s: %s", s.cfg.Name, doing, network(err))
	}
}

// timedOut reports whether it was the connect timeout and not the run that ended.
func timedOut(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}

// down are the codes with which a server says that it is not available now: connection exceptions, shutdown and start,
// too many connections, and a standby that had to give way.
func down(code string) bool {
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P") || code == "53300" || code == "40001" || code == "40P01"
}

// refusal words what the server objects to.
func refusal(e *pgconn.PgError) string {
	switch {
	case e.Code == "57014":
		return "the query took longer than the statement timeout; read less, or with a cursorColumn"
	case strings.HasPrefix(e.Code, "28"):
		return "the server refuses the user or the password (SQLSTATE " + e.Code + "); check the Secret with the connection string"
	case strings.HasPrefix(e.Code, "3D"):
		return "the server has no such database (SQLSTATE " + e.Code + "); check the Secret with the connection string"
	case strings.HasPrefix(e.Code, "42"), strings.HasPrefix(e.Code, "25"):
		// Syntax, missing tables and columns, missing rights, writing in a transaction that only reads: the text names what the query names.
		text := "the server refuses the query: " + e.Message + " (SQLSTATE " + e.Code + ")"
		if e.Hint != "" {
			text += "; " + e.Hint
		}
		return text
	}
	// The text of other classes, such as data exceptions, can quote values.
	return "the server refuses the query (SQLSTATE " + e.Code + ")"
}

// network words why a server can't be reached without saying which, as that is part of the secret.
func network(err error) string {
	var lookup *net.DNSError
	var code syscall.Errno
	var timeout net.Error
	switch {
	case errors.As(err, &lookup):
		return "the server's name can't be resolved"
	case errors.As(err, &code):
		return "the server can't be reached or broke off: " + code.Error()
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return "the server does not answer in time"
	default:
		return "the server can't be reached or broke off"
	}
}
