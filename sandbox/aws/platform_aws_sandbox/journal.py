"""The call journal: one JSON line a call, in the order in which the calls took effect."""

from __future__ import annotations

import json
import threading
from collections import deque
from pathlib import Path
from typing import Any

KEPT = 100_000


class Journal:
    """Keeps the last calls in memory and, when a file is named, all of them there."""

    def __init__(self, path: str | None) -> None:
        self._lines: deque[tuple[int, str]] = deque(maxlen=KEPT)
        self._count = 0
        self._lock = threading.Lock()
        self._file = Path(path).open("a", encoding="utf-8", buffering=1) if path else None  # noqa: SIM115

    def add(self, record: dict[str, Any]) -> None:
        """Appends one call and gives it its number `n`, from 1 on."""
        with self._lock:
            self._count += 1
            line = json.dumps({"n": self._count} | record, separators=(",", ":"), default=str) + "\n"
            self._lines.append((self._count, line))
            if self._file:
                self._file.write(line)

    def since(self, number: int) -> str:
        """The lines after call `number`, as NDJSON."""
        with self._lock:
            return "".join(line for count, line in self._lines if count > number)

    def close(self) -> None:
        """Closes the file."""
        if self._file:
            self._file.close()
