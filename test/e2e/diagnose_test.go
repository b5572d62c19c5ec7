//go:build e2e

package e2e

import "strings"

// diagnose prints what a person would ask for first when a test has failed.
func (w *world) diagnose() {
	show := func(title string, args ...string) {
		out, err := w.kubectl(args...)
		if err != nil {
			out += err.Error()
		}
		w.t.Logf("== %s\n%s", title, out)
	}
	show("what is declared", "get", allKinds(), "-A", "-o", "wide")
	show("conditions that are not as they should be", "get", allKinds(), "-A", "-o",
		`jsonpath={range .items[*]}{.metadata.namespace}/{.kind}/{.metadata.name} {range .status.conditions[*]}{.type}={.status} {.reason}: {.message}; {end}{.metadata.deletionTimestamp} {.metadata.annotations.cdp\.kith\.dev/run-now}={.status.lastHandledRunNow}{"\n"}{end}`)
	show("Runs", "get", "runs", "-A", "-o", "wide", "--sort-by=.metadata.creationTimestamp")
	show("Jobs and pods", "get", "jobs,pods", "-A", "-o", "wide")
	show("events", "get", "events", "-A", "--sort-by=.lastTimestamp")
	show("the manager's log", "logs", "-n", system, "-l", "app.kubernetes.io/component=manager", "--tail=100", "--prefix")
	show("the log of the manager before it", "logs", "-n", system, "-l", "app.kubernetes.io/component=manager", "--tail=30", "--previous")
	pods, _ := w.kubectl("get", "pods", "-A", "--field-selector=status.phase=Failed", "-o", `jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\n"}{end}`)
	for i, line := range strings.Split(strings.TrimSpace(pods), "\n") {
		if namespace, name, ok := strings.Cut(line, " "); ok && i < 20 {
			show("the log of "+name, "logs", "-n", namespace, name, "--tail=30")
		}
	}
}
