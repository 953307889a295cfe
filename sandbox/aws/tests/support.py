"""What the probes share: one server, clients, fixtures that remove themselves, and the refusal check.

By default a sandbox server is started on loopback. With `PLATFORM_CONTRACT=aws` the same probes run against the
account of the ambient credentials (they create and delete small resources there); what only a sandbox has is skipped.
"""

from __future__ import annotations

import atexit
import ipaddress
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REAL = os.environ.get("PLATFORM_CONTRACT") == "aws"
REGION = os.environ.get("AWS_REGION", "ap-northeast-2") if REAL else "ap-northeast-2"
DELAY = 5.0
PACKAGE = Path(__file__).resolve().parent.parent
IMAGE = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"

_numbers = itertools.count(20)


class Server:
    """One sandbox server in a folder of its own."""

    def __init__(self, seed: dict[str, Any], delay: float = DELAY) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="platform-aws-test-")
        folder = Path(self._folder.name)
        (folder / "seed.json").write_text(json.dumps(seed), encoding="utf-8")
        self.journal = folder / "journal.ndjson"
        self.port_file = folder / "port.json"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "platform_aws_sandbox", "--port-file", str(self.port_file), "--journal",
             str(self.journal), "--delay", str(delay), "--seed", str(folder / "seed.json")],
            cwd=PACKAGE,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not self.port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox server did not start")
            time.sleep(0.02)
        self.endpoint = f"http://127.0.0.1:{json.loads(self.port_file.read_text())['port']}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._folder.cleanup()


_server: Server | None = None


def server() -> Server:
    """The server that the suite shares, started at the first question."""
    global _server
    if _server is None:
        _server = Server({"region": REGION, "zones": ["example.com"]})
        atexit.register(_server.stop)
        control("POST", "clock", {"hold": True})
    return _server


@cache
def client(service: str, endpoint: str | None = None) -> Any:
    """A client that does not retry, so that a probe sees each answer; kept, because making one takes half a second."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=60)
    if REAL:
        return boto3.client(service, region_name=REGION, config=config)
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint or server().endpoint,
        aws_access_key_id="AKIASANDBOXSANDBOX00",
        aws_secret_access_key="sandbox",
        config=config.merge(Config(s3={"addressing_style": "path"})),
    )


def control(method: str, path: str, value: Any = None, endpoint: str | None = None) -> Any:
    """Calls one of the sandbox's own paths."""
    data = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(f"{endpoint or server().endpoint}/_sandbox/{path}", data=data, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def wait_until(question: str, ask: Callable[[], Any], tries: int = 120 if REAL else 12) -> Any:
    """Asks until the answer is true; fails, naming the question. In the sandbox time is moved, never waited for."""
    for _ in range(tries):
        answer = ask()
        if answer:
            return answer
        if REAL:
            time.sleep(5)
        else:
            control("POST", "clock", {"advance": DELAY})
    raise AssertionError(f"not after {tries} tries: {question}")


sandbox_only = unittest.skipIf(REAL, "only a sandbox has this")


class Contract(unittest.TestCase):
    """A probe. Every fixture removes itself, and in the sandbox nothing may be left at the end."""

    maxDiff = None

    def setUp(self) -> None:
        self.ec2 = client("ec2")
        if not REAL:
            before = self._inventory()
            self.addCleanup(lambda: self.assertEqual(self._inventory() ^ before, set(), "left behind, or lost"))

    def _inventory(self) -> set[tuple[str, str]]:
        # default VPCs appear with the first question about a region
        return {(item["kind"], item["id"]) for item in control("GET", "snapshot")["resources"] if not item["default"]}

    def refused(self, code: str, call: Callable[..., Any], **parameters: Any) -> str:
        """The call must be refused with this code; gives the message."""
        with self.assertRaises(ClientError) as caught:
            call(**parameters)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return str(caught.exception.response["Error"].get("Message", ""))

    def later(self, call: Callable[..., Any], **parameters: Any) -> None:
        """Calls it at the end, again while AWS says that something is still in use."""

        def gone() -> bool:
            try:
                call(**parameters)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if "NotFound" in code or "NoSuch" in code or code == "InvalidAllocationID.NotFound":
                    return True
                if code in ("DependencyViolation", "InvalidIPAddress.InUse", "ResourceInUse", "ResourceInUseException",
                            "InvalidParameterValue", "VolumeInUse", "AuthFailure", "DeleteConflict"):
                    return False
                raise
            return True

        self.addCleanup(lambda: wait_until(f"{call.__name__} {parameters}", gone))

    def vpc(self) -> str:
        vpc = self.ec2.create_vpc(CidrBlock=f"10.{next(_numbers)}.0.0/16")["Vpc"]
        self.later(self.ec2.delete_vpc, VpcId=vpc["VpcId"])
        return str(vpc["VpcId"])

    def subnet(self, vpc: str, third: int = 1, zone: str = "a") -> str:
        block = self.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"].split(".")
        made = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{block[0]}.{block[1]}.{third}.0/24", AvailabilityZone=REGION + zone
        )["Subnet"]["SubnetId"]
        self.later(self.ec2.delete_subnet, SubnetId=made)
        return str(made)

    def group(self, vpc: str, name: str = "probe") -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        self.later(self.ec2.delete_security_group, GroupId=made)
        return str(made)

    def gateway(self, vpc: str) -> str:
        made = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.later(self.ec2.delete_internet_gateway, InternetGatewayId=made)
        self.ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
        self.later_detach(made, vpc)
        return str(made)

    def later_detach(self, gateway: str, vpc: str) -> None:
        def gone() -> bool:
            try:
                self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
            except ClientError as error:
                return error.response["Error"]["Code"] in ("Gateway.NotAttached", "InvalidInternetGatewayID.NotFound")
            return True

        self.addCleanup(lambda: wait_until(f"{gateway} is detached", gone))

    def address(self) -> dict[str, Any]:
        made = self.ec2.allocate_address(Domain="vpc")
        self.later(self.ec2.release_address, AllocationId=made["AllocationId"])
        return dict(made)

    def image(self) -> str:
        images = self.ec2.describe_images(Owners=["099720109477"], Filters=[{"Name": "name", "Values": [IMAGE]}])
        return str(max(images["Images"], key=lambda image: image["CreationDate"])["ImageId"])

    def instance(self, subnet: str, *groups: str, wait: bool = True, **more: Any) -> str:
        request: dict[str, Any] = {
            "ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet,
        }
        if groups:
            request["SecurityGroupIds"] = list(groups)
        if "NetworkInterfaces" in more:
            request.pop("SubnetId")
        made = str(self.ec2.run_instances(**(request | more))["Instances"][0]["InstanceId"])
        self.addCleanup(self.terminate, made)
        if wait:
            self.reaches(made, "running")
        return made

    def terminate(self, instance: str) -> None:
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.reaches(instance, "terminated")

    def describe(self, instance: str) -> dict[str, Any]:
        return dict(self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0])

    def state(self, instance: str) -> str:
        return str(self.describe(instance)["State"]["Name"])

    def reaches(self, instance: str, state: str) -> None:
        wait_until(f"{instance} is {state}", lambda: self.state(instance) == state)

    def interfaces(self, **by: str) -> list[dict[str, Any]]:
        filters = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in by.items()]
        return list(self.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])

    def is_documentation(self, address: str) -> bool:
        return REAL or ipaddress.ip_address(address) in ipaddress.ip_network("203.0.113.0/24")


__all__ = ["Contract", "Server", "client", "control", "sandbox_only", "server", "wait_until", "urllib"]
