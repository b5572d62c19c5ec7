package main

import (
	"encoding/json"
	"fmt"
	"io"
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
