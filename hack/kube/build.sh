#!/usr/bin/env bash
# Builds Kubernetes' programs and etcd from their Go modules, pinned by the go.mod and go.sum beside this file, and prints the
# folder that holds them. Nothing is downloaded but modules. They are kept outside the repository, in
# $KITH_CACHE/kube-... (KITH_CACHE is ~/.cache/kith when unset), and built once.
#
# usage: hack/kube/build.sh [api|node] [--print]
#   api      kube-apiserver and etcd, what the tests of the API need (the default)
#   node     the other programs of a cluster, and kubectl
#   --print  only print the folder, build nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ./once.sh

set=api print=false
for argument; do
  case $argument in
    api | node) set=$argument ;;
    --print) print=true ;;
    *)
      echo "usage: hack/kube/build.sh [api|node] [--print]" >&2
      exit 2
      ;;
  esac
done

version=$(module_version k8s.io/kubernetes)
case $set in
  api) title="kube-apiserver and etcd" packages=(k8s.io/kubernetes/cmd/kube-apiserver etcd=go.etcd.io/etcd/server/v3) ;;
  node) title="kubelet, kubectl and the others" packages=(k8s.io/kubernetes/cmd/{kube-controller-manager,kube-proxy,kube-scheduler,kubectl,kubelet}) ;;
esac
bin=$(cache_folder "kube-$set" "$version")
if ! $print; then
  v=k8s.io/component-base/version
  minor=${version#v1.}
  build_once "$bin" "$title $version" "" "-X $v.gitVersion=$version -X $v.gitMajor=1 -X $v.gitMinor=${minor%%.*}" "${packages[@]}"
fi
echo "$bin"
