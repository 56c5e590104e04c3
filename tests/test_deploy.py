"""CloudFormation as people deploy with it: the aws CLI's `deploy` and `package`, signals by `curl`."""

import json
import time

import pytest

from harness.server import CliError

TEMPLATE = """
Parameters: {Text: {Type: String, Default: a}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Text}}
Outputs:
  Arn: {Value: !Ref Topic}
"""


def deploy(cloud, template, stack, *more):
    return cloud.aws(
        "cloudformation", "deploy", "--template-file", str(template), "--stack-name", stack, *more, text=True
    )


def stack_of(cloud, name):
    return cloud.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]


def test_deploy_goes_by_change_sets(cloud, tmp_path):
    template = tmp_path / "t.yml"
    template.write_text(TEMPLATE)
    deploy(cloud, template, "deployed")
    made = stack_of(cloud, "deployed")
    assert made["StackStatus"] == "CREATE_COMPLETE"
    assert ":changeSet/awscli-cloudformation-package-deploy-" in made["ChangeSetId"]
    # The CLI names its change sets by the second.
    time.sleep(1.1)
    assert "No changes to deploy" in deploy(cloud, template, "deployed", "--no-fail-on-empty-changeset")
    time.sleep(1.1)
    deploy(cloud, template, "deployed", "--parameter-overrides", "Text=b", "--no-execute-changeset")
    client = cloud.client("cloudformation")
    summaries = client.list_change_sets(StackName="deployed")["Summaries"]
    ready = [s for s in summaries if s["ExecutionStatus"] == "AVAILABLE"]
    described = client.describe_change_set(ChangeSetName=ready[0]["ChangeSetId"], IncludePropertyValues=True)
    change = described["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["Replacement"], change["LogicalResourceId"]) == ("Modify", "False", "Topic")
    assert json.loads(change["AfterContext"]) == {"Properties": {"DisplayName": "b"}}
    client.execute_change_set(ChangeSetName=ready[0]["ChangeSetId"])
    client.get_waiter("stack_update_complete").wait(StackName="deployed")
    topic = made["Outputs"][0]["OutputValue"]
    shown = cloud.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    assert shown["DisplayName"] == "b"


def test_deploy_tells_why_it_failed(cloud, tmp_path):
    template = tmp_path / "t.yml"
    template.write_text(TEMPLATE.replace("DisplayName", "DisplayNames"))
    with pytest.raises(CliError) as failure:
        deploy(cloud, template, "failing")
    assert "Failed to create/update the stack" in str(failure.value)
    reasons = [
        event.get("ResourceStatusReason", "")
        for event in cloud.client("cloudformation").describe_stack_events(StackName="failing")["StackEvents"]
    ]
    assert any("Encountered unsupported properties in {/}: [DisplayNames]" in reason for reason in reasons)


def test_a_guest_signals_by_a_put_to_the_handle(cloud):
    client = cloud.client("cloudformation")
    body = """
Resources:
  H: {Type: AWS::CloudFormation::WaitConditionHandle}
  W: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref H, Timeout: "60", Count: 2}}
Outputs: {Data: {Value: !GetAtt W.Data}}
"""
    client.create_stack(StackName="waits", TemplateBody=body)
    detail = client.describe_stack_resource(StackName="waits", LogicalResourceId="H")["StackResourceDetail"]
    path = detail["PhysicalResourceId"].removeprefix(cloud.endpoint)
    for name in ("one", "one", "two"):
        assert stack_of(cloud, "waits")["StackStatus"] == "CREATE_IN_PROGRESS"
        signal = {"Status": "SUCCESS", "UniqueId": name, "Data": name.upper(), "Reason": "up"}
        status, *_ = cloud.http("PUT", path, json.dumps(signal).encode())
        assert status == 200
    done = stack_of(cloud, "waits")
    assert done["StackStatus"] == "CREATE_COMPLETE"
    assert json.loads(done["Outputs"][0]["OutputValue"]) == {"one": "ONE", "two": "TWO"}
    status, *_ = cloud.http("PUT", path.replace("Signature=", "Signature=x"), b"{}")
    assert status == 403


def test_package_uploads_nested_templates(cloud, tmp_path):
    (tmp_path / "child.yml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    parent = tmp_path / "parent.yml"
    parent.write_text(
        "Resources: {C: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yml}}}\n"
    )
    cloud.aws("s3", "mb", "s3://packaged", text=True)
    packed = tmp_path / "packed.yml"
    cloud.aws(
        "cloudformation", "package", "--template-file", str(parent), "--s3-bucket", "packaged",
        "--output-template-file", str(packed), text=True,
    )
    deploy(cloud, packed, "parent")
    parent_id = stack_of(cloud, "parent")["StackId"]
    children = [
        stack
        for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]
        if stack.get("ParentId") == parent_id
    ]
    assert [child["StackStatus"] for child in children] == ["CREATE_COMPLETE"]
