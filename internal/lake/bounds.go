package lake

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/iceberg-go"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Bounds let other engines skip files. One that is wrong hides rows from them without a word, one that is missing costs time
// only: whatever can't be read with certainty gives none.

// boundLength is to how many characters a bound of text is cut, as other writers of Iceberg do.
const boundLength = 16

// bounds makes the lower and upper bound of a column from the smallest and largest value as the engine prints them.
func bounds(t sqlgen.Type, smallest, largest string) (lower, upper []byte, ok bool) {
	if t == sqlgen.String {
		up, ok := textAbove(largest)
		if !ok || !utf8.ValidString(smallest) {
			return nil, nil, false
		}
		return []byte(cutText(smallest)), []byte(up), true
	}
	lo, hi := literal(t, smallest), literal(t, largest)
	if lo == nil || hi == nil {
		return nil, nil, false
	}
	if t == sqlgen.Double {
		lo, hi = signZero(lo, math.Copysign(0, -1)), signZero(hi, 0)
	}
	lower, err := lo.MarshalBinary()
	if err != nil {
		return nil, nil, false
	}
	upper, err = hi.MarshalBinary()
	return lower, upper, err == nil
}

type binaryLiteral interface {
	MarshalBinary() ([]byte, error)
}

func literal(t sqlgen.Type, s string) binaryLiteral {
	switch t {
	case sqlgen.Integer:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return iceberg.Int64Literal(n)
		}
	case sqlgen.Double:
		if f, err := strconv.ParseFloat(s, 64); err == nil && !math.IsNaN(f) {
			return iceberg.Float64Literal(f)
		}
	case sqlgen.Boolean:
		if b, err := strconv.ParseBool(s); err == nil {
			return iceberg.BoolLiteral(b)
		}
	case sqlgen.Decimal:
		if l, err := iceberg.NewLiteral(s).To(iceberg.DecimalTypeOf(18, 4)); err == nil {
			if d, ok := l.(iceberg.DecimalLiteral); ok {
				return d
			}
		}
	case sqlgen.Date:
		if d, err := time.Parse("2006-01-02", s); err == nil {
			return iceberg.DateLiteral(d.Unix() / 86400)
		}
	case sqlgen.Timestamp:
		if ts, err := time.Parse("2006-01-02 15:04:05-07", s); err == nil {
			return iceberg.TimestampLiteral(ts.UnixMicro())
		}
	}
	return nil
}

// signZero gives a zero the sign that includes the other zero.
func signZero(l binaryLiteral, zero float64) binaryLiteral {
	if f, ok := l.(iceberg.Float64Literal); ok && f == 0 {
		return iceberg.Float64Literal(zero)
	}
	return l
}

func cutText(s string) string {
	n := 0
	for i := range s {
		if n == boundLength {
			return s[:i]
		}
		n++
	}
	return s
}

// textAbove is a short text that is not below s: the beginning of s with its last character raised.
func textAbove(s string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	cut := cutText(s)
	if cut == s {
		return s, true
	}
	runes := []rune(cut)
	for len(runes) > 0 {
		last := len(runes) - 1
		if next := runes[last] + 1; next <= utf8.MaxRune {
			if 0xD800 <= next && next <= 0xDFFF {
				next = 0xE000
			}
			runes[last] = next
			return string(runes), true
		}
		runes = runes[:last]
	}
	return "", false
}

// columnStats are what the engine reports of one column of a file.
type columnStats struct {
	size, values, nulls int64
	smallest, largest   string
	bounded             bool
}

// readStats reads the column_statistics of COPY ... RETURN_STATS: a map of quoted column names to maps of text.
func readStats(v any) map[string]columnStats {
	out := map[string]columnStats{}
	names, columns, _ := engine.Pairs(v)
	for i, k := range names {
		m := map[string]string{}
		keys, values, _ := engine.Pairs(columns[i])
		for j, key := range keys {
			m[fmt.Sprint(key)] = fmt.Sprint(values[j])
		}
		c := columnStats{size: count(m["column_size_bytes"]), values: count(m["num_values"]), nulls: count(m["null_count"])}
		var hasMin, hasMax bool
		c.smallest, hasMin = m["min"]
		c.largest, hasMax = m["max"]
		c.bounded = hasMin && hasMax && m["has_nan"] != "true"
		name := fmt.Sprint(k)
		out[strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`), `""`, `"`)] = c
	}
	return out
}

func count(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
