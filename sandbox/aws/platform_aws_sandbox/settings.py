"""What a seed file says: zones, quotas and denied actions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"

KNOWN_KEYS = {"region", "zones", "quotas", "deny", "console", "delays", "addresses"}


@dataclass
class Seed:
    """The start values of one sandbox; every part may be left out."""

    region: str = "ap-northeast-2"
    zones: list[str] = field(default_factory=list)
    quotas: dict[str, float] = field(default_factory=dict)
    """Quota code (such as L-1216C47A) to value; the others keep AWS's defaults."""
    deny: list[str] = field(default_factory=list)
    """Patterns such as `ec2:RunInstances` or `iam:*` that this principal may not do."""
    console: str = "generated"
    """`generated`: each instance prints host keys of its own; `none`: only what is set by hand."""
    delays: dict[str, float] = field(default_factory=dict)
    """Kind of state change (transitions.KINDS) to seconds; the others take `--delay`."""
    addresses: list[int] = field(default_factory=lambda: [10, 254])
    """First and last of the public addresses in 203.0.113.0/24, by their last number."""


def read_seed(path: str | None) -> Seed:
    """Reads a seed file (JSON); raises ValueError that names an unknown key or a wrong type."""
    if path is None:
        return Seed()
    data: Any = json.loads(Path(path).read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise ValueError("the seed must be a JSON object")
    unknown = sorted(set(data) - KNOWN_KEYS)
    if unknown:
        raise ValueError(f"unknown key in the seed: {', '.join(unknown)}")
    seed = Seed(**data)
    if seed.console not in ("generated", "none"):
        raise ValueError("console in the seed must be generated or none")
    first, last = seed.addresses
    if not 1 <= first <= last <= 254:
        raise ValueError("addresses in the seed must be two numbers between 1 and 254")
    return seed


current = Seed()


def use(seed: Seed) -> None:
    """Makes `seed` the one that all rules read."""
    global current
    current = seed
