#!/bin/sh
# wire.sh FACTS: the network of one host, new at each boot, as the network of a machine is.
# An interface, a rule or a connection of an earlier boot must not be met by the next one.
#
# FACTS is a file of NAME=VALUE: namespace router link mac address prefix gateway resolver
set -eu
. "$1"
# The same on every link, so that no neighbour has to forget it.
router_mac=0e:00:00:00:00:01

ip netns del "$namespace" 2> /dev/null || true
ip -n "$router" link del "$link" 2> /dev/null || true
ip netns add "$namespace"
ip -n "$router" link add "$link" address "$router_mac" type veth peer name eth0 netns "$namespace" address "$mac"

# Each host has a link of its own to the router, which answers for all others, as the network of a VPC does.
nsenter --net="/run/netns/$router" sysctl -qw "net.ipv4.conf.$link.proxy_arp=1" "net.ipv4.neigh.$link.proxy_delay=0"
for own in "$gateway" "$resolver"; do ip -n "$router" addr replace "$own/32" dev lo; done
ip -n "$router" link set "$link" up
ip -n "$router" route replace "$address/32" dev "$link"

ip -n "$namespace" link set lo up
ip -n "$namespace" addr add "$address/$prefix" brd + dev eth0
ip -n "$namespace" link set eth0 up
ip -n "$namespace" route add default via "$gateway"
