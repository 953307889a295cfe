"""EC2: peering connections are listed by the VPC at either end."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import vpc_peering_connections

from ..patching import wrap

_ENDS = {"requester-vpc-info.vpc-id": "vpc", "accepter-vpc-info.vpc-id": "peer_vpc"}


@wrap(vpc_peering_connections.VPCPeeringConnections, "describe_vpc_peering_connections")
def _describe(original: Any, self: Any) -> Any:
    """moto ignores filters; here the two ends can be asked for."""
    wanted = {name: values for name, values in self._filters_from_querystring().items() if name in _ENDS}
    if not wanted:
        return original(self)
    ids = self._get_param("VpcPeeringConnectionIds", [])
    found = [
        one
        for one in self.ec2_backend.describe_vpc_peering_connections(vpc_peering_ids=ids)
        if all(getattr(one, _ENDS[name]).id in values for name, values in wanted.items())
    ]
    return ActionResult({"VpcPeeringConnections": found})
