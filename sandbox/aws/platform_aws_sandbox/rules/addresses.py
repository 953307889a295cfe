"""Public and Elastic IP addresses."""

from __future__ import annotations

from typing import Any

from moto.ec2 import utils
from moto.ec2.models import elastic_ip_addresses, elastic_network_interfaces

from .. import public_addresses, quotas
from ..patching import wrap
from ..refusals import Ec2Refusal

# moto imports these helpers by name, so each importer is given ours
for _module in (utils, elastic_network_interfaces, elastic_ip_addresses):
    for _name in ("random_public_ip", "random_ip"):
        if hasattr(_module, _name):
            setattr(_module, _name, public_addresses.take)


@wrap(elastic_ip_addresses.ElasticAddressBackend, "allocate_address")
def _allocate(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """More addresses than the quota are refused."""
    quotas.check_elastic_addresses(self)
    return original(self, *args, **kwargs)


@wrap(elastic_ip_addresses.ElasticAddressBackend, "associate_address")
def _associate(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """A pending machine cannot get an address; asking again for the same binding gives the same id."""
    instance = kwargs.get("instance", args[0] if args else None)
    if instance is not None and instance._state.name in ("pending", "shutting-down", "terminated"):
        raise Ec2Refusal(
            "InvalidInstanceID", f"The pending-instance-creation instance '{instance.id}' is not in a valid state."
        ) if instance._state.name == "pending" else Ec2Refusal(
            "InvalidInstanceID", f"The instance '{instance.id}' is not in a valid state for this operation."
        )
    allocation, address = kwargs.get("allocation_id"), kwargs.get("address")
    for elastic in self.addresses:
        if elastic.allocation_id == allocation or elastic.public_ip == address:
            if elastic.association_id and instance is not None and elastic.instance is instance:
                return elastic
            if elastic.association_id and kwargs.get("reassociate"):
                self.disassociate_address(association_id=elastic.association_id)
    return original(self, *args, **kwargs)


@wrap(elastic_ip_addresses.ElasticAddressBackend, "release_address")
def _release(original: Any, self: Any, address: str | None = None, allocation_id: str | None = None) -> Any:
    """A bound address stays; one that an AWS service holds answers AuthFailure."""
    for elastic in self.addresses:
        if elastic.allocation_id == allocation_id and elastic.association_id:
            if elastic.eni is not None and elastic.eni.requester_managed:
                raise Ec2Refusal("AuthFailure", "You do not have permission to access the specified resource.")
            raise Ec2Refusal("InvalidIPAddress.InUse", f"Address {elastic.public_ip} is in use.")
    return original(self, address=address, allocation_id=allocation_id)
