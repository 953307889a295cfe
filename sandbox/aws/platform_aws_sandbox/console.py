"""The console output of a machine, with the host keys that cloud-init prints there.

The block is the one of cloud-init's `write-ssh-key-fingerprints`
(github.com/canonical/cloud-init, tools/write-ssh-key-fingerprints).
"""

from __future__ import annotations

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import settings

_texts: dict[str, str] = {}


def set_text(instance_id: str, text: str) -> None:
    """Replaces what the machine printed."""
    _texts[instance_id] = text


def text(instance_id: str) -> str:
    """What the machine printed; empty until it has booted."""
    return _texts.get(instance_id, "")


def forget(instance_id: str) -> None:
    """Drops the text of a machine that is gone."""
    _texts.pop(instance_id, None)


def host_key_block(keys: list[str]) -> str:
    """The lines that cloud-init prints for these public keys (`ssh-ed25519 AAAA... comment`)."""
    return "\n".join(["-----BEGIN SSH HOST KEY KEYS-----", *keys, "-----END SSH HOST KEY KEYS-----", ""])


def boot(instance: Any) -> None:
    """Prints a first boot, unless a text was set or the seed wants none."""
    if settings.current.console == "none" or instance.id in _texts:
        return
    name = f"ip-{(instance.private_ip or '').replace('.', '-')}"
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    _texts[instance.id] = (
        f"Ubuntu 24.04 LTS {name} ttyS0\n\n{name} login: "
        "cloud-init[900]: Cloud-init running 'modules:final'\n" + host_key_block([f"{public} root@{name}"])
    )
