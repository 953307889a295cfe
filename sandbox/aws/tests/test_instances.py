"""Instances: what RunInstances refuses, the states, and what a machine holds until its end."""

from __future__ import annotations

import uuid

from botocore.exceptions import ClientError

from .support import Contract, control, sandbox_only, wait_until


class Running(Contract):
    def test_pending_then_running_then_checked(self) -> None:
        instance = self.instance(self.subnet(self.vpc()), wait=False)
        self.assertEqual(self.state(instance), "pending")
        self.reaches(instance, "running")

        def check() -> str:
            return str(
                self.ec2.describe_instance_status(InstanceIds=[instance])["InstanceStatuses"][0]["InstanceStatus"][
                    "Status"
                ]
            )

        self.assertEqual(check(), "initializing")
        wait_until("the checks pass", lambda: check() == "ok")

    def test_unknown_image_key_and_type(self) -> None:
        subnet = self.subnet(self.vpc())
        one = {"MinCount": 1, "MaxCount": 1, "SubnetId": subnet}
        run, image = self.ec2.run_instances, self.image()
        self.refused("InvalidAMIID.NotFound", run, ImageId="ami-0123456789abcdef0", InstanceType="t3.micro", **one)
        self.refused("InvalidKeyPair.NotFound", run, ImageId=image, InstanceType="t3.micro", KeyName="none", **one)
        self.refused("InvalidParameterValue", run, ImageId=image, InstanceType="t3.gigantic", **one)

    def test_dry_run(self) -> None:
        subnet = self.subnet(self.vpc())
        with self.assertRaises(ClientError) as caught:
            self.ec2.run_instances(
                ImageId=self.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, DryRun=True
            )
        self.assertEqual(caught.exception.response["Error"]["Code"], "DryRunOperation")

    def test_a_client_token_makes_one_machine(self) -> None:
        subnet, token = self.subnet(self.vpc()), str(uuid.uuid4())
        first = self.instance(subnet, wait=False, ClientToken=token)
        again = self.ec2.run_instances(
            ImageId=self.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet, ClientToken=token
        )
        self.assertEqual([machine["InstanceId"] for machine in again["Instances"]], [first])
        self.refused(
            "IdempotentParameterMismatch",
            self.ec2.run_instances,
            ImageId=self.image(), InstanceType="t3.small", MinCount=1, MaxCount=1, SubnetId=subnet, ClientToken=token,
        )

    def test_public_address_as_asked_and_groups_of_the_interface(self) -> None:
        vpc = self.vpc()
        subnet, group = self.subnet(vpc), self.group(vpc)
        interface = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}
        with_address = self.describe(
            self.instance(subnet, NetworkInterfaces=[interface | {"AssociatePublicIpAddress": True}])
        )
        self.assertTrue(self.is_documentation(with_address["PublicIpAddress"]))
        self.assertEqual([known["GroupId"] for known in with_address["SecurityGroups"]], [group])
        without = self.describe(self.instance(subnet, NetworkInterfaces=[interface]))
        self.assertNotIn("PublicIpAddress", without)
        self.assertTrue(without["NetworkInterfaces"][0]["Attachment"]["DeleteOnTermination"])

    @sandbox_only
    def test_vcpu_quota(self) -> None:
        subnet = self.subnet(self.vpc())
        self.refused(
            "VcpuLimitExceeded", self.ec2.run_instances,
            ImageId=self.image(), InstanceType="m5.24xlarge", MinCount=1, MaxCount=1, SubnetId=subnet,
        )


class Ending(Contract):
    def test_everything_is_held_until_terminated(self) -> None:
        vpc = self.vpc()
        subnet, group = self.subnet(vpc), self.group(vpc)
        instance = self.instance(subnet, group)
        root = self.describe(instance)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.assertEqual(self.state(instance), "shutting-down")
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=group)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)
        self.reaches(instance, "terminated")
        self.assertEqual(self.interfaces(vpc_id=vpc), [])
        self.refused("InvalidVolume.NotFound", self.ec2.describe_volumes, VolumeIds=[root])
        self.ec2.delete_security_group(GroupId=group)
        self.ec2.delete_subnet(SubnetId=subnet)

    def test_twice_is_no_error(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.ec2.terminate_instances(InstanceIds=[instance])
        self.reaches(instance, "terminated")
        self.ec2.terminate_instances(InstanceIds=[instance])

    def test_an_attached_volume_stays_and_a_second_one_survives(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))
        volume = self.ec2.create_volume(
            AvailabilityZone=self.describe(instance)["Placement"]["AvailabilityZone"], Size=1, VolumeType="gp3"
        )["VolumeId"]
        self.later(self.ec2.delete_volume, VolumeId=volume)

        def state() -> str:
            return str(self.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"])

        wait_until("the volume is available", lambda: state() == "available")
        self.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
        self.refused("VolumeInUse", self.ec2.delete_volume, VolumeId=volume)
        self.terminate(instance)
        self.assertEqual(state(), "available")

    def test_stop_and_start(self) -> None:
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        self.gateway(vpc)
        interface = {"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}
        instance = self.instance(subnet, NetworkInterfaces=[interface])
        before = self.describe(instance)
        self.ec2.stop_instances(InstanceIds=[instance])
        self.assertEqual(self.state(instance), "stopping")
        self.reaches(instance, "stopped")
        self.assertNotIn("PublicIpAddress", self.describe(instance))
        self.ec2.start_instances(InstanceIds=[instance])
        self.assertEqual(self.state(instance), "pending")
        self.reaches(instance, "running")
        after = self.describe(instance)
        self.assertEqual(after["PrivateIpAddress"], before["PrivateIpAddress"])
        self.assertNotEqual(after["PublicIpAddress"], before["PublicIpAddress"])


class Console(Contract):
    def test_host_keys_are_printed(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))

        def printed() -> str:
            return str(self.ec2.get_console_output(InstanceId=instance, Latest=True).get("Output", ""))

        wait_until("host keys on the console", lambda: "-----END SSH HOST KEY KEYS-----" in printed())
        self.assertRegex(printed(), r"-----BEGIN SSH HOST KEY KEYS-----\r?\n(ssh|ecdsa)-\S+ \S+")

    @sandbox_only
    def test_text_can_be_set(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))
        control("POST", "console", {"instance": instance, "host_keys": ["ssh-ed25519 AAAAprobe root@node"]})
        self.assertEqual(
            self.ec2.get_console_output(InstanceId=instance)["Output"],
            "-----BEGIN SSH HOST KEY KEYS-----\nssh-ed25519 AAAAprobe root@node\n-----END SSH HOST KEY KEYS-----\n",
        )


