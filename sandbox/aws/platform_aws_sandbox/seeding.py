"""What an account has before anybody works in it: the seed's hosted zones."""

from __future__ import annotations

from moto.route53.models import route53_backends

from .settings import ACCOUNT, Seed


def sow(seed: Seed) -> None:
    """Creates the public hosted zones of the seed."""
    backend = route53_backends[ACCOUNT]["aws"]
    for name in seed.zones:
        backend.create_hosted_zone(name.rstrip(".") + ".", private_zone=False, caller_reference=f"seed-{name}")
