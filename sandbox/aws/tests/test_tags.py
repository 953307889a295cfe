"""Tags of EC2 resources: in the server's own memory, and as a search by tags shows them."""

from __future__ import annotations

import unittest
from unittest import mock

from moto.ec2.models import ec2_backends

from platform_aws_sandbox.rules import tags as _tags  # noqa: F401
from platform_aws_sandbox.settings import ACCOUNT

from .support import Contract


class OwnTags(unittest.TestCase):
    def test_are_those_of_describe_tags_without_a_search_through_all(self) -> None:
        backend = ec2_backends[ACCOUNT]["ap-northeast-2"]
        first, second, bare = (backend.create_volume(1, "ap-northeast-2a") for _ in range(3))
        first.add_tags({"platform/cluster": "probe-1", "Name": "first"})
        second.add_tag("Name", "second")
        expected = [backend.describe_tags(filters={"resource-id": [one.id]}) for one in (first, second, bare)]
        with mock.patch.object(backend, "describe_tags", side_effect=AssertionError("all tags were searched")):
            self.assertEqual([one.get_tags() for one in (first, second, bare)], expected)
        self.assertEqual([len(one) for one in expected], [2, 1, 0])


class ASearchByTags(Contract):
    KEY = "platform/probe-of-tags"

    def found(self) -> set[str]:
        by_key = [{"Name": "key", "Values": [self.KEY]}]
        return {tag["ResourceId"] for tag in self.ec2.describe_tags(Filters=by_key)["Tags"]}

    def test_finds_every_kind_and_forgets_what_is_deleted(self) -> None:
        vpc = self.vpc()
        subnet, group, gateway = self.subnet(vpc), self.group(vpc), self.gateway(vpc)
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        interface = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        things = [vpc, subnet, group, gateway, table, interface, address]
        self.later(self.ec2.delete_route_table, RouteTableId=table)
        self.ec2.create_tags(Resources=things, Tags=[{"Key": self.KEY, "Value": "one"}])
        self.assertEqual(self.found(), set(things))
        self.ec2.delete_network_interface(NetworkInterfaceId=interface)
        self.ec2.release_address(AllocationId=address)
        self.assertEqual(self.found(), set(things) - {interface, address})
