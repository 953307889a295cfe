"""EC2: a rule that points at a group has a description too; controllers keep their mark there."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import security_groups


def _description(self: Any) -> Any:
    """moto looks at address ranges only."""
    return self.ip_range.get("Description") or (self.source_group or {}).get("Description")


security_groups.SecurityGroupRule.description = property(_description)  # type: ignore[assignment]
