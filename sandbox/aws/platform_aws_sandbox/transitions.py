"""Changes that happen later, such as pending -> running, and the clock that they follow.

A change is applied when it is due *and* somebody asks: the gateway calls `settle` under its lock
before each request. So no timer thread ever touches moto, which is not safe for threads.
The clock can be held and moved (`POST /_sandbox/clock`), so that a test never waits.
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
_moved = 0.0
_held_at: float | None = None


def set_delay(seconds: float) -> None:
    """Sets the length of every state change, in seconds."""
    global _seconds
    _seconds = seconds


def delay() -> float:
    """The length of a state change, in seconds."""
    return _seconds


def now() -> float:
    """The sandbox's own time in seconds; it never goes back."""
    return _moved + (time.monotonic() if _held_at is None else _held_at)


def hold() -> None:
    """Stops the clock."""
    global _held_at
    if _held_at is None:
        _held_at = time.monotonic()


def go_on() -> None:
    """Lets a held clock run again, from where it stood."""
    global _held_at, _moved
    if _held_at is not None:
        _moved -= time.monotonic() - _held_at
        _held_at = None


def advance(seconds: float) -> None:
    """Moves the clock forward, whether it is held or not."""
    global _moved
    if seconds < 0:
        raise ValueError("the clock never goes back")
    _moved += seconds


def later(change: Callable[[], None]) -> None:
    """Applies `change` at the first request after the delay."""
    heapq.heappush(_due, (now() + _seconds, next(_order), change))


def settle() -> None:
    """Applies every change that is due, oldest first."""
    while _due and _due[0][0] <= now():
        _, _, change = heapq.heappop(_due)
        try:
            change()
        except Exception:  # one broken change must not block every later request
            traceback.print_exc(file=sys.stderr)
