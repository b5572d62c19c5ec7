//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/hack/receiver/receiver"
	"github.com/kith-dev/kith/test/kithtest"
)

// withdrawn: deleting an Activation takes its people out, and declaring it again sends them again.
func (r *tenant) withdrawn() {
	r.mustKubectl("delete", "activation", "early-access-email", "-n", acme, "--timeout=2m")
	if n := len(r.receiver.State().Members); n != 0 {
		r.t.Errorf("the Activation is deleted, and %d of its people are still at the e-mail provider", n)
	}
	r.declare()
	r.ready(acme, long)
	r.retail.CompareMembers(2)
	r.deliveredOnce()
}

// gone: everything is deleted at once, and then what the tenant lived in.
func (r *tenant) gone() {
	r.deleteAll()
	if n := len(r.receiver.State().Members); n != 0 {
		r.t.Errorf("everything is deleted, and %d people are still at the e-mail provider", n)
	}
	r.deliveredOnce()
	// What workers share stays for the next ones; docs/operations.md says how to remove it.
	shared := r.mustKubectl("get", "serviceaccounts,roles,rolebindings,networkpolicies", "-n", acme, "-l", "app.kubernetes.io/managed-by=kith", "-o", "name")
	if n := len(strings.Fields(shared)); n != 4 || strings.Count(shared, "/kith-worker") != n {
		r.t.Errorf("what is left of Kith:\n%s", shared)
	}
	r.mustKubectl("delete", "-f", overlay+"/tenant.yaml", "--timeout=2m")
}

const people = 50

// small tenant, to be deleted.
type small struct {
	*world
	namespace, dir string
	receiver       *receiver.Receiver
}

// newSmall declares one in a namespace of its own.
func (w *world) newSmall(dir, name string, number int) *small {
	w.t.Helper()
	own := *w // it is deleted in a test of its own
	s := &small{world: &own, namespace: "small-" + name}
	s.dir = filepath.Join(dir, s.namespace)
	w.folder(filepath.Join(s.dir, "lake"))
	w.folder(filepath.Join(s.dir, "data"))
	text := "id,email,points\n"
	for i := range people {
		text += fmt.Sprintf("%d,p%d@example.com,%d\n", i, i, i+1)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "data", "people.csv"), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join("testdata", "small.yaml"))
	if err != nil {
		w.t.Fatal(err)
	}
	port := receiverPort + 1 + number
	s.receiver = w.receive(filepath.Join(s.dir, "receiver"), port, "token")
	w.volumes(s.namespace, s.dir, "lake", "data")
	w.apply(strings.NewReplacer("NAMESPACE", s.namespace, "HOST:PORT", fmt.Sprintf("%s:%d", w.host, port)).Replace(string(b)))
	return s
}

// objects of the small tenant.
var objects = []string{
	"workspace/default", "datasource/people", "identityrule/customers", "trait/double", "segment/all", "destination/provider", "activation/news",
}

// orders in which a small tenant is deleted. Each ends, and leaves nothing.
var orders = []struct {
	name   string
	delete func(*small)
}{
	{"at-once", func(s *small) {
		s.delete(false, objects...)
		s.undone()
	}},
	{"shuffled", func(s *small) {
		for _, o := range s.shuffled(1) {
			s.delete(false, o)
		}
		s.undone()
	}},
	{"one-by-one", func(s *small) {
		for _, o := range s.shuffled(2) {
			s.delete(true, o)
		}
		s.undone()
	}},
	{"namespace-first", (*small).deleteNamespaceFirst},
	{"what-tells-first", (*small).deleteWhatTells},
}

func (s *small) shuffled(stream uint64) []string {
	s.t.Helper()
	out := slices.Clone(objects)
	rand.New(rand.NewPCG(seed(s.world), stream)).Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	s.t.Logf("order: %v", out)
	return out
}

// newSmalls declares one for each order; what they are made of is computed meanwhile.
func (w *world) newSmalls(dir string) []*small {
	w.t.Helper()
	var out []*small
	for i, o := range orders {
		out = append(out, w.newSmall(dir, o.name, i))
	}
	return out
}

// inAnyOrder deletes the small tenants, all at the same time.
func (w *world) inAnyOrder(tenants []*small) {
	for _, s := range tenants {
		w.ready(s.namespace, long)
		if n := len(s.receiver.State().Members); n != people {
			w.t.Errorf("%s: %d people are at the provider, and %d are declared", s.namespace, n, people)
		}
	}
	say("deleting in %d orders", len(orders))
	before := w.finalizersDropped()
	w.t.Run("orders", func(t *testing.T) { // it ends when all of them have
		for i, o := range orders {
			t.Run(o.name, func(t *testing.T) {
				t.Parallel()
				tenants[i].t = t
				o.delete(tenants[i])
				tenants[i].mustKubectl("delete", "namespace", tenants[i].namespace, "--ignore-not-found", "--timeout=2m")
			})
		}
	})
	if n := w.finalizersDropped() - before; n != 4 { // an Activation's and a DataSource's, in the two orders that undo nothing
		w.t.Errorf("%d finalizers were dropped without being able to do what they stand for, and it should have been 4", n)
	}
}

// delete objects; wait for their end, which comes in any case.
func (s *small) delete(wait bool, names ...string) {
	s.t.Helper()
	args := append([]string{"delete", "-n", s.namespace, "--timeout=2m", "--wait=" + strconv.FormatBool(wait)}, names...)
	s.mustKubectl(args...)
}

// deleteNamespaceFirst: no run can be made there any more, so that nothing can be undone. It ends all the same; no event can be made
// there either, but the metric tells.
func (s *small) deleteNamespaceFirst() {
	s.t.Helper()
	s.mustKubectl("delete", "namespace", s.namespace, "--timeout=2m")
}

var dropped = regexp.MustCompile(`(?m)^kith_finalizers_dropped_total\{.*\} (\d+)$`)

// finalizersDropped without being able to do what they stand for, as the manager counts them.
func (w *world) finalizersDropped() int {
	w.t.Helper()
	out := w.mustKubectl("get", "--raw", "/api/v1/namespaces/"+system+"/services/kith-manager-metrics:metrics/proxy/metrics")
	n := 0
	for _, m := range dropped.FindAllStringSubmatch(out, -1) {
		i, _ := strconv.Atoi(m[1])
		n += i
	}
	return n
}

// deleteWhatTells how anything could be undone, before that which would have to be: an event tells what was not.
func (s *small) deleteWhatTells() {
	s.t.Helper()
	s.delete(true, "workspace/default", "destination/provider")
	s.mustKubectl("delete", "runs", "--all", "-n", s.namespace, "--timeout=1m")
	s.delete(true, "activation/news", "datasource/people")
	s.eventually(short, "events tell what was not undone", func() error {
		out, err := s.kubectl("get", "events", "-n", s.namespace, "--field-selector", "reason=NotUndone", "-o", "name")
		if n := len(strings.Fields(out)); err == nil && n != 2 {
			err = fmt.Errorf("%d events", n)
		}
		return err
	})
	s.delete(true, "identityrule/customers", "trait/double", "segment/all")
	s.eventually(short, "nothing is left", func() error { return s.empty(s.namespace) })
}

// undone: everything is gone, and what the two finalizers stand for is done.
func (s *small) undone() {
	s.t.Helper()
	s.eventually(2*time.Minute, s.namespace+": nothing is left", func() error { return s.empty(s.namespace) })
	if n := len(s.receiver.State().Members); n != 0 {
		s.t.Errorf("%s: %d people are still at the provider", s.namespace, n)
	}
	rows := kithtest.Query(s.t, filepath.Join(kithtest.Root(), "bin", "kith"), filepath.Join(s.dir, "lake"), "SELECT count(*) FROM source.people")
	if rows[0][0] != "0" {
		s.t.Errorf("%s: %s rows are left of the source", s.namespace, rows[0][0])
	}
}
