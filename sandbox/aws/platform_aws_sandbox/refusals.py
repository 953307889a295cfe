"""The two shapes in which a rule refuses: EC2 and the query services, or JSON services."""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError, ServiceException
from moto.ec2.exceptions import EC2ClientError


class Ec2Refusal(EC2ClientError):
    """An EC2 error with AWS's code and message; the status is 400."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class ServiceRefusal(ServiceException):
    """An error of a service whose model knows `code` (Elastic Load Balancing, IAM)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class JsonRefusal(JsonRESTError):
    """An error of a service that speaks JSON (ACM, SSM, Service Quotas); the status is 400."""


def dependency_violation(message: str) -> Ec2Refusal:
    """EC2's answer when something still refers to what shall be deleted."""
    return Ec2Refusal("DependencyViolation", message)
