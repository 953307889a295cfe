"""EC2: a key pair can be deleted by its id, which a later namesake does not have."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.responses import key_pairs

from ..patching import wrap


@wrap(key_pairs.KeyPairs, "delete_key_pair")
def _delete(original: Any, self: Any) -> Any:
    """moto reads the name only; an id that is not there is no error."""
    wanted = self._get_param("KeyPairId")
    if not wanted or self._get_param("DryRun"):
        return original(self)
    names = [name for name, pair in self.ec2_backend.key_pairs.items() if pair.id == wanted]
    for name in names:
        self.ec2_backend.delete_key_pair(name)
    return ActionResult({"Return": True, "KeyPairId": wanted if names else None})
