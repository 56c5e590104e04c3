"""Auto Scaling: launch configurations, groups, capacity, replacement, zones, activities."""

import re

import pytest

from harness.aws_errors import fails
from harness.polling import eventually
from harness.server import ACCOUNT, REGION

GROUP = "group"
CONFIGURATION = "configuration"


class Groups:
    """Makes and watches groups in the default VPC."""

    def __init__(self, cloud):
        self.cloud, self.ec2, self.client = cloud, cloud.client("ec2"), cloud.client("autoscaling")

    def configure(self, name=CONFIGURATION, **more):
        fields = {"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro"} | more
        self.client.create_launch_configuration(LaunchConfigurationName=name, **fields)

    def create(self, least, most, name=GROUP, **more):
        fields = {"LaunchConfigurationName": CONFIGURATION, "VPCZoneIdentifier": self.subnets()} | more
        self.client.create_auto_scaling_group(AutoScalingGroupName=name, MinSize=least, MaxSize=most, **fields)

    def subnets(self):
        return ",".join(s["SubnetId"] for s in self.ec2.describe_subnets()["Subnets"])

    def show(self, name=GROUP):
        found = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return found[0] if found else None

    def ids(self, name=GROUP):
        return [i["InstanceId"] for i in self.show(name)["Instances"]]

    def settled(self, count, name=GROUP, without=()):
        """The instances, once exactly `count` are there and all are in service."""

        def check():
            found = self.show(name)["Instances"]
            ready = all(i["LifecycleState"] == "InService" for i in found)
            fresh = not {i["InstanceId"] for i in found} & set(without)
            return (found or True) if ready and fresh and len(found) == count else None

        found = eventually(check, 30, what=f"{count} instances in service")
        return [] if found is True else found

    def activities(self, **more):
        return self.client.describe_scaling_activities(AutoScalingGroupName=GROUP, **more)["Activities"]

    def desire(self, count):
        self.client.set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=count)


@pytest.fixture
def groups(cloud):
    made = Groups(cloud)
    made.configure()
    return made


# --- groups


def test_a_group_shows_aws_defaults(groups):
    groups.create(0, 3)
    group = groups.show()
    assert group["DesiredCapacity"] == 0 and group["DefaultCooldown"] == 300
    assert group["HealthCheckType"] == "EC2" and group["HealthCheckGracePeriod"] == 0
    assert group["TerminationPolicies"] == ["Default"] and group["NewInstancesProtectedFromScaleIn"] is False
    assert group["AvailabilityZones"] == ["us-west-1a", "us-west-1c"]
    assert group["VPCZoneIdentifier"] == groups.subnets()
    for empty in ("LoadBalancerNames", "TargetGroupARNs", "Instances", "SuspendedProcesses", "EnabledMetrics", "Tags"):
        assert group[empty] == [], empty
    for absent in ("Status", "PlacementGroup", "DefaultInstanceWarmup", "MaxInstanceLifetime"):
        assert absent not in group
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    assert group["ServiceLinkedRoleARN"] == f"arn:aws:iam::{ACCOUNT}:{role}"
    arn = rf"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:[0-9a-f-]{{36}}:autoScalingGroupName/{GROUP}"
    assert re.fullmatch(arn, group["AutoScalingGroupARN"])


def test_creation_checks_its_input(groups):
    with fails("ValidationError", "Desired capacity:5 must be between the specified min size:1 and max size:3"):
        groups.create(1, 3, DesiredCapacity=5)
    with fails("ValidationError", "Max bound, 1, must be greater than or equal to min bound, 2"):
        groups.create(2, 1)
    with fails("ValidationError", contains="Launch configuration name not found"):
        groups.create(0, 1, LaunchConfigurationName="nope")
    with fails("ValidationError"):
        groups.create(0, 1, VPCZoneIdentifier=",")
    groups.create(0, 1)
    with fails("AlreadyExists", contains="AutoScalingGroup by this name already exists"):
        groups.create(0, 1)


def test_unknown_groups_are_an_empty_list_or_an_error(groups):
    assert groups.client.describe_auto_scaling_groups(AutoScalingGroupNames=["nope"])["AutoScalingGroups"] == []
    with fails("ValidationError", "AutoScalingGroup name not found - null"):
        groups.client.update_auto_scaling_group(AutoScalingGroupName="nope", MaxSize=1)
    with fails("ValidationError", contains="not found"):
        groups.client.set_desired_capacity(AutoScalingGroupName="nope", DesiredCapacity=1)


# --- capacity


@pytest.mark.paces("brisk", "instant")
def test_a_group_fills_itself_and_tells_why(cloud, groups):
    groups.create(2, 4)
    found = groups.settled(2)
    assert sorted(i["AvailabilityZone"] for i in found) == ["us-west-1a", "us-west-1c"]
    activities = eventually(lambda: complete(groups.activities(), 2), what="two successful activities")
    for activity in activities:
        assert activity["StatusCode"] == "Successful" and activity["Progress"] == 100
        assert re.fullmatch(r"Launching a new EC2 instance: i-0[0-9a-f]{16}", activity["Description"])
        created, launched = activity["Cause"].split("  ")
        moment = r"At \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ "
        assert re.fullmatch(
            moment + "a user request created an AutoScalingGroup changing the desired capacity from 0 to 2\\.", created
        )
        assert re.fullmatch(
            moment + "an instance was started in response to a difference between desired and actual "
            "capacity, increasing the capacity from 0 to 2\\.",
            launched,
        )
        assert re.fullmatch(
            r'\{"Subnet ID":"subnet-0[0-9a-f]{16}","Availability Zone":"us-west-1[ac]"\}', activity["Details"]
        )


def complete(activities, count):
    done = [a for a in activities if a["StatusCode"] == "Successful"]
    return activities if len(done) == len(activities) == count else None


def test_desired_capacity_keeps_to_the_bounds(groups):
    groups.create(2, 3)
    text = "New SetDesiredCapacity value {} is {} value {} for the AutoScalingGroup."
    with fails("ValidationError", text.format(4, "above max", 3)):
        groups.desire(4)
    with fails("ValidationError", text.format(1, "below min", 2)):
        groups.desire(1)


def test_bounds_pull_the_desired_capacity_along(groups):
    groups.create(1, 5, DesiredCapacity=2)
    groups.client.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=3)
    assert groups.show()["DesiredCapacity"] == 3
    groups.client.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=0, MaxSize=1)
    assert groups.show()["DesiredCapacity"] == 1
    with fails("ValidationError", "Desired capacity:9 must be between the specified min size:0 and max size:1"):
        groups.client.update_auto_scaling_group(AutoScalingGroupName=GROUP, DesiredCapacity=9)


def test_zones_stay_balanced_on_the_way_up_and_down(groups):
    groups.create(0, 6)
    for count, sizes in [(2, [1, 1]), (3, [1, 2]), (6, [3, 3]), (5, [2, 3]), (2, [1, 1]), (0, [])]:
        groups.desire(count)
        zones = [i["AvailabilityZone"] for i in groups.settled(count)]
        assert sorted(map(zones.count, set(zones))) == sizes, count
    causes = [a["Cause"] for a in groups.activities() if a["Description"].startswith("Terminating EC2 instance: i-")]
    assert len(causes) == 6
    assert all("shrinking the capacity from" in cause and "was selected for termination." in cause for cause in causes)


def test_protected_instances_survive_a_scale_in(groups):
    groups.create(0, 4, DesiredCapacity=4)
    kept = [i["InstanceId"] for i in groups.settled(4)][:2]
    groups.client.set_instance_protection(AutoScalingGroupName=GROUP, InstanceIds=kept, ProtectedFromScaleIn=True)
    groups.desire(2)
    assert sorted(i["InstanceId"] for i in groups.settled(2)) == sorted(kept)


# --- replacement


@pytest.mark.paces("brisk", "instant")
@pytest.mark.parametrize("harm", ["terminate_instances", "stop_instances"])
def test_an_instance_that_stops_running_is_replaced(cloud, groups, harm):
    groups.create(2, 2)
    victim = groups.settled(2)[0]["InstanceId"]
    getattr(groups.ec2, harm)(InstanceIds=[victim])
    groups.settled(2, without=[victim])
    causes = " ".join(a["Cause"] for a in groups.activities())
    reason = "in response to an EC2 health check indicating it has been terminated or stopped."
    assert f"an instance was taken out of service {reason}" in causes
    assert "an instance was launched in response to an unhealthy instance needing to be replaced." in causes
    assert state(groups.ec2, victim) == "terminated"


def state(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]["State"]["Name"]


def test_an_instance_called_unhealthy_is_replaced(groups):
    groups.create(1, 1)
    (victim,) = groups.settled(1)
    assert victim["HealthStatus"] == "Healthy"
    (upper,) = groups.client.describe_auto_scaling_instances()["AutoScalingInstances"]
    assert (upper["InstanceId"], upper["HealthStatus"]) == (victim["InstanceId"], "HEALTHY")
    groups.client.set_instance_health(InstanceId=victim["InstanceId"], HealthStatus="Unhealthy")
    groups.settled(1, without=[victim["InstanceId"]])


def test_terminating_in_the_group_can_lower_its_capacity(groups):
    groups.create(1, 3, DesiredCapacity=2)
    first, second = (i["InstanceId"] for i in groups.settled(2))
    terminate = groups.client.terminate_instance_in_auto_scaling_group
    activity = terminate(InstanceId=first, ShouldDecrementDesiredCapacity=True)["Activity"]
    assert activity["Description"] == f"Terminating EC2 instance: {first}"
    assert activity["StatusCode"] == "InProgress" and activity["Progress"] == 0
    groups.settled(1, without=[first])
    assert groups.show()["DesiredCapacity"] == 1
    message = (
        "Currently, desiredSize equals minSize (1). Terminating instance without replacement will violate group's "
        "min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size."
    )
    with fails("ValidationError", message):
        terminate(InstanceId=second, ShouldDecrementDesiredCapacity=True)
    terminate(InstanceId=second, ShouldDecrementDesiredCapacity=False)
    groups.settled(1, without=[second])
    unknown = "i-0123456789abcdef0"
    with fails("ValidationError", f"Instance Id not found - No managed instance found for instance ID: {unknown}"):
        terminate(InstanceId=unknown, ShouldDecrementDesiredCapacity=True)


@pytest.mark.server(clock="paused")
def test_a_launch_that_fails_is_a_failed_activity(cloud, groups):
    groups.ec2.create_key_pair(KeyName="lost", KeyType="ed25519")
    groups.configure("keyed", KeyName="lost")
    groups.ec2.delete_key_pair(KeyName="lost")
    groups.create(1, 1, LaunchConfigurationName="keyed")
    cloud.lowcloud("clock", "step", "30s")
    activity = groups.activities()[-1]
    assert (activity["StatusCode"], activity["Progress"]) == ("Failed", 100)
    assert activity["StatusMessage"] == "The key pair 'lost' does not exist. Launching EC2 instance failed."
    assert activity["Description"] == f"Launching a new EC2 instance.  Status Reason: {activity['StatusMessage']}"
    assert groups.show()["Instances"] == [] and groups.show()["DesiredCapacity"] == 1


# --- processes, tags


def test_a_suspended_process_waits_until_it_is_resumed(groups):
    groups.create(0, 2)
    groups.client.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])
    groups.desire(1)
    (suspended,) = groups.show()["SuspendedProcesses"]
    assert suspended["ProcessName"] == "Launch"
    assert re.fullmatch(r"User suspended at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", suspended["SuspensionReason"])
    assert groups.ids() == []
    groups.client.resume_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])
    groups.settled(1)
    with fails("ValidationError"):
        groups.client.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Nap"])


def test_tags_reach_only_later_instances(groups):
    def tag(value):
        return {
            "ResourceId": GROUP,
            "ResourceType": "auto-scaling-group",
            "Key": "colour",
            "Value": value,
            "PropagateAtLaunch": True,
        }

    groups.create(1, 2, Tags=[tag("red")])
    (old,) = (i["InstanceId"] for i in groups.settled(1))
    groups.client.create_or_update_tags(Tags=[tag("blue")])
    groups.desire(2)
    (new,) = {i["InstanceId"] for i in groups.settled(2)} - {old}
    filters = [{"Name": "key", "Values": ["colour"]}]
    values = {t["ResourceId"]: t["Value"] for t in groups.ec2.describe_tags(Filters=filters)["Tags"]}
    assert (values[old], values[new]) == ("red", "blue")
    (shown,) = groups.client.describe_tags(Filters=[{"Name": "auto-scaling-group", "Values": [GROUP]}])["Tags"]
    assert shown == tag("blue")


# --- deletion


def test_a_group_with_instances_is_deleted_only_by_force(groups):
    groups.create(1, 1)
    (instance,) = groups.settled(1)
    message = (
        "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) "
        "still in the group."
    )
    with fails("ResourceInUse", message):
        groups.client.delete_auto_scaling_group(AutoScalingGroupName=GROUP)
    groups.client.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    eventually(lambda: groups.show() is None, what="the group is gone")
    eventually(lambda: state(groups.ec2, instance["InstanceId"]) == "terminated", what="its instance is terminated")
    left = groups.client.describe_scaling_activities(IncludeDeletedGroups=True)["Activities"]
    assert left and all(a["AutoScalingGroupState"] == "Deleted" for a in left)


def test_forced_deletion_shows_its_progress(start_cloud):
    groups = Groups(start_cloud(pace="brisk"))
    groups.configure()
    groups.create(1, 1)
    groups.settled(1)
    groups.client.delete_auto_scaling_group(AutoScalingGroupName=GROUP, ForceDelete=True)
    group = groups.show()
    assert group["Status"] == "Delete in progress"
    assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (0, 0, 0)
    eventually(lambda: groups.show() is None, what="the group is gone")


# --- launch configurations


def test_a_launch_configuration_shows_its_defaults(groups):
    (shown,) = groups.client.describe_launch_configurations()["LaunchConfigurations"]
    assert shown["InstanceMonitoring"] == {"Enabled": True} and shown["EbsOptimized"] is False
    for empty in ("KeyName", "UserData", "KernelId", "RamdiskId"):
        assert shown[empty] == "", empty
    assert shown["SecurityGroups"] == [] and shown["BlockDeviceMappings"] == []
    assert f":launchConfigurationName/{CONFIGURATION}" in shown["LaunchConfigurationARN"]


def test_a_launch_configuration_in_use_stays(groups):
    groups.create(0, 1)
    message = f"Cannot delete launch configuration {CONFIGURATION} because it is attached to AutoScalingGroup {GROUP}"
    with fails("ResourceInUse", message):
        groups.client.delete_launch_configuration(LaunchConfigurationName=CONFIGURATION)
    with fails("ValidationError", "Launch configuration name not found - Launch configuration nope not found"):
        groups.client.delete_launch_configuration(LaunchConfigurationName="nope")
    with fails(
        "AlreadyExists",
        "Launch Configuration by this name already exists - "
        f"A launch configuration already exists with the name {CONFIGURATION}",
    ):
        groups.configure()
    with fails("ValidationError"):
        groups.client.create_launch_configuration(LaunchConfigurationName="empty")


# --- paging


def test_groups_and_activities_come_in_pages(groups):
    for number in range(7):
        groups.create(0, 1, name=f"group-{number}")
    pages = groups.client.get_paginator("describe_auto_scaling_groups").paginate(PaginationConfig={"PageSize": 3})
    names = [g["AutoScalingGroupName"] for page in pages for g in page["AutoScalingGroups"]]
    assert sorted(names) == [f"group-{number}" for number in range(7)]
    with fails("InvalidNextToken"):
        groups.client.describe_auto_scaling_groups(NextToken="nonsense")
