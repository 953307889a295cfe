"""Route 53: a deletion names the record exactly, or the whole batch is refused."""

from __future__ import annotations

from typing import Any

from moto.route53 import models
from moto.route53.exceptions import Route53ClientError

from ..patching import wrap


def _name(name: str) -> str:
    return name.rstrip(".").replace("\\052", "*").lower()


def _asked(record: dict[str, Any]) -> tuple[Any, ...]:
    alias = record.get("AliasTarget")
    values = record.get("ResourceRecords") or []
    return _content(alias, record.get("TTL"), [value["Value"] if isinstance(value, dict) else value for value in values])


def _content(alias: Any, ttl: Any, values: list[str]) -> tuple[Any, ...]:
    if alias:
        return (
            _name(str(alias.get("DNSName", ""))),
            alias.get("HostedZoneId"),
            str(alias.get("EvaluateTargetHealth", "false")).lower(),
        )
    return (int(ttl or 0), *sorted(values))


@wrap(models.Route53Backend, "change_resource_record_sets")
def _change(original: Any, self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> Any:
    """What is not there, or says something else by now, is not deleted."""
    zone = self.get_hosted_zone(zoneid)
    there = {
        (_name(known.name), known.type, known.set_identifier): _content(
            known.alias_target, known.ttl, list(known.records or [])
        )
        for known in zone.rrsets
    }
    problems = []
    for change in change_list:
        record = change["ResourceRecordSet"]
        key = (_name(record["Name"]), record["Type"], record.get("SetIdentifier"))
        if change["Action"] != "DELETE":
            there[key] = _asked(record)
            continue
        tried = f"Tried to delete resource record set [name='{_name(record['Name'])}.', type='{record['Type']}']"
        if key not in there:
            problems.append(f"{tried} but it was not found")
        elif there.pop(key) != _asked(record):
            problems.append(f"{tried} but the values provided do not match the current values")
    if problems:
        raise Route53ClientError("InvalidChangeBatch", f"[{', '.join(problems)}]")
    return original(self, zoneid, change_list)
