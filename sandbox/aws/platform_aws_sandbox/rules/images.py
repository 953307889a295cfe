"""AMIs: Canonical's images in every region, instead of moto's old list."""

from __future__ import annotations

from typing import Any

from botocore.utils import parse_timestamp
from moto.ec2.models import amis

from ..images import IMAGES
from ..patching import wrap


@wrap(amis.AmiBackend, "_load_amis")
def _load(_original: Any, self: Any) -> None:
    """moto's records are ten years old and belong to nobody that a topology asks for."""
    for image in IMAGES:
        record = image.as_moto()
        record["creation_date"] = parse_timestamp(record["creation_date"])
        self.amis[image.image_id] = amis.Ami(self, **record)
