//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// lake and receiver as they are, to see later whether anything was computed or sent again.
func (r *tenant) standing() string {
	r.t.Helper()
	return fmt.Sprintf("%d requests to the e-mail provider\n%s", r.receiver.State().Requests, r.revisions())
}

// unchanged fails unless everything stands as it did.
func (r *tenant) unchanged(before string) {
	r.t.Helper()
	if now := r.standing(); now != before {
		r.t.Errorf("before:\n%s\nafter:\n%s", before, now)
	}
}

// forgotten: Kith is uninstalled, every Run and status is lost, and Kith is installed again. The lake tells what was done.
func (r *tenant) forgotten() {
	before := r.standing()
	r.uninstallKith()
	r.crdsStay()
	r.mustKubectl("delete", "runs", "--all", "-n", acme)
	r.wipeStatus()
	r.installKith()
	r.runNow(acme, "datasources", "forgotten", long)
	r.ready(acme, short)
	r.unchanged(before)
}

// wipeStatus of everything that is declared.
func (r *tenant) wipeStatus() {
	r.t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(r.mustKubectl("get", allKinds(), "-n", acme, "-o", "json")), &all); err != nil {
		r.t.Fatal(err)
	}
	for _, item := range all["items"].([]any) {
		delete(item.(map[string]any), "status")
	}
	text, err := json.Marshal(all)
	if err == nil {
		_, err = command(short, string(text), "kubectl", "replace", "--subresource=status", "-f", "-")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if left := r.mustKubectl("get", allKinds(), "-n", acme, "-o", "jsonpath={.items[*].status.conditions}"); left != "" {
		r.t.Fatalf("status is left: %s", left)
	}
}

// crdsStay: what people have declared is not lost with the program.
func (w *world) crdsStay() {
	w.t.Helper()
	out := w.mustKubectl("get", "crds", "-o", "name")
	if n := strings.Count(out, ".cdp.kith.dev"); n != len(kinds)+1 {
		w.t.Errorf("%d CRDs are there after helm uninstall:\n%s", n, out)
	}
}

// declaredAgain: all objects are deleted as well, without being undone, and declared again in front of the same lake.
func (r *tenant) declaredAgain() {
	before := r.standing()
	r.mustKubectl("patch", "activation", "early-access-email", "store-priority", "-n", acme, "--type=merge", "-p", `{"spec":{"deletionPolicy":"Retain"}}`)
	r.deleteAll()
	r.uninstallKith()
	r.installKith()
	r.declare()
	r.runNow(acme, "datasources", "declared-again", long)
	r.ready(acme, short)
	r.unchanged(before)
}

// deleteAll that is declared, as it was applied.
func (r *tenant) deleteAll() {
	r.t.Helper()
	r.mustKubectl("delete", "-k", r.manifests, "--timeout=2m")
	r.eventually(short, "nothing is left of what was made for it", func() error { return r.empty(acme) })
}

// empty gives what there still is of Kith in a namespace.
func (w *world) empty(namespace string) error {
	out, err := w.kubectl("get", allKinds()+",runs,jobs,pods", "-n", namespace, "-o", "name", "--ignore-not-found")
	if err != nil {
		return err
	}
	plans, err := w.kubectl("get", "configmaps", "-n", namespace, "-l", "app.kubernetes.io/managed-by=kith", "-o", "name")
	if err == nil && out+plans != "" {
		err = errors.New(out + plans)
	}
	return err
}
