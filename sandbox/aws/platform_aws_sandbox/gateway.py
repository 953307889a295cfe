"""The one door to moto: one request at a time, journal, faults, permissions, and errors that SDKs can read."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import sys
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

from . import permissions, transitions
from .error_bodies import denied_code, expired_code, render
from .faults import Fault, Faults
from .journal import Journal
from .operations import Operation, created_ids, recognise

Answer = tuple[str, list[tuple[str, str]], bytes]
REMEMBERED = 2_000
StartResponse = Callable[..., Any]


class Gateway:
    """A WSGI application around moto's. `control` answers the paths below `/_sandbox/`."""

    def __init__(self, moto: DomainDispatcherApplication, journal: Journal, faults: Faults) -> None:
        self._moto = moto
        self._journal = journal
        self._faults = faults
        self.lock = threading.Lock()
        """Held around every touch of moto's objects."""
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        """The last good answer to each listing, for faults that make one stale."""
        self._remembering = threading.Lock()
        self.control: Callable[[str, str, dict[str, Any], bytes], Answer] | None = None

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = _read_body(environ)
        path = environ.get("PATH_INFO", "/")
        if path.startswith("/_sandbox/") and self.control:
            status, headers, content = self.control(environ["REQUEST_METHOD"], path, environ, body)
        else:
            status, headers, content = self._call(environ, body)
        start_response(status, headers)
        return [content]

    def _call(self, environ: dict[str, Any], body: bytes) -> Answer:
        started, operation = time.time(), recognise(environ, body)
        text = environ.get("PATH_INFO", "") + "\n" + body.decode("latin1")
        question = _question(operation, environ, body)
        before = self._answers.get(question)
        fault = self._faults.take(operation.name, text, before is not None)
        if fault and fault.when == "before":
            time.sleep(fault.latency)
        if permissions.is_denied(operation.name):
            answer = _error(
                operation, 403, denied_code(operation), f"You are not authorized to perform: {operation.name}"
            )
        elif fault and fault.when == "before" and (fault.code or fault.drop):
            answer = _injected(operation, fault)
        elif fault and fault.stale and before:
            answer = before
        elif operation.rehearsed:
            answer = _error(
                operation, 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set."
            )
        else:
            answer = self._moto_answer(environ, body, operation)
            self._remember(question, answer)
        lost = bool(fault and fault.when == "after" and (fault.code or fault.drop))
        self._record(environ, operation, started, answer, fault, lost)
        if fault and fault.when == "after":
            time.sleep(fault.latency)
            if lost:
                answer = _injected(operation, fault)
        if fault and fault.drop:
            # nothing that WSGI offers closes a kept-alive connection
            with contextlib.suppress(OSError):
                environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return answer

    def _remember(self, question: str, answer: Answer) -> None:
        if not question or not answer[0].startswith("2"):
            return
        with self._remembering:
            self._answers[question] = answer
            self._answers.move_to_end(question)
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)

    def _moto_answer(self, environ: dict[str, Any], body: bytes, operation: Operation) -> Answer:
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return _error(operation, 404, "UnknownOperationException", "The sandbox hides this interface.")
        seen: list[tuple[str, list[tuple[str, str]]]] = []
        environ = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        environ.pop("HTTP_TRANSFER_ENCODING", None)

        def note(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            seen.append((status, headers))

        with self.lock:
            transitions.settle()
            try:
                application = self._moto.get_application(environ)
            except Exception:  # moto has no such service
                return _unknown(operation)
            if not getattr(application, "service", None):
                return _unknown(operation)
            try:
                content = b"".join(application(environ, note))
            except NotImplementedError:
                return _unknown(operation)
            except Exception:  # a fault of moto itself; the SDK shall see an error, not a page
                traceback.print_exc(file=sys.stderr)
                # not a 5xx: SDKs would hide a fault of the sandbox behind ten minutes of retries
                return _error(operation, 400, "SandboxFailure", f"The sandbox failed at {operation.name}.")
        status, headers = seen[-1]
        if not status.startswith("2") and content[:200].lstrip().lower().startswith((b"<!doctype html", b"<html")):
            return _unknown(operation)
        return status, headers, content

    def _record(
        self,
        environ: dict[str, Any],
        operation: Operation,
        started: float,
        answer: Answer,
        fault: Fault | None,
        lost: bool,
    ) -> None:
        status, headers, content = answer
        number = int(status.split()[0])
        record: dict[str, Any] = {
            "t": round(started, 3),
            "ms": round((time.time() - started) * 1000),
            "service": operation.service,
            "action": operation.action,
            "region": operation.region,
            "write": operation.writes,
            "status": number,
            "injected": bool(fault),
            "agent": environ.get("HTTP_USER_AGENT", ""),
            "parameters": operation.parameters,
        }
        if number >= 400:
            record["code"] = _error_code(headers, content)
        elif operation.writes and operation.service == "ec2":
            record["ids"] = created_ids(content)
        if lost:
            record["lost"] = True
        if fault and fault.stale:
            record["stale"] = True
        self._journal.add(record)


def _question(operation: Operation, environ: dict[str, Any], body: bytes) -> str:
    """What makes two listings the same question; empty for what lists nothing."""
    if not re.match("(Describe|List)", operation.action):
        return ""
    path, query = environ.get("PATH_INFO", "/"), environ.get("QUERY_STRING", "")
    return "\n".join((operation.region, operation.name, path, query, body.decode("latin1")))


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))


def _error(operation: Operation, status: int, code: str, message: str) -> Answer:
    kind, content = render(operation, code, message)
    headers = [("Content-Type", kind), ("Content-Length", str(len(content))), ("x-amzn-ErrorType", code)]
    return f"{status} {code}", headers, content


def _injected(operation: Operation, fault: Fault) -> Answer:
    if fault.code == "denied":
        return _error(operation, 403, denied_code(operation), f"You are not authorized to perform: {operation.name}")
    if fault.code == "expired":
        return _error(operation, 400, expired_code(operation), "Request has expired.")
    return _error(operation, fault.status, fault.code or "InternalFailure", fault.message)


def _unknown(operation: Operation) -> Answer:
    code = "InvalidAction" if operation.protocol in ("ec2", "query") else "UnknownOperationException"
    if operation.protocol == "s3":
        code = "NotImplemented"
    return _error(operation, 400, code, f"The sandbox does not know {operation.name}.")


def _error_code(headers: list[tuple[str, str]], content: bytes) -> str:
    for name, value in headers:
        if name.lower() == "x-amzn-errortype":
            return value.split(":")[0]
    found = re.search(rb"<Code>([^<]+)</Code>", content) or re.search(rb'"__type": ?"(?:[^"#]*#)?([^"]+)"', content)
    return found[1].decode() if found else ""
