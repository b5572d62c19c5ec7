package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// textOrJSON checks the flag --output of commands that show text to people and JSON to scripts.
func textOrJSON(format string) error {
	if format != "text" && format != "json" {
		return usageError{fmt.Errorf("unknown output %q: use text or json", format)}
	}
	return nil
}

// printJSON for scripts, readable for people as well.
func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// plainTable is an empty table for people, with its header as it is given.
func plainTable(header ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	return t
}
