//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kith-dev/kith/test/kithtest"
)

const (
	managerKills = 20
	powerCuts    = 6 // each so many kills the process is killed: its lease runs out only after 15 seconds
	killsOfARun  = 2 // at most: what is killed again and again does not end, and has to be waited for longer and longer
	recovery     = 2 * time.Minute
)

// faults does harm to everything at once, for a while, and changes declarations and data meanwhile, so that there is work under way.
type faults struct {
	*tenant
	seed     uint64
	export   []byte         // of the CRM, as it was and will be
	killed   map[string]int // run -> how often its worker was
	restarts map[int]string // before which kill of the manager which component is
}

// survives is the test: after all faults everything is Ready soon, everybody is delivered once, and nothing is in the lake twice.
func (r *tenant) survives() {
	f := &faults{tenant: r, seed: seed(r.world), killed: map[string]int{}, restarts: map[int]string{6: "kube-apiserver", 13: "etcd"}}
	var err error
	if f.export, err = os.ReadFile(f.exportFile()); err != nil {
		r.t.Fatal(err)
	}
	w := watch(r.t, acme)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var others sync.WaitGroup
	others.Go(func() { f.killWorkers(ctx, f.random(1)) })
	others.Go(func() { f.work(ctx, f.random(2)) })
	f.killManagers(f.random(3))
	stop()
	over := time.Now()
	others.Wait()
	say("the last fault is over; %d workers of %d runs were killed", f.workersKilled(), len(f.killed))
	r.declare()
	f.writeExport(f.export)
	r.mustKubectl("annotate", "datasources", "--all", "-n", acme, "cdp.kith.dev/run-now=recovered", "--overwrite")
	r.ready(acme, recovery-time.Since(over))
	say("everything is Ready %.0f s after the last fault", time.Since(over).Seconds())
	r.runNow(acme, "datasources", "recovered", long)
	r.ready(acme, short)
	w.end(r.t)
	r.retail.Compare(1)
	r.deliveredOnce()
	r.keptOnce()
	if f.workersKilled() < 3 {
		r.t.Errorf("only %d workers were killed: there was too little work", f.workersKilled())
	}
}

// seed of what is random, which a test that fails prints.
func seed(w *world) uint64 {
	s := rand.Uint64()
	if text := os.Getenv("KITH_E2E_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			w.t.Fatal(err)
		}
	}
	w.t.Logf("KITH_E2E_SEED=%d", s)
	return s
}

func (f *faults) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(f.seed, stream)) }

func (f *faults) workersKilled() int {
	n := 0
	for _, k := range f.killed {
		n += k
	}
	return n
}

// between two times, at random.
func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}

// pause tells whether to go on.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// killManagers one after the other, and restarts what they talk to. Each has begun to work before it is killed.
func (f *faults) killManagers(random *rand.Rand) {
	for n := range managerKills {
		if c := f.restarts[n]; c != "" {
			say("restarting %s", c)
			f.must(3*time.Minute, "hack/cluster/cluster.sh", "restart", c)
		}
		before := f.leader()
		if n%powerCuts == powerCuts-1 {
			for _, p := range managers() {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		// Its pod as well: a container that is started again and again waits longer and longer, a new pod does not.
		f.mustKubectl("delete", "pods", "-n", system, "-l", "app.kubernetes.io/component=manager", "--force", "--grace-period=0")
		f.eventually(short, "another manager takes over", func() error {
			if now := f.leader(); now == "" || now == before {
				return errors.New("the lease is held by " + now)
			}
			return nil
		})
		time.Sleep(between(random, 500*time.Millisecond, 3*time.Second))
	}
}

// leader is the manager that holds the lease, empty for none or where the API is away.
func (f *faults) leader() string {
	out, _ := f.kubectl("get", "lease", "kith-manager", "-n", system, "-o", "jsonpath={.spec.holderIdentity}")
	return out
}

// killWorkers at random times: processes, and pods.
func (f *faults) killWorkers(ctx context.Context, random *rand.Rand) {
	for pause(ctx, between(random, 300*time.Millisecond, 2*time.Second)) {
		var there []process
		for _, p := range workers() {
			if f.killed[p.run] < killsOfARun {
				there = append(there, p)
			}
		}
		if len(there) == 0 {
			continue
		}
		p := there[random.IntN(len(there))]
		f.killed[p.run]++
		if random.IntN(3) > 0 {
			_ = syscall.Kill(p.pid, syscall.SIGKILL) // it may have ended meanwhile
			continue
		}
		_, _ = f.kubectl("delete", "pods", "-n", acme, "-l", "cdp.kith.dev/run="+p.run, "--wait=false") // the API may be away
	}
}

// work keeps the tenant busy: whatever it changes is changed back in the end.
func (f *faults) work(ctx context.Context, random *rand.Rand) {
	where := func(text string) []string {
		return []string{"patch", "segment", "early-access", "-n", acme, "--type=merge", "-p", `{"spec":{"where":` + strconv.Quote(text) + `}}`}
	}
	const whole = `inSegment("viewed-trail-one") && inSegment("top-profit")`
	for n := 0; pause(ctx, between(random, 3*time.Second, 7*time.Second)); n++ {
		value := "cdp.kith.dev/run-now=fault-" + strconv.Itoa(n)
		var commands [][]string
		switch n % 5 {
		case 0:
			f.changeExport(random)
			commands = [][]string{{"annotate", "datasource", "crm", "-n", acme, value, "--overwrite"}}
		case 1:
			commands = [][]string{where(whole + " && profile.profit365 > 800000.0")}
		case 2:
			commands = [][]string{{"annotate", "datasources", "--all", "-n", acme, value, "--overwrite"}}
		case 3:
			commands = [][]string{where(whole)}
		case 4:
			commands = [][]string{
				{"delete", "activation", "early-access-email", "-n", acme, "--ignore-not-found", "--timeout=50s"}, {"apply", "-k", f.manifests},
			}
		}
		for _, c := range commands {
			err := poll(recovery, func() error { // the API may be away
				_, err := f.kubectl(c...)
				return err
			})
			if err != nil {
				f.t.Error(err)
			}
		}
	}
}

func (f *faults) exportFile() string {
	return filepath.Join(f.dir, "retail-data", "crm", "customers.csv")
}

// changeExport gives some customers of the CRM another tier.
func (f *faults) changeExport(random *rand.Rand) {
	lines := bytes.SplitAfter(f.export, []byte("\n"))
	for range 500 {
		i := 1 + random.IntN(len(lines)-1)
		lines[i] = bytes.Replace(lines[i], []byte(",SILVER,"), []byte(",GOLD,"), 1)
	}
	f.writeExport(bytes.Join(lines, nil))
}

// writeExport of the CRM so that nobody reads half of it.
func (f *faults) writeExport(b []byte) {
	file := f.exportFile()
	if err := errors.Join(os.WriteFile(file+".new", b, 0o644), os.Rename(file+".new", file)); err != nil {
		f.t.Error(err)
	}
}

// keptOnce: no source has a row twice.
func (r *tenant) keptOnce() {
	r.t.Helper()
	for _, source := range strings.Fields("crm loyalty web shop pos service consents") {
		rows := kithtest.Query(r.t, r.retail.Kith, r.retail.Lake, "SELECT count(*), count(DISTINCT _key) FROM source."+source)
		if rows[0][0] != rows[0][1] || rows[0][0] == "0" {
			r.t.Errorf("source.%s has %s rows with %s keys", source, rows[0][0], rows[0][1])
		}
	}
}
