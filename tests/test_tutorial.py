"""The tutorial, from its first command to its last, typed into the real aws CLI.

One server per pace and region lives through the whole class; the steps build on each other.
"""

import hashlib
import re
import shutil
import subprocess
import time

import pytest
from cryptography.hazmat.primitives import serialization

from harness.polling import eventually
from harness.server import ACCOUNT, CliError, started

STACK = "scaling-demo-part-1"
KEY = "scaling-demo"
BUCKET = "cf-templates-of-a-learner"
GROUP_TAG = "scaling-demo-pt1-auto-scaling-group"
ZONES = {
    "us-west-1": ["us-west-1a", "us-west-1c"],
    "ap-northeast-1": ["ap-northeast-1a", "ap-northeast-1c"],
}
RESOURCES = {
    "VPC": r"vpc-0[0-9a-f]{16}",
    "InternetGateway": r"igw-0[0-9a-f]{16}",
    "GatewayAttachment": r"IGW\|vpc-0[0-9a-f]{16}",
    "RoutingTable": r"rtb-0[0-9a-f]{16}",
    "RouteVPC": r".+",
    "Subnet1": r"subnet-0[0-9a-f]{16}",
    "Subnet2": r"subnet-0[0-9a-f]{16}",
    "Subnet1Association": r"rtbassoc-0[0-9a-f]{16}",
    "Subnet2Association": r"rtbassoc-0[0-9a-f]{16}",
    "SSHFromAnywhere": r"sg-0[0-9a-f]{16}",
    "UbuntuWithCodeDeployAgent": STACK + r"-UbuntuWithCodeDeployAgent-[0-9A-Za-z]{12,13}",
    "AutoScalingGroup": STACK + r"-AutoScalingGroup-[0-9A-Za-z]{12,13}",
}
# What must be complete before what begins, beyond the order of the references.
EARLIER = [
    ("VPC", "Subnet1"),
    ("VPC", "RoutingTable"),
    ("VPC", "SSHFromAnywhere"),
    ("InternetGateway", "GatewayAttachment"),
    ("GatewayAttachment", "RouteVPC"),
    ("Subnet1", "Subnet1Association"),
    ("RoutingTable", "Subnet2Association"),
    ("SSHFromAnywhere", "UbuntuWithCodeDeployAgent"),
    ("UbuntuWithCodeDeployAgent", "AutoScalingGroup"),
    ("Subnet2", "AutoScalingGroup"),
]


class Learner:
    """Types commands in one region and remembers what the steps need."""

    def __init__(self, server, region, folder, template):
        self.server, self.region, self.folder = server, region, folder
        self.template = folder / "tutorial.yml"
        self.template.write_text(template)

    def aws(self, *words, **options):
        return self.server.aws(*words, region=self.region, **options)

    def aws_error(self, *words):
        return self.server.aws_error(*words, region=self.region)

    def stack(self, name=STACK):
        return self.aws("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]

    def settled(self, name=STACK):
        """The stack, once nothing is in progress."""

        def check():
            stack = self.stack(name)
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        return eventually(check, 60, every=0.2, what=f"stack {name} settles")

    def events(self, name=STACK):
        """Oldest first."""
        answer = self.aws("cloudformation", "describe-stack-events", "--stack-name", name)
        return answer["StackEvents"][::-1]

    def group(self):
        answer = self.aws("autoscaling", "describe-auto-scaling-groups")
        return next(g for g in answer["AutoScalingGroups"] if STACK in g["AutoScalingGroupName"])

    def instances(self, states="pending,running"):
        answer = self.aws(
            "ec2",
            "describe-instances",
            "--filters",
            f"Name=tag:Name,Values={GROUP_TAG}",
            f"Name=instance-state-name,Values={states}",
        )
        return [i for r in answer["Reservations"] for i in r["Instances"]]

    def in_service(self, count, without=()):
        """The group's instances, once exactly `count` are in service and no other is left."""

        def check():
            group = self.group()["Instances"]
            ready = [i for i in group if i["LifecycleState"] == "InService" and i["HealthStatus"] == "Healthy"]
            ids = {i["InstanceId"] for i in ready}
            return ready if len(ready) == len(group) == count and not ids & set(without) else None

        return eventually(check, 60, every=0.2, what=f"{count} instances in service")

    def update(self, *changes):
        """update-stack with the template after some replacements of text in it."""
        text = self.template.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return self.aws(
            "cloudformation",
            "update-stack",
            "--stack-name",
            STACK,
            "--template-body",
            text,
            "--parameters",
            "ParameterKey=KeyPairName,UsePreviousValue=true",
        )


@pytest.fixture(
    scope="class",
    params=[("brisk", "us-west-1"), ("instant", "us-west-1"), ("instant", "ap-northeast-1")],
    ids=lambda param: "-in-".join(param),
)
def learner(request, tmp_path_factory, templates):
    pace, region = request.param
    folder = tmp_path_factory.mktemp("tutorial")
    server = started(folder / "server.log", pace=pace)
    yield Learner(server, region, folder, (templates / "tutorial.yml").read_text())
    server.stop()


class TestTutorial:
    """Steps 1 to 7."""

    def test_1_a_key_pair_is_one_that_ssh_takes(self, learner):
        pem = learner.folder / "key.pem"
        text = learner.aws(
            "ec2", "create-key-pair", "--key-name", KEY, "--query", "KeyMaterial", "--output", "text", text=True
        )
        pem.write_text(text + "\n")
        pem.chmod(0o600)
        assert text.startswith("-----BEGIN RSA PRIVATE KEY-----")
        private = serialization.load_pem_private_key(pem.read_bytes(), None)
        assert private.key_size == 2048
        der = private.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        described = learner.aws("ec2", "describe-key-pairs", "--key-names", KEY)["KeyPairs"][0]
        assert described["KeyFingerprint"] == colons(hashlib.sha1(der).digest())
        assert re.fullmatch(r"key-0[0-9a-f]{16}", described["KeyPairId"])
        assert described["KeyType"] == "rsa"
        if shutil.which("ssh-keygen"):
            public = subprocess.run(["ssh-keygen", "-y", "-f", pem], check=True, capture_output=True, text=True)
            assert public.stdout.startswith("ssh-rsa ")
            (learner.folder / "key.pub").write_text(public.stdout)
            imported = learner.aws(
                "ec2",
                "import-key-pair",
                "--key-name",
                "imported",
                "--public-key-material",
                f"fileb://{learner.folder / 'key.pub'}",
            )
            public_der = private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            assert imported["KeyFingerprint"] == colons(hashlib.md5(public_der).digest())
            learner.aws("ec2", "delete-key-pair", "--key-name", "imported")
        assert "InvalidKeyPair.Duplicate" in learner.aws_error("ec2", "create-key-pair", "--key-name", KEY)

    def test_1_ed25519_is_in_openssh_form(self, learner):
        pair = learner.aws("ec2", "create-key-pair", "--key-name", "ed", "--key-type", "ed25519")
        material = pair["KeyMaterial"].encode()
        assert material.startswith(b"-----BEGIN OPENSSH PRIVATE KEY-----")
        serialization.load_ssh_private_key(material, None)
        if shutil.which("ssh-keygen"):
            path = learner.folder / "ed.pem"
            path.write_bytes(material.rstrip(b"\n") + b"\n")
            path.chmod(0o600)
            public = subprocess.run(["ssh-keygen", "-y", "-f", path], check=True, capture_output=True, text=True)
            assert public.stdout.startswith("ssh-ed25519 ")
        learner.aws("ec2", "delete-key-pair", "--key-name", "ed")
        left = learner.aws("ec2", "describe-key-pairs")["KeyPairs"]
        assert [pair["KeyName"] for pair in left] == [KEY]

    def test_2_the_template_is_uploaded_and_the_stack_begins(self, learner):
        learner.aws("s3", "mb", f"s3://{BUCKET}", text=True)
        learner.aws("s3", "cp", learner.template, f"s3://{BUCKET}/tutorial.yml", text=True)
        assert "tutorial.yml" in learner.aws("s3", "ls", f"s3://{BUCKET}/", text=True)
        region = learner.region
        urls = [
            f"{learner.server.endpoint}/{BUCKET}/tutorial.yml",
            f"https://{BUCKET}.s3.{region}.amazonaws.com/tutorial.yml",
            f"https://s3.{region}.amazonaws.com/{BUCKET}/tutorial.yml",
        ]
        for url in urls:
            valid = learner.aws("cloudformation", "validate-template", "--template-url", url)
            parameters = {p["ParameterKey"]: p for p in valid["Parameters"]}
            assert set(parameters) == {"KeyPairName", "ResourcePrefix"}
            assert parameters["ResourcePrefix"]["DefaultValue"] == "scaling-demo-pt1"
            assert "DefaultValue" not in parameters["KeyPairName"]
        summary = learner.aws("cloudformation", "get-template-summary", "--template-url", urls[0])
        assert len(summary["ResourceTypes"]) >= 9
        made = learner.aws(
            "cloudformation",
            "create-stack",
            "--stack-name",
            STACK,
            "--template-url",
            urls[0],
            "--parameters",
            f"ParameterKey=KeyPairName,ParameterValue={KEY}",
        )
        status = learner.stack()["StackStatus"]
        uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
        arn = rf"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{STACK}/{uuid}"
        assert re.fullmatch(arn, made["StackId"])
        # On the instant pace the stack may be complete before anyone can look.
        expected = ["CREATE_IN_PROGRESS"] + ["CREATE_COMPLETE"] * (learner.server.pace == "instant")
        assert status in expected

    def test_3_the_stack_completes_in_order(self, learner):
        stack = learner.settled()
        assert stack["StackStatus"] == "CREATE_COMPLETE", learner.events()
        began = time.monotonic()
        learner.aws("cloudformation", "wait", "stack-create-complete", "--stack-name", STACK)
        assert time.monotonic() - began < 15, "a complete stack needs no second look"
        values = {p["ParameterKey"]: p["ParameterValue"] for p in stack["Parameters"]}
        assert values == {"KeyPairName": KEY, "ResourcePrefix": "scaling-demo-pt1"}
        assert stack["DisableRollback"] is False
        assert stack["EnableTerminationProtection"] is False
        assert stack["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
        assert "Outputs" not in stack and "LastUpdatedTime" not in stack
        events = learner.events()
        check_stack_events(events)
        order = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in events]
        for earlier, later in EARLIER:
            done = order.index((earlier, "CREATE_COMPLETE"))
            assert done < order.index((later, "CREATE_IN_PROGRESS")), f"{earlier} before {later}"

    def test_3_resources_have_ids_of_the_right_form(self, learner):
        listed = learner.aws("cloudformation", "list-stack-resources", "--stack-name", STACK)
        found = {r["LogicalResourceId"]: r for r in listed["StackResourceSummaries"]}
        assert set(found) == set(RESOURCES)
        for name, form in RESOURCES.items():
            assert re.fullmatch(form, found[name]["PhysicalResourceId"]), found[name]
            assert found[name]["ResourceStatus"] == "CREATE_COMPLETE"
        template = learner.aws("cloudformation", "get-template", "--stack-name", STACK)
        assert template["TemplateBody"] == learner.template.read_text()
        assert template["StagesAvailable"] == ["Original", "Processed"]

    def test_4_the_instance_is_found_by_its_name(self, learner):
        (instance,) = learner.instances("running")
        group = learner.group()
        assert re.fullmatch(r"i-0[0-9a-f]{16}", instance["InstanceId"])
        assert instance["State"] == {"Code": 16, "Name": "running"}
        assert (instance["ImageId"], instance["InstanceType"]) == ("ami-09d2fb69", "t2.micro")
        assert instance["KeyName"] == KEY
        assert instance["Monitoring"]["State"] == "disabled"
        zone = instance["Placement"]["AvailabilityZone"]
        assert zone in ZONES[learner.region]
        address = instance["PrivateIpAddress"]
        assert address.startswith("10.0.32." if zone == ZONES[learner.region][0] else "10.0.16.")
        assert instance["PrivateDnsName"] == f"ip-{address.replace('.', '-')}.{learner.region}.compute.internal"
        assert instance["PublicDnsName"] == "" and "PublicIpAddress" not in instance
        (interface,) = instance["NetworkInterfaces"]
        assert interface["PrivateIpAddress"] == address and interface["Status"] == "in-use"
        assert interface["Attachment"]["DeviceIndex"] == 0 and interface["Attachment"]["DeleteOnTermination"]
        (mapping,) = instance["BlockDeviceMappings"]
        assert mapping["DeviceName"] == instance["RootDeviceName"] and mapping["Ebs"]["DeleteOnTermination"]
        assert instance["RootDeviceType"] == "ebs"
        tags = {t["Key"]: t["Value"] for t in instance["Tags"]}
        assert tags["Name"] == GROUP_TAG
        assert tags["aws:autoscaling:groupName"] == group["AutoScalingGroupName"]
        assert tags["aws:cloudformation:stack-name"] == STACK
        assert tags["aws:cloudformation:logical-id"] == "AutoScalingGroup"
        (security_group,) = instance["SecurityGroups"]
        rules = learner.aws("ec2", "describe-security-groups", "--group-ids", security_group["GroupId"])
        for side in ("IpPermissions", "IpPermissionsEgress"):
            (rule,) = rules["SecurityGroups"][0][side]
            assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 22, 22)

    def test_4_the_group_tells_why(self, learner):
        group = learner.group()
        assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (1, 1, 1)
        assert (group["DefaultCooldown"], group["HealthCheckGracePeriod"]) == (300, 0)
        assert group["HealthCheckType"] == "EC2" and group["TerminationPolicies"] == ["Default"]
        assert sorted(group["AvailabilityZones"]) == ZONES[learner.region]
        (instance,) = learner.in_service(1)
        assert instance["LaunchConfigurationName"] == group["LaunchConfigurationName"]
        answer = learner.aws(
            "autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", group["AutoScalingGroupName"]
        )
        (activity,) = answer["Activities"]
        assert activity["Description"] == f"Launching a new EC2 instance: {instance['InstanceId']}"
        assert (activity["StatusCode"], activity["Progress"]) == ("Successful", 100)
        first, second = activity["Cause"].split("  ")
        assert first.endswith("changing the desired capacity from 0 to 1.") and first.startswith("At 20")
        assert second.endswith(
            "an instance was started in response to a difference between desired and actual capacity, "
            "increasing the capacity from 0 to 1."
        )

    def test_5_the_group_follows_its_desired_capacity(self, learner):
        name = learner.group()["AutoScalingGroupName"]
        learner.aws("autoscaling", "update-auto-scaling-group", "--auto-scaling-group-name", name, "--max-size", "4")
        error = learner.aws_error(
            "autoscaling", "set-desired-capacity", "--auto-scaling-group-name", name, "--desired-capacity", "5"
        )
        assert "(ValidationError)" in error
        assert "New SetDesiredCapacity value 5 is above max value 4 for the AutoScalingGroup." in error
        learner.aws("autoscaling", "set-desired-capacity", "--auto-scaling-group-name", name, "--desired-capacity", "4")
        zones = [i["AvailabilityZone"] for i in learner.in_service(4)]
        assert sorted(zones) == sorted(ZONES[learner.region] * 2)

    def test_5_what_dies_or_stops_behind_its_back_is_replaced(self, learner):
        first, second, *_ = (i["InstanceId"] for i in learner.in_service(4))
        learner.aws("ec2", "terminate-instances", "--instance-ids", first)
        learner.in_service(4, without=[first])
        learner.aws("ec2", "stop-instances", "--instance-ids", second)
        replaced = learner.in_service(4, without=[first, second])
        zones = [i["AvailabilityZone"] for i in replaced]
        assert max(map(zones.count, zones)) == 2, "balanced again"
        name = learner.group()["AutoScalingGroupName"]
        activities = learner.aws("autoscaling", "describe-scaling-activities", "--auto-scaling-group-name", name)
        causes = " ".join(a["Cause"] for a in activities["Activities"])
        assert "in response to an EC2 health check indicating it has been terminated or stopped." in causes
        assert "an instance was launched in response to an unhealthy instance needing to be replaced." in causes

    def test_5_lower_bounds_take_instances_away(self, learner):
        name = learner.group()["AutoScalingGroupName"]
        learner.aws(
            "autoscaling",
            "update-auto-scaling-group",
            "--auto-scaling-group-name",
            name,
            "--min-size",
            "1",
            "--max-size",
            "1",
            "--desired-capacity",
            "1",
        )
        learner.in_service(1)
        eventually(lambda: len(learner.instances("running")) == 1, what="one instance runs")

    def test_6_an_update_changes_sizes_in_place(self, learner):
        before = learner.group()["AutoScalingGroupName"]
        learner.update(("MaxSize: 1", "MaxSize: 3"), ("MinSize: 1", "MinSize: 2"))
        assert learner.settled()["StackStatus"] == "UPDATE_COMPLETE"
        group = learner.group()
        assert group["AutoScalingGroupName"] == before
        assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (2, 3, 2)
        learner.in_service(2)
        events = learner.events()
        statuses = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in events if "UPDATE" in e["ResourceStatus"]]
        assert statuses == [
            (STACK, "UPDATE_IN_PROGRESS"),
            ("AutoScalingGroup", "UPDATE_IN_PROGRESS"),
            ("AutoScalingGroup", "UPDATE_COMPLETE"),
            (STACK, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            (STACK, "UPDATE_COMPLETE"),
        ]

    def test_6_the_same_template_again_is_refused(self, learner):
        with pytest.raises(CliError) as info:
            learner.update(("MaxSize: 1", "MaxSize: 3"), ("MinSize: 1", "MinSize: 2"))
        assert "(ValidationError)" in info.value.stderr
        assert "No updates are to be performed." in info.value.stderr

    def test_6_a_failing_update_goes_back(self, learner):
        learner.update(("MaxSize: 1", "MaxSize: 3"), ("MinSize: 1", "MinSize: 4"))
        assert learner.settled()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        group = learner.group()
        assert (group["MinSize"], group["MaxSize"], group["DesiredCapacity"]) == (2, 3, 2)
        learner.in_service(2)
        failed = [e for e in learner.events() if e["ResourceStatus"] == "UPDATE_FAILED"]
        assert [e["LogicalResourceId"] for e in failed] == ["AutoScalingGroup"]
        assert "Max bound, 3, must be greater than or equal to min bound, 4" in failed[0]["ResourceStatusReason"]

    def test_6_a_failing_creation_leaves_nothing(self, learner):
        body = learner.template.read_text().replace("10.0.16.0/20", "192.168.0.0/20")
        vpcs = learner.aws("ec2", "describe-vpcs")["Vpcs"]
        learner.aws(
            "cloudformation",
            "create-stack",
            "--stack-name",
            "broken",
            "--template-body",
            body,
            "--parameters",
            f"ParameterKey=KeyPairName,ParameterValue={KEY}",
        )
        assert learner.settled("broken")["StackStatus"] == "ROLLBACK_COMPLETE"
        failed = [e["LogicalResourceId"] for e in learner.events("broken") if e["ResourceStatus"] == "CREATE_FAILED"]
        assert "Subnet2" in failed
        assert learner.aws("ec2", "describe-vpcs")["Vpcs"] == vpcs
        listed = learner.aws("cloudformation", "list-stack-resources", "--stack-name", "broken")
        states = {r["ResourceStatus"] for r in listed["StackResourceSummaries"]}
        assert states <= {"DELETE_COMPLETE", "CREATE_FAILED"}
        learner.aws("cloudformation", "delete-stack", "--stack-name", "broken")
        eventually(lambda: gone(learner, "broken"), what="the rolled-back stack is gone")

    def test_7_deleting_the_stack_leaves_nothing(self, learner):
        arn = learner.stack()["StackId"]
        ids = [i["InstanceId"] for i in learner.instances("running")]
        learner.aws("cloudformation", "delete-stack", "--stack-name", STACK)
        eventually(lambda: gone(learner, STACK), 60, every=0.2, what="the stack is gone")
        learner.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", STACK)
        assert learner.stack(arn)["StackStatus"] == "DELETE_COMPLETE"
        events = [e for e in learner.events(arn) if e["ResourceStatus"].startswith("DELETE")]
        assert events[-1]["LogicalResourceId"] == STACK
        order = [(e["LogicalResourceId"], e["ResourceStatus"]) for e in events]
        for earlier, later in EARLIER:
            assert order.index((later, "DELETE_COMPLETE")) < order.index((earlier, "DELETE_IN_PROGRESS"))
        assert learner.aws("autoscaling", "describe-auto-scaling-groups")["AutoScalingGroups"] == []
        assert learner.aws("autoscaling", "describe-launch-configurations")["LaunchConfigurations"] == []
        assert learner.aws("ec2", "describe-volumes")["Volumes"] == []
        assert learner.aws("ec2", "describe-network-interfaces")["NetworkInterfaces"] == []
        (vpc,) = learner.aws("ec2", "describe-vpcs")["Vpcs"]
        assert vpc["IsDefault"] is True
        for call, key in [("internet-gateways", "InternetGateways"), ("route-tables", "RouteTables")]:
            assert len(learner.aws("ec2", f"describe-{call}")[key]) == 1, "only the default VPC's"
        shown = learner.aws("ec2", "describe-instances", "--instance-ids", *ids)
        for instance in (i for r in shown["Reservations"] for i in r["Instances"]):
            assert instance["State"] == {"Code": 48, "Name": "terminated"}
            assert "VpcId" not in instance and "SubnetId" not in instance
            assert instance["SecurityGroups"] == [] and instance["NetworkInterfaces"] == []

    def test_7_bucket_and_key_go_as_well(self, learner):
        assert "BucketNotEmpty" in learner.aws_error("s3", "rb", f"s3://{BUCKET}")
        learner.aws("s3", "rm", f"s3://{BUCKET}/tutorial.yml", text=True)
        learner.aws("s3", "rb", f"s3://{BUCKET}", text=True)
        assert learner.aws("s3api", "list-buckets")["Buckets"] == []
        learner.aws("ec2", "delete-key-pair", "--key-name", KEY)
        assert learner.aws("ec2", "describe-key-pairs")["KeyPairs"] == []


def colons(digest):
    return ":".join(f"{byte:02x}" for byte in digest)


def gone(learner, name):
    try:
        learner.stack(name)
    except CliError as error:
        assert f"Stack with id {name} does not exist" in error.stderr
        return True
    return False


def check_stack_events(events):
    """The statuses and reasons of a plain creation, in AWS's order for each resource."""
    assert [e["LogicalResourceId"] for e in (events[0], events[-1])] == [STACK, STACK]
    assert events[0]["ResourceStatusReason"] == "User Initiated"
    for name, form in RESOURCES.items():
        own = [e for e in events if e["LogicalResourceId"] == name]
        assert [e["ResourceStatus"] for e in own] == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
        begun, initiated, complete = own
        assert begun.get("PhysicalResourceId", "") == "" and "ResourceStatusReason" not in begun
        assert initiated["ResourceStatusReason"] == "Resource creation Initiated"
        assert re.fullmatch(form, complete["PhysicalResourceId"])
        assert initiated["PhysicalResourceId"] == complete["PhysicalResourceId"]
        assert complete["EventId"].startswith(f"{name}-CREATE_COMPLETE-20")
        assert "ResourceStatusReason" not in complete
    assert len(events) == 2 + 3 * len(RESOURCES)
