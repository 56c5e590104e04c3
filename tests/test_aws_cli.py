"""The aws CLI as such: version 1 from the pinned environment, and version 2 where it is installed."""

import json
import os
import shutil
import subprocess

import pytest

from harness.server import ACCOUNT, AWS_CLI, REGION


def programs():
    """Version 1, and every other `aws` on the path that calls itself version 2."""
    found = {"v1": AWS_CLI}
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        program = shutil.which("aws", path=folder)
        if program and "aws-cli/2" in version(program):
            found.setdefault("v2", program)
    return found


def version(program):
    return subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60).stdout


PROGRAMS = programs()


@pytest.fixture(params=list(PROGRAMS))
def aws(request, cloud):
    """A function that runs one of the CLIs."""

    def run(*words, **options):
        return cloud.aws(*words, program=PROGRAMS[request.param], **options)

    return run


def test_a_caller_learns_who_it_is(aws):
    assert aws("sts", "get-caller-identity")["Account"] == ACCOUNT
    assert aws("sts", "get-caller-identity", "--query", "Account", "--output", "text", text=True) == ACCOUNT


def test_files_go_up_and_down(aws, tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(9_000_000))
    aws("s3", "mb", "s3://files", text=True)
    aws("s3", "cp", source, "s3://files/deep/er", text=True)
    aws("s3", "cp", "s3://files/deep/er", target, text=True)
    assert target.read_bytes() == source.read_bytes()
    assert "deep/er" in aws("s3", "ls", "s3://files", "--recursive", text=True)


def test_a_stack_is_deployed_and_waited_for(aws):
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    aws("cloudformation", "create-stack", "--stack-name", "s", "--template-body", json.dumps(template))
    aws("cloudformation", "wait", "stack-create-complete", "--stack-name", "s", text=True)
    query = "Stacks[0].StackStatus"
    status = aws("cloudformation", "describe-stacks", "--stack-name", "s", "--query", query)
    assert status == "CREATE_COMPLETE"


def test_long_lists_are_paged_and_cut(aws):
    aws("ec2", "run-instances", "--image-id", "ami-09d2fb69", "--instance-type", "t2.micro", "--count", "12")
    ids = "Reservations[].Instances[].InstanceId"
    whole = aws("ec2", "describe-instances", "--page-size", "5", "--query", ids)
    assert len(whole) == len(set(whole)) == 12
    cut = aws("ec2", "describe-instance-types", "--max-items", "3")
    assert len(cut["InstanceTypes"]) == 3 and cut["NextToken"]
    zones = aws("ec2", "describe-availability-zones", "--query", "AvailabilityZones[].ZoneName")
    assert zones == [f"{REGION}a", f"{REGION}c"]


def test_errors_are_told_as_aws_tells_them(cloud):
    text = cloud.aws_error("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0")
    assert "(InvalidInstanceID.NotFound)" in text and "DescribeInstances operation" in text
