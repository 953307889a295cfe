"""EC2 instances: what RunInstances checks, the states in between, and what a machine holds."""

from __future__ import annotations

import copy
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import instances as moto_instances
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.ec2.responses import instances as moto_responses

from .. import console, quotas
from ..patching import wrap
from ..refusals import Ec2Refusal
from ..transitions import delay, later, now
from .network import drop_interface

PENDING, RUNNING, SHUTTING_DOWN, STOPPING = ("pending", 0), ("running", 16), ("shutting-down", 32), ("stopping", 64)


def _enter(instance: Any, state: tuple[str, int]) -> None:
    instance._state.name, instance._state.code = state


def _becomes_running(instance: Any) -> None:
    if instance._state.name == "pending":
        _enter(instance, RUNNING)
        instance.sandbox_running_since = now()
        console.boot(instance)


@wrap(moto_instances.Instance, "prep_nics")
def _prepare_interfaces(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
    """The first interface dies with its machine, and its groups are the machine's groups."""
    original(self, *args, **kwargs)
    first = self.nics.get(0)
    if first is None:
        return
    if first.description == "Primary network interface":
        # AWS leaves the description empty unless the caller gives one
        first.description = ""
        first.delete_on_termination = True
    for group in first.group_set:
        if group not in self.security_groups:
            self.security_groups.append(group)


@wrap(moto_instances.InstanceBackend, "run_instances")
def _run(original: Any, self: Any, image_id: str, count: int, *args: Any, **kwargs: Any) -> Any:
    """Refuses what EC2 refuses; a machine starts as pending."""
    _check_request(self, image_id, count, kwargs)
    reservation = original(self, image_id, count, *args, **kwargs)
    for instance in reservation.instances:
        _enter(instance, PENDING)
        later("boot", lambda machine=instance: _becomes_running(machine))
    return reservation


def _check_request(backend: Any, image_id: str, count: int, request: dict[str, Any]) -> None:
    kind = request.get("instance_type")
    if kind not in INSTANCE_TYPES:
        raise Ec2Refusal("InvalidParameterValue", f"Invalid value '{kind}' for InstanceType.")
    template = request.get("launch_template")
    if image_id and image_id not in backend.amis:
        raise Ec2Refusal("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")
    if not image_id and not template:
        raise Ec2Refusal("MissingParameter", "The request must contain the parameter ImageId")
    key = request.get("key_name")
    if key and key not in backend.key_pairs:
        raise Ec2Refusal("InvalidKeyPair.NotFound", f"The key pair '{key}' does not exist")
    if not request.get("subnet_id") and not request.get("nics") and not backend.get_default_vpc():
        raise Ec2Refusal("MissingInput", "No default VPC found, and no subnet was given.")
    quotas.check_vcpus(backend, kind, count)


@wrap(moto_instances.Instance, "terminate")
def _terminate(original: Any, self: Any) -> Any:
    """Interfaces, addresses, volumes and groups stay in use until the machine is really terminated."""
    previous = copy.copy(self._state)
    if self._state.name in ("shutting-down", "terminated"):
        return previous
    _enter(self, SHUTTING_DOWN)
    later("shutdown", lambda: _becomes_terminated(original, self))
    return previous


def _becomes_terminated(original: Any, instance: Any) -> None:
    backend = instance.ec2_backend
    interfaces = list(instance.nics.values())
    for elastic in list(backend.addresses):
        if elastic.association_id and (elastic.instance is instance or elastic.eni in interfaces):
            backend.disassociate_address(association_id=elastic.association_id)
    for interface in interfaces:
        # moto ends an interface through the rule that refuses one in use
        interface.status = "available"
    original(instance)
    for interface in interfaces:
        if interface.delete_on_termination:
            drop_interface(backend, interface)
        else:
            instance.detach_eni(interface)
    instance.security_groups = []
    console.forget(instance.id)


@wrap(moto_instances.Instance, "stop")
def _stop(original: Any, self: Any) -> Any:
    """Stopping takes time; the public address is given back only when it has stopped."""
    previous = copy.copy(self._state)
    if self._state.name in ("stopping", "stopped"):
        return previous
    if self._state.name != "running":
        raise _wrong_state(self, "stopped")
    _enter(self, STOPPING)
    later("stop", lambda: original(self) if self._state.name == "stopping" else None)
    return previous


@wrap(moto_instances.Instance, "start")
def _start(original: Any, self: Any) -> Any:
    """A start leads through pending, with a new public address unless an Elastic IP is bound."""
    previous = copy.copy(self._state)
    if self._state.name in ("pending", "running"):
        return previous
    if self._state.name != "stopped":
        raise _wrong_state(self, "started")
    held = {eni.id: eni.public_ip for eni in self.nics.values() if eni.public_ip}
    original(self)
    for interface in self.nics.values():
        if interface.id in held:
            interface.public_ip = held[interface.id]
    _enter(self, PENDING)
    later("boot", lambda: _becomes_running(self))
    return previous


@wrap(moto_instances.Instance, "reboot")
def _reboot(original: Any, self: Any) -> None:
    """Counted: a machine that is a real host follows the count."""
    original(self)
    self.sandbox_reboots = getattr(self, "sandbox_reboots", 0) + 1


def _wrong_state(instance: Any, wanted: str) -> Ec2Refusal:
    return Ec2Refusal(
        "IncorrectInstanceState",
        f"The instance '{instance.id}' is not in a state from which it can be {wanted}.",
    )


@wrap(moto_instances.InstanceBackend, "modify_instance_security_groups")
def _modify_groups(original: Any, self: Any, instance_id: str, new_group_id_list: list[str]) -> Any:
    """The groups of a machine are those of its first interface."""
    instance = original(self, instance_id, new_group_id_list)
    if 0 in instance.nics:
        instance.nics[0]._group_set = list(instance.security_groups)
    return instance


def _status_check(self: Any) -> dict[str, Any]:
    if self.state_code != RUNNING[1]:
        return {"Status": "not-applicable"}
    passed = now() - getattr(self, "sandbox_running_since", 0.0) >= delay("boot")
    details = [{"Name": "reachability", "Status": "passed" if passed else "initializing"}]
    return {"Details": details, "Status": "ok" if passed else "initializing"}


# status checks pass some time after the machine runs
moto_instances.Instance.instance_status = property(_status_check)  # type: ignore[assignment]
moto_instances.Instance.system_status = property(_status_check)  # type: ignore[assignment]


@wrap(moto_responses.InstanceResponse, "run_instances")
def _answer_run(original: Any, self: Any) -> Any:
    """A repeated ClientToken gives the same reservation; with other parameters it is refused."""
    token = self._get_param("ClientToken")
    if not token or self._get_param("DryRun"):
        return original(self)
    remembered = self.ec2_backend.__dict__.setdefault("sandbox_client_tokens", {})
    asked = repr(sorted(self._get_params().items(), key=lambda item: item[0]))
    if token in remembered:
        before, reservation = remembered[token]
        if before != asked:
            raise Ec2Refusal(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        return ActionResult(reservation)
    known = set(self.ec2_backend.reservations)
    answer = original(self)
    (made,) = set(self.ec2_backend.reservations) - known
    remembered[token] = (asked, self.ec2_backend.reservations[made])
    return answer
