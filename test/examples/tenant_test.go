// Package examples runs the examples of the repository with the real binary and compares what comes out with what is known
// independently: the generator's truth, published truth files, and counts made from the raw files.
package examples

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/receiver/receiver"
	"github.com/kith-dev/kith/test/kithtest"
)

const (
	dayOne = "2026-11-02T00:00:00Z"
	dayTwo = "2026-11-03T00:00:00Z"
	token  = "test-token"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

// tenant is the example retailer in a folder of its own, with its own receiver.
type tenant struct {
	t                             *testing.T
	kith                          string
	dir, manifests, lake, secrets string
	receiver                      *receiver.Receiver
	server                        *httptest.Server
	size                          []string
}

func newTenant(t *testing.T, people, anonymous int) *tenant {
	dir := t.TempDir()
	w := &tenant{
		t: t, kith: kithtest.Build(t), dir: dir, manifests: filepath.Join(dir, "manifests"), lake: filepath.Join(dir, "lake"),
		secrets: filepath.Join(dir, "secrets"),
		size:    []string{"-people", strconv.Itoa(people), "-anonymous", strconv.Itoa(anonymous)},
	}
	r, err := receiver.Open(receiver.Options{Dir: filepath.Join(dir, "receiver"), Token: token, Key: "email_sha256"})
	if err != nil {
		t.Fatal(err)
	}
	w.receiver, w.server = r, httptest.NewServer(r)
	t.Cleanup(func() { w.server.Close(); _ = r.Close() })
	url := w.server.URL
	kithtest.CopyTree(t, filepath.Join(kithtest.Root(), "examples", "retail"), w.manifests, func(_, text string) string {
		return strings.ReplaceAll(text, "http://127.0.0.1:8099", url)
	})
	for _, d := range []string{"out", "secrets/esp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.secrets, "esp", "token"), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.generate(1)
	return w
}

func (w *tenant) generate(day int) {
	w.t.Helper()
	args := append([]string{"run", "./hack/datagen", "-out", w.data(), "-day", strconv.Itoa(day)}, w.size...)
	cmd := exec.Command("go", args...)
	cmd.Dir = kithtest.Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("datagen: %v\n%s", err, out)
	}
}

func (w *tenant) data(parts ...string) string {
	return filepath.Join(append([]string{w.dir, "data"}, parts...)...)
}

func (w *tenant) args(now string, more ...string) []string {
	return append([]string{"run", "-f", w.manifests, "--lake", w.lake, "--volume", "retail-data=" + w.data(),
		"--volume", "retail-out=" + filepath.Join(w.dir, "out"), "--secrets", w.secrets, "--now", now}, more...)
}

// run does everything that is due and gives what kith says about it.
func (w *tenant) run(now string) outcome {
	w.t.Helper()
	var o outcome
	text := kithtest.Must(w.t, w.kith, w.args(now, "-o", "json")...)
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		w.t.Fatalf("kith run -o json: %v\n%s", err, text)
	}
	return o
}

type outcome struct {
	Changed bool
	Steps   []struct{ Task, Name, State string }
}

func (w *tenant) query(sql string) [][]string {
	w.t.Helper()
	return kithtest.Query(w.t, w.kith, w.lake, sql)
}

// count is the result of a query with one number.
func (w *tenant) count(sql string) int {
	w.t.Helper()
	rows := w.query(sql)
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, rows)
	}
	return n
}

func (w *tenant) members() map[string]string {
	out := map[string]string{}
	for _, m := range w.receiver.State().Members {
		name, _ := m["first_name"].(string)
		key, _ := m["email_sha256"].(string)
		out[key] = name
	}
	return out
}
