// Package controllers keeps every tenant's results as its declarations ask. There are two loops.
//
// The tenant's loop (tenant_controller.go) takes one namespace at a time, because nothing crosses it: it gathers the declarations and
// Runs there are, decides for every subject with internal/plan, and then acts: it makes the Runs that are due, sets and drops
// finalizers, removes Runs that nobody needs, and writes each object's status once. What the decision for a kind depends on, and what
// its status says, is in the file of that kind.
//
// The Run's loop (run_controller.go) carries one Run to its end: the plan's ConfigMaps, the Job, and from how the Job and the
// worker's report end, the Run's conditions.
//
// What does not live here: what is due (plan), the shape of Jobs (jobs), conditions (conditions), and any look at the lake or at Secrets.
package controllers
