//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCluster tells the whole story of a tenant in a cluster, in the order in which it happens to one.
func TestCluster(t *testing.T) {
	dir := workFolder(t)
	w := &world{cluster: startCluster(t), t: t}
	loadImages(t)
	w.step("Install", w.installKith)
	r := newTenant(w, dir)
	r.step("DayOne", r.firstDay)
	r.step("NothingChanges", r.nothingChanges)
	r.step("Faults", r.survives)
	r.step("DayTwo", r.secondDay)
	r.step("Forgotten", r.forgotten)
	r.step("DeclaredAgain", r.declaredAgain)
	w.step("Stewards", func() { w.stewards(dir) })
	smalls := w.newSmalls(dir)
	r.step("Withdrawn", r.withdrawn)
	r.step("Gone", r.gone)
	w.step("InAnyOrder", func() { w.inAnyOrder(smalls) })
	w.step("Uninstall", func() {
		w.uninstallKith()
		w.crdsStay()
	})
}

// ready waits until everything that is declared in a namespace is in effect.
func (w *world) ready(namespace string, within time.Duration) {
	w.t.Helper()
	w.must(within+short, "kubectl", "wait", "--for=condition=Ready", "--timeout="+within.String(), allKinds(), "--all", "-n", namespace)
}

// runNow asks for runs of everything of some kinds and waits until they, and what follows from them, are over.
func (w *world) runNow(namespace, resources, value string, within time.Duration) {
	w.t.Helper()
	w.mustKubectl("annotate", resources, "--all", "-n", namespace, "cdp.kith.dev/run-now="+value, "--overwrite")
	w.must(within+short, "kubectl", "wait", "--for=jsonpath={.status.lastHandledRunNow}="+value, "--timeout="+within.String(), resources, "--all", "-n", namespace)
}

func (r *tenant) firstDay() {
	r.house()
	r.declare()
	r.ready(acme, long)
	r.retail.Compare(1)
	r.deliveredOnce()
	r.columns()
	for reason, want := range map[string]int{"reason = 'Eligible'": 720, "reason = 'Excluded'": 40, "reason LIKE 'Consent%'": 240} {
		if got := r.retail.Count(`SELECT count(*) FROM activation."early-access-email" WHERE ` + reason); got != want {
			r.t.Errorf("%s: %d people, the story has %d", reason, got, want)
		}
	}
}

// columns: kubectl get shows what people look for.
func (r *tenant) columns() {
	r.t.Helper()
	for _, c := range []struct{ kind, name, header, row string }{
		{"workspaces", "default", "NAME READY LAKE", "default True kith-lake"},
		{"datasources", "crm", "NAME KIND READY ROWS FRESH", fmt.Sprintf("crm Profile True %d True", r.retail.Count("SELECT count(*) FROM source.crm"))},
		{"identityrules", "customers", "NAME READY RECORDS PROFILES FRESH", fmt.Sprintf("customers True %d 20000 True", r.retail.Count("SELECT count(*) FROM customers.members"))},
		{"traits", "profit365", "NAME ATTRIBUTE READY", "profit365 profit365 True"},
		{"segments", "early-access", "NAME READY MEMBERS FRESH", "early-access True 1000 True"},
		{"segments", "top-profit", "NAME READY MEMBERS FRESH", "top-profit True 2000 True"},
		{"destinations", "email-provider", "NAME READY", "email-provider True"},
		{"activations", "early-access-email", "NAME DESTINATION READY SENT FAILED FRESH", "early-access-email email-provider True 720 0 True"},
		{"runs", "customers-resolve-1", "NAME TASK SUBJECT OUTCOME", "customers-resolve-1 Resolve customers Committed"},
	} {
		out, err := r.kubectl("get", c.kind, c.name, "-n", acme)
		lines := strings.Split(out, "\n")
		if err != nil || len(lines) < 2 {
			r.t.Errorf("kubectl get %s %s: %v\n%s", c.kind, c.name, err, out)
			continue
		}
		header, row := strings.Join(strings.Fields(lines[0]), " "), strings.Join(strings.Fields(lines[1]), " ")
		if !strings.HasPrefix(header, c.header+" ") || !strings.HasPrefix(row, c.row+" ") {
			r.t.Errorf("kubectl get %s %s shows\n%s\nwant\n%s\n%s", c.kind, c.name, out, c.header, c.row)
		}
	}
}

// nothingChanges looks again at every source.
func (r *tenant) nothingChanges() {
	requests, runs := r.receiver.State().Requests, r.revisions()
	r.runNow(acme, "datasources", "again", long)
	if now := r.revisions(); now != runs {
		r.t.Errorf("revisions before\n%s\nand after a look at sources in which nothing has changed\n%s", runs, now)
	}
	if now := r.receiver.State().Requests; now != requests {
		r.t.Errorf("%d requests to the e-mail provider, and nothing had changed", now-requests)
	}
}

// secondDay brings the difference, and nothing else.
func (r *tenant) secondDay() {
	before := r.receiver.State()
	r.generate(2)
	r.loadMembers()
	r.runNow(acme, "datasources", "day-2", long)
	r.retail.Compare(2)
	r.deliveredOnce()
	after := r.receiver.State()
	entered, left := after.Upserted-before.Upserted, after.Removed-before.Removed
	if entered != 42 || left != 41 || len(after.Members) != 721 {
		r.t.Errorf("%d entered, %d left, %d remain; the story has 42, 41 and 721", entered, left, len(after.Members))
	}
	r.discreet()
}
