"""Tags of EC2 resources are looked up by id, and go with what carries them.

moto compares every tag of the account with each resource that it is asked about. A listing or a
snapshot of a thousand things took seconds, and every other request waited for it. And it keeps the
tags of what was deleted: DescribeTags would show them for ever.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.core import TaggedEC2Resource
from moto.ec2.models.tags import TagBackend
from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE, get_prefix

from ..patching import wrap


@wrap(TaggedEC2Resource, "get_tags")
def _own_tags(_: Any, self: Any) -> list[dict[str, str]]:
    if not self.id:
        return []
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(self.id), "")
    return [
        {"resource_id": self.id, "key": key, "value": value, "resource_type": kind}
        for key, value in self.ec2_backend.tags.get(self.id, {}).items()
    ]


@wrap(TagBackend, "describe_tags")
def _tags_of_what_is_there(original: Any, self: Any, filters: Any = None) -> list[dict[str, str]]:
    found: list[dict[str, str]] = original(self, filters)
    there = {identifier: _is_there(self, identifier) for identifier in {tag["resource_id"] for tag in found}}
    return [tag for tag in found if there[tag["resource_id"]]]


def _is_there(backend: Any, identifier: str) -> bool:
    """Of the kinds that a cluster is made of; what else has tags counts as there."""
    kind = EC2_PREFIX_TO_RESOURCE.get(get_prefix(identifier), "")
    if kind == "instance":
        return any(instance.id == identifier for instance in backend.all_instances())
    if kind == "subnet":
        return any(identifier in subnets for subnets in backend.subnets.values())
    if kind == "security-group":
        return any(identifier in groups for groups in backend.groups.values())
    if kind == "vpc-elastic-ip":
        return any(address.allocation_id == identifier for address in backend.addresses)
    if kind == "key-pair":
        return any(pair.id == identifier for pair in backend.key_pairs.values())
    things = {
        "vpc": "vpcs",
        "volume": "volumes",
        "snapshot": "snapshots",
        "network-interface": "enis",
        "route-table": "route_tables",
        "internet-gateway": "internet_gateways",
    }.get(kind)
    return things is None or identifier in getattr(backend, things)
