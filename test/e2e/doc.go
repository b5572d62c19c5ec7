// Package e2e has the tests of the whole: images, chart, manager, workers and the command line on a real one-node cluster
// (hack/cluster), driven by kubectl and helm as people drive them. They have the build tag e2e; `make e2e` runs them.
package e2e
