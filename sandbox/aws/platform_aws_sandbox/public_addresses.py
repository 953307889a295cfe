"""Public IPv4 addresses, all from 203.0.113.0/24, which RFC 5737 keeps for documentation.

moto takes them from a range that really belongs to AWS; a tool that connects to one would reach a
stranger. An address is given out once and again only after a full round, so that two machines
never share one and an old host key is not met by chance.
"""

from __future__ import annotations

from collections.abc import Iterator

from moto.ec2.models import ec2_backends

from . import settings
from .refusals import Ec2Refusal

_next = 0


def in_use() -> set[str]:
    """Every public address that a live object of any account and region holds."""
    return set(_held())


def take() -> str:
    """Gives the next free address; refuses as EC2 does when there is none."""
    global _next
    first, last = settings.current.addresses
    taken = in_use()
    for _ in range(last - first + 1):
        number = _next if first <= _next <= last else first
        address = f"203.0.113.{number}"
        _next = number + 1
        if address not in taken:
            return address
    raise Ec2Refusal("InsufficientAddressCapacity", "Insufficient capacity to satisfy your address request.")


def _held() -> Iterator[str]:
    for regions in list(ec2_backends.values()):
        for backend in list(regions.values()):
            for elastic in backend.addresses:
                yield elastic.public_ip
            for interface in backend.enis.values():
                if interface.public_ip:
                    yield interface.public_ip
