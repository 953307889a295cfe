"""VPC, subnet, gateway, group, interface, address: what is refused while something depends on it."""

from __future__ import annotations

from .support import Contract, sandbox_only, wait_until


class DeletingAVpc(Contract):
    def test_with_a_subnet(self) -> None:
        vpc = self.vpc()
        self.subnet(vpc)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=vpc)

    def test_with_a_group_of_its_own(self) -> None:
        vpc = self.vpc()
        self.group(vpc)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=vpc)

    def test_with_an_attached_gateway(self) -> None:
        vpc = self.vpc()
        self.gateway(vpc)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=vpc)

    def test_with_a_route_table(self) -> None:
        vpc = self.vpc()
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        self.later(self.ec2.delete_route_table, RouteTableId=table)
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=vpc)

    def test_with_an_endpoint(self) -> None:
        vpc = self.vpc()
        end = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.ap-northeast-2.s3")
        self.later(self.ec2.delete_vpc_endpoints, VpcEndpointIds=[end["VpcEndpoint"]["VpcEndpointId"]])
        self.refused("DependencyViolation", self.ec2.delete_vpc, VpcId=vpc)

    def test_takes_its_default_group_main_table_and_acl_along(self) -> None:
        vpc = self.ec2.create_vpc(CidrBlock="10.19.0.0/16")["Vpc"]["VpcId"]
        self.ec2.delete_vpc(VpcId=vpc)
        by_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        self.assertEqual(self.ec2.describe_security_groups(Filters=by_vpc)["SecurityGroups"], [])
        self.assertEqual(self.ec2.describe_route_tables(Filters=by_vpc)["RouteTables"], [])
        self.assertEqual(self.ec2.describe_network_acls(Filters=by_vpc)["NetworkAcls"], [])


class DeletingASubnet(Contract):
    def test_with_an_instance(self) -> None:
        subnet = self.subnet(self.vpc())
        self.instance(subnet)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)

    def test_with_an_interface(self) -> None:
        subnet = self.subnet(self.vpc())
        interface = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        self.later(self.ec2.delete_network_interface, NetworkInterfaceId=interface)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)

    def test_with_a_nat_gateway_until_it_says_deleted(self) -> None:
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        self.gateway(vpc)
        address = self.address()
        nat = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])["NatGateway"]
        self.assertEqual(nat["State"], "pending")
        identifier = nat["NatGatewayId"]

        def state() -> str:
            return str(self.ec2.describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"][0]["State"])

        wait_until("the gateway is available", lambda: state() == "available")
        (interface,) = self.interfaces(vpc_id=vpc)
        self.assertTrue(interface["RequesterManaged"])
        self.refused("AuthFailure", self.ec2.release_address, AllocationId=address["AllocationId"])
        self.ec2.delete_nat_gateway(NatGatewayId=identifier)
        self.refused("DependencyViolation", self.ec2.delete_subnet, SubnetId=subnet)
        wait_until("the gateway is deleted", lambda: state() == "deleted")
        self.ec2.delete_subnet(SubnetId=subnet)


class DeletingAGroup(Contract):
    def test_on_an_instance(self) -> None:
        vpc = self.vpc()
        group = self.group(vpc)
        self.instance(self.subnet(vpc), group)
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=group)

    def test_on_an_interface(self) -> None:
        vpc = self.vpc()
        group = self.group(vpc)
        made = self.ec2.create_network_interface(SubnetId=self.subnet(vpc), Groups=[group])["NetworkInterface"]
        self.later(self.ec2.delete_network_interface, NetworkInterfaceId=made["NetworkInterfaceId"])
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=group)

    def test_named_by_another_group(self) -> None:
        vpc = self.vpc()
        named = self.group(vpc, "named")
        naming = self.group(vpc, "naming")
        rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": named}]}]
        self.ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=rule)
        self.refused("DependencyViolation", self.ec2.delete_security_group, GroupId=named)
        self.ec2.revoke_security_group_ingress(GroupId=naming, IpPermissions=rule)
        self.ec2.delete_security_group(GroupId=named)

    def test_named_by_itself_is_no_obstacle(self) -> None:
        vpc = self.vpc()
        group = self.ec2.create_security_group(GroupName="own", Description="own", VpcId=vpc)["GroupId"]
        rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
        self.ec2.delete_security_group(GroupId=group)

    def test_that_is_the_default(self) -> None:
        filters = [{"Name": "vpc-id", "Values": [self.vpc()]}]
        (group,) = self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        self.refused("CannotDelete", self.ec2.delete_security_group, GroupId=group["GroupId"])


class GatewaysAndTables(Contract):
    def test_an_attached_gateway_is_not_deleted(self) -> None:
        gateway = self.gateway(self.vpc())
        self.refused("DependencyViolation", self.ec2.delete_internet_gateway, InternetGatewayId=gateway)

    def test_a_gateway_stays_attached_while_a_public_address_is_mapped(self) -> None:
        vpc, address = self.vpc(), self.address()
        gateway = self.gateway(vpc)
        instance = self.instance(self.subnet(vpc))
        self.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
        message = self.refused(
            "DependencyViolation", self.ec2.detach_internet_gateway, InternetGatewayId=gateway, VpcId=vpc
        )
        self.assertIn("mapped public address", message)

    def test_the_main_table_and_one_with_a_subnet_stay(self) -> None:
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        (main,) = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
        self.refused("DependencyViolation", self.ec2.delete_route_table, RouteTableId=main["RouteTableId"])
        table = self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        self.later(self.ec2.delete_route_table, RouteTableId=table)
        bound = self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
        self.refused("DependencyViolation", self.ec2.delete_route_table, RouteTableId=table)
        self.ec2.disassociate_route_table(AssociationId=bound)


class Interfaces(Contract):
    def test_in_use_is_not_deleted(self) -> None:
        instance = self.instance(self.subnet(self.vpc()))
        (interface,) = self.describe(instance)["NetworkInterfaces"]
        message = self.refused(
            "InvalidParameterValue",
            self.ec2.delete_network_interface,
            NetworkInterfaceId=interface["NetworkInterfaceId"],
        )
        self.assertIn("currently in use", message)

    def test_the_first_one_of_an_instance_is_not_detached(self) -> None:
        (interface,) = self.describe(self.instance(self.subnet(self.vpc())))["NetworkInterfaces"]
        self.refused(
            "OperationNotPermitted",
            self.ec2.detach_network_interface,
            AttachmentId=interface["Attachment"]["AttachmentId"],
        )

    def test_private_addresses_are_unique(self) -> None:
        subnet = self.subnet(self.vpc())
        seen = set()
        for _ in range(12):
            made = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
            self.later(self.ec2.delete_network_interface, NetworkInterfaceId=made["NetworkInterfaceId"])
            seen.add(made["PrivateIpAddress"])
        self.assertEqual(len(seen), 12)


class Addresses(Contract):
    def test_bound_is_not_released(self) -> None:
        vpc, address = self.vpc(), self.address()
        self.gateway(vpc)
        instance = self.instance(self.subnet(vpc))
        first = self.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
        self.assertEqual(self.describe(instance)["PublicIpAddress"], address["PublicIp"])
        again = self.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
        self.assertEqual(first["AssociationId"], again["AssociationId"])
        self.refused("InvalidIPAddress.InUse", self.ec2.release_address, AllocationId=address["AllocationId"])
        self.terminate(instance)
        self.ec2.release_address(AllocationId=address["AllocationId"])

    def test_all_are_for_documentation_and_unique(self) -> None:
        made = [self.address()["PublicIp"] for _ in range(3)]
        self.assertEqual(len(set(made)), 3)
        self.assertTrue(all(self.is_documentation(address) for address in made))

    @sandbox_only
    def test_quota(self) -> None:
        for _ in range(5):
            self.address()
        self.refused("AddressLimitExceeded", self.ec2.allocate_address, Domain="vpc")

    @sandbox_only
    def test_vpc_quota(self) -> None:
        for _ in range(4):
            self.vpc()
        self.refused("VpcLimitExceeded", self.ec2.create_vpc, CidrBlock="10.250.0.0/16")
