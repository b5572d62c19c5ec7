# Sourced by cluster.sh: names, addresses and folders.

# Addresses are of the ranges that are reserved for documentation, so nothing real is ever hidden by them. Only the link's two are
# known to the machine; pods and services exist inside the node. One range can't serve as two of these: kube-proxy drops what is
# sent to an unused address of the services' range.
KITH_HOST_ADDRESS=${KITH_HOST_ADDRESS:-203.0.113.1} # the machine's end of the link; pods reach servers that listen here
KITH_NODE_ADDRESS=${KITH_NODE_ADDRESS:-203.0.113.2} # the node's end: the API server and node ports
link_bits=30
pod_range=198.51.100.0/25
service_range=198.51.100.128/25
api_service=198.51.100.129 # the first of the range, always
dns_service=198.51.100.138

node=kith-node
suffix=${KITH_CLUSTER_NAME:+-$KITH_CLUSTER_NAME} # a second cluster on the machine has a name, and addresses of its own
link=kith0$suffix          # the machine's end of the veth pair; eth0 is the node's
cgroup=kith-cluster$suffix # a group in every hierarchy of the machine; the node sees it as the root

cache=${KITH_CACHE:-$HOME/.cache/kith}
dir=$(realpath -m "${KITH_CLUSTER_DIR:-$cache/cluster/run$suffix}") # all state
components=(etcd kube-apiserver kube-controller-manager kube-scheduler containerd kubelet kube-proxy)
