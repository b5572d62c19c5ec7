// Package examples runs the examples of the repository with the real binary and compares what comes out with what is known
// independently: the generator's truth, published truth files, and counts made from the raw files.
package examples

import (
	"encoding/json"
	"net/http/httptest"
	"os"
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
	kithtest.Generate(w.t, append([]string{"-out", w.data(), "-day", strconv.Itoa(day)}, w.size...)...)
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

// retail compares with the truth.
func (w *tenant) retail() *kithtest.Retail {
	return &kithtest.Retail{
		T: w.t, Kith: w.kith, Lake: w.lake, Data: w.data(), Stores: filepath.Join(w.dir, "out", "priority", "store-priority.csv"), Receiver: w.receiver,
	}
}
