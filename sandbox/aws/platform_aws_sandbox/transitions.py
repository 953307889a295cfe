"""Changes that happen later, such as pending -> running.

A change is applied when it is due *and* somebody asks: the gateway calls `settle` under its lock
before each request. So no timer thread ever touches moto, which is not safe for threads.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import time
import traceback
from collections.abc import Callable

_due: list[tuple[float, int, Callable[[], None]]] = []
_order = itertools.count()
_seconds = 3.0


def set_delay(seconds: float) -> None:
    """Sets the length of every state change, in seconds."""
    global _seconds
    _seconds = seconds


def delay() -> float:
    """The length of a state change, in seconds."""
    return _seconds


def later(change: Callable[[], None], factor: float = 1.0) -> None:
    """Applies `change` at the first request after `factor` times the delay."""
    heapq.heappush(_due, (time.monotonic() + _seconds * factor, next(_order), change))


def settle() -> None:
    """Applies every change that is due, oldest first."""
    while _due and _due[0][0] <= time.monotonic():
        _, _, change = heapq.heappop(_due)
        try:
            change()
        except Exception:  # one broken change must not block every later request
            traceback.print_exc(file=sys.stderr)
