"""Faults that a test asks for: errors, delays and lost answers."""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any

from .transitions import now

_numbers = itertools.count(1)


@dataclass
class Fault:
    """What happens to the next `times` calls whose name matches `action` as a whole."""

    action: str
    """A regular expression for names such as `ec2:RunInstances`."""
    times: int = 1
    """How many calls; -1 is every one."""
    match: str = ""
    """A regular expression that must occur in the body or path too."""
    code: str = ""
    """The error; none means that only the latency counts."""
    message: str = "injected by the sandbox"
    status: int = 400
    latency: float = 0.0
    """Seconds, slept outside the lock."""
    when: str = "before"
    """`before`: nothing is done yet; `after`: the call took effect, and only its answer is late or lost."""
    drop: bool = False
    """Ends the connection without an answer."""
    skip: int = 0
    """So many calls pass before the first is hit: credentials that end in the middle."""
    stale: bool = False
    """The same question is answered as it was answered last: what was deleted since is still listed. Counts only where it was asked before."""
    seconds: float = 0.0
    """In force only for so long, by the sandbox's clock; 0: until its times are used up."""
    since: float = field(default_factory=now)
    id: int = field(default_factory=lambda: next(_numbers))
    hits: int = 0

    def __post_init__(self) -> None:
        re.compile(self.action)
        re.compile(self.match)
        if self.when not in ("before", "after"):
            raise ValueError("when must be before or after")
        if self.stale and (self.code or self.drop or self.when == "after"):
            raise ValueError("stale answers are right answers of before: no code, no drop, not after")


class Faults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Adds faults; raises ValueError, TypeError or re.error for a malformed one and adds none."""
        made = [Fault(**one) for one in wanted]
        with self._lock:
            self._faults += made
        return self.show()

    def clear(self) -> None:
        """Ends all faults."""
        with self._lock:
            self._faults.clear()

    def show(self) -> list[dict[str, Any]]:
        """All faults with their hits, also those that are used up."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, name: str, text: str, known: bool = False) -> Fault | None:
        """The first fault for this call, counted as used. `known`: the same question was answered before."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not re.fullmatch(fault.action, name):
                    continue
                if fault.match and not re.search(fault.match, text):
                    continue
                if fault.seconds and now() - fault.since > fault.seconds:
                    continue
                if fault.stale and not known:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1 if fault.times > 0 else 0
                fault.hits += 1
                return fault
        return None
