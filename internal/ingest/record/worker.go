package record

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Record is a row in the form of the source table.
type Record struct {
	Key     string
	Time    any  // time.Time or nil
	Deleted bool // its source has deleted it; Values is then of no interest
	Invalid any  // string: a JSON object of attribute to value as it came, for values that have no normal form; or nil
	// Values are those of the attributes, then of the undeclared columns: nil, string, int64, float64, bool, time.Time.
	// A decimal is an int64 in ten-thousandths.
	Values []any
}

// Rejection is why a row is not kept. Reason holds no value of it.
type Rejection struct{ Rule, Reason, Raw string }

// Counts are what a Worker has seen beside the rows.
type Counts struct {
	Invalid   map[string]int64 // values without a normal form, by attribute
	Warned    map[string]int64 // rows that broke a rule and were kept, by rule
	Undecided map[string]int64 // rows on which a rule failed although its columns had values, by rule
}

// Add adds other to c.
func (c *Counts) Add(other Counts) {
	merge := func(to *map[string]int64, from map[string]int64) {
		if *to == nil {
			*to = map[string]int64{}
		}
		for k, n := range from {
			(*to)[k] += n
		}
	}
	merge(&c.Invalid, other.Invalid)
	merge(&c.Warned, other.Warned)
	merge(&c.Undecided, other.Undecided)
}

// Worker makes records of rows. It is for one goroutine.
type Worker struct {
	s      *Schema
	vars   rowVars
	phones map[phoneKey]phone
	Counts Counts
	bad    map[string]string
}

type phoneKey struct{ region, raw string }

type phone struct {
	e164 string
	ok   bool
}

// maxPhones bounds the phone numbers that a Worker remembers; reading one costs as much as all else about a row.
const maxPhones = 1 << 16

// NewWorker makes a Worker.
func (s *Schema) NewWorker() *Worker {
	return &Worker{
		s: s, vars: rowVars{map[string]any{}}, phones: map[phoneKey]phone{}, bad: map[string]string{},
		Counts: Counts{map[string]int64{}, map[string]int64{}, map[string]int64{}},
	}
}

// Make makes the record of a row, its values in the given slice of Binding.Width; a rejection means that the row is not kept.
func (w *Worker) Make(b *Binding, r *Row, values []any) (Record, *Rejection) {
	if r.Broken != nil {
		return Record{}, &Rejection{r.Broken.Rule, r.Broken.Reason, shorten(r.Raw)}
	}
	rec := Record{Key: r.Key, Values: values}
	clear(w.bad)
	rule, reason := w.fill(b, r, &rec)
	if rule != "" {
		return Record{}, &Rejection{rule, reason, shorten(rawText(b.columns, r))}
	}
	if len(w.bad) > 0 && !rec.Deleted {
		for name := range w.bad {
			w.Counts.Invalid[name]++
		}
		text, _ := json.Marshal(w.bad)
		rec.Invalid = string(text)
	}
	return rec, nil
}

// fill makes the record; rule is not empty if the row can't be kept.
func (w *Worker) fill(b *Binding, r *Row, rec *Record) (rule, reason string) {
	if len(b.key) > 0 {
		key, missing := w.key(b, r)
		if missing != "" {
			return RuleKey, "the key column " + missing + " has no value"
		}
		rec.Key = key
	} else if w.s.cfg.Load == Snapshot {
		rec.Key = contentKey(b.columns, r.Values)
	}
	for i := range w.s.attrs {
		if at := b.fields[i]; w.s.attrs[i].expr == nil && at >= 0 && at < len(r.Values) {
			rec.Values[i] = w.convert(&w.s.attrs[i], r.Values[at])
		}
	}
	w.bindVars(b, r, rec.Values)
	for i := range w.s.attrs {
		if a := &w.s.attrs[i]; a.expr != nil {
			rec.Values[i] = w.convert(a, a.expr.value(&w.vars))
		}
	}
	timed := w.timestamp(b, r, rec)
	if rec.Deleted = w.s.deleted != nil && w.s.deleted.test(&w.vars) == holds; rec.Deleted {
		return "", ""
	}
	if !timed {
		return RuleTimestamp, "the column " + w.s.cfg.Timestamp.Column + " holds no time that can be read" + formatHint(w.s.cfg.Timestamp.Format)
	}
	for i, at := range b.extra {
		if at < len(r.Values) && r.Values[at] != nil {
			rec.Values[len(b.fields)+i] = asText(r.Values[at])
		}
	}
	if rule, reason = w.meaning(rec.Values); rule != "" {
		return rule, reason
	}
	return w.rules()
}

func formatHint(format string) string {
	if format == "" {
		return " as ISO 8601"
	}
	return " as " + format
}

// asText is Text, but keeps the interface of a string, which most values are.
func asText(v any) any {
	if _, ok := v.(string); ok {
		return v
	}
	return Text(v)
}

var keyEscape = strings.NewReplacer(`\`, `\\`, `|`, `\|`)

// key joins the key columns with |, escaped where there are several; missing names the one without a value.
func (w *Worker) key(b *Binding, r *Row) (key, missing string) {
	for i, at := range b.key {
		part := ""
		if at >= 0 && at < len(r.Values) {
			part = strings.TrimSpace(Text(r.Values[at]))
		}
		switch {
		case part == "":
			return "", w.s.cfg.Key[i]
		case len(b.key) == 1:
			return part, ""
		case i > 0:
			key += "|"
		}
		key += keyEscape.Replace(part)
	}
	return key, ""
}

// contentKey tells rows by what they hold, whatever the order of rows and columns. Equal rows have equal keys.
func contentKey(columns []string, values []any) string {
	sum := uint64(0)
	var d xxhash.Digest
	for i, v := range values {
		if v == nil {
			continue
		}
		d.Reset()
		_, _ = d.WriteString(columns[i])
		_, _ = d.Write([]byte{0})
		_, _ = d.WriteString(Text(v))
		sum += d.Sum64()
	}
	return strconv.FormatUint(sum, 16)
}

// timestamp sets the record's time; false if it needs one and has none.
func (w *Worker) timestamp(b *Binding, r *Row, rec *Record) bool {
	if w.s.cfg.Timestamp.Column == "" {
		return true
	}
	var v any
	if b.time >= 0 && b.time < len(r.Values) {
		v = r.Values[b.time]
	}
	t, ok := moment(v, w.s.time, w.s.zone)
	if ok {
		rec.Time = t
		return true
	}
	if w.s.cfg.Kind != Profile && w.s.cfg.Kind != Label {
		return false
	}
	if text := Text(v); text != "" {
		w.bad[TimeColumn] = text
	}
	return true
}

func moment(v any, layout normalise.Layout, zone *time.Location) (time.Time, bool) {
	switch x := v.(type) {
	case time.Time:
		return x.UTC().Truncate(time.Microsecond), true
	case nil:
		return time.Time{}, false
	default:
		return layout.Time(Text(x), zone)
	}
}

func (w *Worker) bindVars(b *Binding, r *Row, values []any) {
	if len(b.row) == 0 {
		return
	}
	clear(w.vars.row)
	for _, ref := range b.row {
		if ref.attr >= 0 {
			if v := values[ref.attr]; v != nil {
				w.vars.row[ref.name] = typed(v, w.s.attrs[ref.attr].Type)
			}
			continue
		}
		if ref.column < len(r.Values) && r.Values[ref.column] != nil {
			w.vars.row[ref.name] = expressed(r.Values[ref.column])
		}
	}
}

// typed is an attribute's value as expressions see it: decimals as double, as row expressions compare rather than add up.
func typed(v any, t sqlgen.Type) any {
	if n, ok := v.(int64); ok && t == sqlgen.Decimal {
		return normalise.Decimal(n).Float()
	}
	return v
}

// expressed is an undeclared value as expressions see it.
func expressed(v any) any {
	switch x := v.(type) {
	case Number:
		if n, ok := normalise.Number(string(x)); ok {
			return n.Float()
		}
		return string(x)
	case JSON:
		var out any
		if json.Unmarshal([]byte(x), &out) != nil {
			return string(x)
		}
		return out
	}
	return v
}

// meaning checks what the kind of record asks of its semantic values.
func (w *Worker) meaning(values []any) (rule, reason string) {
	switch w.s.cfg.Kind {
	case Consent:
		purpose, _ := values[w.s.purposeAt].(string)
		if !w.s.purpose[purpose] {
			return RulePurpose, "the purpose is missing or not one of the workspace"
		}
		if values[w.s.statusAt] == nil {
			return RuleStatus, "the consent status is missing or is none of granted, denied and withdrawn"
		}
	case Override:
		return w.s.override.broken(values)
	case Transaction:
		i := w.s.currencyAt
		if i < 0 || w.s.cfg.Currency == "" {
			return "", ""
		}
		_, unreadable := w.bad[w.s.attrs[i].Name]
		if c, _ := values[i].(string); unreadable || c != "" && c != w.s.cfg.Currency {
			return RuleCurrency, "the currency is not " + w.s.cfg.Currency + ", which the workspace counts in"
		}
	}
	return "", ""
}

func (w *Worker) rules() (rule, reason string) {
	for i := range w.s.rules {
		r := &w.s.rules[i]
		switch r.test(&w.vars) {
		case undecided:
			w.Counts.Undecided[r.name]++
		case broken:
			if w.s.cfg.Contract.OnViolation != Warn {
				return r.name, "the contract's rule " + r.name + " is false"
			}
			w.Counts.Warned[r.name]++
		}
	}
	return "", ""
}
