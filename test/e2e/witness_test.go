//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
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

// personal looks like an address or a telephone number of somebody; modules in the trace of an error look like one, with a version for a domain.
var personal = regexp.MustCompile(`[\w.+-]+@(?:[a-uw-z][\w-]*|v[a-z-][\w-]*|v|\d[\w-]*)\.\w+|\+82\d{9}`)

// discreet: nothing that the API has of the tenant, and no log, tells of a person or a secret.
func (r *tenant) discreet() {
	r.t.Helper()
	logs := []string{"--tail=-1", "--max-log-requests=200", "--ignore-errors"}
	for what, args := range map[string][]string{
		"objects":                {"get", allKinds() + ",runs,jobs,pods,configmaps,events", "-n", acme, "-o", "yaml"},
		"the log of workers":     append([]string{"logs", "-n", acme, "-l", "app.kubernetes.io/managed-by=kith"}, logs...),
		"the log of the manager": append([]string{"logs", "-n", system, "-l", "app.kubernetes.io/component=manager"}, logs...),
	} {
		out := r.mustKubectl(args...)
		if len(out) < 1000 {
			r.t.Errorf("%s: only %d bytes", what, len(out))
		}
		if found := personal.FindAllString(out, -1); len(found) > 0 {
			r.t.Errorf("%s: %d addresses or telephone numbers of people, the first %q", what, len(found), found[0])
		}
		for name, secret := range map[string]string{"token": r.token, "connection string": r.database.RemoteDSN, "password": r.password()} {
			if strings.Contains(out, secret) {
				r.t.Errorf("%s: the %s", what, name)
			}
		}
	}
}

// password of the database.
func (r *tenant) password() string {
	r.t.Helper()
	u, err := url.Parse(r.database.RemoteDSN)
	if err != nil {
		r.t.Fatal(err)
	}
	password, _ := u.User.Password()
	return password
}
