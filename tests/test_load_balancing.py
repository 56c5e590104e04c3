"""Elastic Load Balancing with boto3: both generations, botocore's waiters and paginators."""

import pytest


@pytest.fixture
def network(cloud):
    ec2 = cloud.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = sorted(s["SubnetId"] for s in ec2.describe_subnets()["Subnets"])
    return vpc, subnets


def instances(cloud, count):
    ec2 = cloud.client("ec2")
    made = ec2.run_instances(ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=count, MaxCount=count)
    ids = [instance["InstanceId"] for instance in made["Instances"]]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids)
    group = made["Instances"][0]["SecurityGroups"][0]["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0"
    )
    return ids


def test_targets_come_into_service_and_drain(cloud, network):
    elb, (vpc, subnets) = cloud.client("elbv2"), network
    targets = [{"Id": identifier} for identifier in instances(cloud, 2)]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc)["TargetGroups"][0]
    arn = group["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=arn,
        Attributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "0"}],
    )
    balancer = elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
    elb.get_waiter("load_balancer_available").wait(Names=["front"])
    elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )
    elb.register_targets(TargetGroupArn=arn, Targets=targets)
    elb.get_waiter("target_in_service").wait(TargetGroupArn=arn, Targets=targets)
    cloud.client("ec2").stop_instances(InstanceIds=[targets[0]["Id"]])
    health = elb.describe_target_health(TargetGroupArn=arn, Targets=targets[:1])
    state = health["TargetHealthDescriptions"][0]["TargetHealth"]
    assert (state["State"], state["Reason"]) == ("unused", "Target.InvalidState")
    elb.deregister_targets(TargetGroupArn=arn, Targets=targets)
    elb.get_waiter("target_deregistered").wait(TargetGroupArn=arn, Targets=targets)
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    elb.get_waiter("load_balancers_deleted").wait(Names=["front"])


def test_pages_of_target_groups_join(cloud, network):
    elb, (vpc, _) = cloud.client("elbv2"), network
    names = [f"group-{number:02}" for number in range(12)]
    for name in names:
        elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc)
    pages = elb.get_paginator("describe_target_groups").paginate(PaginationConfig={"PageSize": 5})
    sizes, found = [], []
    for page in pages:
        sizes.append(len(page["TargetGroups"]))
        found += [group["TargetGroupName"] for group in page["TargetGroups"]]
    assert sizes == [5, 5, 2]
    assert sorted(found) == names


def test_classic_load_balancers_have_waiters_too(cloud, network):
    elb, (_, subnets) = cloud.client("elb"), network
    listed = [{"InstanceId": identifier} for identifier in instances(cloud, 2)]
    made = elb.create_load_balancer(
        LoadBalancerName="classic",
        Subnets=subnets,
        Listeners=[{"Protocol": "HTTP", "LoadBalancerPort": 80, "InstancePort": 80}],
    )
    assert made["DNSName"].startswith("classic-")
    elb.configure_health_check(
        LoadBalancerName="classic",
        HealthCheck={
            "Target": "TCP:80",
            "Interval": 5,
            "Timeout": 2,
            "UnhealthyThreshold": 2,
            "HealthyThreshold": 2,
        },
    )
    elb.register_instances_with_load_balancer(LoadBalancerName="classic", Instances=listed)
    elb.get_waiter("instance_in_service").wait(LoadBalancerName="classic", Instances=listed)
    elb.deregister_instances_from_load_balancer(LoadBalancerName="classic", Instances=listed[:1])
    left = elb.describe_load_balancers(LoadBalancerNames=["classic"])["LoadBalancerDescriptions"][0]
    assert left["Instances"] == listed[1:]
