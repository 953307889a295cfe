"""What the sandbox is told of machines, so that real hosts can stand for them."""

from __future__ import annotations

from typing import Any

from .support import Contract, client, control, sandbox_only


@sandbox_only
class Machines(Contract):
    def found(self, instance: str) -> dict[str, Any]:
        return next(item for item in control("GET", "machines")["instances"] if item["id"] == instance)

    def test_a_machine_and_the_rules_of_its_group(self) -> None:
        vpc = self.vpc()
        subnet, group = self.subnet(vpc), self.group(vpc)
        self.ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "198.51.100.7/32"}]},
                {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]},
            ],
        )
        instance = self.instance(
            subnet, group, UserData="#cloud-config\nhostname: node\n", MetadataOptions={"HttpTokens": "required"}
        )
        self.assertLessEqual(
            {
                "state": "running",
                "groups": [group],
                "userData": "#cloud-config\nhostname: node\n",
                "metadata": {"tokens": "required", "hops": 1},
                "sourceDestinationCheck": True,
                "privateAddress": self.describe(instance)["PrivateIpAddress"],
                "reboots": 0,
            }.items(),
            self.found(instance).items(),
        )
        rules = next(item for item in control("GET", "machines")["groups"] if item["id"] == group)
        self.assertIn(
            {"protocol": "tcp", "from": 22, "to": 22, "ranges": ["198.51.100.7/32"], "groups": []}, rules["ingress"]
        )
        self.assertIn({"protocol": "-1", "from": None, "to": None, "ranges": [], "groups": [group]}, rules["ingress"])
        self.assertEqual([rule["ranges"] for rule in rules["egress"]], [["0.0.0.0/0"]])

    def test_the_profile_of_a_machine_is_told(self) -> None:
        iam = client("iam")
        profile = "platform-probe-of-machines"
        iam.create_instance_profile(InstanceProfileName=profile)
        self.addCleanup(iam.delete_instance_profile, InstanceProfileName=profile)
        instance = self.instance(self.subnet(self.vpc()), IamInstanceProfile={"Name": profile})
        self.assertEqual(self.found(instance)["profile"], profile)

    def test_reboots_are_counted(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))
        self.ec2.reboot_instances(InstanceIds=[instance])
        self.ec2.reboot_instances(InstanceIds=[instance])
        self.assertEqual(self.found(instance)["reboots"], 2)

    def test_a_guest_that_goes_off_is_stopped_or_ends(self) -> None:
        subnet = self.subnet(self.vpc())
        stays = self.instance(subnet)
        ends = self.instance(subnet, InstanceInitiatedShutdownBehavior="terminate")
        for instance in (stays, ends):
            control("POST", "power-off", {"instance": instance})
        self.reaches(stays, "stopped")
        self.reaches(ends, "terminated")

    def test_user_data_that_is_no_text_breaks_nothing(self) -> None:
        instance = self.instance(self.subnet(self.vpc()), UserData=b"\x1f\x8b\x08 packed")
        self.assertTrue(self.found(instance)["userData"].endswith(" packed"))
