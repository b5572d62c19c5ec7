# Everything that is built or downloaded for development lands outside the repository: Go's caches and $KITH_CACHE (~/.cache/kith).
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CONTROLLER_GEN_MODULE := sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
GOLANGCI_LINT_MODULE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
# The tag of the images that make images builds: kith.local/manager and kith.local/worker.
IMAGE_TAG ?= dev
# Packages tested at once: each may hold a database engine in memory.
TEST_P ?= 2
TEST_PACKAGES ?= ./...

##@ General

.PHONY: help
help: ## Show this.
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Build

.PHONY: build
build: ## Build bin/kith.
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o bin/kith ./cmd/kith

.PHONY: images
images: build ## Build the images of the manager and the worker into bin/images, without a container engine.
	CGO_ENABLED=0 go build -ldflags "-s -w" -o bin/manager .
	go build -o bin/image ./hack/image
	bin/image -name kith.local/manager:$(IMAGE_TAG) -out bin/images/manager.tar bin/manager
	bin/image -name kith.local/worker:$(IMAGE_TAG) -out bin/images/worker.tar bin/kith

.PHONY: clean
clean: ## Remove what make build and make demo made; caches outside the repository stay.
	rm -rf bin .demo

##@ Development

.PHONY: generate
generate: ## Generate DeepCopy methods from api/.
	$$(hack/tool.sh $(CONTROLLER_GEN_MODULE)) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate CRDs from api/ and RBAC rules from controllers/ into config/, and copy them into the chart.
	$$(hack/tool.sh $(CONTROLLER_GEN_MODULE)) crd paths=./api/... output:crd:dir=config/crd/bases
	$$(hack/tool.sh $(CONTROLLER_GEN_MODULE)) rbac:roleName=kith-manager paths=./controllers output:rbac:dir=config/rbac
	hack/chart-files.sh charts/kith/files

.PHONY: fmt
fmt: ## Format the Go code.
	gofmt -w api cmd config controllers docs hack internal main.go test

.PHONY: vet
vet: ## Run go vet.
	go vet ./...

.PHONY: lint
lint: ## Run golangci-lint; it is built once.
	$$(hack/tool.sh $(GOLANGCI_LINT_MODULE)) run

.PHONY: verify
verify: ## Check that generated code, formatting and go.mod are up to date.
	hack/verify.sh "$$(hack/tool.sh $(CONTROLLER_GEN_MODULE))"

##@ Demo

.PHONY: demo
demo: build ## Generate the example retailer, run all of it and print the story. Again: nothing changes.
	hack/demo.sh 1

.PHONY: demo-day-two
demo-day-two: build ## The day after: only the difference is delivered.
	hack/demo.sh 2

##@ Test

.PHONY: test
test: postgresql kube ## Run every test; installs PostgreSQL (Debian, as root) and builds a kube-apiserver where they are missing.
	go test -json -p $(TEST_P) -timeout 20m $(TEST_PACKAGES) | go run ./hack/testsum

.PHONY: postgresql
postgresql: ## Install Debian's PostgreSQL server if there is none.
	@hack/postgresql.sh

.PHONY: kube
kube: ## Build kube-apiserver and etcd from their Go modules, once.
	@hack/kube/build.sh >/dev/null

.PHONY: chart
chart: kube ## Test the chart, the kustomizations and the manager's rights; builds helm and kubectl where they are missing.
	@hack/cluster/build.sh >/dev/null
	go test -json -count=1 -tags e2e ./test/chart | go run ./hack/testsum

.PHONY: e2e
e2e: postgresql ## Run the story of a tenant on a cluster that is started for it (KITH_E2E_KEEP=1 leaves it running, KITH_E2E_SEED=N repeats its faults).
	go test -json -count=1 -tags e2e -parallel 8 -timeout 90m ./test/e2e | go run ./hack/testsum -follow

.PHONY: bench
bench: ## Run kith on a million generated people and print time and memory by stage (ARGS="-people 100000", "-tenant people").
	go run ./hack/bench $(ARGS)

.PHONY: bench-identity
bench-identity: ## Resolve a million generated records with Kith and Splink (installed from PyPI) and print time, memory and quality (ARGS="-records 100000").
	go run ./hack/bench/identity $(ARGS)

##@ Cluster

.PHONY: cluster
cluster: ## Build and start a one-node Kubernetes cluster on this Linux machine, as root; see hack/cluster/README.md.
	hack/cluster/cluster.sh up

.PHONY: cluster-down
cluster-down: ## End that cluster and remove every trace.
	hack/cluster/cluster.sh down
