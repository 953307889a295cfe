"""Service Quotas: EC2, EBS and load balancers beside the VPC that moto knows."""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse

from .. import quotas
from ..patching import wrap
from ..refusals import JsonRefusal


def _answer(self: Any, defaults: bool) -> str:
    asked = json.loads(self.body)
    found = quotas.describe(str(asked.get("ServiceCode")), self.region, defaults)
    if not found:
        raise JsonRefusal("NoSuchResourceException", "The request failed because the specified service does not exist.")
    if "QuotaCode" not in asked:
        return json.dumps({"Quotas": found})
    for quota in found:
        if quota["QuotaCode"] == asked["QuotaCode"]:
            return json.dumps({"Quota": quota})
    raise JsonRefusal("NoSuchResourceException", "The request failed because the specified quota does not exist.")


@wrap(ServiceQuotasResponse, "get_service_quota")
def _get(_original: Any, self: Any) -> str:
    return _answer(self, defaults=False)


@wrap(ServiceQuotasResponse, "list_aws_default_service_quotas")
def _list_defaults(_original: Any, self: Any) -> str:
    return _answer(self, defaults=True)


def _get_default(self: Any) -> str:
    return _answer(self, defaults=True)


def _list(self: Any) -> str:
    return _answer(self, defaults=False)


# two calls that moto does not have
ServiceQuotasResponse.get_aws_default_service_quota = _get_default  # type: ignore[attr-defined]
ServiceQuotasResponse.list_service_quotas = _list  # type: ignore[attr-defined]
