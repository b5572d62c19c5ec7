# Everything that is built or downloaded for development lands outside the repository: Go's caches and $KITH_CACHE (~/.cache/kith).
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
CONTROLLER_GEN_MODULE := sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0
GOLANGCI_LINT_MODULE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
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

.PHONY: clean
clean: ## Remove what make build and make demo made; caches outside the repository stay.
	rm -rf bin .demo

##@ Development

.PHONY: generate
generate: ## Generate DeepCopy methods from api/.
	$$(hack/tool.sh $(CONTROLLER_GEN_MODULE)) object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Generate CRDs from api/ into config/crd/bases.
	$$(hack/tool.sh $(CONTROLLER_GEN_MODULE)) crd paths=./api/... output:crd:dir=config/crd/bases

.PHONY: fmt
fmt: ## Format the Go code.
	gofmt -w api cmd config hack internal test

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

.PHONY: bench
bench: ## Run kith on a million generated people and print time and memory by stage (ARGS="-people 100000").
	go run ./hack/bench $(ARGS)
