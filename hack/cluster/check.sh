#!/usr/bin/env bash
# Checks that the cluster which cluster.sh has started does what Kith's tests need of it: pods under the restricted Pod Security
# level, Services, DNS, node ports, volumes, the way to the machine and no way further. It leaves nothing in the cluster.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
eval "$(./cluster.sh env)"
work=$(mktemp -d)
server=
clean() {
  kubectl delete --ignore-not-found --wait namespace/cluster-check persistentvolume/cluster-check >/dev/null
  [ -z "$server" ] || kill "$server"
  rm -rf "$work"
}
trap clean EXIT

(cd ../.. && CGO_ENABLED=0 go build -buildvcs=false -ldflags '-s -w' -o "$work/probe" ./hack/cluster/probe && go run ./hack/image -name kith.local/probe:1 -out "$work/probe.tar" "$work/probe")
./cluster.sh load "$work/probe.tar"
mkdir -m 700 "$work/data"
chown 65532 "$work/data" # the kubelet does not change whose a hostPath is
chmod 711 "$work"
"$work/probe" serve "$KITH_HOST_ADDRESS:30081" &
server=$!

apply() { sed "s,@HOST@,$KITH_HOST_ADDRESS,; s,@NODE@,$KITH_NODE_ADDRESS,; s,@FOLDER@,$work/data," "$1" | kubectl apply -f - >/dev/null; }
apply check.yaml
kubectl -n cluster-check rollout status deployment/server --timeout=60s
"$work/probe" check "http://$KITH_NODE_ADDRESS:30080"
./cluster.sh enter "$work/probe" check "http://$(kubectl -n cluster-check get service server -o 'jsonpath={.spec.clusterIP}')"
apply check-client.yaml
kubectl -n cluster-check wait job/client --for=jsonpath='{.status.conditions[0].type}' --timeout=90s >/dev/null
kubectl -n cluster-check logs job/client
kubectl -n cluster-check wait job/client --for=condition=Complete --timeout=1s
[ "$(cat "$work/data/probe")" = hello ]
kubectl -n cluster-check exec deployment/server -- /probe check "http://server"
