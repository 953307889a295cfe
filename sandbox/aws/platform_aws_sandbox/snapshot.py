"""Everything that exists, as Describe and List would show it: for leak and duplicate checks.

moto's own data dump keeps deleted objects; this reads only what is alive. Terminated instances and
deleted NAT gateways are left out. `default` marks what an empty account has from the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.acm.models import acm_backends
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam.models import iam_backends
from moto.route53.models import route53_backends
from moto.s3.models import s3_backends
from moto.ssm.models import ssm_backends

from .settings import ACCOUNT

Item = dict[str, Any]


def take() -> dict[str, list[Item]]:
    """All live objects of the account in all regions, in the order of their ids."""
    found: list[Item] = []
    for region, backend in sorted(ec2_backends[ACCOUNT].items()):
        found += [item | {"region": region} for item in _ec2(backend)]
    for region, backend in sorted(elbv2_backends[ACCOUNT].items()):
        found += [item | {"region": region} for item in _balancers(backend)]
    for region, backend in sorted(acm_backends[ACCOUNT].items()):
        found += [item | {"region": region} for item in _certificates(backend)]
    for region, backend in sorted(ssm_backends[ACCOUNT].items()):
        found += [
            _item("parameter", name, name)
            for name in backend._parameters
            if not name.startswith("/aws/service/")
        ]
    found += [*_iam(), *_zones(), *_buckets()]
    found.sort(key=lambda item: (item["kind"], str(item["id"])))
    return {"resources": found}


def _item(kind: str, identifier: str, name: str = "", tags: Any = None, default: bool = False, **more: Any) -> Item:
    flat = _tags(tags)
    return {"kind": kind, "id": identifier, "name": name or flat.get("Name", ""), "tags": flat, "default": default} | more


def _tags(tags: Any) -> dict[str, str]:
    if not tags:
        return {}
    if isinstance(tags, dict):
        return dict(tags)
    return {
        str(tag.get("Key", tag.get("key"))): str(tag.get("Value", tag.get("value", ""))) for tag in tags
    }


def _ec2(backend: Any) -> Iterator[Item]:
    default_vpcs = {vpc.id for vpc in backend.vpcs.values() if str(vpc.is_default).lower() == "true"}
    for instance in backend.all_instances():
        if instance._state.name != "terminated":
            yield _item(
                "instance",
                instance.id,
                tags=instance.get_tags(),
                state=instance._state.name,
                type=instance.instance_type,
                vpc=instance.vpc_id,
                subnet=instance.subnet_id,
                private_ip=instance.private_ip,
                public_ip=instance.public_ip,
                groups=sorted(group.id for group in instance.security_groups),
                launched=str(instance.launch_time),
                client_token=instance.client_token if instance.client_token != "ABCDE" else None,
            )
    for vpc in backend.vpcs.values():
        yield _item("vpc", vpc.id, tags=vpc.get_tags(), default=vpc.id in default_vpcs, cidr=vpc.cidr_block)
    for subnet in [subnet for zone in backend.subnets.values() for subnet in zone.values()]:
        yield _item(
            "subnet", subnet.id, tags=subnet.get_tags(), default=subnet.vpc_id in default_vpcs, vpc=subnet.vpc_id
        )
    for group in [group for groups in backend.groups.values() for group in groups.values()]:
        default = group.vpc_id in default_vpcs and group.name == "default"
        yield _item(
            "security-group", group.id, group.name, group.get_tags(), default, vpc=group.vpc_id,
            own=group.name != "default", description=group.description,
        )
    for table in backend.route_tables.values():
        yield _item(
            "route-table", table.id, tags=table.get_tags(), default=table.vpc_id in default_vpcs, vpc=table.vpc_id,
            main=bool(table.main_association_id),
        )
    for gateway in backend.internet_gateways.values():
        attached = gateway.vpc.id if gateway.vpc else None
        yield _item(
            "internet-gateway", gateway.id, tags=gateway.get_tags(), default=attached in default_vpcs, vpc=attached
        )
    for acl in backend.network_acls.values():
        yield _item(
            "network-acl", acl.id, tags=acl.get_tags(), default=acl.vpc_id in default_vpcs, vpc=acl.vpc_id,
            own=str(acl.default).lower() != "true",
        )
    for interface in backend.enis.values():
        yield _item(
            "network-interface", interface.id, tags=interface.get_tags(), state=interface.status,
            vpc=interface.subnet.vpc_id, subnet=interface.subnet.id, private_ip=interface.private_ip_address,
            public_ip=interface.public_ip, requester_managed=interface.requester_managed,
            description=interface.description, instance=interface.instance.id if interface.instance else None,
        )
    for volume in backend.volumes.values():
        yield _item(
            "volume", volume.id, tags=volume.get_tags(), state=volume.status, size=volume.size,
            encrypted=volume.encrypted, type=volume.volume_type,
            instance=volume.attachment.instance.id if volume.attachment else None,
        )
    for snapshot in backend.snapshots.values():
        if snapshot.owner_id == ACCOUNT:
            yield _item("snapshot", snapshot.id, tags=snapshot.get_tags(), state=snapshot.status)
    for address in backend.addresses:
        yield _item(
            "address", address.allocation_id, tags=address.get_tags(), public_ip=address.public_ip,
            association=address.association_id, instance=address.instance.id if address.instance else None,
        )
    for pair in backend.key_pairs.values():
        yield _item("key-pair", pair.id, pair.key_name, pair.get_tags())
    for template in backend.launch_templates.values():
        yield _item("launch-template", template.id, template.name, template.get_tags())
    for end in backend.vpc_end_points.values():
        if end.state != "deleted":
            yield _item("vpc-endpoint", end.id, tags=end.get_tags(), vpc=end.vpc_id, state=end.state)
    for gateway in backend.nat_gateways.values():
        if gateway.state != "deleted":
            yield _item(
                "nat-gateway", gateway.id, tags=gateway.get_tags(), vpc=gateway.vpc_id, state=gateway.state
            )


def _balancers(backend: Any) -> Iterator[Item]:
    tagged = backend.tagging_service.get_tag_dict_for_resource
    for balancer in backend.load_balancers.values():
        yield _item(
            "load-balancer", balancer.arn, balancer.name, tagged(balancer.arn), state=balancer.state,
            vpc=balancer.vpc_id, dns=balancer.dns_name, groups=list(balancer.security_groups or []),
            protected=balancer.attrs.get("deletion_protection.enabled") == "true",
        )
        for listener in balancer.listeners.values():
            yield _item("listener", listener.arn, tags=tagged(listener.arn), port=listener.port)
    for group in backend.target_groups.values():
        yield _item(
            "target-group", group.arn, group.name, tagged(group.arn), vpc=group.vpc_id, targets=sorted(group.targets)
        )


def _certificates(backend: Any) -> Iterator[Item]:
    for arn, certificate in backend._certificates.items():
        yield _item("certificate", arn, certificate.common_name, dict(certificate.tags), state=certificate.status)


def _listed(tags: Any) -> list[dict[str, str]]:
    """Tags as a list: moto keeps a dict by key after TagRole, and a list after CreateRole with tags."""
    return list(tags.values()) if isinstance(tags, dict) else list(tags or [])


def _iam() -> Iterator[Item]:
    backend = iam_backends[ACCOUNT]["aws"]
    for role in backend.roles.values():
        yield _item(
            "role", role.arn, role.name, _listed(role.tags), unique_id=role.id,
            created=str(role.create_date),
        )
    for profile in backend.instance_profiles.values():
        yield _item(
            "instance-profile", profile.arn, profile.name, _listed(profile.tags),
            roles=[role.name for role in profile.roles],
        )
    for policy in backend.managed_policies.values():
        if f"::{ACCOUNT}:" in policy.arn:
            yield _item(
                "policy", policy.arn, policy.name, _listed(policy.tags),
                attachments=policy.attachment_count,
            )


def _zones() -> Iterator[Item]:
    backend = route53_backends[ACCOUNT]["aws"]
    for zone in backend.zones.values():
        yield _item("hosted-zone", zone.id, zone.name, private=bool(zone.private_zone))
        for record in zone.rrsets:
            alias = getattr(record, "alias_target", None)
            yield _item(
                "record",
                f"{zone.id} {record.name} {record.type} {record.set_identifier or ''}".strip(),
                record.name,
                zone=zone.id,
                type=record.type,
                ttl=record.ttl,
                values=list(record.records or []),
                alias=(alias or {}).get("DNSName"),
                default=record.type in ("NS", "SOA") and record.name.rstrip(".") == zone.name.rstrip("."),
            )


def _buckets() -> Iterator[Item]:
    backend = s3_backends[ACCOUNT]["aws"]
    for bucket in backend.buckets.values():
        yield _item(
            "bucket", bucket.name, bucket.name, backend.tagger.get_tag_dict_for_resource(bucket.arn),
            region=bucket.region_name, keys=sorted(bucket.keys), versioning=bucket.versioning_status,
        )
