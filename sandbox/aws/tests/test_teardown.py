"""What a teardown relies on beside the refusals of each area: exact deletions, protection, and marks that can be read back."""

from __future__ import annotations

from typing import Any

from .support import Contract, client, sandbox_only, wait_until

PUBLIC_KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


class Records(Contract):
    def setUp(self) -> None:
        super().setUp()
        self.dns = client("route53")
        made = self.dns.create_hosted_zone(Name="teardown.example.net", CallerReference=self.id())
        self.zone = made["HostedZone"]["Id"]
        self.addCleanup(lambda: self.dns.delete_hosted_zone(Id=self.zone))

    def change(self, action: str, value: str = "203.0.113.7") -> None:
        self.dns.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=self.batch(action, value))

    def batch(self, action: str, value: str) -> dict[str, Any]:
        record = {
            "Name": "a.teardown.example.net", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}],
        }
        return {"Changes": [{"Action": action, "ResourceRecordSet": record}]}

    def refusal(self, value: str) -> str:
        return self.refused(
            "InvalidChangeBatch", self.dns.change_resource_record_sets, HostedZoneId=self.zone,
            ChangeBatch=self.batch("DELETE", value),
        )

    def test_that_never_were_are_not_deleted(self) -> None:
        self.assertIn("but it was not found", self.refusal("203.0.113.7"))

    def test_are_deleted_once_and_only_as_they_are(self) -> None:
        self.change("UPSERT")
        self.change("UPSERT", "203.0.113.8")
        self.assertIn("do not match the current values", self.refusal("203.0.113.7"))
        self.change("DELETE", "203.0.113.8")
        self.assertIn("but it was not found", self.refusal("203.0.113.8"))


class KeyPairs(Contract):
    def test_are_deleted_by_id(self) -> None:
        made = self.ec2.import_key_pair(KeyName="teardown", PublicKeyMaterial=PUBLIC_KEY)
        self.later(self.ec2.delete_key_pair, KeyName="teardown")
        self.ec2.delete_key_pair(KeyPairId="key-0123456789abcdef0")
        by_name = [{"Name": "key-name", "Values": ["teardown"]}]
        self.assertEqual(len(self.ec2.describe_key_pairs(Filters=by_name)["KeyPairs"]), 1)
        self.ec2.delete_key_pair(KeyPairId=made["KeyPairId"])
        self.assertEqual(self.ec2.describe_key_pairs(Filters=by_name)["KeyPairs"], [])


class Protection(Contract):
    def test_asked_for_at_launch_refuses_termination(self) -> None:
        machine = self.instance(self.subnet(self.vpc()), DisableApiTermination=True)
        message = self.refused("OperationNotPermitted", self.ec2.terminate_instances, InstanceIds=[machine])
        self.assertIn("disableApiTermination", message)
        self.ec2.modify_instance_attribute(InstanceId=machine, DisableApiTermination={"Value": False})


class Listings(Contract):
    def test_of_rules_show_the_description_of_a_rule_that_names_a_group(self) -> None:
        vpc = self.vpc()
        group = self.group(vpc)
        other = self.group(vpc, "other")
        made = self.ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {
                    "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80,
                    "UserIdGroupPairs": [{"GroupId": other, "Description": "by=controller"}],
                }
            ],
        )
        rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        self.addCleanup(self.ec2.revoke_security_group_ingress, GroupId=group, SecurityGroupRuleIds=[rule])
        found = self.ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
        self.assertEqual((found["Description"], found["ReferencedGroupInfo"]["GroupId"]), ("by=controller", other))

    @sandbox_only
    def test_of_peerings_by_either_end(self) -> None:
        first, second, third = self.vpc(), self.vpc(), self.vpc()
        made = self.ec2.create_vpc_peering_connection(VpcId=first, PeerVpcId=second)["VpcPeeringConnection"]
        self.addCleanup(
            self.ec2.delete_vpc_peering_connection, VpcPeeringConnectionId=made["VpcPeeringConnectionId"]
        )
        for end, vpc, count in (
            ("requester", first, 1), ("accepter", second, 1), ("requester", second, 0), ("accepter", third, 0),
        ):
            by_end = [{"Name": f"{end}-vpc-info.vpc-id", "Values": [vpc]}]
            found = self.ec2.describe_vpc_peering_connections(Filters=by_end)["VpcPeeringConnections"]
            self.assertEqual((end, len(found)), (end, count))


class Snapshots(Contract):
    def test_take_time_and_outlive_their_volume(self) -> None:
        volume = self.ec2.create_volume(AvailabilityZone="ap-northeast-2a", Size=1)["VolumeId"]
        made = self.ec2.create_snapshot(VolumeId=volume, Description="before")
        snapshot = made["SnapshotId"]
        self.later(self.ec2.delete_snapshot, SnapshotId=snapshot)
        self.assertEqual(made["State"], "pending")
        self.ec2.delete_volume(VolumeId=volume)

        def found() -> dict[str, Any]:
            by_id = [{"Name": "snapshot-id", "Values": [snapshot, "snap-00000000"]}]
            [one] = self.ec2.describe_snapshots(OwnerIds=["self"], Filters=by_id)["Snapshots"]
            return dict(one)

        wait_until("the snapshot is completed", lambda: found()["State"] == "completed")
        self.assertEqual((found()["Progress"], found()["VolumeId"]), ("100%", volume))


class Filters(Contract):
    def test_with_several_values_want_one_of_them(self) -> None:
        tags = [{"Key": key, "Value": "x"} for key in ("filters-a", "filters-other", "CSIVolumeName")]
        volume = self.ec2.create_volume(
            AvailabilityZone="ap-northeast-2a", Size=1,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )["VolumeId"]
        self.later(self.ec2.delete_volume, VolumeId=volume)

        def found(*keys: str) -> list[str]:
            answer = self.ec2.describe_volumes(Filters=[{"Name": "tag-key", "Values": list(keys)}])
            return [one["VolumeId"] for one in answer["Volumes"]]

        self.assertEqual(found("filters-a", "filters-b"), [volume])
        self.assertEqual(found("filters-b", "filters-c"), [])
