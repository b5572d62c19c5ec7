// Package crash kills kith at every named moment of a run (internal/crash) and compares what is left after it was started again
// with a run that nothing disturbed.
package crash

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/receiver/receiver"
	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/test/kithtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

const token = "test-token"

// days of the tenant. The third is late enough for old snapshots to be removed.
var days = []string{"2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z", "2026-11-20T00:00:00Z"}

// world is a small example retailer in a folder of its own. Its receiver is reached at an address that all worlds share, so that
// one can be a copy of another.
type world struct {
	t        *testing.T
	dir      string
	receiver *receiver.Receiver
}

// address takes requests for the world of the moment.
type address struct {
	server  *httptest.Server
	current *receiver.Receiver
}

func newAddress(t *testing.T) *address {
	a := &address{}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.current.ServeHTTP(w, r) }))
	t.Cleanup(a.server.Close)
	return a
}

// data of both days, generated once: every world copies what it needs.
func generate(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, day := range []string{"1", "2"} {
		for _, d := range []string{"1", "2"} {
			if d > day {
				continue
			}
			cmd := exec.Command("go", "run", "./hack/datagen", "-out", filepath.Join(dir, "day"+day), "-people", "1000", "-anonymous", "450", "-day", d)
			cmd.Dir = kithtest.Root()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("datagen: %v\n%s", err, out)
			}
		}
	}
	return dir
}

// open a world, which is a copy of the one in from unless that is empty.
func (a *address) open(t *testing.T, from string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	if from != "" {
		kithtest.CopyTree(t, from, w.dir, nil)
	} else {
		a.furnish(w)
	}
	var err error
	w.receiver, err = receiver.Open(receiver.Options{Dir: filepath.Join(w.dir, "receiver"), Token: token, Key: "email_sha256"})
	if err != nil {
		t.Fatal(err)
	}
	a.current = w.receiver
	return w
}

func (a *address) furnish(w *world) {
	w.t.Helper()
	for _, d := range []string{"out", "secrets/esp"} {
		if err := os.MkdirAll(filepath.Join(w.dir, d), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.dir, "secrets/esp/token"), []byte(token), 0o600); err != nil {
		w.t.Fatal(err)
	}
	kithtest.CopyTree(w.t, filepath.Join(kithtest.Root(), "examples/retail"), filepath.Join(w.dir, "manifests"), func(_, text string) string {
		text = strings.ReplaceAll(text, "http://127.0.0.1:8099", a.server.URL)
		text = strings.ReplaceAll(text, "batchSize: 200", "batchSize: 5")
		return strings.ReplaceAll(text, "  currency: KRW", "  currency: KRW\n  retention: {snapshots: 1h}")
	})
}

func (w *world) close() { _ = w.receiver.Close() }

// run kith on the data of a day; at is the crash point, or empty.
func (w *world) run(kith, data string, day int, at string) kithtest.Result {
	w.t.Helper()
	args := []string{"run", "-f", filepath.Join(w.dir, "manifests"), "--lake", filepath.Join(w.dir, "lake"),
		"--volume", "retail-data=" + filepath.Join(data, fmt.Sprintf("day%d", min(day+1, 2))), "--volume", "retail-out=" + filepath.Join(w.dir, "out"),
		"--secrets", filepath.Join(w.dir, "secrets"), "--now", days[day], "--threads", "1"}
	if day == 2 { // nobody has looked at anything for two weeks: the audience is empty
		args = append(args, "--approve", "early-access-email", "--approve", "store-priority")
	}
	return kithtest.Command(w.t, kith, []string{"KITH_CRASH_POINT=" + at}, args...)
}

func (w *world) must(kith, data string, day int) {
	w.t.Helper()
	if r := w.run(kith, data, day, ""); r.Code != 0 {
		w.t.Fatalf("day %d: exit %d\n%s\n%s", day+1, r.Code, r.Out, r.Err)
	}
}

// relations that are compared, each without what rightly differs between two runs: wall clocks.
var relations = []string{
	`SELECT * EXCLUDE (_ingested_at) FROM source.crm`, `SELECT * EXCLUDE (_ingested_at) FROM source.web`,
	`SELECT * EXCLUDE (_ingested_at) FROM source.shop`, `SELECT * EXCLUDE (_ingested_at) FROM source.service`,
	`SELECT * EXCLUDE (_ingested_at) FROM quarantine.crm`, `SELECT * EXCLUDE (_ingested_at) FROM quarantine.shop`,
	`SELECT * FROM customers.members`, `SELECT * FROM customers.identifiers`, `SELECT * FROM customers.profiles`,
	`SELECT * FROM customers.consent`, `SELECT run, event, from_id, to_id, records FROM customers.lineage`,
	`SELECT * FROM customers.traits`, `SELECT * FROM customers.segment_members`, `SELECT * FROM customers.segment_log`,
	`SELECT * EXCLUDE (sent_at, batch) FROM activation."early-access-email"`, `SELECT * EXCLUDE (sent_at, batch) FROM activation."store-priority"`,
	`SELECT run, task, subject, serial, now FROM kith.runs QUALIFY row_number() OVER (PARTITION BY task, subject ORDER BY serial DESC) = 1`,
}

// state is everything that a run leaves: the lake, the receiver's members, the delivered file, and that no temporary file stayed.
func (w *world) state(kith string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	var all []string
	for i, sql := range relations {
		all = append(all, fmt.Sprintf("SELECT %d AS i, count(*) AS n, CAST(sum(CAST(hash(r) AS HUGEINT)) AS VARCHAR) AS h FROM (%s) AS r", i, sql))
	}
	for _, row := range kithtest.Query(w.t, kith, filepath.Join(w.dir, "lake"), strings.Join(all, " UNION ALL ")+" ORDER BY i") {
		i, err := strconv.Atoi(row[0])
		if err != nil {
			w.t.Fatal(err)
		}
		out[relations[i]] = row[1] + " rows, " + row[2]
	}
	if len(out) != len(relations) {
		w.t.Fatalf("%d of %d relations were read", len(out), len(relations))
	}
	out["receiver"] = fmt.Sprint(w.receiver.State().Members)
	err := filepath.WalkDir(filepath.Join(w.dir, "out"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out["file "+d.Name()] = string(b)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// passings at which a run is killed: of which day, and the how manieth.
var passings = []struct{ day, nth int }{{0, 1}, {0, 5}, {1, 1}, {1, 3}, {2, 1}}

// TestKilledAtEveryPoint kills a run at each point, starts kith again on what is left, and compares the end of that day with a day that
// nothing disturbed.
func TestKilledAtEveryPoint(t *testing.T) {
	kith, crashing := kithtest.Build(t), kithtest.Build(t, "crashtest")
	data, at := generate(t), newAddress(t)
	calm := at.open(t, "")
	before, want := make([]string, len(days)), make([]map[string]string, len(days))
	sent := make([]receiver.State, len(days))
	for day := range days {
		before[day] = t.TempDir()
		kithtest.CopyTree(t, calm.dir, before[day], nil)
		calm.must(kith, data, day)
		want[day], sent[day] = calm.state(kith), calm.receiver.State()
	}
	calm.close()

	for _, point := range crash.All {
		t.Run(string(point), func(t *testing.T) {
			killed := 0
			for _, c := range passings {
				w := at.open(t, before[c.day])
				r := w.run(crashing, data, c.day, fmt.Sprintf("%s:%d", point, c.nth))
				switch r.Code {
				case -1:
					killed++
					w.must(kith, data, c.day)
					w.compare(kith, want[c.day], sent[c.day], fmt.Sprintf("killed on day %d at passing %d", c.day+1, c.nth))
				case 0: // it has no such passing
				default:
					t.Fatalf("day %d: exit %d\n%.3000s\n%s", c.day+1, r.Code, r.Out, r.Err)
				}
				w.close()
			}
			if killed == 0 {
				t.Error("no run passed the point: it is not tested")
			}
		})
	}
}

func (w *world) compare(kith string, want map[string]string, sent receiver.State, when string) {
	w.t.Helper()
	for what, got := range w.state(kith) {
		if got != want[what] {
			w.t.Errorf("%s: %s\n got %.300s\nwant %.300s", when, what, got, want[what])
		}
	}
	if got := w.receiver.State(); got.Upserted != sent.Upserted || got.Removed != sent.Removed {
		w.t.Errorf("%s: the receiver took %d people in and %d out, undisturbed %d and %d", when, got.Upserted, got.Removed, sent.Upserted, sent.Removed)
	}
}
