"""Service quotas: their defaults, their values, and the refusals when one is used up.

Codes and defaults: AWS General Reference, "Service quotas" of EC2, VPC and Elastic Load Balancing.
The vCPU default of a new account is lower; 64 leaves room for the topologies of this product.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instance_types import INSTANCE_TYPES

from . import settings
from .refusals import Ec2Refusal

# (service, code, name, default, adjustable)
QUOTAS: tuple[tuple[str, str, str, float, bool], ...] = (
    ("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64.0, True),
    ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs", 5.0, True),
    ("vpc", "L-F678F1CE", "VPCs per Region", 5.0, True),
    ("vpc", "L-A4707A72", "Internet gateways per Region", 5.0, True),
    ("vpc", "L-407747CB", "Subnets per VPC", 200.0, True),
    ("vpc", "L-E79EC296", "VPC security groups per Region", 2500.0, True),
    ("vpc", "L-0EA8095F", "Inbound or outbound rules per security group", 60.0, True),
    ("vpc", "L-2AFB9258", "Security groups per network interface", 5.0, True),
    ("ebs", "L-7A658B76", "Storage for General Purpose SSD (gp3) volumes, in TiB", 50.0, True),
    ("elasticloadbalancing", "L-53DA6B97", "Application Load Balancers per Region", 50.0, True),
    ("elasticloadbalancing", "L-B22855CB", "Target Groups per Region", 3000.0, True),
)

STANDARD_FAMILIES = "acdhimrtz"


def value(code: str) -> float:
    """The value in force: from the seed, or AWS's default."""
    if code in settings.current.quotas:
        return float(settings.current.quotas[code])
    return next(default for _, known, _, default, _ in QUOTAS if known == code)


def describe(service: str, region: str, defaults: bool = False) -> list[dict[str, Any]]:
    """The quotas of one service in the shape of the Service Quotas API."""
    return [
        {
            "ServiceCode": service,
            "ServiceName": service,
            "QuotaArn": f"arn:aws:servicequotas:{region}:{settings.ACCOUNT}:{service}/{code}",
            "QuotaCode": code,
            "QuotaName": name,
            "Value": default if defaults else value(code),
            "Unit": "None",
            "Adjustable": adjustable,
            "GlobalQuota": False,
        }
        for owner, code, name, default, adjustable in QUOTAS
        if owner == service
    ]


def vcpus(instance_type: str) -> int:
    """How many vCPUs a machine of this type counts."""
    return int(INSTANCE_TYPES[instance_type]["VCpuInfo"]["DefaultVCpus"])


def check_vcpus(backend: Any, instance_type: str, count: int) -> None:
    """Refuses machines beyond the vCPU quota of the standard families."""
    if instance_type[0] not in STANDARD_FAMILIES:
        return
    used = sum(
        vcpus(machine.instance_type)
        for machine in backend.all_instances()
        if machine._state.name in ("pending", "running") and machine.instance_type[0] in STANDARD_FAMILIES
    )
    limit = int(value("L-1216C47A"))
    if used + vcpus(instance_type) * count > limit:
        raise Ec2Refusal(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the instance "
            "bucket that the specified instance type belongs to. Please visit "
            "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
        )


def check_elastic_addresses(backend: Any) -> None:
    """Refuses an Elastic IP beyond the quota."""
    if len(backend.addresses) >= value("L-0263D0A3"):
        raise Ec2Refusal("AddressLimitExceeded", "The maximum number of addresses has been reached.")


def check_vpcs(backend: Any) -> None:
    """Refuses a VPC beyond the quota; the default VPC counts."""
    if len(backend.vpcs) >= value("L-F678F1CE"):
        raise Ec2Refusal("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
