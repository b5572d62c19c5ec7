package sqlgen

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Type is a column type of Kith, the same in declarations, expressions and the lake.
type Type string

// The types. Decimal is decimal(18,4); Timestamp is an instant in UTC with microseconds.
const (
	String    Type = "string"
	Integer   Type = "integer"
	Decimal   Type = "decimal"
	Double    Type = "double"
	Boolean   Type = "boolean"
	Date      Type = "date"
	Timestamp Type = "timestamp"
)

// WideDecimal is for results on the way to a Decimal, which the narrow type would overflow; no column has it.
const WideDecimal Type = "decimal(38,4)"

// Number is a decimal constant, written as it is rendered.
type Number string

// Dialect renders for one engine.
type Dialect interface {
	Ident(Ident) string
	Literal(any) string
	Func(duckdbName string) string
	Type(Type) string
}

// DuckDB is the first dialect.
var DuckDB Dialect = duckDB{}

type duckDB struct{}

func (duckDB) Ident(i Ident) string {
	parts := make([]string, len(i.parts))
	for n, p := range i.parts {
		parts[n] = `"` + strings.ReplaceAll(p, `"`, `""`) + `"`
	}
	return strings.Join(parts, ".")
}

func (duckDB) Func(name string) string { return name }

func (duckDB) Type(t Type) string {
	switch t {
	case Integer:
		return "BIGINT"
	case Decimal:
		return "DECIMAL(18,4)"
	case WideDecimal:
		return "DECIMAL(38,4)"
	case Double:
		return "DOUBLE"
	case Boolean:
		return "BOOLEAN"
	case Date:
		return "DATE"
	case Timestamp:
		return "TIMESTAMPTZ"
	default:
		return "VARCHAR"
	}
}

// Literal renders by Go type; a string can hold any character but NUL, which no engine stores.
func (d duckDB) Literal(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strings.ToUpper(strconv.FormatBool(x))
	case int:
		return strconv.Itoa(x)
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return "CAST('" + strconv.FormatFloat(x, 'g', -1, 64) + "' AS DOUBLE)"
	case Number:
		return "CAST('" + strings.ReplaceAll(string(x), "'", "''") + "' AS DECIMAL(18,4))"
	case time.Time:
		return "CAST('" + x.UTC().Format("2006-01-02 15:04:05.999999") + "+00' AS TIMESTAMPTZ)"
	case time.Duration:
		return "to_microseconds(" + strconv.FormatInt(x.Microseconds(), 10) + ")"
	case []string:
		return "[" + join(x, func(s string) string { return d.Literal(s) }) + "]"
	default:
		return "'" + strings.ReplaceAll(strings.ReplaceAll(fmt.Sprint(v), "\x00", ""), "'", "''") + "'"
	}
}
