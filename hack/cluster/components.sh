# Sourced by cluster.sh: how each program of the cluster is configured, started, killed and found to be serving.

write_configuration() {
  local cni snapshotter=overlayfs
  for cni in /usr/lib/cni /opt/cni/bin; do [ ! -x $cni/ptp ] || break; done
  # an overlay can't lie on an overlay, which is what a container has for a disk
  case $(stat -f -c %T "$dir") in overlayfs | aufs) snapshotter=native ;; esac
  mkdir -p "$dir/etc/cni"
  cat >"$dir/etc/cni/10-pods.conflist" <<EOF
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "ptp", "ipMasq": false, "ipam": {
  "type": "host-local", "ranges": [[{"subnet": "$pod_range"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "/run/cni"}}]}
EOF
  : >"$dir/etc/resolv.conf" # there is no other DNS to ask
  cat >"$dir/etc/containerd.toml" <<EOF
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
  address = "$dir/containerd.sock" # where the machine sees it too: ctr runs there

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "$snapshotter"
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "kith.local/pause:1"

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true # root may lack the right to lower it
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$cni"]
    conf_dir = "$dir/etc/cni"
EOF
  cat >"$dir/etc/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $dir/pki/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $dir/pki/kubelet-server.crt
tlsPrivateKeyFile: $dir/pki/kubelet-server.key
clusterDNS: [$dns_service]
clusterDomain: cluster.local
resolvConf: $dir/etc/resolv.conf
containerRuntimeEndpoint: unix://$dir/containerd.sock
volumePluginDir: /var/lib/kubelet-plugins
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
# Images can't be pulled again, so none is removed to win space.
imageGCHighThresholdPercent: 100
evictionHard: {nodefs.available: 1%}
EOF
}

# command_line COMPONENT sets the array of that name.
command_line() {
  local pki=$dir/pki
  case $1 in
    etcd)
      # Without fsync a killed etcd loses nothing, for the kernel has what it wrote; only a machine that loses power does, and
      # then the cluster starts anew.
      command_line=(etcd --data-dir=/var/lib/etcd --unsafe-no-fsync
        --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 --listen-peer-urls=http://127.0.0.1:2380)
      ;;
    kube-apiserver)
      command_line=(kube-apiserver --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=6443
        --advertise-address="$KITH_NODE_ADDRESS" --service-cluster-ip-range=$service_range --allow-privileged
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --client-ca-file="$pki/ca.crt"
        --tls-cert-file="$pki/kube-apiserver.crt" --tls-private-key-file="$pki/kube-apiserver.key"
        --kubelet-certificate-authority="$pki/ca.crt" --kubelet-client-certificate="$pki/kubelet-client.crt"
        --kubelet-client-key="$pki/kubelet-client.key" --kubelet-preferred-address-types=InternalIP
        --service-account-issuer=https://kubernetes.default.svc.cluster.local --service-account-key-file="$pki/service-accounts.pub"
        --service-account-signing-key-file="$pki/service-accounts.key"
        --requestheader-client-ca-file="$pki/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy
        --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group
        --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$pki/front-proxy.crt"
        --proxy-client-key-file="$pki/front-proxy.key")
      ;;
    kube-controller-manager)
      command_line=(kube-controller-manager --kubeconfig="$pki/$1.kubeconfig" --authentication-kubeconfig="$pki/$1.kubeconfig"
        --authorization-kubeconfig="$pki/$1.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials
        --flex-volume-plugin-dir=/var/lib/kubelet-plugins
        --root-ca-file="$pki/ca.crt" --cluster-signing-cert-file="$pki/ca.crt" --cluster-signing-key-file="$pki/ca.key"
        --service-account-private-key-file="$pki/service-accounts.key")
      ;;
    kube-scheduler)
      command_line=(kube-scheduler --kubeconfig="$pki/$1.kubeconfig" --authentication-kubeconfig="$pki/$1.kubeconfig"
        --authorization-kubeconfig="$pki/$1.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false)
      ;;
    containerd)
      command_line=(containerd --config "$dir/etc/containerd.toml")
      ;;
    kubelet)
      command_line=(kubelet --config="$dir/etc/kubelet.yaml" --kubeconfig="$pki/kubelet.kubeconfig" --root-dir=/var/lib/kubelet
        --hostname-override=$node --node-ip="$KITH_NODE_ADDRESS")
      ;;
    kube-proxy)
      # The settings of connection tracking that are left alone (0) are not those of one network namespace.
      command_line=(kube-proxy --kubeconfig="$pki/$1.kubeconfig" --hostname-override=$node --proxy-mode=nftables --bind-address=127.0.0.1
        --detect-local-mode=ClusterCIDR --cluster-cidr=$pod_range --nodeport-addresses=primary
        --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 --conntrack-tcp-timeout-close-wait=0)
      ;;
    *) die "there is no component $1: ${components[*]}" ;;
  esac
}

# alive COMPONENT tells whether its process runs.
alive() {
  local pid
  pid=$(cat "$dir/pid/$1" 2>/dev/null) && [ "$(enter readlink "/proc/$pid/exe" 2>/dev/null)" = "$(PATH=$programs type -P "$1")" ]
}

# start COMPONENT starts it, unless it runs, as a child of the node's first process.
start() {
  ! alive "$1" || return 0
  command_line "$1"
  say "starting $1"
  rm -f "$dir/pid/$1"
  (
    export PATH=$programs:/usr/sbin:/usr/bin:/sbin:/bin TMPDIR=/var/tmp
    # the id that it has inside the node, where no process can take it that is not the cluster's
    enter setsid --fork bash -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; shift; exec "$@"' - "$dir/pid/$1" "${command_line[@]}"
  ) </dev/null >>"$dir/log/$1.log" 2>&1 9>&-
  wait_for 10 "$1 to start" "$1" -- test -e "$dir/pid/$1"
}

# crash COMPONENT kills it without a warning and waits until it is gone.
crash() {
  alive "$1" || return 0
  enter kill -KILL "$(cat "$dir/pid/$1")"
  wait_for 10 "$1 to be gone" "$1" -- gone "$1"
}
gone() { ! alive "$1"; }

# serving COMPONENT tells whether it does its work.
serving() {
  case $1 in
    etcd) listens 2379 ;;
    kube-apiserver) # it says that it is ready before all its connections to a restarted etcd are back
      kubectl get --raw=/readyz --request-timeout=5s >/dev/null 2>&1 && kubectl get pods,namespaces,leases -A --request-timeout=5s >/dev/null 2>&1
      ;;
    kube-controller-manager) listens 10257 ;;
    kube-scheduler) listens 10259 ;;
    containerd) ctr version >/dev/null 2>&1 ;;
    kubelet) listens 10248 ;;
    kube-proxy) listens 10249 ;;
  esac
}
listens() { enter timeout 5 bash -c ": <>/dev/tcp/127.0.0.1/$1" 2>/dev/null; }

# wait_serving COMPONENT waits for that; a component that has ended is not waited for.
wait_serving() { wait_for 90 "$1 to serve" "$1" -- serving_or_dead "$1"; alive "$1" || fail "$1 has ended" "$1"; }
serving_or_dead() { serving "$1" || ! alive "$1"; }
