// Package chart checks what installs Kith: the Helm chart in charts/kith, the kustomizations in config/ and the rights that
// controllers/rbac.go asks for. What needs helm, kubectl and a kube-apiserver has the build tag e2e: `make chart`.
package chart
