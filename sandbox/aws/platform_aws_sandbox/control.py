"""The sandbox's own paths, below `/_sandbox/`."""

from __future__ import annotations

import json
import re
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

from . import console, machines, settings, snapshot, transitions
from .faults import Faults
from .gateway import Answer, Gateway
from .journal import Journal


class Control:
    """Answers identity, faults, journal, snapshot, machines, console, deny and shutdown."""

    def __init__(
        self, server_id: str, gateway: Gateway, journal: Journal, faults: Faults, stop: Callable[[], None]
    ) -> None:
        self._server_id = server_id
        self._gateway = gateway
        self._journal = journal
        self._faults = faults
        self._stop = stop

    def __call__(self, method: str, path: str, environ: dict[str, Any], body: bytes) -> Answer:
        if environ.get("HTTP_ORIGIN"):
            return _json(403, {"error": "not for browsers"})
        question = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""))
        try:
            return self._answer(method, path.removeprefix("/_sandbox/"), question, body)
        except (ValueError, TypeError, KeyError, re.error) as error:
            return _json(400, {"error": f"{type(error).__name__}: {error}"})

    def _answer(self, method: str, path: str, question: dict[str, list[str]], body: bytes) -> Answer:
        match (method, path):
            case ("GET", "identity"):
                return _json(
                    200, {"server": self._server_id, "account": settings.ACCOUNT, "region": settings.current.region}
                )
            case ("GET", "journal"):
                content = self._journal.since(int(question.get("since", ["0"])[0])).encode()
                return _answer(200, "application/x-ndjson", content)
            case ("GET", "faults"):
                return _json(200, self._faults.show())
            case ("POST", "faults"):
                wanted = json.loads(body)
                return _json(200, self._faults.add(wanted if isinstance(wanted, list) else [wanted]))
            case ("DELETE", "faults"):
                self._faults.clear()
                return _json(200, [])
            case ("GET", "snapshot"):
                with self._gateway.lock:
                    transitions.settle()
                    return _json(200, snapshot.take())
            case ("GET", "machines"):
                with self._gateway.lock:
                    transitions.settle()
                    return _json(200, machines.take())
            case ("POST", "power-off"):
                with self._gateway.lock:
                    transitions.settle()
                    machines.power_off(str(json.loads(body)["instance"]))
                return _json(200, {})
            case ("POST", "console"):
                wanted = json.loads(body)
                text = wanted.get("text") or console.host_key_block(wanted["host_keys"])
                with self._gateway.lock:
                    console.set_text(str(wanted["instance"]), str(text))
                return _json(200, {})
            case ("POST", "clock"):
                wanted = json.loads(body)
                with self._gateway.lock:
                    if "hold" in wanted:
                        transitions.hold() if wanted["hold"] else transitions.go_on()
                    transitions.advance(float(wanted.get("advance", 0)))
                return _json(200, {})
            case ("POST", "delays"):
                with self._gateway.lock:
                    return _json(200, transitions.set_delays(json.loads(body)))
            case ("POST", "deny"):
                wanted = json.loads(body)
                settings.current.deny = [str(pattern) for pattern in wanted]
                return _json(200, settings.current.deny)
            case ("POST", "shutdown"):
                # the answer must leave before the server ends
                threading.Timer(0.05, self._stop).start()
                return _json(200, {})
        return _json(404, {"error": f"no such path: {method} /_sandbox/{path}"})


def _json(status: int, value: Any) -> Answer:
    return _answer(status, "application/json", json.dumps(value, default=str).encode())


def _answer(status: int, kind: str, content: bytes) -> Answer:
    return f"{status} -", [("Content-Type", kind), ("Content-Length", str(len(content)))], content
