package filesource

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// jsonRows reads one JSON object a line. Columns are known when a row has them.
type jsonRows struct {
	r     *reading
	lines *lineReader
	hash  string
}

func (r *reading) jsonRows(o *openFile) (rowReader, error) {
	l := o.lines()
	return &jsonRows{r: r, lines: l, hash: o.want}, nil
}

func (j *jsonRows) next(context.Context) (record.Row, int, error) {
	for {
		l, err := j.lines.next()
		if err != nil {
			return record.Row{}, 0, err
		}
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		row := record.Row{Number: l.number, Raw: l.text, Key: fileKey(j.hash, l.number)}
		switch {
		case l.long:
			row.Broken = &record.Broken{Rule: record.RuleJSON, Reason: "the line is longer than " + strconv.Itoa(maxLine) + " bytes"}
		case l.bad != "":
			row.Broken = &record.Broken{Rule: record.RuleEncoding, Reason: "the line has " + l.bad}
		case text[0] != '{' || !json.Valid([]byte(text)):
			row.Broken = &record.Broken{Rule: record.RuleJSON, Reason: "the line is not a JSON object"}
		default:
			if row.Values, err = j.values(text); err != nil {
				return row, 0, err
			}
		}
		return row, len(l.text), nil
	}
}

// maxKeys bounds the different keys of a source; above it they are data.
const maxKeys = 2000

// values takes a valid object apart.
func (j *jsonRows) values(s string) ([]any, error) {
	out := make([]any, len(j.r.columns), len(j.r.columns)+4)
	s = space(s[1:])
	for s[0] != '}' {
		name, rest := jsonString(s)
		value, rest := jsonValue(space(space(rest)[1:]))
		at := j.r.column(name)
		for len(out) <= at {
			out = append(out, nil)
		}
		out[at] = value
		if s = space(rest); s[0] == ',' {
			s = space(s[1:])
		}
	}
	if len(j.r.columns) > maxKeys {
		return nil, fault.New(fault.InvalidManifest, "DataSource %s: %s: the objects have more than %d different keys; turn keys that are data into values first",
			j.r.src.cfg.Name, j.r.open.path, maxKeys)
	}
	return out, nil
}

func space(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// jsonString reads the string at the start of s.
func jsonString(s string) (value, rest string) {
	end := 1
	for s[end] != '"' {
		if s[end] == '\\' {
			end++
		}
		end++
	}
	value, rest = s[1:end], s[end+1:]
	if strings.IndexByte(value, '\\') >= 0 {
		// The line is valid JSON, so this can't fail.
		_ = json.Unmarshal([]byte(s[:end+1]), &value)
	}
	return value, rest
}

// jsonValue reads the value at the start of s. Objects and lists stay as text.
func jsonValue(s string) (value any, rest string) {
	switch s[0] {
	case '"':
		return jsonString(s)
	case '{', '[':
		end := nested(s)
		return record.JSON(s[:end]), s[end:]
	}
	end := strings.IndexAny(s, ",}] \t\r\n")
	word, rest := s[:end], s[end:]
	switch word {
	case "null":
		return nil, rest
	case "true", "false":
		return word == "true", rest
	}
	if n, err := strconv.ParseInt(word, 10, 64); err == nil {
		return n, rest
	}
	return record.Number(word), rest
}

// nested is the length of the object or list at the start of s.
func nested(s string) int {
	depth := 0
	for i := 0; ; i++ {
		switch s[i] {
		case '"':
			_, rest := jsonString(s[i:])
			i = len(s) - len(rest) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

func (j *jsonRows) close() error { return nil }

// fileKey identifies a row by what is in its file rather than by the file's name, which may change.
func fileKey(hash string, number int64) string { return hash + "-" + strconv.FormatInt(number, 10) }
