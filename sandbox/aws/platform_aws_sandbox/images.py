"""Canonical's Ubuntu images (owner 099720109477) as real AWS lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CANONICAL = "099720109477"


@dataclass(frozen=True)
class Image:
    """One published image; the ids are made up, names and parameters follow Canonical's scheme."""

    image_id: str
    version: str
    codename: str
    architecture: str
    volume_type: str
    serial: str

    @property
    def name(self) -> str:
        """Canonical moved from hvm-ssd (gp2) to hvm-ssd-gp3 with 24.04."""
        folder = "hvm-ssd-gp3" if self.volume_type == "gp3" else "hvm-ssd"
        return f"ubuntu/images/{folder}/ubuntu-{self.codename}-{self.version}-{self.architecture}-server-{self.serial}"

    @property
    def parameter(self) -> str:
        """The public SSM parameter that names the image."""
        return (
            f"/aws/service/canonical/ubuntu/server/{self.version}/stable/current/"
            f"{self.architecture}/hvm/ebs-{self.volume_type}/ami-id"
        )

    def as_moto(self) -> dict[str, Any]:
        """The record that moto loads at start."""
        return {
            "ami_id": self.image_id,
            "state": "available",
            "public": True,
            "owner_id": CANONICAL,
            "image_location": f"amazon/{self.name}",
            "sriov": "simple",
            "root_device_type": "ebs",
            "root_device_name": "/dev/sda1",
            "description": f"Canonical, Ubuntu, {self.version}, {self.architecture} {self.codename} image",
            "image_type": "machine",
            "platform": None,
            "architecture": "x86_64" if self.architecture == "amd64" else "arm64",
            "name": self.name,
            "virtualization_type": "hvm",
            "hypervisor": "xen",
            "creation_date": f"{self.serial[:4]}-{self.serial[4:6]}-{self.serial[6:]}T00:00:00.000Z",
        }


IMAGES = (
    Image("ami-0a24049f1c0de0101", "24.04", "noble", "amd64", "gp3", "20251001"),
    Image("ami-0a24049f1c0de0100", "24.04", "noble", "amd64", "gp3", "20250821"),
    Image("ami-0a24049f1c0de0201", "24.04", "noble", "arm64", "gp3", "20251001"),
    Image("ami-0a22049f1c0de0101", "22.04", "jammy", "amd64", "gp2", "20250930"),
    Image("ami-0a22049f1c0de0201", "22.04", "jammy", "arm64", "gp2", "20250930"),
)


def current_by_parameter() -> dict[str, str]:
    """Each public SSM parameter and the image that it names now."""
    newest: dict[str, Image] = {}
    for image in IMAGES:
        known = newest.get(image.parameter)
        if known is None or image.serial > known.serial:
            newest[image.parameter] = image
    return {parameter: image.image_id for parameter, image in newest.items()}
