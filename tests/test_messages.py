"""SNS and SQS together, and long polling."""

import json
import threading
import time


def queue_of(cloud, name, **attributes):
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return sqs, url, arn


def test_a_long_poll_ends_when_a_message_comes(cloud):
    sqs, url, arn = queue_of(cloud, "inbox")
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="news")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    publish = threading.Timer(0.5, lambda: sns.publish(TopicArn=topic, Subject="hi", Message="there"))
    began = time.monotonic()
    publish.start()
    messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert 0.4 < time.monotonic() - began < 10
    body = json.loads(messages[0]["Body"])
    assert (body["TopicArn"], body["Subject"], body["Message"]) == (topic, "hi", "there")
    sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
    began = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1)
    assert time.monotonic() - began >= 0.9


def test_a_hook_tells_a_queue_directly(cloud):
    sqs, url, arn = queue_of(cloud, "hooks")
    autoscaling = cloud.client("autoscaling")
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="lc", ImageId="ami-09d2fb69", InstanceType="t2.micro"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        LaunchConfigurationName="lc",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=["us-west-1a"],
        LifecycleHookSpecificationList=[
            {
                "LifecycleHookName": "ready",
                "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "NotificationTargetARN": arn,
                "RoleARN": "arn:aws:iam::123456789012:role/hooks",
            }
        ],
    )
    autoscaling.set_desired_capacity(AutoScalingGroupName="g", DesiredCapacity=1)

    def told():
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]

    bodies = told()
    while not any("LifecycleActionToken" in body for body in bodies):
        bodies += told()
    assert any(body.get("Event") == "autoscaling:TEST_NOTIFICATION" for body in bodies)
    message = next(body for body in bodies if "LifecycleActionToken" in body)
    assert message["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    autoscaling.complete_lifecycle_action(
        AutoScalingGroupName="g",
        LifecycleHookName="ready",
        LifecycleActionToken=message["LifecycleActionToken"],
        LifecycleActionResult="CONTINUE",
    )
    group = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["g"])["AutoScalingGroups"][0]
    assert [i["LifecycleState"] for i in group["Instances"]] == ["InService"]
