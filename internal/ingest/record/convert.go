package record

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// convert makes an attribute's value; one that has no normal form is nil and noted.
func (w *Worker) convert(a *attribute, v any) any {
	if v == nil {
		return nil
	}
	out, ok := any(nil), false
	switch a.Type {
	case sqlgen.Integer:
		out, ok = integer(v)
	case sqlgen.Decimal:
		out, ok = decimal(v)
	case sqlgen.Double:
		out, ok = double(v)
	case sqlgen.Boolean:
		out, ok = boolean(v)
	case sqlgen.Date:
		out, ok = day(v, a)
	case sqlgen.Timestamp:
		if t, read := moment(v, a.layout, a.zone); read {
			out, ok = t, true
		}
	default:
		out, ok = w.text(a, v)
	}
	if ok {
		return out
	}
	if text := Text(v); strings.TrimSpace(text) != "" {
		w.bad[a.Name] = text
	}
	return nil
}

func (w *Worker) text(a *attribute, v any) (any, bool) {
	raw := Text(v)
	if a.semantic == "" {
		return asText(v), true
	}
	var s string
	var ok bool
	if a.semantic == normalise.SemanticPhone {
		s, ok = w.phone(a.region, raw)
	} else {
		s, ok = normalise.Text(a.semantic, a.region, raw)
	}
	switch {
	case !ok:
		return nil, false
	case s == "":
		return nil, true
	case s == raw:
		return asText(v), true
	}
	return s, true
}

func (w *Worker) phone(region, raw string) (string, bool) {
	k := phoneKey{region, raw}
	p, known := w.phones[k]
	if !known {
		if len(w.phones) >= maxPhones {
			clear(w.phones)
		}
		p.e164, p.ok = normalise.Phone(raw, region)
		// The text of a value may be a part of its row's; a copy keeps the row from staying in memory.
		w.phones[phoneKey{region, strings.Clone(raw)}] = p
	}
	return p.e164, p.ok
}

func integer(v any) (any, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case bool:
		return nil, false
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return int64(x), true
		}
		return nil, false
	}
	text := strings.TrimSpace(Text(v))
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	if d, ok := normalise.Number(text); ok {
		return d.Int()
	}
	return nil, false
}

func decimal(v any) (any, bool) {
	text := ""
	switch x := v.(type) {
	case bool, time.Time, JSON:
		return nil, false
	case float64:
		text = strconv.FormatFloat(x, 'f', -1, 64)
	default:
		text = Text(x)
	}
	d, ok := normalise.Number(text)
	return int64(d), ok
}

func double(v any) (any, bool) {
	var f float64
	switch x := v.(type) {
	case float64:
		f = x
	case int64:
		f = float64(x)
	case bool, time.Time, JSON:
		return nil, false
	default:
		text := strings.TrimSpace(Text(x))
		var err error
		if f, err = strconv.ParseFloat(text, 64); err != nil {
			d, ok := normalise.Number(text)
			return d.Float(), ok
		}
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

func boolean(v any) (any, bool) {
	if b, ok := v.(bool); ok {
		return b, true
	}
	return normalise.Boolean(Text(v))
}

// day is a calendar day; of a moment it is the day on which it falls in the declared time zone.
func day(v any, a *attribute) (any, bool) {
	if t, ok := v.(time.Time); ok {
		y, m, d := t.In(a.zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), true
	}
	return a.layout.Date(Text(v))
}
