#!/usr/bin/env bash
# A one-node Kubernetes cluster on a bare Linux machine: no container engine, no registry, no images from elsewhere. See README.md.
#
# usage: hack/cluster/cluster.sh COMMAND
#   up                   build what is missing, start the cluster or what has died of it, wait until it is ready
#   down                 end it and remove every trace
#   status               what runs; exit status 1 if not all does
#   env                  print shell exports: KUBECONFIG, PATH, KITH_NODE_ADDRESS, KITH_HOST_ADDRESS, ...
#   load IMAGE.tar...    make images known to the node
#   kill COMPONENT       kill -9 a component; up starts it again
#   restart COMPONENT    kill -9 it, start it and wait until it serves
#   logs COMPONENT       print its log
#   enter COMMAND...     run a command inside the node
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/settings.sh"
. "$here/node.sh"
. "$here/pki.sh"
. "$here/components.sh"

say() { echo "cluster: $* ($SECONDS s)" >&2; }
die() {
  echo "cluster: $*" >&2
  exit 1
}
# fail MESSAGE COMPONENT ends with the last lines of a component's log.
fail() {
  echo "cluster: $1. The end of $dir/log/$2.log:" >&2
  tail -n 20 "$dir/log/$2.log" >&2 || true
  exit 1
}
# wait_for SECONDS WHAT COMPONENT -- COMMAND... repeats the command until it succeeds.
wait_for() {
  local end=$((SECONDS + $1)) what=$2 component=$3
  shift 4
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "waited in vain for $what" "$component"
    sleep 0.2
  done
}

# prepare makes sure that this can work here.
prepare() {
  [ ${#dir} -lt 90 ] || die "$dir is too long for the path of a socket: set KITH_CLUSTER_DIR"
  local missing=()
  command -v runc >/dev/null || missing+=(runc)
  [ -x /usr/lib/cni/ptp ] || [ -x /opt/cni/bin/ptp ] || missing+=(containernetworking-plugins)
  command -v nft >/dev/null || missing+=(nftables)
  command -v ip >/dev/null || missing+=(iproute2)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v sysctl >/dev/null || missing+=(procps)
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "install what Debian calls ${missing[*]}"
  say "installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# ours fails if the node that runs, if any, is of another folder's cluster.
ours() {
  local pid
  pid=$(node_pid)
  [ -z "$pid" ] || [ "$(owner "$pid")" = "$dir" ] || die "another cluster runs, in $(owner "$pid"): KITH_CLUSTER_DIR=$(owner "$pid") $0 down"
}

# running tells whether this cluster's node is there, and all of it: an up that was killed leaves half a node.
running() {
  ours
  [ -n "$(node_pid)" ] && [ -e "$dir/node.started" ]
}

# client sets what kubectl and ctr need.
client() {
  export KUBECONFIG=$dir/kubeconfig CONTAINERD_ADDRESS=$dir/containerd.sock CONTAINERD_NAMESPACE=k8s.io
  export CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1 # of version 1 of control groups; the log has it
  export PATH=$programs:$PATH NO_PROXY=${NO_PROXY:+$NO_PROXY,}$KITH_NODE_ADDRESS
}

up() {
  prepare
  client
  make_images
  if ! running; then
    clear_up # without its node a cluster is gone for good, and starts anew
    mkdir -p "$dir"
    echo "The state of a cluster of hack/cluster: cluster.sh down removes this folder." >"$dir/README"
    ! ip -4 route show match "$KITH_NODE_ADDRESS" | grep -qv ^default ||
      die "the machine has a route to $KITH_NODE_ADDRESS of its own: choose other addresses, KITH_HOST_ADDRESS and KITH_NODE_ADDRESS, for the link"
    write_configuration
    make_certificates
    start_node
    touch "$dir/node.started"
  fi
  local c
  for c in etcd kube-apiserver; do
    start $c
    [ $c = etcd ] || start containerd
    wait_serving $c
  done
  for c in "${components[@]}"; do start "$c"; done
  for c in "${components[@]}"; do wait_serving "$c"; done
  say "loading images"
  load "$images"/*.tar >/dev/null
  sed "s/@DNS@/$dns_service/" "$here/coredns.yaml" | kubectl apply -f - >/dev/null
  wait_for 60 "the node to be ready" kubelet -- node_ready
  wait_for 60 "CoreDNS to be ready" kubelet -- dns_ready
  say "the cluster is ready: eval \"\$($0 env)\""
}
node_ready() { [ "$(kubectl get node $node -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null)" = True ]; }
dns_ready() { [ "$(kubectl -n kube-system get deployment coredns -o 'jsonpath={.status.readyReplicas}' 2>/dev/null)" = 1 ]; }

# make_images makes the images without which no pod starts, once.
make_images() {
  local coredns
  coredns=$(PATH=$programs type -P coredns)
  images=$cache/cluster/images-$(cat "$coredns" "$here"/../image/*.go "$here/pause/main.go" | sha256sum | cut -c 1-8)
  [ ! -d "$images" ] || return 0
  say "making images"
  local new
  mkdir -p "${images%/*}"
  new=$(mktemp -d "$images.new.XXXXXX")
  (
    cd "$here/../.."
    export CGO_ENABLED=0
    go build -buildvcs=false -ldflags '-s -w' -o "$new/pause" ./hack/cluster/pause
    go build -buildvcs=false -o "$new/image" ./hack/image
    "$new/image" -name kith.local/pause:1 -out "$new/pause.tar" "$new/pause" >&2
    "$new/image" -name kith.local/coredns:1 -out "$new/coredns.tar" "$coredns" >&2
  )
  rm "$new/pause" "$new/image"
  mv "$new" "$images" 2>/dev/null || rm -rf "$new" # another one was faster
}

load() {
  local image
  for image; do ctr images import --local "$image"; done
}

# clear_up removes what a cluster has left, in whatever state it was.
clear_up() {
  stop_node
  [ ! -d "$dir" ] || [ -z "$(ls -A "$dir")" ] || [ -f "$dir/README" ] || die "$dir is not the folder of a cluster, and not empty"
  rm -rf --one-file-system "$dir"
}

status() {
  local c result=0
  running || {
    echo "no cluster runs in $dir"
    return 1
  }
  for c in "${components[@]}"; do
    if ! alive "$c"; then
      echo "$c is dead"
      result=1
    elif serving "$c"; then
      echo "$c serves"
    else
      echo "$c runs and does not serve"
      result=1
    fi
  done
  kubectl get nodes,pods -A -o wide || result=1
  return $result
}

need_running() { running || die "no cluster runs in $dir: $0 up"; }
need_component() {
  [ $# = 1 ] || die "name one component: ${components[*]}"
  command_line "$1"
}

command=${1:-help}
[ $# = 0 ] || shift
case $command in
  up | down | status | load | kill | restart | enter)
    [ "$(uname -s)" = Linux ] || die "a node needs Linux"
    [ "$(id -u)" = 0 ] || die "a node needs root: it makes namespaces and mounts"
    ;;
esac
[ "$command" != up ] || "$here/build.sh" >/dev/null
programs=$("$here/build.sh" --print)
client
exec 9>/dev/null
case $command in
  up | down | kill | restart)
    mkdir -p "${dir%/*}"
    exec 9>"$dir.lock"
    flock 9 # one command at a time
    ;;
esac
case $command in
  up) up ;;
  down)
    ours
    clear_up
    say "no cluster runs in $dir"
    ;;
  status) status ;;
  env)
    cat <<EOF
export KUBECONFIG='$KUBECONFIG'
export PATH='$programs':"\$PATH"
export NO_PROXY='$NO_PROXY'
export KITH_NODE_ADDRESS='$KITH_NODE_ADDRESS'
export KITH_HOST_ADDRESS='$KITH_HOST_ADDRESS'
export CONTAINERD_ADDRESS='$CONTAINERD_ADDRESS'
export CONTAINERD_NAMESPACE='$CONTAINERD_NAMESPACE'
EOF
    ;;
  load)
    need_running
    load "$@"
    ;;
  kill)
    need_component "$@"
    need_running
    crash "$1"
    ;;
  restart)
    need_component "$@"
    need_running
    crash "$1"
    start "$1"
    wait_serving "$1"
    [ "$1" != etcd ] || wait_serving kube-apiserver
    ;;
  logs)
    need_component "$@"
    cat "$dir/log/$1.log"
    ;;
  enter)
    need_running
    enter "$@"
    ;;
  *)
    sed -n '/^# usage/,/^set/s/^# \?//p' "$0"
    [ "$command" = help ] || exit 2
    ;;
esac
