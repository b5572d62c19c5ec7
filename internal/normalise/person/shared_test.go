package person

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// shared reads a CSV file of the folder of public test data beside the repository.
func shared(t *testing.T, name string) [][]string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	f, err := os.Open(path)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: %v", path, err)
		}
		t.Skipf("%s is not here", path)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}
