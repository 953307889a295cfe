"""ACM, IAM, S3, Route 53, SSM, Service Quotas, STS."""

from __future__ import annotations

import json
import uuid
from typing import Any

from .support import REAL, REGION, Contract, client, sandbox_only, wait_until

POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)


class Certificates(Contract):
    @sandbox_only
    def test_issued_only_when_the_record_is_in_dns(self) -> None:
        acm, dns = client("acm"), client("route53")
        arn = acm.request_certificate(DomainName="shop.example.com", ValidationMethod="DNS")["CertificateArn"]
        self.later(acm.delete_certificate, CertificateArn=arn)

        def details() -> dict[str, Any]:
            return dict(acm.describe_certificate(CertificateArn=arn)["Certificate"])

        with self.assertRaises(AssertionError):
            wait_until("it is issued without a record", lambda: details()["Status"] == "ISSUED", tries=4)
        wanted = details()["DomainValidationOptions"][0]["ResourceRecord"]
        zone = dns.list_hosted_zones_by_name(DNSName="example.com")["HostedZones"][0]["Id"]
        record = {
            "Name": wanted["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": wanted["Value"]}],
        }
        self.change(dns, zone, "UPSERT", record)
        self.addCleanup(self.change, dns, zone, "DELETE", record)
        wait_until("it is issued", lambda: details()["Status"] == "ISSUED")

    def change(self, dns: Any, zone: str, action: str, record: dict[str, Any]) -> None:
        dns.change_resource_record_sets(
            HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        )


class Identity(Contract):
    def setUp(self) -> None:
        super().setUp()
        self.iam = client("iam")
        self.mark = f"probe-{uuid.uuid4().hex[:8]}"

    def role(self) -> str:
        self.iam.create_role(RoleName=self.mark, AssumeRolePolicyDocument=TRUST)
        self.later(self.iam.delete_role, RoleName=self.mark)
        return self.mark

    def test_an_attached_policy_stays_and_so_does_its_role(self) -> None:
        role = self.role()
        policy = self.iam.create_policy(PolicyName=self.mark, PolicyDocument=POLICY)["Policy"]["Arn"]
        self.later(self.iam.delete_policy, PolicyArn=policy)
        self.iam.attach_role_policy(RoleName=role, PolicyArn=policy)
        self.refused("DeleteConflict", self.iam.delete_policy, PolicyArn=policy)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=role)
        self.iam.detach_role_policy(RoleName=role, PolicyArn=policy)

    def test_a_role_with_an_inline_policy_stays(self) -> None:
        role = self.role()
        self.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=POLICY)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=role)
        self.iam.delete_role_policy(RoleName=role, PolicyName="inline")

    def test_a_role_in_a_profile_and_a_profile_with_a_role_stay(self) -> None:
        role = self.role()
        self.iam.create_instance_profile(InstanceProfileName=self.mark)
        self.later(self.iam.delete_instance_profile, InstanceProfileName=self.mark)
        self.iam.add_role_to_instance_profile(InstanceProfileName=self.mark, RoleName=role)
        self.refused("DeleteConflict", self.iam.delete_role, RoleName=role)
        self.refused("DeleteConflict", self.iam.delete_instance_profile, InstanceProfileName=self.mark)
        self.iam.remove_role_from_instance_profile(InstanceProfileName=self.mark, RoleName=role)

    def test_managed_policies_of_aws_can_be_attached(self) -> None:
        role = self.role()
        for name in ("AmazonSSMManagedInstanceCore", "service-role/AmazonEBSCSIDriverPolicy"):
            self.iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{name}")
            self.iam.detach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{name}")

    @sandbox_only
    def test_the_simulator_allows_by_default(self) -> None:
        answer = self.iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:user/sandbox",
            ActionNames=["ec2:RunInstances", "s3:PutObject"],
        )
        decisions = {one["EvalActionName"]: one["EvalDecision"] for one in answer["EvaluationResults"]}
        self.assertEqual(decisions, {"ec2:RunInstances": "allowed", "s3:PutObject": "allowed"})


class Buckets(Contract):
    def setUp(self) -> None:
        super().setUp()
        self.s3 = client("s3")
        self.bucket = f"probe-{uuid.uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.addCleanup(self.s3.delete_bucket, Bucket=self.bucket)

    def test_a_lock_file_is_written_once(self) -> None:
        self.addCleanup(self.s3.delete_object, Bucket=self.bucket, Key="lock")
        self.s3.put_object(Bucket=self.bucket, Key="lock", Body=b"first", IfNoneMatch="*")
        self.refused(
            "PreconditionFailed", self.s3.put_object,
            Bucket=self.bucket, Key="lock", Body=b"second", IfNoneMatch="*",
        )
        self.assertEqual(self.s3.get_object(Bucket=self.bucket, Key="lock")["Body"].read(), b"first")

    def test_versions_and_markers_keep_a_bucket(self) -> None:
        self.s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        self.s3.put_object(Bucket=self.bucket, Key="x", Body=b"1")
        self.s3.delete_object(Bucket=self.bucket, Key="x")
        self.refused("BucketNotEmpty", self.s3.delete_bucket, Bucket=self.bucket)
        listed = self.s3.list_object_versions(Bucket=self.bucket)
        for version in [*listed["Versions"], *listed["DeleteMarkers"]]:
            self.s3.delete_object(Bucket=self.bucket, Key="x", VersionId=version["VersionId"])

    def test_made_twice(self) -> None:
        self.refused(
            "BucketAlreadyOwnedByYou", self.s3.create_bucket,
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION},
        )


class Zones(Contract):
    def test_a_zone_with_a_record_stays(self) -> None:
        dns = client("route53")
        name = f"{uuid.uuid4().hex[:8]}.example.com."
        zone = dns.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"]
        self.addCleanup(dns.delete_hosted_zone, Id=zone)
        record = {"Name": f"a.{name}", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.9"}]}
        change = {"Action": "CREATE", "ResourceRecordSet": record}
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})
        self.refused("HostedZoneNotEmpty", dns.delete_hosted_zone, Id=zone)
        change["Action"] = "DELETE"
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [change]})


class Catalogues(Contract):
    def test_canonical_parameters_name_the_newest_image(self) -> None:
        ssm = client("ssm")
        for version, volume in (("24.04", "gp3"), ("22.04", "gp2")):
            name = f"/aws/service/canonical/ubuntu/server/{version}/stable/current/amd64/hvm/ebs-{volume}/ami-id"
            image = ssm.get_parameter(Name=name)["Parameter"]["Value"]
            (found,) = self.ec2.describe_images(ImageIds=[image])["Images"]
            self.assertIn(f"-{version}-amd64-server-", found["Name"])
            self.assertEqual(found["OwnerId"], "099720109477")

    def test_quotas(self) -> None:
        quotas = client("service-quotas")
        for service, code in (("ec2", "L-1216C47A"), ("ec2", "L-0263D0A3"), ("vpc", "L-F678F1CE")):
            quota = quotas.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
            self.assertEqual(quota["QuotaCode"], code)
            self.assertGreater(quota["Value"], 0)
        self.refused(
            "NoSuchResourceException", quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-00000000"
        )

    def test_the_caller_has_an_account(self) -> None:
        account = client("sts").get_caller_identity()["Account"]
        self.assertTrue(REAL or account == "123456789012")

    def test_three_zones(self) -> None:
        zones = self.ec2.describe_availability_zones()["AvailabilityZones"]
        self.assertGreaterEqual(len(zones), 3)
