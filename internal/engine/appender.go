package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Appender adds rows to a table, about a million a second. It is for one goroutine. Rows become visible when it is
// closed, and some of them earlier.
type Appender struct {
	ctx   context.Context
	table string
	conn  *sql.Conn
	inner *duckdb.Appender
	names []string
	types []string
	nums  []decimal
	row   []driver.Value
	held  int // bytes of texts since the last flush
}

// mostHeld is how many bytes of texts wait to be written at most. The engine writes what has been appended after so many rows, whatever they hold, and does not
// count what waits among its memory.
const mostHeld = 64 << 20

// Appender opens an appender to a table of the main schema, whose columns it takes in their order.
func (db *DB) Appender(ctx context.Context, table string) (*Appender, error) {
	a := &Appender{ctx: ctx, table: table}
	q := sqlgen.Format("SELECT column_name, column_type FROM (DESCRIBE {t})", sqlgen.Args{"t": sqlgen.Name(table)})
	err := db.Rows(ctx, q, func(scan func(...any) error) error {
		var name, typ string
		if err := scan(&name, &typ); err != nil {
			return err
		}
		a.names, a.types, a.nums = append(a.names, name), append(a.types, typ), append(a.nums, decimalOf(typ))
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.row = make([]driver.Value, len(a.names))
	if a.conn, err = db.sql.Conn(ctx); err != nil {
		return nil, Classify("open an appender", err)
	}
	err = a.conn.Raw(func(c any) (err error) {
		a.inner, err = duckdb.NewAppenderFromConn(c.(driver.Conn), "", table)
		return err
	})
	if err != nil {
		_ = a.conn.Close()
		return nil, Classify("open an appender", err)
	}
	return a, nil
}

// decimal is the shape of a DECIMAL column; the zero value means any other type.
type decimal struct{ width, scale int }

func decimalOf(typ string) decimal {
	var d decimal
	if n, err := fmt.Sscanf(typ, "DECIMAL(%d,%d)", &d.width, &d.scale); err != nil || n != 2 {
		return decimal{}
	}
	return d
}

// Append adds a row: one value for each column, of type nil, string, int, int64, float64, bool, time.Time or
// sqlgen.Number. A DECIMAL column takes numbers as sqlgen.Number, string, int or int64.
func (a *Appender) Append(values ...any) error {
	if len(values) != len(a.names) {
		return fault.New(fault.Internal, "append to %s: %d values for %d columns", a.table, len(values), len(a.names))
	}
	for i, v := range values {
		if v == nil {
			a.row[i] = nil
			continue
		}
		w, err := a.convert(i, v)
		if err != nil {
			return fault.New(fault.Internal, "append to %s, column %s: %w", a.table, a.names[i], err)
		}
		if s, ok := v.(string); ok {
			a.held += len(s)
		}
		a.row[i] = w
	}
	if err := a.inner.AppendRow(a.row...); err != nil {
		return Classify("append to "+a.table, err)
	}
	if a.held < mostHeld {
		return nil
	}
	a.held = 0
	return Classify("append to "+a.table, a.inner.FlushWithCancel(a.ctx))
}

func (a *Appender) convert(i int, v any) (driver.Value, error) {
	if a.nums[i].width > 0 {
		return a.nums[i].scaled(v)
	}
	switch x := v.(type) {
	case sqlgen.Number:
		if a.types[i] == "VARCHAR" {
			return string(x), nil
		}
		return strconv.ParseFloat(string(x), 64)
	case string:
		return text(x), nil
	case int:
		return int64(x), nil
	case int64, float64, bool:
		return x, nil
	case time.Time:
		return x.UTC(), nil
	default:
		return nil, fmt.Errorf("a value of type %T", v)
	}
}

// text is s as the engine can hold it: a NUL would end it there, and broken UTF-8 would make queries fail later.
func text(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// scaled makes the integer that a DECIMAL stores, which is how the driver takes it without an allocation.
func (d decimal) scaled(v any) (driver.Value, error) {
	switch x := v.(type) {
	case sqlgen.Number:
		return d.parse(string(x))
	case string:
		return d.parse(x)
	case int:
		return d.parse(strconv.Itoa(x))
	case int64:
		return d.parse(strconv.FormatInt(x, 10))
	default:
		return nil, fmt.Errorf("a value of type %T", v)
	}
}

// parse reads [+-]digits[.digits]; digits beyond the scale are rounded half away from zero, as the engine's own cast does.
func (d decimal) parse(s string) (driver.Value, error) {
	digits := strings.TrimLeft(s, "+-")
	whole, frac, _ := strings.Cut(digits, ".")
	if len(s)-len(digits) > 1 || whole+frac == "" || strings.IndexFunc(whole, notDigit) >= 0 || strings.IndexFunc(frac, notDigit) >= 0 {
		return nil, errors.New("a value that is no decimal number")
	}
	up := len(frac) > d.scale && frac[d.scale] >= '5'
	if len(frac) > d.scale {
		frac = frac[:d.scale]
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", d.scale-len(frac)), 10, 64)
	if err != nil && strings.Trim(whole+frac, "0") != "" {
		return nil, errors.New("a number with more digits than the column holds")
	}
	if up {
		n++
	}
	if n >= pow10(d.width) {
		return nil, errors.New("a number with more digits than the column holds")
	}
	if s[0] == '-' {
		n = -n
	}
	return n, nil
}

func pow10(n int) int64 {
	if n > 18 {
		return math.MaxInt64
	}
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// Close writes what is still buffered and gives the connection back. After an error of Append or Close the table is to be
// thrown away.
func (a *Appender) Close() error {
	err := a.inner.CloseWithCancel(a.ctx)
	if cerr := a.conn.Close(); err == nil {
		err = cerr
	}
	return Classify("append to "+a.table, err)
}
