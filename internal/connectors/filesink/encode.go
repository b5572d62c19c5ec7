package filesink

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/fault"
)

// encoder writes people in one format.
type encoder interface {
	begin() error
	add(activation.Change) error
	end() error
}

type ndjson struct {
	w          io.Writer
	operations bool
	line       bytes.Buffer
}

func newNDJSON(w io.Writer, p activation.Publication) *ndjson {
	return &ndjson{w: w, operations: p.Operations}
}

func (n *ndjson) begin() error { return nil }

// add writes the record as it is; with operations, as {"operation":..., "record":{...}}, so that no field can be mistaken for
// the operation.
func (n *ndjson) add(c activation.Change) error {
	n.line.Reset()
	if n.operations {
		n.line.WriteString(`{"operation":"` + string(c.Operation) + `","record":`)
	}
	n.line.Write(c.Record)
	if n.operations {
		n.line.WriteByte('}')
	}
	n.line.WriteByte('\n')
	_, err := n.w.Write(n.line.Bytes())
	return err
}

func (n *ndjson) end() error { return nil }

type csvFile struct {
	w          *csv.Writer
	columns    []string
	operations bool
	row        []string
}

func newCSV(w io.Writer, p activation.Publication) *csvFile {
	return &csvFile{w: csv.NewWriter(w), columns: p.Columns, operations: p.Operations}
}

func (c *csvFile) begin() error {
	header := c.columns
	if c.operations {
		header = append([]string{operationColumn}, header...)
	}
	return c.w.Write(header)
}

func (c *csvFile) add(change activation.Change) error {
	var record map[string]json.RawMessage
	if err := json.Unmarshal(change.Record, &record); err != nil {
		return fault.New(fault.Internal, "a record is no JSON object")
	}
	c.row = c.row[:0]
	if c.operations {
		c.row = append(c.row, string(change.Operation))
	}
	for _, name := range c.columns {
		cell, err := text(record[name])
		if err != nil {
			return fault.New(fault.Internal, "field %s of a record can't be written as text", name)
		}
		c.row = append(c.row, cell)
	}
	return c.w.Write(c.row)
}

func (c *csvFile) end() error {
	c.w.Flush()
	return c.w.Error()
}

// text is a JSON value as a cell: numbers and booleans as they are written, null and what is absent as nothing.
func text(v json.RawMessage) (string, error) {
	switch {
	case len(v) == 0, string(v) == "null":
		return "", nil
	case v[0] == '"':
		var s string
		err := json.Unmarshal(v, &s)
		return s, err
	default:
		return string(v), nil
	}
}
