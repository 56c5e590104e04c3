"""EC2: instances, images, types, key pairs, tags, filters, paging."""

import base64
import hashlib
import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from harness.aws_errors import fails
from harness.polling import eventually
from harness.server import ACCOUNT

IMAGE = "ami-09d2fb69"
QUICK = {"Delay": 1, "MaxAttempts": 30}


def launch(ec2, count=1, **more):
    answer = ec2.run_instances(
        **({"ImageId": IMAGE, "InstanceType": "t2.micro"} | more), MinCount=count, MaxCount=count
    )
    return answer["Instances"] if count > 1 else answer["Instances"][0]


def launch_running(ec2, count=1, **more):
    made = launch(ec2, count, **more)
    ids = [i["InstanceId"] for i in (made if count > 1 else [made])]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=QUICK)
    return ids if count > 1 else ids[0]


def described(ec2, instance_id):
    (reservation,) = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    return reservation["Instances"][0]


def state(ec2, instance_id):
    return described(ec2, instance_id)["State"]["Name"]


def reaches(ec2, instance_id, name):
    eventually(lambda: state(ec2, instance_id) == name, what=f"{instance_id} is {name}")


# --- regions, zones, types, images


def test_every_region_is_there_and_us_west_1_shows_two_zones(cloud, ec2):
    names = {r["RegionName"]: r for r in ec2.describe_regions(AllRegions=True)["Regions"]}
    assert {"us-east-1", "us-west-1", "eu-central-1", "ap-northeast-1", "sa-east-1"} <= set(names)
    assert names["us-east-1"]["Endpoint"] == "ec2.us-east-1.amazonaws.com"
    assert names["us-east-1"]["OptInStatus"] == "opt-in-not-required"
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    assert [z["ZoneName"] for z in zones] == ["us-west-1a", "us-west-1c"]
    zone = cloud.client("ec2", "us-east-1").describe_availability_zones()["AvailabilityZones"][0]
    assert zone["ZoneName"] == "us-east-1a" and zone["ZoneId"] == "use1-az6"
    assert zone["State"] == "available" and zone["ZoneType"] == "availability-zone"
    assert zone["GroupName"] == "us-east-1-zg-1" and zone["NetworkBorderGroup"] == "us-east-1"
    assert zone["OptInStatus"] == "opt-in-not-required" and zone["Messages"] == []


def test_instance_types_page_filter_and_fail_by_name(ec2):
    (micro,) = ec2.describe_instance_types(InstanceTypes=["t2.micro"])["InstanceTypes"]
    assert micro["VCpuInfo"]["DefaultVCpus"] == 1 and micro["MemoryInfo"]["SizeInMiB"] == 1024
    assert micro["BurstablePerformanceSupported"] is True and micro["Hypervisor"] == "xen"
    pages = ec2.get_paginator("describe_instance_types").paginate(PaginationConfig={"PageSize": 100})
    names = [t["InstanceType"] for page in pages for t in page["InstanceTypes"]]
    assert len(names) == len(set(names)) > 300
    arm = ec2.describe_instance_types(Filters=[{"Name": "processor-info.supported-architecture", "Values": ["arm64"]}])[
        "InstanceTypes"
    ]
    assert arm and all("arm64" in t["ProcessorInfo"]["SupportedArchitectures"] for t in arm)
    with fails("InvalidInstanceType", "The following supplied instance types do not exist: [t9.nano]"):
        ec2.describe_instance_types(InstanceTypes=["t9.nano"])
    offered = ec2.describe_instance_type_offerings(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": ["t2.micro"]}]
    )["InstanceTypeOfferings"]
    assert {o["Location"] for o in offered} == {"us-west-1a", "us-west-1c"}


def test_images_are_found_by_owner_and_name(ec2):
    images = ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "name", "Values": ["al2023-ami-2023*-x86_64"]}])[
        "Images"
    ]
    assert images
    for image in images:
        assert image["ImageOwnerAlias"] == "amazon" and image["State"] == "available" and image["Public"]
        assert image["Architecture"] == "x86_64" and image["RootDeviceType"] == "ebs"
        assert image["BlockDeviceMappings"][0]["DeviceName"] == image["RootDeviceName"]
    with fails("InvalidAMIID.Malformed", 'Invalid id: "x" (expecting "ami-...")'):
        ec2.describe_images(ImageIds=["x"])
    assert ec2.describe_images(Owners=["self"])["Images"] == []


def test_an_unknown_image_is_somebody_elses_by_default(ec2):
    (image,) = ec2.describe_images(ImageIds=[IMAGE])["Images"]
    assert image["OwnerId"] != ACCOUNT and image["State"] == "available"
    assert launch(ec2)["ImageId"] == IMAGE


@pytest.mark.server(strict_images=True)
def test_an_unknown_image_is_refused_when_images_are_strict(ec2):
    unknown = "ami-00000000000000000"
    message = f"The image id '[{unknown}]' does not exist"
    with fails("InvalidAMIID.NotFound", message):
        launch(ec2, ImageId=unknown)
    with fails("InvalidAMIID.NotFound", message):
        ec2.describe_images(ImageIds=[unknown])


# --- running, stopping, terminating


@pytest.mark.paces("brisk", "instant")
def test_three_instances_make_one_reservation(cloud, ec2):
    answer = ec2.run_instances(ImageId=IMAGE, InstanceType="t2.micro", MinCount=3, MaxCount=3)
    assert re.fullmatch(r"r-0[0-9a-f]{16}", answer["ReservationId"])
    assert answer["OwnerId"] == ACCOUNT
    assert [i["AmiLaunchIndex"] for i in answer["Instances"]] == [0, 1, 2]
    assert len({i["LaunchTime"] for i in answer["Instances"]}) == 1
    assert all(i["State"] == {"Code": 0, "Name": "pending"} for i in answer["Instances"])
    ids = [i["InstanceId"] for i in answer["Instances"]]
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig=QUICK)
    (reservation,) = ec2.describe_instances(InstanceIds=ids)["Reservations"]
    assert [i["State"]["Code"] for i in reservation["Instances"]] == [16, 16, 16]


def test_a_dry_run_launches_nothing(ec2):
    with fails("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", status=412):
        ec2.run_instances(ImageId=IMAGE, InstanceType="t2.micro", MinCount=1, MaxCount=1, DryRun=True)
    assert ec2.describe_instances()["Reservations"] == []


def test_launches_check_what_they_are_given(ec2):
    with fails("InvalidKeyPair.NotFound", "The key pair 'nope' does not exist"):
        launch(ec2, KeyName="nope")
    with fails("InvalidParameterValue", "Invalid value 't9.nano' for InstanceType."):
        launch(ec2, InstanceType="t9.nano")
    with fails("InvalidSubnetID.NotFound", "The subnet ID 'subnet-0123456789abcdef0' does not exist"):
        launch(ec2, SubnetId="subnet-0123456789abcdef0")
    with fails("InvalidGroup.NotFound", "The security group 'sg-0123456789abcdef0' does not exist"):
        launch(ec2, SecurityGroupIds=["sg-0123456789abcdef0"])
    with fails("MissingParameter", "The request must contain the parameter ImageId"):
        ec2.run_instances(InstanceType="t2.micro", MinCount=1, MaxCount=1)
    assert ec2.describe_instances()["Reservations"] == []


def test_a_group_name_does_not_go_with_a_subnet(ec2):
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    message = "The parameter groupName cannot be used with the parameter subnet"
    with fails("InvalidParameterCombination", message):
        launch(ec2, SecurityGroups=["default"], SubnetId=subnet)


def test_a_client_token_makes_a_launch_repeatable(ec2):
    first = launch(ec2, ClientToken="once")
    again = launch(ec2, ClientToken="once")
    assert again["InstanceId"] == first["InstanceId"] and again["ClientToken"] == "once"
    with fails("IdempotentParameterMismatch"):
        launch(ec2, ClientToken="once", InstanceType="t2.small")


def test_what_a_launch_reports_by_default(ec2):
    instance = described(ec2, launch_running(ec2))
    assert instance["Monitoring"] == {"State": "disabled"}
    assert instance["Placement"]["Tenancy"] == "default" and instance["Placement"]["GroupName"] == ""
    assert (instance["Architecture"], instance["VirtualizationType"]) == ("x86_64", "hvm")
    assert instance["Hypervisor"] == "xen" and instance["RootDeviceType"] == "ebs"
    assert instance["EbsOptimized"] is False and instance["SourceDestCheck"] is True
    # boto3 makes up a token where none is given.
    assert instance["CpuOptions"]["CoreCount"] == 1 and "ClientToken" in instance
    assert instance["MetadataOptions"]["HttpEndpoint"] == "enabled"
    assert instance["PlatformDetails"] == "Linux/UNIX" and instance["ProductCodes"] == []
    assert "KeyName" not in instance and "InstanceLifecycle" not in instance and "Platform" not in instance
    # The default subnet gives a public address, and its VPC has DNS names.
    assert instance["PublicIpAddress"] and instance["PublicDnsName"].endswith(".us-west-1.compute.amazonaws.com")
    assert instance["PrivateIpAddress"].startswith("172.31.")
    (group,) = instance["SecurityGroups"]
    assert group["GroupName"] == "default"


def test_stop_and_start_keep_the_private_address_and_change_the_public_one(ec2):
    instance_id = launch_running(ec2)
    before = described(ec2, instance_id)
    (change,) = ec2.stop_instances(InstanceIds=[instance_id])["StoppingInstances"]
    assert change["PreviousState"]["Name"] == "running" and change["CurrentState"]["Name"] == "stopping"
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id], WaiterConfig=QUICK)
    stopped = described(ec2, instance_id)
    assert stopped["StateReason"]["Code"] == "Client.UserInitiatedShutdown"
    assert re.fullmatch(r"User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)", stopped["StateTransitionReason"])
    assert "PublicIpAddress" not in stopped
    ec2.start_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig=QUICK)
    after = described(ec2, instance_id)
    assert after["PrivateIpAddress"] == before["PrivateIpAddress"]
    assert after["PublicIpAddress"] != before["PublicIpAddress"]


def test_states_that_cannot_start_or_stop(ec2):
    instance_id = launch_running(ec2)
    assert ec2.start_instances(InstanceIds=[instance_id])["StartingInstances"][0]["CurrentState"]["Name"] == "running"
    ec2.terminate_instances(InstanceIds=[instance_id])
    reaches(ec2, instance_id, "terminated")
    not_startable = f"The instance '{instance_id}' is not in a state from which it can be started."
    with fails("IncorrectInstanceState", not_startable):
        ec2.start_instances(InstanceIds=[instance_id])
    not_stoppable = f"This instance '{instance_id}' is not in a state from which it can be stopped."
    with fails("IncorrectInstanceState", not_stoppable):
        ec2.stop_instances(InstanceIds=[instance_id])


def test_a_terminated_instance_stays_visible_without_its_network(ec2):
    instance_id = launch_running(ec2)
    ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig=QUICK)
    (change,) = ec2.terminate_instances(InstanceIds=[instance_id])["TerminatingInstances"]
    assert change["PreviousState"]["Name"] == change["CurrentState"]["Name"] == "terminated"
    instance = described(ec2, instance_id)
    assert "SubnetId" not in instance and "VpcId" not in instance and "PrivateIpAddress" not in instance
    assert instance["SecurityGroups"] == [] and instance["NetworkInterfaces"] == []
    assert instance["BlockDeviceMappings"] == [] and instance["PrivateDnsName"] == ""
    assert ec2.describe_volumes()["Volumes"] == []


@pytest.mark.server(clock="paused")
def test_a_terminated_instance_is_forgotten_after_an_hour(cloud, ec2):
    instance_id = launch(ec2)["InstanceId"]
    cloud.lowcloud("clock", "step", "1m")
    ec2.terminate_instances(InstanceIds=[instance_id])
    cloud.lowcloud("clock", "step", "30m")
    assert state(ec2, instance_id) == "terminated"
    cloud.lowcloud("clock", "step", "2h")
    with fails("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist"):
        described(ec2, instance_id)


def test_termination_protection_holds_until_it_is_lifted(ec2):
    instance_id = launch_running(ec2, DisableApiTermination=True)
    message = (
        f"The instance '{instance_id}' may not be terminated. "
        "Modify its 'disableApiTermination' instance attribute and try again."
    )
    with fails("OperationNotPermitted", message):
        ec2.terminate_instances(InstanceIds=[instance_id])
    ec2.modify_instance_attribute(InstanceId=instance_id, DisableApiTermination={"Value": False})
    attribute = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="disableApiTermination")
    assert attribute["DisableApiTermination"] == {"Value": False}
    ec2.terminate_instances(InstanceIds=[instance_id])
    reaches(ec2, instance_id, "terminated")


def test_one_unknown_id_keeps_all_from_terminating(ec2):
    instance_id = launch_running(ec2)
    with fails("InvalidInstanceID.NotFound"):
        ec2.terminate_instances(InstanceIds=[instance_id, "i-0123456789abcdef0"])
    assert state(ec2, instance_id) == "running"


def test_user_data_comes_back_only_as_an_attribute(ec2):
    instance_id = launch_running(ec2, UserData="#!/bin/sh\necho hello\n")
    attribute = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute="userData")
    assert base64.b64decode(attribute["UserData"]["Value"]) == b"#!/bin/sh\necho hello\n"
    assert "UserData" not in described(ec2, instance_id)
    with fails("InvalidParameterValue", "User data is limited to 16384 bytes"):
        launch(ec2, UserData="x" * 16385)


def test_the_type_changes_only_while_stopped(ec2):
    instance_id = launch_running(ec2)
    message = f"The instance '{instance_id}' is not in the 'stopped' state."
    with fails("IncorrectInstanceState", message):
        ec2.modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": "t2.small"})
    ec2.stop_instances(InstanceIds=[instance_id])
    reaches(ec2, instance_id, "stopped")
    ec2.modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": "t2.small"})
    assert described(ec2, instance_id)["InstanceType"] == "t2.small"


def test_status_checks_pass_and_show_only_running_instances(ec2):
    running, stopped = launch_running(ec2, 2)
    ec2.stop_instances(InstanceIds=[stopped])
    reaches(ec2, stopped, "stopped")

    def status(**more):
        return {s["InstanceId"]: s for s in ec2.describe_instance_status(**more)["InstanceStatuses"]}

    assert set(status()) == {running}
    assert set(status(IncludeAllInstances=True)) == {running, stopped}
    assert status(IncludeAllInstances=True)[stopped]["InstanceStatus"]["Status"] == "not-applicable"
    ec2.get_waiter("instance_status_ok").wait(InstanceIds=[running], WaiterConfig=QUICK)
    assert status()[running]["SystemStatus"]["Details"] == [{"Name": "reachability", "Status": "passed"}]


def test_reboot_keeps_the_instance_and_console_output_is_bytes(ec2):
    instance_id = launch_running(ec2)
    before = described(ec2, instance_id)
    ec2.reboot_instances(InstanceIds=[instance_id])
    reaches(ec2, instance_id, "running")
    assert described(ec2, instance_id)["PublicIpAddress"] == before["PublicIpAddress"]
    output = ec2.get_console_output(InstanceId=instance_id)
    assert output["InstanceId"] == instance_id


# --- describing


def test_ids_are_malformed_or_not_found(ec2):
    first, second = "i-0123456789abcdef0", "i-0fedcba9876543210"
    with fails("InvalidInstanceID.NotFound", f"The instance ID '{first}' does not exist"):
        ec2.describe_instances(InstanceIds=[first])
    with fails("InvalidInstanceID.NotFound", f"The instance IDs '{first}, {second}' do not exist"):
        ec2.describe_instances(InstanceIds=[first, second])
    with fails("InvalidInstanceID.Malformed", 'Invalid id: "x"'):
        ec2.describe_instances(InstanceIds=["x"])


def test_filters_take_wildcards_and_keep_case(ec2):
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "scaling-one"}]}]
    instance_id = launch(ec2, TagSpecifications=tags)["InstanceId"]
    launch(ec2)

    def found(name, *values):
        answer = ec2.describe_instances(Filters=[{"Name": name, "Values": list(values)}])
        return [i["InstanceId"] for r in answer["Reservations"] for i in r["Instances"]]

    assert found("tag:Name", "scaling*") == [instance_id]
    assert found("tag:Name", "nothing", "scaling-?ne") == [instance_id]
    assert found("tag:Name", "SCALING*") == []
    assert found("tag-key", "Name") == [instance_id]
    assert len(found("instance-type", "t2.*")) == 2
    with fails("InvalidParameterValue", "The filter 'x' is invalid"):
        found("x", "y")


def test_pages_hold_every_instance_once(ec2):
    for _ in range(3):
        launch(ec2, 4)
    pages = list(ec2.get_paginator("describe_instances").paginate(PaginationConfig={"PageSize": 5}))
    ids = [i["InstanceId"] for page in pages for r in page["Reservations"] for i in r["Instances"]]
    assert len(ids) == len(set(ids)) == 12 and len(pages) > 1
    message = "The parameter instancesSet cannot be used with the parameter maxResults"
    with fails("InvalidParameterCombination", message):
        ec2.describe_instances(InstanceIds=ids[:1], MaxResults=5)
    with fails("InvalidParameterValue"):
        ec2.describe_instances(MaxResults=1)
    # Which of the two codes AWS uses is not known for sure.
    with fails({"InvalidParameterValue", "InvalidNextToken"}):
        ec2.describe_instances(NextToken="nonsense", MaxResults=5)


# --- tags


def test_tags_are_made_changed_and_removed(ec2):
    instance_id = launch(ec2)["InstanceId"]
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "a", "Value": "3"}])
    ec2.delete_tags(Resources=[instance_id], Tags=[{"Key": "b"}, {"Key": "absent"}])
    tags = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [instance_id]}])["Tags"]
    assert tags == [{"Key": "a", "ResourceId": instance_id, "ResourceType": "instance", "Value": "3"}]


def test_tags_have_limits(ec2):
    instance_id = launch(ec2)["InstanceId"]
    with fails("InvalidParameterValue", contains="Tag keys starting with 'aws:' are reserved for internal use"):
        ec2.create_tags(Resources=[instance_id], Tags=[{"Key": "aws:x", "Value": "y"}])
    with fails("TagLimitExceeded"):
        ec2.create_tags(Resources=[instance_id], Tags=[{"Key": str(n), "Value": ""} for n in range(51)])
    with fails("InvalidInstanceID.NotFound"):
        ec2.create_tags(Resources=["i-0123456789abcdef0"], Tags=[{"Key": "a", "Value": ""}])
    assert ec2.describe_tags()["Tags"] == []


# --- key pairs


def test_an_imported_rsa_key_has_an_md5_fingerprint(ec2):
    key = rsa.generate_private_key(65537, 2048).public_key()
    openssh = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pair = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=openssh + b" me@here")
    assert pair["KeyFingerprint"] == ":".join(f"{b:02x}" for b in hashlib.md5(der).digest())
    (shown,) = ec2.describe_key_pairs(IncludePublicKey=True)["KeyPairs"]
    assert shown["PublicKey"].split()[:2] == openssh.decode().split()[:2]
    with fails("InvalidKey.Format"):
        ec2.import_key_pair(KeyName="bad", PublicKeyMaterial=b"not a key")


def test_an_imported_ed25519_key_has_the_openssh_fingerprint(ec2):
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    openssh = key.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    pair = ec2.import_key_pair(KeyName="mine", PublicKeyMaterial=openssh)
    digest = hashlib.sha256(base64.b64decode(openssh.split()[1])).digest()
    assert pair["KeyFingerprint"] == base64.b64encode(digest).decode()
    assert ec2.describe_key_pairs()["KeyPairs"][0]["KeyType"] == "ed25519"


def test_deleting_an_unknown_key_pair_succeeds_and_describing_it_fails(ec2):
    assert ec2.delete_key_pair(KeyName="nope")["ResponseMetadata"]["HTTPStatusCode"] == 200
    with fails("InvalidKeyPair.NotFound", "The key pair 'nope' does not exist"):
        ec2.describe_key_pairs(KeyNames=["nope"])


# --- isolation


def test_regions_and_accounts_are_apart(cloud, ec2):
    instance_id = launch(ec2)["InstanceId"]
    assert cloud.client("ec2", "us-west-2").describe_instances()["Reservations"] == []
    other = cloud.client("ec2", key="999988887777")
    assert other.describe_instances()["Reservations"] == []
    assert other.describe_vpcs()["Vpcs"][0]["OwnerId"] == "999988887777"
    assert described(ec2, instance_id)["InstanceId"] == instance_id
