#!/bin/sh
# group.sh GROUP: makes the cgroup of a host below each hierarchy, with a place for its keeper and one for itself.
set -eu
group=$1

# cgroup v1: a cpuset must be filled before anybody may enter.
fill() {
  if [ -e "$1/cpuset.cpus" ] && [ -z "$(cat "$1/cpuset.cpus")" ]; then
    cat "$1/../cpuset.cpus" > "$1/cpuset.cpus"
    cat "$1/../cpuset.mems" > "$1/cpuset.mems"
    echo 1 > "$1/cgroup.clone_children"
  fi
}

# cgroup v2: what a group may limit is handed down by the one above it.
hand_down() { for controller in $(cat "$1/cgroup.controllers"); do echo "+$controller" > "$1/cgroup.subtree_control" 2> /dev/null || true; done; }

make() {
  above=$1
  old_ifs=$IFS
  IFS=/
  for part in $group; do
    mkdir -p "$above/$part"
    if [ -e "$above/cgroup.subtree_control" ]; then hand_down "$above"; fi
    above=$above/$part
    fill "$above"
  done
  IFS=$old_ifs
  if [ -e "$above/cgroup.subtree_control" ]; then hand_down "$above"; fi
  for place in keeper guest; do
    mkdir -p "$above/$place"
    fill "$above/$place"
  done
}

if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  make /sys/fs/cgroup
else
  for hierarchy in /sys/fs/cgroup/*; do
    if [ ! -L "$hierarchy" ] && [ "$(basename "$hierarchy")" != unified ] && [ -e "$hierarchy/cgroup.procs" ]; then make "$hierarchy"; fi
  done
fi
