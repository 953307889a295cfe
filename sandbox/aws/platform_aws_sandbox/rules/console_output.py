"""GetConsoleOutput answers what the machine printed, and nothing before it has booted."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.responses import general

from .. import console
from ..patching import wrap


@wrap(general.General, "get_console_output")
def _get_console_output(_original: Any, self: Any) -> Any:
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    answer: dict[str, Any] = {"InstanceId": instance.id, "Timestamp": utcnow()}
    printed = console.text(instance.id)
    if printed:
        answer["Output"] = Base64EncodedString.from_raw_string(printed)
    return ActionResult(answer)
