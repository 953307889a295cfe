"""Filters with several values."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from typing import Any

from moto.ec2 import utils

from ..patching import wrap


@wrap(utils, "is_filter_matching")
def _any_value_will_do(original: Callable[..., bool], thing: Any, name: str, wanted: Any) -> bool:
    """The values of one filter are joined by OR (EC2 API, Using Filtering).

    For what has several values itself, such as its tag keys, moto asks that all of the one are
    among the other.
    """
    value = thing.get_filter_value(name)
    if not isinstance(wanted, list) or not isinstance(value, (list, set, tuple, type({}.keys()))):
        return original(thing, name, wanted)
    return any(fnmatch.fnmatch(str(one), pattern) for one in value for pattern in wanted)
