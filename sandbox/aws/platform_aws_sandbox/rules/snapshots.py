"""Snapshots of volumes: they take time, and say how far they are."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import elastic_block_store

from ..patching import wrap
from ..transitions import later


@wrap(elastic_block_store.EBSBackend, "create_snapshot")
def _create_snapshot(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    """A snapshot is of the moment of the call, and is copied afterwards: pending first."""
    snapshot = original(self, *args, **kwargs)
    if snapshot.from_ami:
        return snapshot
    snapshot.status = "pending"
    later("snapshot", lambda: _becomes_completed(snapshot))
    return snapshot


def _becomes_completed(snapshot: Any) -> None:
    if snapshot.status == "pending":
        snapshot.status = "completed"


# moto always says 100%
elastic_block_store.Snapshot.progress = property(lambda self: "100%" if self.status == "completed" else "0%")
