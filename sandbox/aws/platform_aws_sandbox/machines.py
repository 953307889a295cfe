"""What a host needs to know to be an instance: read by the sandbox when its machines are real hosts.

Addresses, keys, user data and the rules of security groups in one answer, without an entry in the journal of calls.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

from moto.ec2.models import ec2_backends

from .settings import ACCOUNT

Item = dict[str, Any]


def take() -> dict[str, list[Item]]:
    """All instances that are not terminated, and all security groups, of all regions."""
    instances: list[Item] = []
    groups: list[Item] = []
    for region, backend in sorted(ec2_backends[ACCOUNT].items()):
        instances += _instances(region, backend)
        groups += [_group(group) for of_vpc in backend.groups.values() for group in of_vpc.values()]
    return {"instances": instances, "groups": groups}


def power_off(identifier: str) -> None:
    """The guest has switched itself off: stopped, or terminated when the instance was launched so."""
    for backend in ec2_backends[ACCOUNT].values():
        for instance in backend.all_instances():
            if instance.id == identifier and instance._state.name in ("pending", "running"):
                # a guest may end before anybody looked at its start
                instance._state.name, instance._state.code = "running", 16
                if instance.instance_initiated_shutdown_behavior == "terminate":
                    instance.terminate()
                else:
                    instance.stop()


def _instances(region: str, backend: Any) -> Iterator[Item]:
    elastic = {address.instance.id: address.public_ip for address in backend.addresses if address.instance}
    for instance in backend.all_instances():
        if instance._state.name == "terminated":
            continue
        subnet = backend.get_subnet(instance.subnet_id) if instance.subnet_id else None
        pair = backend.key_pairs.get(instance.key_name)
        association = backend.iam_instance_profile_associations.get(instance.id)
        profile = association.iam_instance_profile if association else None
        yield {
            "id": instance.id,
            "state": instance._state.name,
            "image": instance.image_id,
            "type": instance.instance_type,
            "zone": instance._placement.zone,
            "region": region,
            "account": ACCOUNT,
            "privateAddress": instance.private_ip or "",
            "publicAddress": elastic.get(instance.id) or instance.public_ip or "",
            "subnet": {"id": subnet.id, "cidr": subnet.cidr_block} if subnet else {"id": "", "cidr": "0.0.0.0/0"},
            "vpc": {"id": subnet.vpc_id, "cidr": backend.get_vpc(subnet.vpc_id).cidr_block} if subnet else {},
            "groups": sorted(group.id for group in instance.security_groups),
            "key": pair.public_key if pair else "",
            "keyName": instance.key_name or "",
            "userData": _plain(instance.user_data),
            "sourceDestinationCheck": bool(instance.source_dest_check),
            "metadata": {
                "tokens": str(getattr(instance.metadata_options, "http_tokens", None) or "optional"),
                "hops": int(getattr(instance.metadata_options, "http_put_response_hop_limit", None) or 1),
            },
            "reboots": getattr(instance, "sandbox_reboots", 0),
            "profile": profile.name if profile else "",
        }


def _plain(data: Any) -> str:
    """moto keeps user data in base64; what is no text is shown as far as it is."""
    return base64.b64decode(str(data)).decode("utf-8", "replace") if data is not None else ""


def _group(group: Any) -> Item:
    return {
        "id": group.id,
        "vpc": group.vpc_id or "",
        "ingress": [_rule(rule) for rule in group.ingress_rules],
        "egress": [_rule(rule) for rule in group.egress_rules],
    }


def _rule(rule: Any) -> Item:
    source = rule.source_group or {}
    return {
        "protocol": str(rule.ip_protocol),
        "from": rule.from_port,
        "to": rule.to_port,
        "ranges": [rule.cidr_ipv4] if rule.cidr_ipv4 else [],
        "groups": [source["GroupId"]] if source.get("GroupId") else [],
    }
