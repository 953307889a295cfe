#!/bin/sh
# init.sh join|boot FOLDER GROUP BASE: the first process of a host, until it becomes systemd.
# It is born in fresh mount, uts, ipc and pid namespaces, and in the network namespace of the host.
set -eu
stage=$1 folder=$2 group=$3 base=$4

if [ "$stage" = join ]; then
  # First into the cgroup, then into a cgroup namespace: the host's own group becomes its root.
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    if [ -w "$hierarchy/$group/guest/cgroup.procs" ]; then echo 0 > "$hierarchy/$group/guest/cgroup.procs"; fi
  done
  exec unshare --cgroup sh "$0" boot "$folder" "$group" "$base"
fi

cd "$folder"
hostname "$(cat upper/etc/hostname)"
# Paths are relative, so that no character of the folder can be taken for a mount option.
mount -t overlay overlay -o "lowerdir=$base,upperdir=upper,workdir=work" root
mount -t proc proc root/proc
mount -t sysfs sysfs root/sys

mount -t tmpfs -o mode=755 tmpfs root/dev
device() { mknod -m "$1" "root/dev/$2" c "$3" "$4"; }
mkdir -p root/dev/pts root/dev/shm root/dev/mqueue root/dev/net
device 666 null 1 3
device 666 zero 1 5
device 666 full 1 7
device 666 random 1 8
device 666 urandom 1 9
device 666 tty 5 0
device 644 kmsg 1 11
device 666 fuse 10 229
device 666 net/tun 10 200
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts root/dev/pts
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
ln -s fd/0 root/dev/stdin
ln -s fd/1 root/dev/stdout
ln -s fd/2 root/dev/stderr
touch root/dev/console
mount --bind console root/dev/console
mount -t tmpfs -o mode=1777 tmpfs root/dev/shm
mount -t tmpfs -o mode=755 tmpfs root/run

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 root/sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs root/sys/fs/cgroup
  for hierarchy in /sys/fs/cgroup/*; do
    name=$(basename "$hierarchy")
    if [ -L "$hierarchy" ] || [ ! -d "$hierarchy/$group/guest" ]; then continue; fi
    mkdir "root/sys/fs/cgroup/$name"
    case $name in
      systemd) mount -t cgroup -o none,name=systemd cgroup "root/sys/fs/cgroup/$name" ;;
      *) mount -t cgroup -o "$name" cgroup "root/sys/fs/cgroup/$name" ;;
    esac
  done
  # systemd then leaves the layout as it is.
  mount -o remount,ro root/sys/fs/cgroup
fi

# What lays its own overlay (containerd) or syncs much (etcd) needs a plain file system.
for name in containerd kubelet etcd; do
  mkdir -p "root/var/lib/$name"
  mount --bind "data/$name" "root/var/lib/$name"
done

# The kernel is shared: what a host may set for itself alone is a file of its own, with the kernel's name for it.
mkdir -m 700 root/run/kernel
own() {
  if [ ! -e "root$1" ]; then return 0; fi
  place="root/run/kernel/$(echo "$1" | tr / .)"
  echo "$2" > "$place"
  mount --bind "$place" "root$1"
}
own /proc/sys/vm/overcommit_memory 0
own /proc/sys/vm/panic_on_oom 0
own /proc/sys/vm/max_map_count 65530
own /proc/sys/kernel/panic 0
own /proc/sys/kernel/panic_on_oops 0
own /proc/sys/fs/inotify/max_user_instances 128
own /proc/sys/fs/inotify/max_user_watches 65536
# Who it is: another boot id at each boot, the machine id and the system's id of its instance.
own /proc/sys/kernel/random/boot_id "$(cat /proc/sys/kernel/random/uuid)"
own /sys/class/dmi/id/product_uuid "$(cat facts/product-uuid)"
own /sys/class/dmi/id/board_asset_tag "$(cat facts/instance)"
own /sys/class/dmi/id/sys_vendor 'Amazon EC2'

cd root
mkdir -p .old
pivot_root . .old
mount --make-rshared /
umount -l /.old
rmdir /.old
for setting in net.ipv4.ip_forward=0 net.ipv4.ip_unprivileged_port_start=1024; do sysctl -qw "$setting" || true; done
# A clock belongs to the whole machine.
exec env -i container=platform PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
  setpriv --bounding-set -sys_time --inh-caps -sys_time /sbin/init --log-target=journal --show-status=1
