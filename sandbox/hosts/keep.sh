#!/bin/sh
# keep.sh FOLDER NAMESPACE GROUP BASE: runs one host and starts it again for as long as it asks for a reboot.
# Ends when the host is off; how it ended is the last line of FOLDER/keeper.log. Its parent may die: the host stays.
#
# FOLDER     the host's own: disk (upper, work), data, console, init.pid
# NAMESPACE  its network namespace, made before
# GROUP      its cgroup below each hierarchy, made before
# BASE       the image, a folder that is never written
set -u
folder=$1 namespace=$2 group=$3 base=$4
here=$(dirname "$0")
cd "$folder" || exit 1
trap '' HUP

# Everything of the host is found by its cgroup, also when nobody is left who knows a pid.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -w "$hierarchy/$group/keeper/cgroup.procs" ] && echo $$ > "$hierarchy/$group/keeper/cgroup.procs"
done

while [ -e wanted ]; do
  # Groups of pods that an earlier boot left make kubelet wait seconds for each of them.
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -d "$hierarchy/$group/guest" ] && find "$hierarchy/$group/guest" -mindepth 1 -depth -type d -exec rmdir {} + 2> /dev/null
  done
  sh "$here/wire.sh" "$folder/facts/network" >> keeper.log 2>&1 || exit 1
  nsenter --net="/run/netns/$namespace" unshare --mount --uts --ipc --pid --fork --propagation private \
    sh "$here/init.sh" join "$folder" "$group" "$base" < /dev/null >> console 2>&1 &
  unshare=$!
  tries=0
  first=''
  while [ -z "$first" ] && [ -d "/proc/$unshare" ] && [ "$tries" -lt 200 ]; do
    first=$(cat "/proc/$unshare/task/$unshare/children" 2> /dev/null)
    first=${first%% *}
    tries=$((tries + 1))
    [ -z "$first" ] && sleep 0.02
  done
  echo "$first" > init.pid
  wait "$unshare"
  code=$?
  rm -f init.pid
  echo "ended $code" >> keeper.log
  # reboot(2) inside a pid namespace kills its first process by SIGHUP (129), power-off by SIGINT (130).
  [ "$code" -eq 129 ] || exit 0
done
