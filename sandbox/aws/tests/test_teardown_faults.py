"""What a teardown meets: lengths that differ by kind, listings that lag behind, credentials and rights that end in the middle."""

from __future__ import annotations

import json
import unittest
import urllib.error
from typing import Any

from botocore.exceptions import ClientError

from .support import DELAY, REAL, Contract, client, control, server

ONE = {kind: DELAY for kind in ("boot", "stop", "shutdown", "load-balancer", "interfaces", "target", "nat", "certificate")}


@unittest.skipIf(REAL, "only a sandbox has this")
class Sandbox(Contract):
    def tearDown(self) -> None:
        control("DELETE", "faults")
        control("POST", "delays", ONE)

    def listed(self, vpc: str) -> bool:
        vpcs = self.ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Vpcs"]
        return bool(vpcs)

    def new_vpc(self) -> str:
        return str(self.ec2.create_vpc(CidrBlock="10.19.0.0/16")["Vpc"]["VpcId"])


class Delays(Sandbox):
    def test_of_one_kind_leave_the_others_alone(self) -> None:
        control("POST", "delays", {"shutdown": 40})
        subnet = self.subnet(self.vpc())
        machine = self.instance(subnet, wait=False)
        control("POST", "clock", {"advance": DELAY})
        self.assertEqual(self.state(machine), "running")
        self.ec2.terminate_instances(InstanceIds=[machine])
        control("POST", "clock", {"advance": 39})
        self.assertEqual(self.state(machine), "shutting-down")
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)
        control("POST", "clock", {"advance": 1})
        self.assertEqual(self.state(machine), "terminated")

    def test_of_interfaces_that_outlive_their_load_balancer(self) -> None:
        control("POST", "delays", {"interfaces": 100})
        vpc = self.vpc()
        subnets = [self.subnet(vpc, 1, "a"), self.subnet(vpc, 2, "c")]
        self.gateway(vpc)
        balancers = client("elbv2")
        made = balancers.create_load_balancer(Name="outlived", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        balancers.delete_load_balancer(LoadBalancerArn=made)
        control("POST", "clock", {"advance": 99})
        self.assertEqual(len(self.interfaces(vpc_id=vpc)), 2)
        control("POST", "clock", {"advance": 1})
        self.assertEqual(self.interfaces(vpc_id=vpc), [])

    def test_an_unknown_kind_and_a_negative_length_are_refused(self) -> None:
        for wanted in ({"shutdwon": 1}, {"shutdown": -1}):
            with self.assertRaises(urllib.error.HTTPError) as caught:
                control("POST", "delays", wanted)
            self.assertEqual(caught.exception.code, 400)
            caught.exception.close()


class Stale(Sandbox):
    def test_a_deleted_thing_stays_listed_for_so_many_questions(self) -> None:
        vpc = self.new_vpc()
        self.assertTrue(self.listed(vpc))
        control("POST", "faults", {"action": "ec2:DescribeVpcs", "stale": True, "times": 2})
        self.ec2.delete_vpc(VpcId=vpc)
        self.assertEqual([self.listed(vpc) for _ in range(3)], [True, True, False])
        self.assertEqual(control("GET", "faults")[0]["hits"], 2)
        lines = [json.loads(line) for line in server().journal.read_text().splitlines()]
        self.assertEqual([line.get("stale", False) for line in lines[-3:]], [True, True, False])

    def test_or_for_so_long(self) -> None:
        vpc = self.new_vpc()
        self.listed(vpc)
        control("POST", "faults", {"action": "ec2:Describe.*", "stale": True, "times": -1, "seconds": 30})
        self.ec2.delete_vpc(VpcId=vpc)
        control("POST", "clock", {"advance": 29})
        self.assertTrue(self.listed(vpc))
        control("POST", "clock", {"advance": 2})
        self.assertFalse(self.listed(vpc))

    def test_what_was_never_asked_is_answered_as_it_is(self) -> None:
        vpc = self.new_vpc()
        control("POST", "faults", {"action": "ec2:DescribeVpcs", "stale": True, "times": -1})
        self.ec2.delete_vpc(VpcId=vpc)
        self.assertFalse(self.listed(vpc))

    def test_of_every_protocol(self) -> None:
        zones, buckets = client("route53"), client("s3")
        zone = zones.list_hosted_zones()["HostedZones"][0]["Id"]
        record = {"Name": "stale.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}

        def change(action: str) -> None:
            batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
            zones.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

        def records() -> list[str]:
            return [one["Name"] for one in zones.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]

        change("CREATE")
        place: Any = {"LocationConstraint": buckets.meta.region_name}
        buckets.create_bucket(Bucket="stale-probe", CreateBucketConfiguration=place)
        records()
        buckets.list_buckets()
        control("POST", "faults", {"action": "(route53|s3):List.*", "stale": True, "times": 2})
        change("DELETE")
        buckets.delete_bucket(Bucket="stale-probe")
        self.assertIn("stale.example.com.", records())
        self.assertIn("stale-probe", [one["Name"] for one in buckets.list_buckets()["Buckets"]])
        self.assertNotIn("stale.example.com.", records())

    def test_a_stale_error_makes_no_sense(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as caught:
            control("POST", "faults", {"action": ".*", "stale": True, "code": "Throttling"})
        self.assertEqual(caught.exception.code, 400)
        caught.exception.close()


class Policies(Sandbox):
    def test_of_a_bucket_that_demand_tls_do_not_lock_loopback_out(self) -> None:
        buckets = client("s3")
        buckets.create_bucket(
            Bucket="tls-probe", CreateBucketConfiguration={"LocationConstraint": buckets.meta.region_name}
        )
        refusal = {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::tls-probe/*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
        plain = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::tls-probe/*"}

        def demand(*statements: dict[str, Any]) -> None:
            policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            buckets.put_bucket_policy(Bucket="tls-probe", Policy=policy)

        demand(refusal)
        buckets.put_object(Bucket="tls-probe", Key="some", Body=b"thing")
        self.assertEqual(buckets.get_object(Bucket="tls-probe", Key="some")["Body"].read(), b"thing")
        self.assertIn("SecureTransport", buckets.get_bucket_policy(Bucket="tls-probe")["Policy"])
        demand(refusal, plain)
        with self.assertRaises(ClientError) as caught:
            buckets.get_object(Bucket="tls-probe", Key="some")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)
        demand(refusal)
        buckets.delete_object(Bucket="tls-probe", Key="some")
        buckets.delete_bucket(Bucket="tls-probe")


class Midway(Sandbox):
    def test_credentials_end_after_so_many_calls_in_the_words_of_each_service(self) -> None:
        control("POST", "faults", {"action": ".*", "skip": 2, "times": -1, "code": "expired"})
        self.ec2.describe_vpcs()
        self.ec2.describe_vpcs()
        self.refused("RequestExpired", self.ec2.describe_vpcs)
        self.refused("ExpiredToken", client("elbv2").describe_load_balancers)
        self.refused("ExpiredTokenException", client("acm").list_certificates)
        self.refused("ExpiredToken", client("iam").list_roles)
        self.refused("ExpiredToken", client("s3").list_buckets)
        self.refused("ExpiredToken", client("route53").list_hosted_zones)

    def test_one_right_is_lacking(self) -> None:
        control("POST", "faults", {"action": "ec2:DeleteVpc", "times": -1, "code": "denied"})
        vpc = self.new_vpc()
        self.refused("UnauthorizedOperation", self.ec2.delete_vpc, VpcId=vpc)
        control("DELETE", "faults")
        self.ec2.delete_vpc(VpcId=vpc)
        control("POST", "faults", {"action": "acm:ListCertificates", "code": "denied"})
        with self.assertRaises(ClientError) as caught:
            client("acm").list_certificates()
        self.assertEqual(caught.exception.response["Error"]["Code"], "AccessDeniedException")
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 403)

    def test_a_burst_of_throttling_ends(self) -> None:
        control("POST", "faults", {"action": "ec2:.*", "times": 5, "code": "RequestLimitExceeded", "status": 503})
        for _ in range(5):
            self.refused("RequestLimitExceeded", self.ec2.describe_vpcs)
        self.ec2.describe_vpcs()
