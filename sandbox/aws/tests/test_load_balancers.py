"""Load balancers: interfaces, states, deletion protection, and what they hold."""

from __future__ import annotations

from typing import Any

from .support import Contract, client, wait_until


class LoadBalancers(Contract):
    def setUp(self) -> None:
        super().setUp()
        self.elb = client("elbv2")
        self.home = self.vpc()
        self.gateway(self.home)
        self.subnets = [self.subnet(self.home, 1, "a"), self.subnet(self.home, 2, "b")]
        self.firewall = self.group(self.home)

    def balancer(self, name: str = "probe") -> dict[str, Any]:
        made = self.elb.create_load_balancer(Name=name, Subnets=self.subnets, SecurityGroups=[self.firewall])
        arn = made["LoadBalancers"][0]["LoadBalancerArn"]
        self.addCleanup(self.remove, arn)
        return dict(made["LoadBalancers"][0])

    def remove(self, arn: str) -> None:
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=self.protection("false"))
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        wait_until("its interfaces are gone", lambda: not self.interfaces(vpc_id=self.home))

    def protection(self, value: str) -> list[dict[str, str]]:
        return [{"Key": "deletion_protection.enabled", "Value": value}]

    def targets(self, name: str = "probe") -> str:
        made = self.elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=self.home, TargetType="instance"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.later(self.elb.delete_target_group, TargetGroupArn=made)
        return str(made)

    def test_provisioning_then_active(self) -> None:
        made = self.balancer()
        self.assertEqual(made["State"]["Code"], "provisioning")
        arn = made["LoadBalancerArn"]
        wait_until(
            "it is active",
            lambda: self.elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]["State"]["Code"]
            == "active",
        )

    def test_the_name_is_taken(self) -> None:
        self.balancer()
        self.refused(
            "DuplicateLoadBalancerName", self.elb.create_load_balancer,
            Name="probe", Subnets=self.subnets, SecurityGroups=[self.group(self.home, "other")],
        )

    def test_interfaces_belong_to_the_service_and_outlive_it(self) -> None:
        arn = self.balancer()["LoadBalancerArn"]
        found = self.interfaces(vpc_id=self.home)
        self.assertEqual(len(found), 2)
        for interface in found:
            self.assertTrue(interface["RequesterManaged"])
            self.assertTrue(interface["Description"].startswith("ELB app/probe/"))
            self.assertTrue(self.is_documentation(interface["Association"]["PublicIp"]))
        self.refused(
            "OperationNotPermitted",
            self.ec2.delete_network_interface,
            NetworkInterfaceId=found[0]["NetworkInterfaceId"],
        )
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=self.firewall)
        self.elb.delete_load_balancer(LoadBalancerArn=arn)
        self.assertEqual(len(self.interfaces(vpc_id=self.home)), 2)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=self.subnets[0])
        wait_until("the interfaces are gone", lambda: not self.interfaces(vpc_id=self.home))
        self._cleanups.remove((self.remove, (arn,), {}))

    def test_deletion_protection(self) -> None:
        arn = self.balancer()["LoadBalancerArn"]
        self.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=self.protection("true"))
        self.refused("OperationNotPermitted", self.elb.delete_load_balancer, LoadBalancerArn=arn)

    def test_a_target_group_in_a_listener_stays(self) -> None:
        group = self.targets()
        arn = self.balancer()["LoadBalancerArn"]
        self.elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.refused("ResourceInUse", self.elb.delete_target_group, TargetGroupArn=group)

    def test_a_target_is_initial_first(self) -> None:
        group = self.targets()
        arn = self.balancer()["LoadBalancerArn"]
        self.elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        instance = self.instance(self.subnets[0])
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": instance, "Port": 80}])

        def health() -> str:
            found = self.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
            return str(found[0]["TargetHealth"]["State"])

        self.assertEqual(health(), "initial")
        wait_until("it is healthy", lambda: health() == "healthy")

    def test_a_certificate_in_a_listener_stays(self) -> None:
        acm = client("acm")
        certificate = acm.request_certificate(DomainName="held.example.com", ValidationMethod="DNS")["CertificateArn"]
        self.later(acm.delete_certificate, CertificateArn=certificate)
        group = self.targets()
        arn = self.balancer()["LoadBalancerArn"]
        self.elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTPS", Port=443, Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )
        self.refused("ResourceInUseException", acm.delete_certificate, CertificateArn=certificate)
        self.assertEqual(acm.describe_certificate(CertificateArn=certificate)["Certificate"]["InUseBy"], [arn])
