#!/usr/bin/env bash
# Builds every program of the one-node cluster from Go modules pinned in this repository, once: Kubernetes and etcd (hack/kube),
# containerd, CoreDNS and helm (the folders beside this file). Versions that they share are kept equal in the four go.mod files,
# so that Go compiles what they share once. Prints the folders that hold the programs, colon-separated as in PATH.
#
# usage: hack/cluster/build.sh [--print]     --print: only print the folders, build nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ../kube/once.sh
case ${1:-} in
  '' | --print) print=${1:-} ;;
  *)
    echo "usage: hack/cluster/build.sh [--print]" >&2
    exit 2
    ;;
esac

path=$(../kube/build.sh api $print)
path=$path:$(../kube/build.sh node $print)
# program MODULE-FOLDER MODULE TAGS VERSION-VARIABLE PACKAGE... appends a folder to $path and fills it.
program() {
  local folder=$1 module=$2 tags=$3 variable=$4 version bin
  shift 4
  cd "$folder"
  version=$(module_version "$module")
  bin=$(cache_folder "$folder" "$version")
  [ -n "$print" ] || build_once "$bin" "$folder $version" "$tags" "${variable:+-X $variable=$version}" "$@"
  path=$path:$bin
  cd ..
}
c=github.com/containerd/containerd/v2
program containerd $c "no_devmapper no_rdt no_systemd no_tracing no_zfs" $c/version.Version \
  $c/cmd/containerd $c/cmd/containerd-shim-runc-v2 $c/cmd/ctr
program coredns github.com/coredns/coredns "" "" coredns=.
program helm helm.sh/helm/v4 "" helm.sh/helm/v4/internal/version.version helm.sh/helm/v4/cmd/helm
echo "$path"
