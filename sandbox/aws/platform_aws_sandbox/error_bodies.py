"""Errors in the shapes of AWS's protocols."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from .operations import Operation

REQUEST_ID = "00000000-0000-0000-0000-000000000000"


def render(operation: Operation, code: str, message: str) -> tuple[str, bytes]:
    """Content type and body of an error, as the SDK of the called service expects it."""
    if operation.protocol == "json" or (operation.protocol == "rest" and operation.service not in ("route53", "s3")):
        return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    code, message = escape(code), escape(message)
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if operation.protocol == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    elif operation.protocol == "s3":
        text = f"<Error>{error}<RequestId>{REQUEST_ID}</RequestId></Error>"
    else:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    return "text/xml", ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode()


def expired_code(operation: Operation) -> str:
    """The code with which this service says that temporary credentials have ended."""
    if operation.protocol == "ec2":
        return "RequestExpired"
    return "ExpiredTokenException" if operation.protocol == "json" else "ExpiredToken"


def denied_code(operation: Operation) -> str:
    """The code with which this service says that the caller lacks a permission."""
    if operation.protocol == "ec2":
        return "UnauthorizedOperation"
    return "AccessDeniedException" if operation.protocol == "json" else "AccessDenied"
