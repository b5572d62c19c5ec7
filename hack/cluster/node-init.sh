#!/usr/bin/env bash
# The node's first process, in namespaces of its own: gives the node a file system and then waits for processes that nobody else
# waits for, until it is killed. Started by node.sh.
#
# The node sees the machine's folders at the same paths, so that hostPath volumes mean what they say; /etc, /usr and /boot can't
# be written. /run, /var, /proc and /sys are its own.
#
# usage: node-init.sh NODE-NAME CGROUP-HIERARCHIES FOLDER
set -euo pipefail
name=$1 hierarchies=$2 dir=$3
new=/run # the place where the new root is put together: every machine has it, and the node needs none of what is there
controllers=$(awk '$3 == "cgroup" { print $2, $4 }' /proc/mounts)

mount --make-rprivate / # from here on the machine sees no mount of ours
hostname "$name"
mount -t tmpfs -o mode=755 kith-node $new
for path in /*; do
  case $path in /run | /var | /proc | /sys | /lost+found) continue ;; esac
  if [ -L "$path" ]; then
    cp -a "$path" "$new$path"
  elif [ -d "$path" ]; then
    mkdir "$new$path"
    mount --rbind "$path" "$new$path"
    case $path in /boot | /etc | /usr) mount -o remount,bind,ro "$new$path" ;; esac
  fi
done
mkdir -p $new/{run,var,proc,sys,.old}
mount --bind "$dir/var" $new/var
mkdir -p $new/var/{lib,log,tmp}
ln -s /run $new/var/run
case $dir in
  /var/* | /run/*)
    mkdir -p "$new$dir"
    mount --bind "$dir" "$new$dir"
    ;;
esac
cd $new
pivot_root . .old
mount -t proc -o nosuid,nodev,noexec proc /proc
umount -l /.old
rmdir /.old
mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
if [ "$hierarchies" = /sys/fs/cgroup ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while read -r path options; do
    # of a mount's options only what says which hierarchy it is
    options=$(tr , '\n' <<<"$options" | grep -vxE 'rw|ro|nosuid|nodev|noexec|relatime|xattr|clone_children|release_agent=.*' | paste -sd ,)
    case $options in name=*) options=none,$options ;; esac
    mkdir "/sys/fs/cgroup/${path##*/}"
    mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/${path##*/}"
  done <<<"$controllers"
fi

# The kubelet sets these settings, which are the whole machine's. It gets files to write to that mean nothing.
mkdir /run/settings
for setting in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  cat "/proc/sys/$setting" >"/run/settings/${setting##*/}"
  mount --bind "/run/settings/${setting##*/}" "/proc/sys/$setting"
done

mount --make-rshared / # as the kubelet wants it, for volumes that are mounted after a container has started
touch "$dir/node.ready"
while :; do
  sleep infinity & # bash waits for orphans by itself, whenever a child of any kind ends
  wait
done
