"""EC2: termination protection that is asked for at launch is in force (moto forgets it)."""

from __future__ import annotations

from typing import Any

from moto.ec2.responses import instances

from ..patching import wrap


@wrap(instances.InstanceResponse, "run_instances")
def _run(original: Any, self: Any) -> Any:
    known = set(self.ec2_backend.reservations)
    answer = original(self)
    if self._get_param("DisableApiTermination"):
        for made in set(self.ec2_backend.reservations) - known:
            for instance in self.ec2_backend.reservations[made].instances:
                instance.disable_api_termination = True
    return answer
