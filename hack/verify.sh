#!/usr/bin/env bash
# Checks that what is generated or formatted by a tool is as the tool makes it: CRDs, RBAC rules, the chart's copies, deepcopy, gofmt,
# go.mod. Changes nothing.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
controller_gen=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0
complain() {
  echo "verify: $1" >&2
  failed=1
}

"$controller_gen" crd paths=./api/... output:crd:dir="$tmp/crd" || complain "the CRDs can't be generated"
diff -r --exclude='*.go' "$tmp/crd" config/crd/bases || complain "config/crd is not what api/ says: run make manifests"
"$controller_gen" rbac:roleName=kith-manager paths=./controllers output:rbac:dir="$tmp/rbac" || complain "the RBAC rules can't be generated"
diff "$tmp/rbac/role.yaml" config/rbac/role.yaml || complain "config/rbac/role.yaml is not what controllers/rbac.go says: run make manifests"
hack/chart-files.sh "$tmp/chart" || complain "the chart's files can't be gathered"
diff -r "$tmp/chart" charts/kith/files || complain "charts/kith/files is not what config/ has: run make manifests"
"$controller_gen" object:headerFile=hack/boilerplate.go.txt paths=./api/... output:object:dir="$tmp/object" || complain "deepcopy can't be generated"
diff "$tmp/object/zz_generated.deepcopy.go" api/v1alpha1/zz_generated.deepcopy.go || complain "deepcopy is not what api/ says: run make generate"

unformatted=$(gofmt -l api cmd config controllers docs hack internal main.go test)
[ -z "$unformatted" ] || complain "not formatted, run make fmt: $unformatted"
go mod tidy -diff || complain "go.mod is not tidy: run go mod tidy"
go mod verify >/dev/null || complain "a module in the cache is not what go.sum says"
exit $failed
