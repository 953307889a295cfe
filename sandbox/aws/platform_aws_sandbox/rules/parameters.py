"""SSM: Canonical's public parameters, which name the newest image."""

from __future__ import annotations

import time
from typing import Any

from moto.ssm import models

from ..images import current_by_parameter
from ..patching import wrap

PREFIX = "/aws/service/canonical/"


@wrap(models.ParameterDict, "_check_loading_status")
def _load(original: Any, self: Any, key: str) -> Any:
    """Canonical's parameters appear at the first question below their prefix, as moto does for Amazon's own."""
    if str(key or "").startswith(PREFIX):
        for name, image in current_by_parameter().items():
            if not dict.__contains__(self, name):
                dict.__setitem__(self, name, [_parameter(self, name, image)])
    return original(self, key)


def _parameter(parameters: Any, name: str, image: str) -> Any:
    return models.Parameter(
        account_id=parameters.account_id,
        name=name,
        value=image,
        parameter_type="String",
        description=None,
        allowed_pattern=None,
        keyid=None,
        last_modified_date=time.time(),
        version=1,
        data_type="aws:ec2:image",
    )
