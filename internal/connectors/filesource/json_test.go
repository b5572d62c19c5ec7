package filesource_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// random makes a JSON value, nested to a depth.
func random(r *rand.Rand, depth int) any {
	texts := []string{"", "a", `"`, `\`, "}", "]", ",", "김", "\n\t", "{\"a\":1}", "😀"}
	switch n := r.IntN(8); {
	case n == 0:
		return nil
	case n == 1:
		return r.IntN(2) == 0
	case n == 2:
		return json.Number(fmt.Sprint(r.Int64() - r.Int64()))
	case n == 3:
		return json.Number(fmt.Sprintf("%d.%de%d", r.IntN(100), r.IntN(1000), r.IntN(5)))
	case n == 4 && depth > 0:
		return []any{random(r, depth-1), random(r, depth-1)}
	case n == 5 && depth > 0:
		return map[string]any{texts[r.IntN(len(texts))]: random(r, depth-1), "b": random(r, depth-1)}
	}
	return texts[r.IntN(len(texts))] + texts[r.IntN(len(texts))]
}

// Objects are taken apart as encoding/json takes them apart.
func TestNDJSONAgreesWithEncodingJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var file bytes.Buffer
	var want []map[string]any
	for range 2000 {
		o := map[string]any{}
		for i := range r.IntN(6) {
			o[fmt.Sprintf("k%d", i)] = random(r, 3)
		}
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		file.Write(append(text, '\n'))
		want = append(want, o)
	}
	root := volume(t, map[string]string{"f.ndjson": file.String()})
	columns, rows := readAll(t, filesource.Config{Name: "crm", Root: root, Path: "f.ndjson", Format: filesource.FormatNDJSON})
	if len(rows) != len(want) {
		t.Fatalf("%d rows of %d", len(rows), len(want))
	}
	for i, row := range rows {
		for j, v := range row.Values {
			if got, expected := plain(t, v), plain(t, want[i][columns[j]]); got != expected {
				t.Fatalf("line %d, %s is %s; want %s", row.Number, columns[j], got, expected)
			}
		}
	}
}

// plain writes a value as JSON.
func plain(t *testing.T, v any) string {
	t.Helper()
	switch x := v.(type) {
	case record.JSON:
		return string(x)
	case record.Number:
		return string(x)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
