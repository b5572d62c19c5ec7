#!/usr/bin/env bash
# Fills the folder that the chart's templates read: CRDs, RBAC rules and alerts, as config/ has them. A chart can't reach outside its folder.
#
# usage: hack/chart-files.sh FOLDER
set -euo pipefail
out=$1
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rm -rf "$out"
mkdir -p "$out"/{crds,rbac,prometheus}
cp config/crd/bases/*.yaml "$out/crds/"
cp config/rbac/{role,viewer_role,editor_role}.yaml "$out/rbac/"
cp config/prometheus/rule.yaml "$out/prometheus/"
