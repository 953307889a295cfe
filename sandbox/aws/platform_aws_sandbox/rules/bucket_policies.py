"""S3: the condition of a bucket policy that demands TLS. moto knows no conditions and would deny every object."""

from __future__ import annotations

import json
from typing import Any

from moto.s3 import models

from ..patching import wrap


@wrap(models.FakeBucket, "get_permission")
def _get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
    """A statement for requests without TLS says nothing here: loopback stands for TLS. All other statements count."""
    policy = self.policy
    if policy is None:
        return original(self, action, resource)
    document = json.loads(policy)
    statements = document.get("Statement", [])
    kept = [one for one in (statements if isinstance(statements, list) else [statements]) if not _asks_for_tls(one)]
    self.policy = json.dumps(document | {"Statement": kept}).encode() if kept else None
    try:
        return original(self, action, resource)
    finally:
        self.policy = policy


def _asks_for_tls(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition", {})
    wanted = condition.get("Bool", {}).get("aws:SecureTransport")
    return bool(statement.get("Effect") == "Deny" and len(condition) == 1 and str(wanted).lower() == "false")
