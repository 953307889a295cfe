"""A local AWS that can be copied: `POST /_sandbox/copy` forks the server with all that its account holds.

For tests that want many worlds from one apply. A copy answers on a port of its own, and knows nothing of what
happens to the original afterwards; what it holds is exactly what a Terraform killed at that moment would leave.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from platform_aws_sandbox import __main__ as program
from platform_aws_sandbox import control
from werkzeug import serving

_servers: list[serving.BaseWSGIServer] = []
_make = serving.make_server
_answer = control.Control._answer


def _remembered(*words: Any, **options: Any) -> serving.BaseWSGIServer:
    _servers.append(_make(*words, **options))
    _end_with_parent(_servers[-1])
    return _servers[-1]


def _copied(self: Any, method: str, path: str, question: dict[str, list[str]], body: bytes) -> Any:
    if (method, path) != ("POST", "copy"):
        return _answer(self, method, path, question, body)
    gateway, journal, remembering = self._gateway, self._journal, self._gateway._remembering
    first = _servers[-1]
    fresh = _make("127.0.0.1", 0, gateway, threaded=True, request_handler=first.RequestHandlerClass)
    # No other thread may be at work in what is copied: a lock that it holds would stay locked in the copy for ever.
    with gateway.lock, remembering, journal._lock, self._faults._lock:
        pid = os.fork()
        if pid > 0:
            fresh.socket.close()
            return control._json(200, {"port": fresh.server_port, "pid": pid})
    # Connections of the original are not the copy's to keep open.
    os.closerange(3, fresh.fileno())
    os.closerange(fresh.fileno() + 1, 4096)
    _servers.append(fresh)
    fresh.daemon_threads, fresh.block_on_close = True, False
    _end_with_parent(fresh)
    try:
        fresh.serve_forever(poll_interval=0.1)
    finally:
        os._exit(0)


def _end_with_parent(server: serving.BaseWSGIServer) -> None:
    """No copy outlives what it was copied from, nor the test that asked."""
    parent = os.getppid()

    def look() -> None:
        if os.getppid() != parent:
            os._exit(0)

    server.service_actions = look  # type: ignore[method-assign]


if __name__ == "__main__":
    # Copies that end are nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    serving.make_server = _remembered
    control.Control._answer = _copied
    sys.exit(program.main())
