# Sourced by cluster.sh: the node is a process with namespaces of its own (mounts, network, processes, host name, IPC, control
# groups). Everything of the cluster runs inside, so that it ends with that process, and the machine keeps none of its mounts,
# packet rules, routes and folders.

# hierarchies prints where the machine's control groups are mounted: the one of version 2, or those of version 1.
hierarchies() {
  if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    echo /sys/fs/cgroup
  else
    awk '$3 == "cgroup" { print $2 }' /proc/mounts
  fi
}

# make_cgroups makes the cluster's group, and in it a group for the processes that are not in pods: version 2 allows no processes
# in a group that has groups below it.
make_cgroups() {
  local h f wanted
  for h in $(hierarchies); do
    if [ -f "$h/cgroup.controllers" ]; then
      for wanted in cpuset cpu memory pids; do # systemd has switched them on long ago
        grep -qw "$wanted" "$h/cgroup.subtree_control" || echo "+$wanted" >"$h/cgroup.subtree_control"
      done
    fi
    mkdir -p "$h/$cgroup/system"
    for f in cpuset.cpus cpuset.mems; do # version 1: a new group has no CPU until it is given some
      [ -f "$h/cgroup.controllers" ] || [ ! -f "$h/$f" ] || cat "$h/$f" >"$h/$cgroup/$f"
      [ -f "$h/cgroup.controllers" ] || [ ! -f "$h/$f" ] || cat "$h/$f" >"$h/$cgroup/system/$f"
    done
  done
}

# join GROUP moves the calling shell into a group of all hierarchies.
join() {
  local h
  for h in $(hierarchies); do echo "$BASHPID" >"$h/$1/cgroup.procs"; done
}

# processes prints the ids of everything that runs in the cluster, whoever started it.
processes() {
  local h
  for h in $(hierarchies); do
    [ ! -d "$h/$cgroup" ] || find "$h/$cgroup" -name cgroup.procs -exec cat {} + 2>/dev/null
  done | sort -nu
}

# node_pid prints the id of the node's first process, or nothing: process 1 of a process namespace right below ours.
node_pid() {
  # -s: processes end while this looks at them
  processes | sed 's,.*,/proc/&/status,' | xargs -r grep -shE $'^NSpid:\t[0-9]+\t1$' | cut -f 2 || true
}

# owner prints the folder of the cluster that a node's first process belongs to.
owner() { tr '\0' '\n' <"/proc/$1/cmdline" | tail -n 1; }

# enter COMMAND... runs a command inside the node.
enter() {
  (
    join "$cgroup/system"
    exec nsenter --target "$(node_pid)" --mount --uts --ipc --net --pid --cgroup -- "$@" 9>&- # the lock is not for what outlives a killed command
  )
}

start_node() {
  say "starting the node"
  make_cgroups
  mkdir -p "$dir/log" "$dir/pid" "$dir/var"
  (
    join "$cgroup" # the group in which a namespace is made is what it shows as the root
    exec setsid unshare --mount --uts --ipc --net --cgroup --pid --fork --kill-child -- \
      bash "$here/node-init.sh" "$node" "$(hierarchies | paste -sd ' ')" "$dir" </dev/null >"$dir/log/node.log" 2>&1 9>&-
  ) &
  disown
  wait_for 20 "the node's namespaces" node -- test -e "$dir/node.ready"
  local pid p h
  pid=$(node_pid)
  for h in $(hierarchies); do
    for p in $(cat "$h/$cgroup/cgroup.procs"); do echo "$p" >"$h/$cgroup/system/cgroup.procs"; done 2>/dev/null || true # one may have ended
  done
  ip link add "$link" type veth peer name eth0 netns "$pid"
  ip addr add "$KITH_HOST_ADDRESS/$link_bits" dev "$link"
  ip link set "$link" up
  enter ip link set lo up
  enter ip addr add "$KITH_NODE_ADDRESS/$link_bits" dev eth0
  enter ip link set eth0 up
  # The kernel looks for a route before kube-proxy's rules send a packet elsewhere: without one the API server reaches no webhook.
  enter ip route add "$service_range" dev eth0 src "$KITH_NODE_ADDRESS"
  enter sysctl -q -w net.ipv4.ip_forward=1
  # There is no default route: nothing in the cluster reaches further than the machine's end of the link. The machine has no route
  # to pods, so that what they send there comes from the node's address.
  enter nft -f - <<EOF
table ip kith {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr $pod_range oifname "eth0" masquerade
  }
}
EOF
}

# stop_node ends every process of the cluster and removes what the kernel keeps of it. It needs nothing but the control groups, so
# it also clears up after a cluster whose folder is gone.
stop_node() {
  local end=$((SECONDS + 30)) pids h
  pids=$(node_pid) # first: the kernel ends all others with it
  while :; do
    [ -n "$pids" ] || pids=$(processes)
    [ -n "$pids" ] || break
    kill -KILL $pids 2>/dev/null || true
    [ $SECONDS -lt $end ] || die "these processes of the cluster do not end: $(echo $pids)"
    sleep 0.1
    pids=""
  done
  ip link delete "$link" 2>/dev/null || true
  for h in $(hierarchies); do
    while [ -d "$h/$cgroup" ] && ! find "$h/$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null; do
      [ $SECONDS -lt $end ] || die "the control group $h/$cgroup can't be removed"
      sleep 0.1 # its last process is on its way out
    done
  done
}
