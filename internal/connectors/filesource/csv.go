package filesource

import (
	"fmt"
	"io"
	"strings"

	"github.com/kith-dev/kith/internal/ingest/record"
)

// csvRecords cuts lines into records and fields. A record that can't be cut is broken, and reading goes on with the
// line after the one on which it began: a quote that is never closed costs one line and not the rest of the file.
type csvRecords struct {
	lines  *lineReader
	cfg    CSV
	format csvFormat
	// pending are lines that were read ahead for a record of several lines that turned out not to be one.
	pending []line
	fields  []string
	want    int // fields of a record; 0 until the header is read
}

// csvRecord is one record; its fields are valid until the next.
type csvRecord struct {
	line
	fields []string
	broken *record.Broken
}

func (c *csvRecords) take() (line, error) {
	if len(c.pending) > 0 {
		l := c.pending[0]
		c.pending = c.pending[1:]
		return l, nil
	}
	return c.lines.next()
}

// next gives the next record, and io.EOF after the last. Blank lines and comments are none.
func (c *csvRecords) next() (csvRecord, error) {
	for {
		l, err := c.take()
		if err != nil {
			return csvRecord{}, err
		}
		blank := l.text == "" || c.cfg.Whitespace && strings.TrimSpace(l.text) == ""
		if blank {
			continue
		}
		switch {
		case l.long:
			return csvRecord{line: l, broken: &record.Broken{Rule: record.RuleCSV, Reason: fmt.Sprintf("the line is longer than %d bytes", maxLine)}}, nil
		case c.cfg.Whitespace:
			return c.counted(csvRecord{line: l, fields: strings.Fields(l.text)}), nil
		case strings.Contains(l.text, c.format.quote):
			return c.quoted(l)
		}
		return c.counted(csvRecord{line: l, fields: c.split(l.text)}), nil
	}
}

func (c *csvRecords) split(s string) []string {
	c.fields = c.fields[:0]
	for {
		at := strings.Index(s, c.format.delimiter)
		if at < 0 {
			c.fields = append(c.fields, s)
			return c.fields
		}
		c.fields = append(c.fields, s[:at])
		s = s[at+len(c.format.delimiter):]
	}
}

// counted breaks a record that is not text, or has another number of fields than the header.
func (c *csvRecords) counted(r csvRecord) csvRecord {
	switch {
	case r.bad != "":
		r.broken = &record.Broken{Rule: record.RuleEncoding, Reason: "the row has " + r.bad}
		r.fields = nil
	case c.want > 0 && len(r.fields) != c.want:
		r.broken = &record.Broken{Rule: record.RuleCSV, Reason: fmt.Sprintf("the row has %d fields instead of %d", len(r.fields), c.want)}
		r.fields = nil
	}
	return r
}

// quoted reads a record with quotes, which may go over several lines.
func (c *csvRecords) quoted(first line) (csvRecord, error) {
	p := quoteParser{csvFormat: c.format, fields: c.fields[:0]}
	r := csvRecord{line: first}
	var ahead []line
	size := len(first.text)
	reason := ""
	for l := first; ; {
		var done bool
		if done, reason = p.feed(l.text); done || reason != "" {
			break
		}
		var err error
		if l, err = c.take(); err != nil && err != io.EOF {
			return csvRecord{}, err
		} else if err == io.EOF {
			reason = "a quote is opened on the line and closed nowhere in the file"
			break
		}
		ahead = append(ahead, l)
		size += len(l.text) + 1
		if l.long || size > maxLine {
			reason = fmt.Sprintf("a quote is opened on the line and not closed within %d bytes", maxLine)
			break
		}
		if l.bad != "" {
			r.bad = l.bad
		}
	}
	c.fields = p.fields
	if reason == "" {
		r.fields = p.fields
		if r = c.counted(r); r.broken == nil || r.bad != "" || len(ahead) == 0 {
			return withLines(r, ahead), nil
		}
		reason = "a quote is opened on the line and the row that it makes with the next ones has a wrong number of fields"
	}
	c.pending = append(ahead, c.pending...)
	if first.bad != "" {
		return c.counted(csvRecord{line: first}), nil
	}
	return csvRecord{line: first, broken: &record.Broken{Rule: record.RuleCSV, Reason: reason}}, nil
}

func withLines(r csvRecord, ahead []line) csvRecord {
	if len(ahead) > 0 {
		var b strings.Builder
		b.WriteString(r.text)
		for _, l := range ahead {
			b.WriteString("\n" + l.text)
		}
		r.text = b.String()
	}
	return r
}

// quoteParser cuts a record line by line.
type quoteParser struct {
	csvFormat
	fields []string
	open   bool // within quotes
	field  strings.Builder
}

// feed takes the next line of the record. It is done unless a quote is open at its end; reason tells of a quote in a wrong place.
func (p *quoteParser) feed(s string) (done bool, reason string) {
	if p.open {
		p.field.WriteByte('\n')
	}
	for {
		if !p.open {
			if !strings.HasPrefix(s, p.quote) {
				value, rest, more := strings.Cut(s, p.delimiter)
				if strings.Contains(value, p.quote) {
					return false, "a quote stands within a field that does not begin with one"
				}
				p.fields = append(p.fields, value)
				if !more {
					return true, ""
				}
				s = rest
				continue
			}
			p.open = true
			s = s[len(p.quote):]
		}
		inner, rest, closed := strings.Cut(s, p.quote)
		if !closed {
			p.field.WriteString(inner)
			return false, ""
		}
		if strings.HasPrefix(rest, p.quote) {
			p.field.WriteString(inner + p.quote)
			s = rest[len(p.quote):]
			continue
		}
		p.closeField(inner)
		if rest == "" {
			return true, ""
		}
		var ok bool
		if s, ok = strings.CutPrefix(rest, p.delimiter); !ok {
			return false, "there is text between a closing quote and the next delimiter"
		}
	}
}

// closeField ends a quoted field; most need no copy.
func (p *quoteParser) closeField(last string) {
	p.open = false
	if p.field.Len() > 0 {
		p.field.WriteString(last)
		last = p.field.String()
		p.field = strings.Builder{}
	}
	p.fields = append(p.fields, last)
}
