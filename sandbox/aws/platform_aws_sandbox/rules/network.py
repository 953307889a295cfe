"""VPC, subnets, gateways, security groups and interfaces: what cannot be deleted while it is used."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import (
    elastic_network_interfaces,
    internet_gateways,
    nat_gateways,
    route_tables,
    security_groups,
    subnets,
    vpcs,
)

from .. import quotas
from ..patching import wrap
from ..refusals import Ec2Refusal, dependency_violation
from ..transitions import later

NO_PERMISSION = "You do not have permission to access the specified resource."


def interfaces(backend: Any, matches: Callable[[Any], bool]) -> list[Any]:
    """The live network interfaces that match."""
    return [interface for interface in backend.enis.values() if matches(interface)]


def group_ids(interface: Any) -> set[str]:
    """The ids of the security groups on an interface."""
    return {group.id for group in interface.group_set}


def drop_interface(backend: Any, interface: Any) -> None:
    """Ends an interface and gives its private addresses back to the subnet."""
    backend.enis.pop(interface.id, None)
    for address in interface.private_ip_addresses:
        interface.subnet.del_subnet_ip(address["PrivateIpAddress"])


@wrap(vpcs.VPCBackend, "create_vpc")
def _create_vpc(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """More VPCs than the quota are refused."""
    if not kwargs.get("is_default"):
        quotas.check_vpcs(self)
    return original(self, *args, **kwargs)


@wrap(vpcs.VPCBackend, "delete_vpc")
def _delete_vpc(original: Any, self: Any, vpc_id: str) -> Any:
    """A VPC with a group of its own, a gateway, an interface or an endpoint stays."""
    used = (
        [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
        or [gateway for gateway in self.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id]
        or interfaces(self, lambda interface: interface.subnet.vpc_id == vpc_id)
        or [end for end in self.vpc_end_points.values() if end.vpc_id == vpc_id and end.state != "deleted"]
    )
    if used:
        raise dependency_violation(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    self.sandbox_deleting_vpc = True
    try:
        gone = original(self, vpc_id)
    finally:
        self.sandbox_deleting_vpc = False
    # moto forgets the network ACL, which dies with its VPC
    for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id]:
        self.network_acls.pop(acl.id)
    return gone


@wrap(subnets.SubnetBackend, "delete_subnet")
def _delete_subnet(original: Any, self: Any, subnet_id: str) -> Any:
    """A subnet with any interface (machine, load balancer, NAT gateway) stays."""
    gateways = [gateway for gateway in self.nat_gateways.values() if gateway.subnet_id == subnet_id]
    if interfaces(self, lambda interface: interface.subnet.id == subnet_id) or [
        gateway for gateway in gateways if gateway.state != "deleted"
    ]:
        raise dependency_violation(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    gone = original(self, subnet_id)
    # moto keeps the association; AWS ends it with the subnet
    for table in self.route_tables.values():
        for association, subnet in list(table._associations.items()):
            if subnet == subnet_id:
                table._associations.pop(association)
    return gone


@wrap(route_tables.RouteBackend, "delete_route_table")
def _delete_route_table(original: Any, self: Any, route_table_id: str) -> Any:
    """The main route table goes only with its VPC; one with a subnet stays."""
    table = self.get_route_table(route_table_id)
    if table._associations or (table.main_association_id and not getattr(self, "sandbox_deleting_vpc", False)):
        raise dependency_violation(f"The routeTable '{route_table_id}' has dependencies and cannot be deleted.")
    return original(self, route_table_id)


@wrap(security_groups.SecurityGroupBackend, "_delete_security_group")
def _delete_group(original: Any, self: Any, vpc_id: str | None, group_id: str) -> Any:
    """A group in use, or named in a rule of another group, stays; so does a default group."""
    group = self.get_security_group_from_id(group_id)
    if group and not getattr(self, "sandbox_deleting_vpc", False):
        if group.name == "default":
            raise Ec2Refusal(
                "CannotDelete", f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
            )
        held = interfaces(self, lambda interface: group_id in group_ids(interface))
        if held or _referring_groups(self, group_id):
            raise dependency_violation(f"resource {group_id} has a dependent object")
    return original(self, vpc_id, group_id)


def _referring_groups(backend: Any, group_id: str) -> list[str]:
    return [
        other.id
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != group_id
        for rule in [*other.ingress_rules, *other.egress_rules]
        if (rule.source_group or {}).get("GroupId") == group_id
    ]


@wrap(internet_gateways.InternetGatewayBackend, "detach_internet_gateway")
def _detach_gateway(original: Any, self: Any, internet_gateway_id: str, vpc_id: str) -> Any:
    """A gateway stays attached while anything behind it has a public address."""
    if interfaces(self, lambda interface: interface.subnet.vpc_id == vpc_id and interface.public_ip):
        raise dependency_violation(
            f"Network {vpc_id} has some mapped public address(es). "
            "Please unmap those public address(es) before detaching the gateway."
        )
    return original(self, internet_gateway_id, vpc_id)


@wrap(internet_gateways.InternetGatewayBackend, "delete_internet_gateway")
def _delete_gateway(original: Any, self: Any, internet_gateway_id: str) -> Any:
    """An attached gateway stays."""
    if self.get_internet_gateway(internet_gateway_id).vpc:
        raise dependency_violation(
            f"The internetGateway '{internet_gateway_id}' has dependencies and cannot be deleted."
        )
    return original(self, internet_gateway_id)


@wrap(elastic_network_interfaces.NetworkInterfaceBackend, "create_network_interface")
def _create_interface(original: Any, self: Any, subnet: Any, private_ip_address: Any, *args: Any, **kwargs: Any) -> Any:
    """A private address is taken from the subnet, never at random, so that no two are the same."""
    network = self.get_subnet(subnet) if isinstance(subnet, str) else subnet
    if private_ip_address or (args and args[0]) or kwargs.get("private_ip_addresses"):
        return original(self, subnet, private_ip_address, *args, **kwargs)
    try:
        address = network.get_available_subnet_ip(None)
    except StopIteration:
        raise Ec2Refusal(
            "InsufficientFreeAddressesInSubnet", f"There are not enough free addresses in subnet '{network.id}'."
        ) from None
    interface = original(self, subnet, address, *args, **kwargs)
    network._subnet_ips[address] = interface
    return interface


@wrap(elastic_network_interfaces.NetworkInterfaceBackend, "delete_network_interface")
def _delete_interface(original: Any, self: Any, eni_id: str) -> Any:
    """An interface in use stays; one of an AWS service belongs to that service."""
    interface = self.enis.get(eni_id)
    if interface and interface.requester_managed:
        raise Ec2Refusal("OperationNotPermitted", NO_PERMISSION)
    if interface and interface.status == "in-use":
        raise Ec2Refusal("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
    answer = original(self, eni_id)
    drop_interface(self, interface)
    return answer


@wrap(elastic_network_interfaces.NetworkInterfaceBackend, "detach_network_interface")
def _detach_interface(original: Any, self: Any, attachment_id: str) -> Any:
    """The first interface of a machine, and one of an AWS service, cannot be detached."""
    for interface in self.enis.values():
        if interface.attachment_id == attachment_id:
            if interface.requester_managed:
                raise Ec2Refusal("OperationNotPermitted", NO_PERMISSION)
            if interface.device_index == 0:
                raise Ec2Refusal(
                    "OperationNotPermitted", "The network interface at device index 0 cannot be detached."
                )
    return original(self, attachment_id)


@wrap(nat_gateways.NatGatewayBackend, "create_nat_gateway")
def _create_nat_gateway(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """A NAT gateway is pending first, and its interface belongs to the service."""
    gateway = original(self, *args, **kwargs)
    gateway.state = "pending"
    own = gateway._eni
    own.requester_managed, own.status = True, "in-use"
    own.description = f"Interface for NAT Gateway {gateway.id}"

    def available() -> None:
        if gateway.state == "pending":
            gateway.state = "available"

    later("nat", available)
    return gateway


@wrap(nat_gateways.NatGatewayBackend, "delete_nat_gateway")
def _delete_nat_gateway(original: Any, self: Any, nat_gateway_id: str) -> Any:
    """A deleted NAT gateway keeps interface and address until it says deleted, and stays listed."""
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None or gateway.state in ("deleting", "deleted"):
        return original(self, nat_gateway_id)
    gateway.state = "deleting"

    def deleted() -> None:
        for elastic in list(self.addresses):
            if elastic.eni is gateway._eni and elastic.association_id:
                self.disassociate_address(association_id=elastic.association_id)
        drop_interface(self, gateway._eni)
        gateway.state = "deleted"

    later("nat", deleted)
    return gateway


@wrap(vpcs.VPCBackend, "delete_vpc_endpoints")
def _delete_endpoints(_original: Any, self: Any, vpce_ids: list[str] | None = None) -> None:
    """moto removes a route that a gateway endpoint does not always have, and fails half way."""
    for identifier in vpce_ids or []:
        end = self.vpc_end_points.get(identifier)
        if end is None:
            continue
        for interface in [self.enis[known] for known in end.network_interface_ids or [] if known in self.enis]:
            drop_interface(self, interface)
        for table in end.route_table_ids or []:
            with contextlib.suppress(EC2ClientError):
                self.delete_route(table, end.destination_prefix_list_id)
        end.state = "deleted"
