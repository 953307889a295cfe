"""`python -m platform_aws_sandbox`: serves a local AWS on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import secrets
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="platform_aws_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", help="gets {port, server, pid} as JSON once requests are answered")
    parser.add_argument("--journal", help="NDJSON file; each call is appended")
    parser.add_argument("--delay", type=float, default=3.0, help="seconds of each state change")
    parser.add_argument("--seed", help="JSON file: region, zones, quotas, deny, console")
    return parser.parse_args()


def _prepare_moto() -> None:
    """Sets what moto reads when it is imported."""
    os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
    for name in ("MOTO_AMIS_PATH", "MOTO_EC2_LOAD_DEFAULT_AMIS", "INITIAL_NO_AUTH_ACTION_COUNT", "MOTO_ACCOUNT_ID"):
        os.environ.pop(name, None)


def _put_rules_in_force() -> None:
    from . import rules

    for module in pkgutil.iter_modules(rules.__path__):
        importlib.import_module(f"{rules.__name__}.{module.name}")


def _write_whole(path: str, value: dict[str, Any]) -> None:
    """Writes a file by rename, so that a reader never sees half of it."""
    part = Path(f"{path}.part")
    part.write_text(json.dumps(value) + "\n", encoding="utf-8")
    part.replace(path)


def main() -> int:
    """Serves until SIGTERM, SIGINT or `POST /_sandbox/shutdown`; gives the exit code."""
    arguments = _arguments()
    _prepare_moto()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    from . import settings, transitions
    from .control import Control
    from .faults import Faults
    from .gateway import Gateway
    from .journal import Journal
    from .seeding import sow

    try:
        seed = settings.read_seed(arguments.seed)
    except (OSError, ValueError, TypeError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 2
    settings.use(seed)
    transitions.set_delay(arguments.delay)
    try:
        transitions.set_delays(seed.delays)
    except (ValueError, TypeError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 2
    _put_rules_in_force()
    sow(seed)

    class Quiet(WSGIRequestHandler):
        """The journal says it better than an access log."""

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    journal, faults = Journal(arguments.journal), Faults()
    gateway = Gateway(DomainDispatcherApplication(create_backend_app), journal, faults)
    server = make_server("127.0.0.1", arguments.port, gateway, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]

    def stop(*_: Any) -> None:
        # shutdown() waits for the serving loop, which runs in this very thread when a signal comes
        threading.Thread(target=server.shutdown, daemon=True).start()

    server_id = secrets.token_hex(8)
    gateway.control = Control(server_id, gateway, journal, faults, stop)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if arguments.port_file:
        _write_whole(arguments.port_file, {"port": server.server_port, "server": server_id, "pid": os.getpid()})
    print(f"serving AWS on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()
        journal.close()
        if arguments.port_file:
            Path(arguments.port_file).unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
