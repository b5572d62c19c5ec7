#!/usr/bin/env bash
# Builds one development tool from its Go module, once, and prints where it is. Tools are kept outside the repository, in
# $KITH_CACHE/tools (KITH_CACHE is ~/.cache/kith when unset).
#
# usage: hack/tool.sh PACKAGE@VERSION
set -euo pipefail
package=${1%@*} version=${1##*@}
dir=${KITH_CACHE:-$HOME/.cache/kith}/tools/$(basename "$package")-$version
tool=$dir/$(basename "$package")
if ! [ -x "$tool" ]; then
  mkdir -p "$(dirname "$dir")"
  new=$(mktemp -d "$dir.new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  echo "building $package $version, once ..." >&2
  (cd "$new" && GOBIN=$new GOFLAGS=-buildvcs=false CGO_ENABLED=0 go install "$1") # away from the repository's go.mod
  mkdir -p "$dir"
  mv "$new/$(basename "$package")" "$tool" # the last step, so that a killed build leaves no half a tool
fi
echo "$tool"
