"""EC2: VPCs, subnets, gateways, routes, security groups, what an account has from the start."""

import pytest

from harness.aws_errors import fails
from harness.polling import eventually
from harness.server import ACCOUNT

ANYWHERE = "0.0.0.0/0"
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": ANYWHERE}]}


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def named(name, *values):
    return [{"Name": name, "Values": list(values)}]


def test_a_new_account_has_a_default_vpc(cloud):
    ec2 = cloud.client("ec2", "us-east-2")
    (vpc,) = ec2.describe_vpcs()["Vpcs"]
    assert vpc["IsDefault"] and vpc["CidrBlock"] == "172.31.0.0/16" and vpc["State"] == "available"
    assert vpc["OwnerId"] == ACCOUNT and vpc["InstanceTenancy"] == "default"
    subnets = ec2.describe_subnets(Filters=named("default-for-az", "true"))["Subnets"]
    assert sorted(s["AvailabilityZone"] for s in subnets) == ["us-east-2a", "us-east-2b", "us-east-2c"]
    assert sorted(s["CidrBlock"] for s in subnets) == ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"]
    assert all(s["MapPublicIpOnLaunch"] and s["AvailableIpAddressCount"] == 4091 for s in subnets)
    (gateway,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert gateway["Attachments"] == [{"State": "available", "VpcId": vpc["VpcId"]}]
    (table,) = ec2.describe_route_tables()["RouteTables"]
    routes = {r["DestinationCidrBlock"]: r for r in table["Routes"]}
    assert routes["172.31.0.0/16"]["GatewayId"] == "local"
    assert routes[ANYWHERE]["GatewayId"] == gateway["InternetGatewayId"]
    assert table["Associations"][0]["Main"] is True
    (group,) = ec2.describe_security_groups()["SecurityGroups"]
    assert (group["GroupName"], group["Description"]) == ("default", "default VPC security group")
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": ANYWHERE}]


def test_a_new_vpc_is_pending_then_available_and_has_its_parts(ec2):
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert vpc["State"] == "pending" and vpc["IsDefault"] is False
    assert vpc["CidrBlockAssociationSet"][0]["CidrBlockState"] == {"State": "associated"}
    assert vpc["Ipv6CidrBlockAssociationSet"] == []
    found = named("vpc-id", vpc["VpcId"])
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc["VpcId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    (group,) = ec2.describe_security_groups(Filters=found)["SecurityGroups"]
    assert group["GroupName"] == "default"
    (table,) = ec2.describe_route_tables(Filters=found)["RouteTables"]
    assert [r["Origin"] for r in table["Routes"]] == ["CreateRouteTable"]
    for attribute, key, expected in [
        ("enableDnsSupport", "EnableDnsSupport", True),
        ("enableDnsHostnames", "EnableDnsHostnames", False),
    ]:
        answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=attribute)
        assert answer[key] == {"Value": expected}


def test_vpcs_and_subnets_check_their_ranges(ec2, vpc):
    with fails("InvalidVpc.Range"):
        ec2.create_vpc(CidrBlock="10.0.0.0/8")
    with fails("InvalidParameterValue"):
        ec2.create_vpc(CidrBlock="nonsense")
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/20")
    with fails("InvalidSubnet.Conflict", "The CIDR '10.0.0.0/24' conflicts with another subnet"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")
    with fails("InvalidSubnet.Range"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="192.168.0.0/24")
    with fails("InvalidVpcID.NotFound", "The vpc ID 'vpc-0123456789abcdef0' does not exist"):
        ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24")
    with fails("InvalidParameterValue"):
        ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.16.0/24", AvailabilityZone="us-east-1a")


def test_a_subnet_counts_its_addresses(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]
    assert subnet["AvailableIpAddressCount"] == 251
    launched = ec2.run_instances(
        ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=2, MaxCount=2, SubnetId=subnet["SubnetId"]
    )["Instances"]
    assert {i["PrivateIpAddress"] for i in launched} == {"10.0.1.4", "10.0.1.5"}

    def free():
        return ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]["AvailableIpAddressCount"]

    assert free() == 249
    ids = [i["InstanceId"] for i in launched]
    eventually(lambda: len(running(ec2, ids)) == 2, what="both run")
    ec2.terminate_instances(InstanceIds=ids)
    eventually(lambda: free() == 251, what="the addresses are free again")


def running(ec2, ids):
    filters = named("instance-state-name", "running")
    reservations = ec2.describe_instances(InstanceIds=ids, Filters=filters)["Reservations"]
    return [i for r in reservations for i in r["Instances"]]


def test_a_full_subnet_takes_no_more(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/28")["Subnet"]["SubnetId"]
    with fails("InsufficientFreeAddressesInSubnet", status=None):
        ec2.run_instances(ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=12, MaxCount=12, SubnetId=subnet)
    assert ec2.describe_instances()["Reservations"] == []


def test_a_vpc_with_content_is_not_deleted(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    with fails("DependencyViolation", f"The vpc '{vpc}' has dependencies and cannot be deleted."):
        ec2.delete_vpc(VpcId=vpc)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    with fails("InvalidVpcID.NotFound", f"The vpc ID '{vpc}' does not exist"):
        ec2.describe_vpcs(VpcIds=[vpc])
    assert ec2.describe_security_groups(Filters=named("vpc-id", vpc))["SecurityGroups"] == []


def test_a_route_needs_an_attached_gateway(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": ANYWHERE, "GatewayId": gateway}
    message = f"route table {table} and network gateway {gateway} belong to different networks"
    with fails("InvalidParameterValue", message):
        ec2.create_route(**route)
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    assert ec2.create_route(**route)["Return"] is True
    with fails("RouteAlreadyExists"):
        ec2.create_route(**route)
    (shown,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    added = next(r for r in shown["Routes"] if r["DestinationCidrBlock"] == ANYWHERE)
    assert (added["Origin"], added["State"]) == ("CreateRoute", "active")
    with fails("DependencyViolation", contains="has dependencies and cannot be deleted."):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)
    with fails("InvalidRoute.NotFound"):
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with fails("Gateway.NotAttached"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def test_a_vpc_takes_one_gateway(ec2, vpc):
    first, second = (ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"] for _ in range(2))
    ec2.attach_internet_gateway(InternetGatewayId=first, VpcId=vpc)
    with fails("Resource.AlreadyAssociated"):
        ec2.attach_internet_gateway(InternetGatewayId=first, VpcId=vpc)
    # Which of the two codes AWS uses is not known for sure; the text is.
    text = f"network {vpc} already has an internet gateway attached"
    with fails({"InvalidParameterValue", "Resource.AlreadyAssociated"}, contains=text):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc)


def test_route_tables_are_associated_and_replaced(ec2, vpc):
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    made = ec2.associate_route_table(RouteTableId=tables[0], SubnetId=subnet)
    assert made["AssociationState"] == {"State": "associated"}
    with fails("DependencyViolation", f"The routeTable '{tables[0]}' has dependencies and cannot be deleted."):
        ec2.delete_route_table(RouteTableId=tables[0])
    replaced = ec2.replace_route_table_association(AssociationId=made["AssociationId"], RouteTableId=tables[1])
    ec2.delete_route_table(RouteTableId=tables[0])
    ec2.disassociate_route_table(AssociationId=replaced["NewAssociationId"])
    main = ec2.describe_route_tables(Filters=named("association.main", "true") + named("vpc-id", vpc))
    association = main["RouteTables"][0]["Associations"][0]["RouteTableAssociationId"]
    message = f"cannot disassociate the main route table association {association}"
    with fails("InvalidParameterValue", message):
        ec2.disassociate_route_table(AssociationId=association)


# --- security groups


def test_a_new_group_allows_all_out_and_nothing_in(ec2, vpc):
    made = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)
    assert made["SecurityGroupArn"].endswith(f":security-group/{made['GroupId']}")
    (group,) = ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"]
    assert group["IpPermissions"] == []
    (rule,) = group["IpPermissionsEgress"]
    assert rule["IpProtocol"] == "-1" and rule["IpRanges"] == [{"CidrIp": ANYWHERE}]
    assert "FromPort" not in rule and rule["UserIdGroupPairs"] == []
    with fails("InvalidGroup.Duplicate", f"The security group 'web' already exists for VPC '{vpc}'"):
        ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)


def test_rules_are_added_once_and_revoked(ec2, vpc):
    group = ec2.create_security_group(GroupName="ssh", Description="ssh", VpcId=vpc)["GroupId"]
    (rule,) = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])["SecurityGroupRules"]
    assert rule["SecurityGroupRuleId"].startswith("sgr-0") and rule["IsEgress"] is False
    message = 'the specified rule "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW" already exists'
    with fails("InvalidPermission.Duplicate", message):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    rules = ec2.describe_security_group_rules(Filters=named("group-id", group))["SecurityGroupRules"]
    assert sorted(r["IsEgress"] for r in rules) == [False, True]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    with fails("InvalidPermission.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"] == []


def test_a_group_in_use_is_not_deleted(ec2, vpc):
    user, used = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("user", "used"))
    pair = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": used}]}
    ec2.authorize_security_group_ingress(GroupId=user, IpPermissions=[pair])
    with fails("DependencyViolation", f"resource {used} has a dependent object"):
        ec2.delete_security_group(GroupId=used)
    ec2.delete_security_group(GroupId=user)
    ec2.delete_security_group(GroupId=used)
    with fails("InvalidGroup.NotFound", f"The security group '{used}' does not exist"):
        ec2.describe_security_groups(GroupIds=[used])
    default = ec2.describe_security_groups(Filters=named("vpc-id", vpc))["SecurityGroups"][0]["GroupId"]
    message = f'the specified group: "{default}" name: "default" cannot be deleted by a user'
    with fails("CannotDelete", message):
        ec2.delete_security_group(GroupId=default)


def test_a_group_and_a_subnet_must_share_their_vpc(ec2, vpc):
    group = ec2.create_security_group(GroupName="x", Description="x", VpcId=vpc)["GroupId"]
    subnet = ec2.describe_subnets(Filters=named("default-for-az", "true"))["Subnets"][0]["SubnetId"]
    message = f"Security group {group} and subnet {subnet} belong to different networks."
    with fails("InvalidParameter", message):
        ec2.run_instances(
            ImageId="ami-09d2fb69",
            InstanceType="t2.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            SecurityGroupIds=[group],
        )
