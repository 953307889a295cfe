"""Tags of EC2 resources are looked up by id.

moto compares every tag of the account with each resource that it is asked about. A listing or a
snapshot of a thousand things took seconds, and every other request waited for it.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.core import TaggedEC2Resource
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
