package record

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/kith-dev/kith/internal/fault"
)

// Number is a number as its source writes it, where a binary one would lose digits.
type Number string

// JSON is a nested value: an object or a list.
type JSON string

// Row is one record as a connector read it.
type Row struct {
	File   string // the file, or the table or query, that it came from
	Number int64  // line or ordinal in it, from 1
	// Values are in the order of the batch's columns: nil, string, int64, float64, bool, time.Time, Number or JSON. Columns
	// beyond the last value have none.
	Values []any
	Raw    string  // the row as it came; empty means that it is written from the values when needed
	Key    string  // identifies the row within its source for good; used where the Config names no key
	Broken *Broken // why it could not be read; Values is then empty
}

// Broken is why a row goes to the quarantine. Neither part holds a value of the row.
type Broken struct{ Rule, Reason string }

// Batch is a run of rows.
type Batch struct {
	// Columns are the columns known so far: a later batch has the same and maybe more after them.
	Columns []string
	Rows    []Row
}

// Request says what a source is asked to read.
type Request struct {
	State    string // what the last revision's Reading said; empty to read everything
	Load     Load
	Keyed    bool   // the Config names a key
	Required []Need // columns that must be there
}

// Need is a column that a declaration uses.
type Need struct{ Column, Use string }

// CheckColumns fails with ColumnMissing for the first required column that is not among those of a file or table.
func CheckColumns(where string, have []string, required []Need) error {
	for _, n := range required {
		if indexOf(have, n.Column) < 0 {
			return MissingColumn(where, have, n)
		}
	}
	return nil
}

// MissingColumn is the error for a required column that is not there. It names the columns that are, and the nearest.
func MissingColumn(where string, have []string, n Need) error {
	hint := ""
	if near := nearest(n.Column, have); near != "" {
		hint = " (did you mean " + strconv.Quote(near) + "?)"
	}
	return fault.New(fault.ColumnMissing, "%s has no column %q, which %s needs%s; it has %s", where, n.Column, n.Use, hint, listed(have))
}

const shownColumns = 40

func listed(columns []string) string {
	if len(columns) == 0 {
		return "no columns"
	}
	shown := columns[:min(len(columns), shownColumns)]
	out := strings.Join(shown, ", ")
	if n := len(columns) - len(shown); n > 0 {
		out += " and " + strconv.Itoa(n) + " more"
	}
	return out
}

func indexOf(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

// nearest is the candidate with the fewest edits, if they are few for its length.
func nearest(want string, have []string) string {
	best, at := "", len(want)/3+2
	for _, h := range have {
		if d := distance(strings.ToLower(want), strings.ToLower(h)); d < at {
			best, at = h, d
		}
	}
	return best
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Text writes a value as text; "" for nil.
func Text(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(x)
	case Number:
		return string(x)
	case JSON:
		return string(x)
	case time.Time:
		return x.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	default:
		return ""
	}
}

// rawText is the row as it came, or else a JSON object of its values.
func rawText(columns []string, r *Row) string {
	if r.Raw != "" || len(r.Values) == 0 {
		return r.Raw
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, v := range r.Values {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(columns[i])
		b.Write(name)
		b.WriteByte(':')
		switch x := v.(type) {
		case nil:
			b.WriteString("null")
		case JSON:
			b.WriteString(string(x))
		case string, time.Time:
			text, _ := json.Marshal(Text(x))
			b.Write(text)
		default:
			b.WriteString(Text(x))
		}
	}
	b.WriteByte('}')
	return b.String()
}

// maxRaw bounds what the quarantine keeps of a row, in bytes.
const maxRaw = 64 << 10

func shorten(s string) string {
	if len(s) <= maxRaw {
		return s
	}
	return strings.ToValidUTF8(s[:maxRaw], "") + "…"
}
