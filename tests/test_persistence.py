"""`--data-dir`: what was answered survives kill -9; locks and damage are told, not papered over."""

import json
import signal

import pytest

from harness.polling import eventually
from harness.server import Server


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def again(start_cloud, cloud, data, **flags):
    """kill -9, then a new server on the same data."""
    cloud.kill()
    return start_cloud(data_dir=data, **flags)


def instances(cloud):
    found = cloud.client("ec2").describe_instances()["Reservations"]
    return {i["InstanceId"]: i["State"]["Name"] for r in found for i in r["Instances"]}


def launch(cloud, count=1):
    made = cloud.client("ec2").run_instances(
        ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=count, MaxCount=count
    )["Instances"]
    return [i["InstanceId"] for i in made]


def test_what_was_answered_is_there_after_a_kill(start_cloud, data):
    cloud = start_cloud(data_dir=data)
    key = cloud.client("ec2").create_key_pair(KeyName="k", KeyType="ed25519")
    s3 = cloud.client("s3", "us-east-1", s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="small", Body=b"x")
    s3.put_object(Bucket="kept", Key="large", Body=b"y" * 3_000_000)
    cloud.client("ssm").put_parameter(Name="p", Value="v", Type="String")
    ids = launch(cloud, 3)
    cloud = again(start_cloud, cloud, data)
    (shown,) = cloud.client("ec2").describe_key_pairs()["KeyPairs"]
    assert shown["KeyFingerprint"] == key["KeyFingerprint"]
    s3 = cloud.client("s3", "us-east-1", s3={"addressing_style": "path"})
    assert s3.get_object(Bucket="kept", Key="small")["Body"].read() == b"x"
    assert s3.get_object(Bucket="kept", Key="large")["Body"].read() == b"y" * 3_000_000
    assert cloud.client("ssm").get_parameter(Name="p")["Parameter"]["Value"] == "v"
    assert set(instances(cloud)) == set(ids)
    eventually(lambda: set(instances(cloud).values()) == {"running"}, what="the launch goes on")


def test_every_acknowledged_write_of_a_busy_server_survives(start_cloud, data):
    cloud = start_cloud(data_dir=data)
    ssm = cloud.client("ssm")
    for round_ in range(3):
        for number in range(30):
            ssm.put_parameter(Name=f"p{round_}-{number}", Value="v", Type="String")
        cloud = again(start_cloud, cloud, data)
        ssm = cloud.client("ssm")
        pages = ssm.get_paginator("describe_parameters").paginate()
        assert sum(len(page["Parameters"]) for page in pages) == 30 * (round_ + 1)


@pytest.mark.parametrize("wait", [0, 1, 2, 4, 8])
def test_a_stack_goes_on_where_it_was(start_cloud, data, templates, wait):
    cloud = start_cloud(data_dir=data, pace="brisk")
    cloud.client("ec2").create_key_pair(KeyName="k", KeyType="ed25519")
    arn = cloud.client("cloudformation").create_stack(
        StackName="scaling-demo-part-1",
        TemplateBody=(templates / "tutorial.yml").read_text(),
        Parameters=[{"ParameterKey": "KeyPairName", "ParameterValue": "k"}],
    )["StackId"]

    def resources(cloud):
        found = cloud.client("cloudformation").list_stack_resources(StackName=arn)["StackResourceSummaries"]
        return {r["LogicalResourceId"]: r.get("PhysicalResourceId") for r in found if r.get("PhysicalResourceId")}

    # The kill falls after so many resources have been begun: at different points of the plan.
    eventually(lambda: len(resources(cloud)) >= wait, every=0.01, what="the creation has begun")
    before = resources(cloud)
    cloud = again(start_cloud, cloud, data, pace="brisk")

    def settled():
        stack = cloud.client("cloudformation").describe_stacks(StackName=arn)["Stacks"][0]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    assert eventually(settled, 60, what="the stack settles")["StackStatus"] == "CREATE_COMPLETE"
    after = resources(cloud)
    assert len(after) == 12 and before.items() <= after.items(), "nothing was made twice"
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 2
    assert list(instances(cloud).values()) == ["running"]


def test_seconds_of_absence_are_caught_up(start_cloud, data):
    cloud = start_cloud(data_dir=data, clock="paused")
    (instance_id,) = launch(cloud)
    cloud.lowcloud("clock", "step", "1m")
    assert instances(cloud) == {instance_id: "running"}
    cloud.client("ec2").stop_instances(InstanceIds=[instance_id])
    cloud = again(start_cloud, cloud, data, clock="paused")
    cloud.lowcloud("clock", "step", "5m")
    assert instances(cloud) == {instance_id: "stopped"}


def test_ids_are_never_given_twice(start_cloud, data):
    cloud = start_cloud(data_dir=data)
    first = launch(cloud, 5)
    cloud = again(start_cloud, cloud, data)
    assert not set(first) & set(launch(cloud, 5))


def test_a_polite_end_and_a_reset_are_kept_as_well(start_cloud, data):
    cloud = start_cloud(data_dir=data)
    launch(cloud)
    assert cloud.stop() == 0
    cloud = start_cloud(data_dir=data)
    assert len(instances(cloud)) == 1
    cloud.lowcloud("reset")
    cloud = again(start_cloud, cloud, data)
    assert instances(cloud) == {}


def refused(tmp_path, data):
    """What a server says that must not start on this data."""
    server = Server(tmp_path / "refused.log", data_dir=data)
    server.spawn()
    assert server.process.wait(20) not in (0, 101, -signal.SIGSEGV, -signal.SIGABRT)
    return server.output()


def test_two_servers_do_not_share_a_directory(start_cloud, data, tmp_path):
    cloud = start_cloud(data_dir=data)
    said = refused(tmp_path, data)
    assert str(data) in said and "panicked" not in said
    assert any(word in said for word in ("in use", "locked", "another")), said
    launch(cloud)
    again(start_cloud, cloud, data)


def test_a_damaged_store_is_an_error_not_a_fresh_start(start_cloud, data, tmp_path):
    cloud = start_cloud(data_dir=data)
    launch(cloud, 5)
    cloud.stop()
    files = [f for f in data.rglob("*") if f.is_file() and f.stat().st_size > 100]
    store = max(files, key=lambda f: f.stat().st_size)
    whole = store.read_bytes()
    # Enough of the beginning and the middle that no checksum can miss it.
    damaged = bytearray(whole)
    for start in range(0, len(damaged), 512):
        damaged[start : start + 64] = b"\xa5" * len(damaged[start : start + 64])
    store.write_bytes(bytes(damaged))
    said = refused(tmp_path, data)
    assert "panicked" not in said and str(data) in said, said
    store.write_bytes(whole)
    assert len(instances(start_cloud(data_dir=data))) == 5


def test_a_directory_that_cannot_be_written_is_a_clear_error(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    said = refused(tmp_path, blocked / "data")
    assert "panicked" not in said and str(blocked) in said


def test_the_clock_does_not_run_backwards_over_a_restart(start_cloud, data):
    cloud = start_cloud(data_dir=data, clock="paused")
    cloud.lowcloud("clock", "step", "2h")
    before = json.loads(cloud.lowcloud("clock", "show", "--json"))["now"]
    cloud = again(start_cloud, cloud, data, clock="paused")
    after = json.loads(cloud.lowcloud("clock", "show", "--json"))["now"]
    assert before <= after
