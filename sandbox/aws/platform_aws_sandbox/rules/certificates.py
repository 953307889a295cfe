"""ACM: a certificate is issued when its validation record is in DNS, and stays while a listener holds it."""

from __future__ import annotations

from typing import Any

from moto.acm import models
from moto.elbv2.models import elbv2_backends
from moto.route53.models import route53_backends

from .. import settings
from ..patching import wrap
from ..refusals import JsonRefusal
from ..transitions import delay, now


def _records_exist(certificate: Any) -> bool:
    wanted = {
        option["ResourceRecord"]["Name"].rstrip(".").lower()
        for option in certificate.describe()["Certificate"].get("DomainValidationOptions", [])
    }
    zones = route53_backends[settings.ACCOUNT]["aws"].zones.values()
    found = {
        record.name.rstrip(".").lower() for zone in zones for record in zone.rrsets if record.type == "CNAME"
    }
    return wanted <= found


@wrap(models.CertBundle, "check")
def _check(original: Any, self: Any) -> None:
    """PENDING_VALIDATION until every validation CNAME was visible for the delay; never by time alone."""
    if self.type != "AMAZON_ISSUED" or self.status != "PENDING_VALIDATION":
        original(self)
        return
    if not _records_exist(self):
        self.sandbox_validated_since = None
        return
    since = getattr(self, "sandbox_validated_since", None)
    if since is None:
        self.sandbox_validated_since = since = now()
    if now() - since >= delay("certificate"):
        self.status = "ISSUED"


def holders(account: str, region: str, arn: str) -> list[str]:
    """The load balancers whose listeners use the certificate."""
    return [
        balancer.arn
        for balancer in elbv2_backends[account][region].load_balancers.values()
        if any(
            arn in (listener.certificates or []) or arn == listener.certificate
            for listener in balancer.listeners.values()
        )
    ]


@wrap(models.AWSCertificateManagerBackend, "describe_certificate")
def _describe(original: Any, self: Any, arn: str) -> Any:
    """InUseBy names the load balancers."""
    certificate = original(self, arn)
    certificate.in_use_by = holders(self.account_id, self.region_name, arn)
    return certificate


@wrap(models.AWSCertificateManagerBackend, "delete_certificate")
def _delete(original: Any, self: Any, arn: str) -> Any:
    """A certificate in use stays."""
    if holders(self.account_id, self.region_name, arn):
        raise JsonRefusal("ResourceInUseException", f"Certificate {arn} in account {self.account_id} is in use.")
    return original(self, arn)
