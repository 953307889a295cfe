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
_own: dict[str, float] = {}
_moved = 0.0
_held_at: float | None = None


def set_delay(seconds: float) -> None:
    """Sets the length of every state change, in seconds."""
    global _seconds
    _seconds = seconds


KINDS = {
    "boot": "pending to running, and then until the status checks pass",
    "stop": "stopping to stopped",
    "shutdown": "shutting-down to terminated, with the release of all that the machine holds",
    "load-balancer": "provisioning to active",
    "interfaces": "how long the interfaces of a load balancer outlive it",
    "target": "initial to healthy",
    "nat": "pending to available, deleting to deleted",
    "certificate": "validation record to ISSUED",
    "snapshot": "pending to completed",
}
"""What may have a length of its own."""


def set_delays(seconds: dict[str, float]) -> dict[str, float]:
    """Gives kinds lengths of their own, from now on; raises ValueError for an unknown kind. Gives all that are set."""
    unknown = sorted(set(seconds) - set(KINDS))
    if unknown:
        raise ValueError(f"unknown delay: {', '.join(unknown)}; there are {', '.join(KINDS)}")
    checked = {kind: float(length) for kind, length in seconds.items()}
    if any(length < 0 for length in checked.values()):
        raise ValueError("a delay cannot be negative")
    _own.update(checked)
    return dict(_own)


def delay(kind: str) -> float:
    """The length of a state change of this kind, in seconds."""
    return _own.get(kind, _seconds)


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


def later(kind: str, change: Callable[[], None]) -> None:
    """Applies `change` at the first request after the delay of this kind."""
    heapq.heappush(_due, (now() + delay(kind), next(_order), change))


def settle() -> None:
    """Applies every change that is due, oldest first."""
    while _due and _due[0][0] <= now():
        _, _, change = heapq.heappop(_due)
        try:
            change()
        except Exception:  # one broken change must not block every later request
            traceback.print_exc(file=sys.stderr)
