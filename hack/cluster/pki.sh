# Sourced by cluster.sh: certificates, each signed by the cluster's own authority, and the kubeconfig files made of them.

# authority NAME makes a certificate that signs others.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1.key" -out "$1.crt" -subj "/CN=kith-$1" -days 365 2>/dev/null
}

# certificate NAME SUBJECT [ALTERNATIVE-NAMES [AUTHORITY]] makes NAME.key and NAME.crt.
certificate() {
  local name=$1 subject=$2 names=${3:-} authority=${4:-ca}
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$name.key" -subj "$subject" -out "$name.csr" 2>/dev/null
  printf 'keyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\n%s' "${names:+subjectAltName=$names}" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA "$authority.crt" -CAkey "$authority.key" -CAcreateserial -days 365 -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  rm "$name.csr" "$name.ext"
}

# kubeconfig CERTIFICATE FILE writes a kubeconfig that needs no other file.
kubeconfig() {
  (
    umask 077
    cat >"$2" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: kith
  cluster:
    server: https://$KITH_NODE_ADDRESS:6443
    certificate-authority-data: $(base64 -w0 ca.crt)
users:
- name: $1
  user:
    client-certificate-data: $(base64 -w0 "$1.crt")
    client-key-data: $(base64 -w0 "$1.key")
contexts:
- name: kith
  context: {cluster: kith, user: $1}
current-context: kith
EOF
  )
}

make_certificates() {
  say "making certificates"
  mkdir -p -m 700 "$dir/pki"
  cd "$dir/pki"
  authority ca
  authority front-proxy-ca # of the API server as a client of API servers that extend it: those believe what it says of its users
  openssl ecparam -name prime256v1 -genkey -noout -out service-accounts.key
  openssl ec -in service-accounts.key -pubout -out service-accounts.pub 2>/dev/null

  local s=kubernetes.default.svc
  certificate kube-apiserver /CN=kube-apiserver \
    "DNS:kubernetes,DNS:kubernetes.default,DNS:$s,DNS:$s.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$KITH_NODE_ADDRESS,IP:$api_service"
  certificate kubelet-server "/O=system:nodes/CN=system:node:$node" "DNS:$node,IP:$KITH_NODE_ADDRESS"
  certificate kubelet-client /O=system:masters/CN=kube-apiserver # what the API server shows to the kubelet
  certificate front-proxy /CN=front-proxy "" front-proxy-ca
  certificate admin /O=system:masters/CN=admin
  certificate kubelet "/O=system:nodes/CN=system:node:$node"
  local name
  for name in kube-controller-manager kube-scheduler kube-proxy; do certificate $name "/CN=system:$name"; done
  for name in kubelet kube-controller-manager kube-scheduler kube-proxy; do kubeconfig $name "$dir/pki/$name.kubeconfig"; done
  kubeconfig admin "$dir/kubeconfig"
  cd /
}
