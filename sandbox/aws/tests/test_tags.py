"""Tags of EC2 resources in the server's own memory."""

from __future__ import annotations

import unittest
from unittest import mock

from moto.ec2.models import ec2_backends

from platform_aws_sandbox.rules import tags as _tags  # noqa: F401
from platform_aws_sandbox.settings import ACCOUNT


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
