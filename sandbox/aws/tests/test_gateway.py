"""What only the sandbox has: journal, faults, permissions, snapshot, unknown calls, life and end."""

from __future__ import annotations

import json
import threading
import time
import unittest
import urllib.error
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from .support import REAL, Contract, Server, client, control, server


def journal() -> list[dict[str, Any]]:
    return [json.loads(line) for line in server().journal.read_text().splitlines()]


@unittest.skipIf(REAL, "only a sandbox has this")
class Sandbox(Contract):
    def tearDown(self) -> None:
        control("DELETE", "faults")
        control("POST", "deny", [])


class Journals(Sandbox):
    def test_each_call_with_its_ids_and_no_secret(self) -> None:
        start = len(journal())
        vpc = self.vpc()
        self.ec2.describe_vpcs(VpcIds=[vpc])
        made, read = journal()[start:][-2:]
        self.assertEqual((made["service"], made["action"], made["write"], made["status"]), ("ec2", "CreateVpc", True, 200))
        self.assertIn(vpc, made["ids"])
        self.assertEqual((read["action"], read["write"]), ("DescribeVpcs", False))
        self.assertEqual(read["parameters"], {"VpcId.1": vpc})
        self.assertIn("Boto3", made["agent"])
        self.assertEqual([line["n"] for line in journal()], list(range(1, len(journal()) + 1)))

    def test_tags_at_birth_are_visible(self) -> None:
        specification = [{"ResourceType": "vpc", "Tags": [{"Key": "platform/cluster", "Value": "probe-1"}]}]
        vpc = self.ec2.create_vpc(CidrBlock="10.18.0.0/16", TagSpecifications=specification)["Vpc"]["VpcId"]
        self.ec2.delete_vpc(VpcId=vpc)
        self.assertEqual(journal()[-2]["parameters"]["Tags"], {"platform/cluster": "probe-1"})
        self.assertEqual(journal()[-1]["parameters"], {"VpcId": vpc})

    def test_a_dry_run_is_no_write(self) -> None:
        with self.assertRaises(ClientError):
            self.ec2.create_vpc(CidrBlock="10.17.0.0/16", DryRun=True)
        self.assertFalse(journal()[-1]["write"])

    def test_names_of_s3_and_route53_calls(self) -> None:
        s3 = client("s3")
        s3.list_buckets()
        self.assertEqual(journal()[-1]["action"], "ListBuckets")
        with self.assertRaises(ClientError):
            s3.get_object(Bucket="none", Key="some/key")
        last = journal()[-1]
        self.assertEqual((last["action"], last["code"]), ("GetObject", "NoSuchBucket"))
        self.assertEqual(last["parameters"], {"Bucket": "none", "Key": "some/key"})
        client("route53").list_hosted_zones()
        self.assertEqual((journal()[-1]["service"], journal()[-1]["action"]), ("route53", "ListHostedZones"))

    def test_values_of_parameters_are_left_out(self) -> None:
        ssm = client("ssm")
        ssm.put_parameter(Name="/probe", Value="a-very-secret-value", Type="SecureString")
        ssm.delete_parameter(Name="/probe")
        self.assertNotIn("a-very-secret-value", server().journal.read_text())


class Faulty(Sandbox):
    def test_an_error_in_the_shape_of_each_protocol(self) -> None:
        for service, action, call in (
            ("ec2", "ec2:DescribeVpcs", lambda: self.ec2.describe_vpcs()),
            ("elbv2", "elasticloadbalancing:DescribeLoadBalancers", lambda: client("elbv2").describe_load_balancers()),
            ("acm", "acm:ListCertificates", lambda: client("acm").list_certificates()),
            ("s3", "s3:ListBuckets", lambda: client("s3").list_buckets()),
            ("route53", "route53:ListHostedZones", lambda: client("route53").list_hosted_zones()),
            ("sts", "sts:GetCallerIdentity", lambda: client("sts").get_caller_identity()),
        ):
            with self.subTest(service):
                control("POST", "faults", {"action": action, "code": "Throttling", "message": "slow <down>"})
                self.assertEqual(self.refused("Throttling", call), "slow <down>")
                call()

    def test_a_number_of_times_and_a_match(self) -> None:
        control("POST", "faults", [{"action": "ec2:.*", "times": 2, "match": "10.16.", "code": "InternalError", "status": 500}])
        self.ec2.describe_vpcs()
        for _ in range(2):
            self.refused("InternalError", self.ec2.create_vpc, CidrBlock="10.16.0.0/16")
        self.ec2.delete_vpc(VpcId=self.ec2.create_vpc(CidrBlock="10.16.0.0/16")["Vpc"]["VpcId"])
        self.assertEqual(control("GET", "faults")[0]["hits"], 2)

    def test_a_lost_answer_has_made_the_machine(self) -> None:
        subnet = self.subnet(self.vpc())
        request = {"ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, "SubnetId": subnet,
                   "ClientToken": "lost"}
        control("POST", "faults", {"action": "ec2:RunInstances", "when": "after", "drop": True})
        with self.assertRaises(ConnectionClosedError):
            self.ec2.run_instances(**request)
        self.assertTrue(journal()[-1]["lost"])
        made = [i for i in journal()[-1]["ids"] if i.startswith("i-")]
        again = self.ec2.run_instances(**request)["Instances"]
        self.assertEqual([machine["InstanceId"] for machine in again], made)
        self.terminate(made[0])

    def test_latency_after_the_effect_does_not_hold_the_others(self) -> None:
        control("POST", "faults", {"action": "ec2:CreateVpc", "when": "after", "latency": 1.5})
        made: list[str] = []
        slow = threading.Thread(
            target=lambda: made.append(self.ec2.create_vpc(CidrBlock="10.15.0.0/16")["Vpc"]["VpcId"])
        )
        before = len(self.ec2.describe_vpcs()["Vpcs"])
        started = time.monotonic()
        slow.start()
        other = client("ec2")
        while len(other.describe_vpcs()["Vpcs"]) == before:
            self.assertLess(time.monotonic() - started, 1.4)
        self.assertEqual(made, [], "the effect is there before the answer")
        slow.join()
        self.ec2.delete_vpc(VpcId=made[0])

    def test_a_malformed_fault_is_refused_as_a_whole(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as caught:
            control("POST", "faults", [{"action": "ec2:.*"}, {"action": "(", "code": "X"}])
        self.assertEqual(caught.exception.code, 400)
        caught.exception.close()
        self.assertEqual(control("GET", "faults"), [])


class Permissions(Sandbox):
    def test_denied_actions_are_refused_and_simulated(self) -> None:
        control("POST", "deny", ["ec2:CreateVpc", "acm:*"])
        self.refused("UnauthorizedOperation", self.ec2.create_vpc, CidrBlock="10.14.0.0/16")
        self.refused("AccessDeniedException", client("acm").list_certificates)
        answer = client("iam").simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:user/x", ActionNames=["ec2:CreateVpc", "ec2:DeleteVpc"]
        )
        self.assertEqual(
            [one["EvalDecision"] for one in answer["EvaluationResults"]], ["implicitDeny", "allowed"]
        )


class Unknown(Sandbox):
    def test_calls_that_moto_lacks_are_errors_that_an_sdk_reads(self) -> None:
        self.refused("InvalidAction", self.ec2.describe_scheduled_instances)
        self.refused("UnknownOperationException", client("acm").revoke_certificate,
                     CertificateArn="arn:aws:acm:ap-northeast-2:123456789012:certificate/x", RevocationReason="SUPERSEDED")
        self.refused("UnknownOperationException", client("wellarchitected").list_workloads)

    def test_motos_own_interface_is_hidden(self) -> None:
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{server().endpoint}/moto-api/data.json", timeout=5)
        self.assertEqual(caught.exception.code, 404)
        caught.exception.close()


class Parallel(Sandbox):
    def test_no_record_is_lost_when_many_write(self) -> None:
        dns = client("route53")
        zone = dns.list_hosted_zones_by_name(DNSName="example.com")["HostedZones"][0]["Id"]
        records = [
            {"Name": f"n{i}.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.9"}]}
            for i in range(16)
        ]

        def change(action: str, some: list[dict[str, Any]]) -> None:
            for record in some:
                batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
                dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

        for action, expected in (("UPSERT", 16), ("DELETE", 0)):
            threads = [threading.Thread(target=change, args=(action, records[i::4])) for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            listed = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
            self.assertEqual(len([one for one in listed if one["Type"] == "A"]), expected)


@unittest.skipIf(REAL, "only a sandbox has this")
class Life(unittest.TestCase):
    def test_a_new_server_is_another_one_and_shutdown_leaves_nothing(self) -> None:
        other = Server({"zones": ["one.example", "two.example"], "quotas": {"L-1216C47A": 4}, "deny": ["iam:*"]})
        self.addCleanup(other.stop)
        mine = control("GET", "identity")
        theirs = control("GET", "identity", endpoint=other.endpoint)
        self.assertNotEqual(mine["server"], theirs["server"])
        self.assertEqual((theirs["account"], theirs["region"]), ("123456789012", "ap-northeast-2"))
        resources = control("GET", "snapshot", endpoint=other.endpoint)["resources"]
        self.assertEqual(
            {one["name"] for one in resources if one["kind"] == "hosted-zone"}, {"one.example.", "two.example."}
        )
        quota = client("service-quotas", other.endpoint).get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")
        self.assertEqual(quota["Quota"]["Value"], 4)
        control("POST", "shutdown", {}, endpoint=other.endpoint)
        self.assertEqual(other.process.wait(5), 0)
        self.assertFalse(other.port_file.exists())
        with self.assertRaises(EndpointConnectionError):
            client("sts", other.endpoint).get_caller_identity()

    def test_a_seed_with_a_typing_error_is_refused(self) -> None:
        with self.assertRaises(RuntimeError):
            Server({"zone": ["example.com"]})

    def test_a_browser_is_refused(self) -> None:
        request = urllib.request.Request(f"{server().endpoint}/_sandbox/identity", headers={"Origin": "http://a.example"})
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=5)
        self.assertEqual(caught.exception.code, 403)
        caught.exception.close()
