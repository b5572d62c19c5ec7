//go:build e2e

package e2e

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kith-dev/kith/hack/receiver/receiver"
	"github.com/kith-dev/kith/test/kithtest"
	"github.com/kith-dev/kith/test/pgtest"
)

const (
	acme     = "acme" // the namespace in examples/retail-cluster
	overlay  = "examples/retail-cluster"
	database = "loyalty-database"
)

// tenant is the example retailer in the cluster, with what is outside of it: exports, a database and an e-mail provider.
type tenant struct {
	*world
	dir       string // of the volumes, by the names of their claims, and of the receiver's log
	manifests string // the folder that is applied
	dayOne    string // date at whose start day one ends
	token     string
	receiver  *receiver.Receiver
	database  *pgtest.Server
	retail    *kithtest.Retail
}

// worker is the user that Kith's images have: the kubelet does not change whose a folder of the machine is.
const worker = 65532

// workFolder for volumes. The node sees the machine's folders, but for /run and /var.
func workFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kith-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if keep() {
			say("the files are kept in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// newTenant makes what is outside of the cluster.
func newTenant(w *world, dir string) *tenant {
	w.t.Helper()
	r := &tenant{world: w, dir: dir, token: rand.Text()}
	// The data's clock can't be moved in a cluster: all of day two has to be over by now, and day one by little more than a day.
	r.dayOne = time.Now().UTC().Add(-23 * time.Hour).Format(time.DateOnly)
	say("generating day one, which ends with the start of %s", r.dayOne)
	r.generate(1)
	for _, claim := range []string{"kith-lake", "retail-out"} {
		w.folder(filepath.Join(r.dir, claim))
	}
	r.database = pgtest.RunAt(w.t, w.host, w.node)
	r.database.Exec(`CREATE TABLE members (card_no text PRIMARY KEY, family_name text, given_name text, email text, mobile text, tier text,
		updated_at timestamptz NOT NULL)`)
	r.loadMembers()
	r.receiver = w.receive(filepath.Join(r.dir, "receiver"), receiverPort, r.token)
	r.manifests = r.address(overlay)
	r.retail = &kithtest.Retail{
		T: w.t, Kith: filepath.Join(kithtest.Root(), "bin", "kith"), Lake: filepath.Join(r.dir, "kith-lake"), Data: filepath.Join(r.dir, "retail-data"),
		Stores: filepath.Join(r.dir, "retail-out", "priority", "store-priority.csv"), Receiver: r.receiver, Later: true, Elsewhere: []string{"loyalty"},
	}
	return r
}

// step runs a part of the story in which the tenant takes part.
func (r *tenant) step(name string, do func()) {
	r.world.step(name, func() {
		r.retail.T = r.t
		do()
	})
}

// folder of a volume that workers write to.
func (w *world) folder(path string) {
	w.t.Helper()
	err := os.MkdirAll(path, 0o755)
	if err == nil {
		err = os.Chown(path, worker, worker)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (r *tenant) generate(day int) {
	r.t.Helper()
	kithtest.Generate(r.t, "-out", filepath.Join(r.dir, "retail-data"), "-day", strconv.Itoa(day), "-now", r.dayOne)
}

// member of the loyalty programme, as the generator exports it.
type member struct {
	Card    string    `json:"card_no"`
	Surname string    `json:"family_name"`
	Given   string    `json:"given_name"`
	Email   *string   `json:"email"`
	Mobile  *string   `json:"mobile"`
	Tier    string    `json:"tier"`
	Updated time.Time `json:"updated_at"`
}

// loadMembers writes the members that the generator has exported into the database; a later export has those that changed.
func (r *tenant) loadMembers() {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "retail-data", "loyalty", "*.ndjson.gz"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("no export of the loyalty programme: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), short)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.database.DSN)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var batch pgx.Batch
	for _, m := range readMembers(r.t, files[len(files)-1]) {
		batch.Queue(`INSERT INTO members VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (card_no) DO UPDATE SET family_name = $2, given_name = $3, email = $4,
			mobile = $5, tier = $6, updated_at = $7`, m.Card, m.Surname, m.Given, m.Email, m.Mobile, m.Tier, m.Updated)
	}
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		r.t.Fatal(err)
	}
}

func readMembers(t *testing.T, file string) []member {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	var out []member
	for line := range strings.Lines(string(b)) {
		var m member
		if json.Unmarshal([]byte(line), &m) == nil && m.Card != "" { // the others are bad on purpose
			out = append(out, m)
		}
	}
	return out
}

// receiverPort is that of the overlay.
const receiverPort = 8099

// receive starts an e-mail provider where pods reach it, and nobody else. It keeps its log in a folder.
func (w *world) receive(dir string, port int, token string) *receiver.Receiver {
	w.t.Helper()
	r, err := receiver.Open(receiver.Options{Dir: dir, Token: token, Key: "email_sha256"})
	if err != nil {
		w.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(w.host, strconv.Itoa(port)))
	if err != nil {
		w.t.Fatal(err)
	}
	server := &http.Server{Handler: r, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	w.t.Cleanup(func() {
		if err := errors.Join(server.Close(), r.Close()); err != nil {
			w.t.Error(err)
		}
	})
	return r
}

// address makes a folder of manifests with this cluster's own address of the e-mail provider, on top of another.
func (r *tenant) address(base string) string {
	r.t.Helper()
	dir := filepath.Join(r.dir, "manifests")
	path, err := filepath.Rel(dir, filepath.Join(kithtest.Root(), base))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	text := fmt.Sprintf("resources: [%q]\npatches:\n- target: {kind: Destination, name: email-provider}\n  patch: |\n"+
		"    - {op: replace, path: /spec/connector/webhook/url, value: \"http://%s/audience\"}\n", path, net.JoinHostPort(r.host, strconv.Itoa(receiverPort)))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return dir
}

// volumes of a namespace: for each claim, the folder of that name.
func (w *world) volumes(namespace, dir string, claims ...string) {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "volume.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	var all []string
	for _, claim := range claims {
		all = append(all, strings.NewReplacer("@NAMESPACE@", namespace, "@CLAIM@", claim, "@FOLDER@", filepath.Join(dir, claim)).Replace(string(b)))
	}
	w.apply(strings.Join(all, "---\n"))
}

// secret of a namespace, with one key.
func (w *world) secret(namespace, name, key, value string) {
	w.t.Helper()
	w.apply(fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData: {%s: %q}\n", name, namespace, key, value))
}

// house makes the namespace with volumes and Secrets, as the platform team does.
func (r *tenant) house() {
	r.t.Helper()
	r.volumes(acme, r.dir, "kith-lake", "retail-data", "retail-out")
	r.mustKubectl("apply", "-f", overlay+"/tenant.yaml")
	r.secret(acme, "esp", "token", r.token)
	r.secret(acme, database, "dsn", r.database.RemoteDSN)
}

// declare applies the tenant's declarations.
func (r *tenant) declare() {
	r.t.Helper()
	r.mustKubectl("apply", "-k", r.manifests)
}
