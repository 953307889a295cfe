"""Names a request as AWS does: service, action, whether it writes, and the ids that it names."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel

_CREDENTIAL = re.compile(r"Credential=[^/]*/[^/]*/(?P<region>[^/]*)/(?P<service>[^/]*)/aws4_request")
_READ = re.compile(r"(Describe|Get|List|Head|Lookup|Search|Simulate|Decode|Test|Select|BatchGet|AssumeRole)")
_SAFE = re.compile(r"(Id|Ids|Arn|Arns|Name|Names|Path|ClientToken|Action|Domain|Scheme|ResourceType|\.Key)(\.member)?(\.\d+)?$")
_SECRET = re.compile(r"secret|password|accesskey|token$", re.IGNORECASE)
_CREATED = re.compile(
    r"\b(?:i|vol|eni|eni-attach|eipalloc|eipassoc|vpc|subnet|sg|sgr|igw|rtb|rtbassoc|nat|snap|key|vpce|r|iip-assoc)-[0-9a-f]{8,17}\b"
)
# signing name -> the name of botocore's model
_MODELS = {"elasticloadbalancing": "elbv2", "servicequotas": "service-quotas", "tagging": "resourcegroupstaggingapi"}


@dataclass
class Operation:
    """One API call."""

    service: str
    action: str
    region: str
    protocol: str
    """How its errors are written: ec2, query, json, s3 or rest."""
    writes: bool
    parameters: dict[str, Any] = field(default_factory=dict)
    rehearsed: bool = False
    """A call of EC2 with DryRun: moto carries some of them out."""

    @property
    def name(self) -> str:
        """The name in IAM's form, such as `ec2:RunInstances`."""
        return f"{self.service}:{self.action}"


def recognise(environ: Mapping[str, Any], body: bytes) -> Operation:
    """Reads service and action from a request; never fails, an unknown one is named by its path."""
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    query = urllib.parse.parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    if not signed:
        signed = _CREDENTIAL.search("Credential=" + query.get("X-Amz-Credential", [""])[0])
    service = signed["service"] if signed else "s3"
    region = signed["region"] if signed else ""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        action = target.rsplit(".", 1)[-1]
        return Operation(service, action, region, "json", _writes(action), _from_json(body))
    if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        form = {key: values[0] for key, values in urllib.parse.parse_qs(body.decode("latin1")).items()}
        action = form.get("Action", "")
        protocol = "ec2" if service == "ec2" else "query"
        rehearsed = protocol == "ec2" and form.get("DryRun", "").lower() == "true"
        writes = _writes(action) and not rehearsed
        return Operation(service, action, region, protocol, writes, _from_form(form), rehearsed)
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/")
    action, parameters = _match_path(_MODELS.get(service, service), method, path, query, environ)
    if service == "route53":
        parameters |= _record_changes(body)
    protocol = "s3" if service == "s3" else "rest"
    return Operation(service, action, region, protocol, method not in ("GET", "HEAD"), parameters)


def created_ids(response: bytes) -> list[str]:
    """The EC2 ids that a response names, each once."""
    return sorted(set(_CREATED.findall(response.decode("utf-8", "replace"))))


def _writes(action: str) -> bool:
    return not _READ.match(action)


def _from_form(form: Mapping[str, str]) -> dict[str, Any]:
    kept = {key: value for key, value in form.items() if _SAFE.search(key) and not _SECRET.search(key)}
    kept.pop("Action", None)
    tags = {
        form[key]: form.get(key[:-3] + "Value", "") for key in form if re.search(r"Tags?(\.member)?\.\d+\.Key$", key)
    }
    kept = {key: value for key, value in kept.items() if not key.endswith(".Key")}
    if form.get("ClientToken"):
        kept["ClientToken"] = form["ClientToken"]
    return kept | ({"Tags": tags} if tags else {})


def _from_json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body or b"{}")
    except ValueError:
        return {}
    if not isinstance(data, dict):
        return {}
    return {
        key: value
        for key, value in data.items()
        if _SAFE.search(key) and not _SECRET.search(key) and isinstance(value, (str, int, list))
    }


def _record_changes(body: bytes) -> dict[str, Any]:
    found = re.findall(rb"<Action>(\w+)</Action>.*?<Name>([^<]*)</Name>.*?<Type>(\w+)</Type>", body, re.DOTALL)
    return {"Changes": [" ".join(part.decode() for part in change) for change in found]} if found else {}


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], dict[str, str], str]]:
    """(method, path pattern, query that must be there, action), the most particular first."""
    loader = Loader()
    try:
        model = ServiceModel(loader.load_service_model(service, "service-2"))
    except Exception:  # not a service of AWS
        return []
    routes = []
    for name in model.operation_names:
        if model.operation_model(name).deprecated:
            continue  # such as GetBucketLifecycle, which has the path of GetBucketLifecycleConfiguration
        http = model.operation_model(name).http
        path, _, literal = http["requestUri"].partition("?")
        wanted = {key: values[0] for key, values in urllib.parse.parse_qs(literal, keep_blank_values=True).items()}
        wanted.pop("x-id", None)
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", _placeholder, re.escape(path.rstrip("/") or "/"))
        routes.append((http["method"], re.compile(pattern + "/?$"), wanted, name))
    return sorted(routes, key=lambda route: (-len(route[2]), -route[1].pattern.count("/"), route[3]))


def _placeholder(found: re.Match[str]) -> str:
    return f"(?P<{found[1]}>{'.+' if found[2] else '[^/]+'})"


def _match_path(
    service: str, method: str, path: str, query: Mapping[str, list[str]], environ: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    for known_method, pattern, wanted, name in _routes(service):
        matched = pattern.match(path)
        if known_method != method or not matched:
            continue
        if any(key not in query or (value and query[key][0] != value) for key, value in wanted.items()):
            continue
        if name in ("CopyObject", "UploadPartCopy") and "HTTP_X_AMZ_COPY_SOURCE" not in environ:
            continue
        if name in ("UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts") and "uploadId" not in query:
            continue
        if name == "RenameObject":
            continue
        return name, {key: value for key, value in matched.groupdict().items() if value}
    return f"{method} {path}", {}
