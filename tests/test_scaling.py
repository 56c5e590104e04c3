"""Scaling as boto3, the aws CLI and the lowcloud commands see it, on a clock that is stepped."""

import json

import pytest

from harness.server import REGION

pytestmark = pytest.mark.server(clock="paused")
IMAGE = "ami-0123456789abcdef0"


@pytest.fixture
def group(cloud, autoscaling):
    """A group `web` of one to four instances, in service."""
    ec2 = cloud.client("ec2")
    ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro", "Monitoring": {"Enabled": True}},
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchTemplate={"LaunchTemplateName": "web"},
        MinSize=1,
        MaxSize=4,
        AvailabilityZones=[f"{REGION}a", f"{REGION}c"],
        DefaultInstanceWarmup=0,
    )

    def shown():
        found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
        return found["AutoScalingGroups"][0]

    return shown


def in_service(group):
    return sum(i["LifecycleState"] == "InService" for i in group["Instances"])


def test_a_group_follows_its_load_out_and_in(cloud, autoscaling, group):
    autoscaling.put_scaling_policy(
        AutoScalingGroupName="web",
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 50,
        },
    )
    # A t3.micro serves 200 requests per second, so this is the work of three at the target.
    cloud.lowcloud("load", "--region", REGION, "set", "--group", "web", "--demand", "300")
    cloud.lowcloud("clock", "step", "20m")
    assert in_service(group()) == 3
    cloud.lowcloud("load", "--region", REGION, "set", "--group", "web", "--cpu", "1")
    cloud.lowcloud("clock", "step", "2h")
    assert in_service(group()) == 1
    activities = autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    assert any("TargetTracking-web-AlarmHigh" in activity["Cause"] for activity in activities)


def test_a_schedule_changes_the_sizes(cloud, autoscaling, group):
    cloud.aws(
        "autoscaling", "put-scheduled-update-group-action", "--auto-scaling-group-name", "web",
        "--scheduled-action-name", "often", "--recurrence", "*/10 * * * *", "--desired-capacity", "3",
    )  # fmt: skip
    cloud.lowcloud("clock", "step", "15m")
    assert in_service(group()) == 3


def test_a_hook_waits_for_its_topics_queue(cloud, autoscaling, group):
    sns, sqs = cloud.client("sns"), cloud.client("sqs")
    url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="hooks")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    autoscaling.put_lifecycle_hook(
        AutoScalingGroupName="web",
        LifecycleHookName="prepare",
        LifecycleTransition="autoscaling:EC2_INSTANCE_LAUNCHING",
        NotificationTargetARN=topic,
        RoleARN="arn:aws:iam::123456789012:role/hooks",
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=2)
    cloud.lowcloud("clock", "step", "1m")
    told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    launching = next(m for m in map(lambda m: json.loads(m["Body"]), told) if "LifecycleActionToken" in m)
    assert in_service(group()) == 1
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="web",
        LifecycleHookName="prepare",
        LifecycleActionToken=launching["LifecycleActionToken"],
        LifecycleActionResult="CONTINUE",
    )
    cloud.lowcloud("clock", "step", "1m")
    assert in_service(group()) == 2


def test_instances_are_refreshed_and_kept_warm(cloud, autoscaling, group):
    before = {i["InstanceId"] for i in group()["Instances"]}
    autoscaling.start_instance_refresh(AutoScalingGroupName="web", Preferences={"MinHealthyPercentage": 0})
    cloud.lowcloud("clock", "step", "1h")
    refresh = autoscaling.describe_instance_refreshes(AutoScalingGroupName="web")["InstanceRefreshes"][0]
    assert refresh["Status"] == "Successful"
    assert before.isdisjoint(i["InstanceId"] for i in group()["Instances"])
    autoscaling.put_warm_pool(AutoScalingGroupName="web", MinSize=2, MaxGroupPreparedCapacity=3)
    cloud.lowcloud("clock", "step", "10m")
    pool = autoscaling.describe_warm_pool(AutoScalingGroupName="web")["Instances"]
    assert [i["LifecycleState"] for i in pool] == ["Warmed:Stopped"] * 2


def test_an_interrupted_spot_instance_is_replaced(cloud, autoscaling, ec2):
    ec2.create_launch_template(
        LaunchTemplateName="spot",
        LaunchTemplateData={
            "ImageId": IMAGE,
            "InstanceType": "t3.micro",
            "InstanceMarketOptions": {"MarketType": "spot"},
        },
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="spot",
        LaunchTemplate={"LaunchTemplateName": "spot"},
        MinSize=1,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )
    cloud.lowcloud("clock", "step", "1m")

    def instances():
        found = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["spot"])
        return found["AutoScalingGroups"][0]["Instances"]

    first = instances()[0]["InstanceId"]
    cloud.lowcloud("fault", "add", "spot-interruption", "--instance", first, "--count", "1")
    cloud.lowcloud("clock", "step", "10m")
    assert [i["LifecycleState"] for i in instances()] == ["InService"]
    assert instances()[0]["InstanceId"] != first


def test_mail_is_in_the_outbox(cloud):
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
    assert "someone@example.com" in cloud.lowcloud("outbox", "--region", REGION)


@pytest.mark.server(clock="real")
def test_the_next_parts_of_the_tutorial_are_deployed(cloud, autoscaling, templates):
    cloud.aws(
        "cloudformation", "deploy", "--stack-name", "next", "--template-file", templates / "scaling.yml",
        "--capabilities", "CAPABILITY_IAM", text=True,
    )  # fmt: skip
    outputs = cloud.client("cloudformation").describe_stacks(StackName="next")["Stacks"][0]["Outputs"]
    names = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    group = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[names["Group"]])
    assert in_service(group["AutoScalingGroups"][0]) == 2
