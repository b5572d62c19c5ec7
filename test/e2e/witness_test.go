//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/receiver/receiver"
	"github.com/kith-dev/kith/test/kithtest"
)

// request that the receiver took, once for each idempotency key.
type request struct {
	IdempotencyKey, Operation string
	Records                   []map[string]string
}

func requests(t *testing.T, dir string) []request {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, receiver.LogName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []request
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// deliveredOnce: nobody was sent to the receiver who was there already as he was sent, and nobody removed who was not there.
func (r *tenant) deliveredOnce() {
	r.t.Helper()
	there := map[string]map[string]string{}
	keys := map[string]bool{}
	twice, absent := 0, 0
	for _, q := range requests(r.t, filepath.Join(r.dir, "receiver")) {
		if keys[q.IdempotencyKey] {
			r.t.Errorf("two requests in the log have one idempotency key")
		}
		keys[q.IdempotencyKey] = true
		for _, person := range q.Records {
			key := person["email_sha256"]
			before, is := there[key]
			switch {
			case q.Operation == "remove":
				if !is {
					absent++
				}
				delete(there, key)
			case is && maps.Equal(before, person):
				twice++
			default:
				there[key] = person
			}
		}
	}
	if twice > 0 || absent > 0 {
		r.t.Errorf("%d people were delivered who were there already, and %d removed who were not", twice, absent)
	}
}

// revisions in the lake: one line for each.
func (r *tenant) revisions() string {
	r.t.Helper()
	var out []string
	for _, row := range kithtest.Query(r.t, r.retail.Kith, r.retail.Lake, "SELECT run FROM kith.runs ORDER BY run") {
		out = append(out, row[0])
	}
	return strings.Join(out, "\n")
}
