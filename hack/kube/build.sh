#!/usr/bin/env bash
# Builds kube-apiserver and etcd from their Go modules, pinned by the go.mod and go.sum beside this file, and prints the
# folder that holds them. Nothing is downloaded but modules. They are kept outside the repository, in
# $KITH_CACHE/kube/<version>/bin (KITH_CACHE is ~/.cache/kith when unset), and built once.
#
# usage: hack/kube/build.sh [--print]     --print: only print the folder, build nothing
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' go.mod)
cache=${KITH_CACHE:-$HOME/.cache/kith}/kube/$version
bin=$cache/bin
if [ "${1:-}" = --print ]; then
  echo "$bin"
  exit
fi
complete() { [ -x "$bin/kube-apiserver" ] && [ -x "$bin/etcd" ]; }
if complete; then
  echo "$bin"
  exit
fi

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two test runs on one machine build once; the lock ends with this process
if ! complete; then
  rm -rf "$cache"/bin.new.* # what a killed build left: we hold the lock, so nobody uses it
  new=$(mktemp -d "$cache/bin.new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  v=k8s.io/component-base/version
  minor=${version#v1.}
  echo "building kube-apiserver and etcd $version, once (some minutes) ..." >&2
  export CGO_ENABLED=0 GOWORK=off
  # 9>&- : the compiler's processes must not inherit the lock
  go build -mod=readonly -buildvcs=false -ldflags "-s -w -X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*}" \
    -o "$new/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver 9>&-
  go build -mod=readonly -buildvcs=false -ldflags '-s -w' -o "$new/etcd" go.etcd.io/etcd/server/v3 9>&-
  chmod 755 "$new"
  rm -rf "$bin"
  mv "$new" "$bin"
  trap - EXIT
fi
echo "$bin"
