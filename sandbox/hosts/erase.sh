#!/bin/sh
# erase.sh KEY [INSTANCE]: removes from the kernel all that a sandbox's hosts, or one of them, consist of: processes,
# network namespaces with their links, cgroups. Found by name, so that nobody has to remember anything; fine when
# there is nothing. Mounts live in the namespaces of the hosts and go with them. Files are not touched.
set -u
key=$1 instance=${2:-}
group=platform-$key${instance:+/$instance}
spaces=platform-$key-$instance

# Each look asks the kernel once: on a busy machine every process that is started costs.
groups() {
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    if [ -d "$hierarchy/$group" ] && [ ! -L "$hierarchy" ]; then echo "$hierarchy/$group"; fi
  done
}
namespaces() { for space in /run/netns/"$spaces"*; do if [ -e "$space" ]; then echo "${space##*/}"; fi; done; }
processes() {
  # shellcheck disable=SC2046
  find $(groups) /dev/null -name cgroup.procs -exec cat {} + 2> /dev/null
  for space in $(namespaces); do ip netns pids "$space" 2> /dev/null; done
}

tries=0
while left=$(processes) && [ -n "$left" ]; do
  # shellcheck disable=SC2086
  kill -9 $left 2> /dev/null
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    echo "these processes do not end: $left" >&2
    exit 1
  fi
  sleep 0.03
done

for space in $(namespaces); do ip netns del "$space" 2> /dev/null; done
if [ -z "$instance" ]; then
  ip link del "pf-$key" 2> /dev/null
  rm -f "/run/platform-$key."*.sock
fi

# A group of dead processes is busy for an instant.
tries=0
while left=$(groups) && [ -n "$left" ]; do
  # shellcheck disable=SC2086
  find $left -depth -type d -exec rmdir {} + 2> /dev/null
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    echo "these cgroups stay: $left" >&2
    exit 1
  fi
  if [ "$tries" -gt 1 ]; then sleep 0.03; fi
done
exit 0
