"""Elastic Load Balancing v2: interfaces of a load balancer, deletion protection, states and health."""

from __future__ import annotations

from typing import Any

from moto.elbv2 import models

from .. import public_addresses
from ..patching import wrap
from ..refusals import ServiceRefusal
from ..transitions import delay, later, now
from .network import drop_interface

REQUESTER = "amazon-elb"


def _interface_description(arn: str) -> str:
    return "ELB " + arn.split("loadbalancer/")[1]


@wrap(models.ELBv2Backend, "create_load_balancer")
def _create(original: Any, self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """A load balancer is provisioning first and puts an interface of the service into each subnet."""
    if any(known.name == name for known in self.load_balancers.values()):
        raise ServiceRefusal("DuplicateLoadBalancerName", f"A load balancer with the same name '{name}' exists")
    balancer = original(self, name, *args, **kwargs)
    balancer.sandbox_active_at = now() + delay("load-balancer")
    for subnet in balancer.subnets:
        interface = self.ec2_backend.create_network_interface(
            subnet,
            None,
            group_ids=list(balancer.security_groups or []),
            description=_interface_description(balancer.arn),
        )
        interface.requester_managed, interface.requester_id, interface.status = True, REQUESTER, "in-use"
        if balancer.scheme != "internal":
            interface.public_ip = public_addresses.take()
    return balancer


@wrap(models.FakeLoadBalancer, "activate")
def _activate(original: Any, self: Any) -> None:
    """moto activates on the first look; AWS after a time."""
    if now() >= getattr(self, "sandbox_active_at", 0.0):
        original(self)


@wrap(models.ELBv2Backend, "delete_load_balancer")
def _delete(original: Any, self: Any, arn: str) -> Any:
    """Deletion protection refuses; the interfaces outlive the load balancer for a while."""
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise ServiceRefusal(
            "OperationNotPermitted", f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        )
    answer = original(self, arn)
    if balancer:
        later("interfaces", lambda: _drop_interfaces(self.ec2_backend, _interface_description(arn)))
    return answer


def _drop_interfaces(backend: Any, description: str) -> None:
    for interface in [known for known in backend.enis.values() if known.description == description]:
        drop_interface(backend, interface)


@wrap(models.ELBv2Backend, "set_security_groups")
def _set_groups(original: Any, self: Any, arn: str, *args: Any, **kwargs: Any) -> Any:
    """The interfaces follow the groups of their load balancer."""
    answer = original(self, arn, *args, **kwargs)
    balancer = self.load_balancers[arn]
    for interface in self.ec2_backend.enis.values():
        if interface.description == _interface_description(arn):
            interface._group_set = [
                self.ec2_backend.get_security_group_from_id(group) for group in balancer.security_groups
            ]
    return answer


@wrap(models.FakeTargetGroup, "register")
def _register(original: Any, self: Any, targets: list[dict[str, Any]]) -> Any:
    """A new target is not healthy at once."""
    answer = original(self, targets)
    since = self.__dict__.setdefault("sandbox_registered", {})
    for target in targets:
        since[target["Id"]] = now()
    return answer


@wrap(models.FakeTargetGroup, "health_for")
def _health(original: Any, self: Any, target: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
    """initial (Elb.RegistrationInProgress) comes before healthy."""
    health = original(self, target, *args, **kwargs)
    since = self.__dict__.get("sandbox_registered", {}).get(target["Id"], 0.0)
    if health.status == "healthy" and now() - since < delay("target"):
        health.status = "initial"
        health.reason = "Elb.RegistrationInProgress"
        health.description = "Target registration is in progress"
    return health
