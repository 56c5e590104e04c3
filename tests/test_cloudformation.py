"""CloudFormation: stacks, events, parameters, updates, rollback, deletion."""

import json
import re

import pytest

from harness.aws_errors import fails
from harness.polling import eventually
from harness.server import ACCOUNT, REGION

TOPIC = {"Type": "AWS::SNS::Topic"}


class Stacks:
    """Makes stacks of templates given as dictionaries."""

    def __init__(self, client):
        self.client = client

    def create(self, template, name="stack", wait=True, **more):
        body = template if isinstance(template, str) else json.dumps(template)
        arn = self.client.create_stack(StackName=name, TemplateBody=body, **more)["StackId"]
        return self.settled(arn) if wait else arn

    def update(self, template, name="stack", **more):
        self.client.update_stack(StackName=name, TemplateBody=json.dumps(template), **more)
        return self.settled(name)

    def delete(self, arn):
        self.client.delete_stack(StackName=arn)
        return self.settled(arn)

    def show(self, name="stack"):
        return self.client.describe_stacks(StackName=name)["Stacks"][0]

    def settled(self, name="stack"):
        def check():
            stack = self.show(name)
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        return eventually(check, 30, what=f"{name} settles")

    def events(self, name="stack"):
        pages = self.client.get_paginator("describe_stack_events").paginate(StackName=name)
        return [event for page in pages for event in page["StackEvents"]][::-1]

    def steps(self, name="stack", since=0):
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in self.events(name)[since:]]

    def resources(self, name="stack"):
        found = self.client.describe_stack_resources(StackName=name)["StackResources"]
        return {r["LogicalResourceId"]: r for r in found}

    def outputs(self, name="stack"):
        return {o["OutputKey"]: o["OutputValue"] for o in self.show(name).get("Outputs", [])}


@pytest.fixture
def stacks(cloudformation):
    return Stacks(cloudformation)


def resources(**named):
    return {"Resources": named}


def parameter(value="x", **more):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}} | more


# --- creation


@pytest.mark.paces("brisk", "instant")
def test_a_creation_has_its_events_in_order(cloud, stacks):
    second = parameter({"Ref": "First"})
    stack = stacks.create(resources(First=parameter(), Second=second), ClientRequestToken="token")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    events = stacks.events()
    table = [(e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason")) for e in events]
    each = [
        ("CREATE_IN_PROGRESS", None),
        ("CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("CREATE_COMPLETE", None),
    ]
    assert table == [
        ("stack", "CREATE_IN_PROGRESS", "User Initiated"),
        *[("First", *row) for row in each],
        *[("Second", *row) for row in each],
        ("stack", "CREATE_COMPLETE", None),
    ]
    assert all(e["ClientRequestToken"] == "token" for e in events)
    first = events[1]
    assert first["PhysicalResourceId"] == "" and first["ResourceType"] == "AWS::SSM::Parameter"
    assert json.loads(first["ResourceProperties"]) == {"Type": "String", "Value": "x"}
    name = events[2]["PhysicalResourceId"]
    assert re.fullmatch(r"CFN-First-[0-9A-Za-z]{12}", name)
    assert json.loads(events[4]["ResourceProperties"])["Value"] == name, "a Ref shows what it stands for"
    assert re.fullmatch(r"First-CREATE_COMPLETE-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", events[3]["EventId"])
    assert "ResourceProperties" not in events[0]
    assert events[0]["PhysicalResourceId"] == stack["StackId"]


def test_a_stack_shows_these_members(stacks):
    stack = stacks.create(resources(T=TOPIC) | {"Description": "about"}, Tags=[{"Key": "a", "Value": "b"}])
    assert stack["Description"] == "about" and stack["Tags"] == [{"Key": "a", "Value": "b"}]
    assert stack["DisableRollback"] is False and stack["EnableTerminationProtection"] is False
    assert stack["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    assert stack["NotificationARNs"] == [] and stack["RollbackConfiguration"] == {}
    for absent in ("ChangeSetId", "LastUpdatedTime", "Outputs", "Parameters", "Capabilities", "DeletionTime"):
        assert absent not in stack
    arn = rf"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/stack/[0-9a-f]{{8}}-[0-9a-f]{{4}}-1[0-9a-f]{{3}}-.*"
    assert re.fullmatch(arn, stack["StackId"]), "the uuid is time-based"
    topic = stacks.resources()["T"]
    assert topic["PhysicalResourceId"].startswith(f"arn:aws:sns:{REGION}:{ACCOUNT}:stack-T-")
    assert topic["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}
    detail = stacks.client.describe_stack_resource(StackName="stack", LogicalResourceId="T")["StackResourceDetail"]
    assert detail["Metadata"] == "{}" and "LastUpdatedTimestamp" in detail
    (summary,) = stacks.client.list_stacks()["StackSummaries"]
    assert summary["StackId"] == stack["StackId"]


def test_missing_stacks_are_worded_three_ways(stacks):
    with fails("ValidationError", "Stack with id nope does not exist"):
        stacks.show("nope")
    with fails("ValidationError", "Stack with id nope does not exist"):
        stacks.client.get_template(StackName="nope")
    with fails("ValidationError", "Stack [nope] does not exist"):
        stacks.client.describe_stack_events(StackName="nope")
    with fails("ValidationError", "Stack 'nope' does not exist"):
        stacks.client.describe_stack_resource(StackName="nope", LogicalResourceId="x")
    stacks.client.delete_stack(StackName="nope")


def test_names_are_checked_and_used_once(stacks):
    first = stacks.create(resources(T=TOPIC))
    with fails("AlreadyExistsException", "Stack [stack] already exists"):
        stacks.create(resources(T=TOPIC))
    message = (
        "1 validation error detected: Value '1_bad' at 'stackName' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
    )
    with fails("ValidationError", message):
        stacks.create(resources(T=TOPIC), name="1_bad")
    assert stacks.delete(first["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    again = stacks.create(resources(T=TOPIC))
    assert again["StackId"] != first["StackId"]
    assert stacks.show(first["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert stacks.show("stack")["StackStatus"] == "CREATE_COMPLETE"


# --- templates


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("prose", "Template format error: unsupported structure."),
        ("{}", "Template format error: At least one Resources member must be defined."),
        (
            resources(A={"Properties": {}}),
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        (resources(A=TOPIC | {"Wrong": 1}), "Invalid template resource property 'Wrong'"),
        (resources(**{"a-b": TOPIC}), "Template format error: Resource name a-b is non alphanumeric."),
        (
            resources(A=parameter({"Ref": "B"})),
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template",
        ),
        (
            resources(A=TOPIC) | {"Outputs": {"O": {"Value": {"Ref": "B"}}}},
            "Unresolved resource dependencies [B] in the Outputs block of the template",
        ),
        (
            resources(A=parameter({"Fn::Select": ["x", ["a"]]})),
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        (
            resources(A=parameter({"Fn::FindInMap": ["M", "k", "none"]})) | {"Mappings": {"M": {"k": {"v": "1"}}}},
            "Template error: Unable to get mapping for M::k::none",
        ),
        (
            resources(A=TOPIC) | {"Conditions": {"C": {"Fn::Equals": ["1"]}}},
            "Template error: every Fn::Equals object requires a list of 2 string parameters.",
        ),
    ],
)
def test_template_errors_come_at_once(stacks, body, message):
    with fails("ValidationError", message):
        stacks.create(body, wait=False)
    assert stacks.client.list_stacks()["StackSummaries"] == []


def test_text_that_does_not_parse_tells_where(stacks):
    with fails("ValidationError") as raised:
        stacks.create('{"Resources": {\n  "A": }', wait=False)
    assert re.fullmatch(r"Template format error: JSON not well-formed. \(line \d+, column \d+\)", raised.message)
    with fails("ValidationError") as raised:
        stacks.create("Resources:\n  A: [", wait=False)
    assert re.fullmatch(r"Template format error: YAML not well-formed. \(line \d+, column \d+\)", raised.message)


def test_a_template_must_be_given_and_not_too_long(stacks):
    with fails("ValidationError", "Either Template URL or Template Body must be specified."):
        stacks.client.create_stack(StackName="stack")
    long = json.dumps(resources(T=TOPIC) | {"Description": "x", "Metadata": {"pad": "x" * 51_200}})
    with fails("ValidationError", contains="Member must have length less than or equal to 51200"):
        stacks.create(long, wait=False)
    with fails("ValidationError", "TemplateURL must be a supported URL."):
        stacks.client.create_stack(StackName="stack", TemplateURL="https://example.com/a.yml")


def test_an_unsupported_type_is_named_before_anything_is_made(stacks):
    template = resources(T=TOPIC, Q={"Type": "AWS::Braket::SpendingLimit", "Properties": {}})
    with fails("ValidationError", contains="AWS::Braket::SpendingLimit", status=None):
        stacks.create(template, wait=False)
    assert stacks.client.list_stacks()["StackSummaries"] == []


def test_the_template_comes_back_as_it_was_sent(stacks, templates):
    text = "# a comment\nResources:\n  T: {Type: 'AWS::SNS::Topic'}\n"
    stacks.create(text)
    answer = stacks.client.get_template(StackName="stack")
    assert answer["TemplateBody"] == text and answer["StagesAvailable"] == ["Original", "Processed"]
    summary = stacks.client.get_template_summary(TemplateBody=(templates / "tutorial.yml").read_text())
    names = {p["ParameterKey"]: p for p in summary["Parameters"]}
    assert names["ResourcePrefix"]["DefaultValue"] == "scaling-demo-pt1"
    assert names["KeyPairName"]["ParameterType"] == "String" and names["KeyPairName"]["NoEcho"] is False
    assert "AWS::AutoScaling::AutoScalingGroup" in summary["ResourceTypes"]


def test_functions_give_what_they_should(stacks):
    functions = {
        "Join": {"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}, "b"]]},
        "Sub": {"Fn::Sub": ["${P}/${Own}/${AWS::Region}/${!Literal}", {"Own": "o"}]},
        "Select": {"Fn::Select": [1, {"Fn::Split": [",", "x,y,z"]}]},
        "Map": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "v"]},
        "If": {"Fn::If": ["Yes", "then", "else"]},
        "Base64": {"Fn::Base64": "hello"},
        "Cidr": {"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 4, 8]}]},
        "Zones": {"Fn::Join": [",", {"Fn::GetAZs": ""}]},
        "Account": {"Ref": "AWS::AccountId"},
        "Attribute": {"Fn::GetAtt": ["T", "TopicName"]},
    }
    template = resources(T=TOPIC, Never=TOPIC | {"Condition": "No"}) | {
        "Parameters": {"P": {"Type": "String", "Default": "p"}},
        "Mappings": {"M": {REGION: {"v": "here"}}},
        "Conditions": {
            "Yes": {"Fn::Equals": [{"Ref": "P"}, "p"]},
            "No": {
                "Fn::Not": [
                    {"Fn::And": [{"Condition": "Yes"}, {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "Yes"}]}]}
                ]
            },
        },
        "Outputs": {name: {"Value": value} for name, value in functions.items()},
    }
    assert stacks.create(template)["StackStatus"] == "CREATE_COMPLETE"
    outputs = stacks.outputs()
    assert re.fullmatch(r"stack-T-[0-9A-Za-z]{12}", outputs.pop("Attribute"))
    assert outputs == {
        "Join": "a-b",
        "Sub": f"p/o/{REGION}/${{Literal}}",
        "Select": "y",
        "Map": "here",
        "If": "then",
        "Base64": "aGVsbG8=",
        "Cidr": "10.0.1.0/24",
        "Zones": "us-west-1a,us-west-1c",
        "Account": ACCOUNT,
    }
    assert set(stacks.resources()) == {"T"}


# --- parameters and exports


def test_parameters_are_demanded_checked_and_hidden(cloud, stacks):
    template = resources(T=TOPIC) | {
        "Parameters": {
            "Needed": {"Type": "String"},
            "Size": {"Type": "String", "Default": "small", "AllowedValues": ["small", "large"]},
            "Secret": {"Type": "String", "NoEcho": True, "Default": "hidden"},
            "Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/my/image"},
        }
    }
    needed = {"ParameterKey": "Needed", "ParameterValue": "n"}
    with fails("ValidationError", contains="must have values"):
        stacks.create(template, wait=False)
    with fails("ValidationError", contains="do not exist in the template"):
        stacks.create(template, wait=False, Parameters=[needed, {"ParameterKey": "Extra", "ParameterValue": "x"}])
    with fails("ValidationError", contains="Size"):
        stacks.create(template, wait=False, Parameters=[needed, {"ParameterKey": "Size", "ParameterValue": "huge"}])
    cloud.client("ssm").put_parameter(Name="/my/image", Value="ami-09d2fb69", Type="String")
    stack = stacks.create(template, Parameters=[needed])
    shown = {p["ParameterKey"]: p for p in stack["Parameters"]}
    assert shown["Secret"]["ParameterValue"] == "****" and shown["Size"]["ParameterValue"] == "small"
    assert (shown["Image"]["ParameterValue"], shown["Image"]["ResolvedValue"]) == ("/my/image", "ami-09d2fb69")


def test_an_export_is_imported_and_held(stacks):
    exporting = resources(T=TOPIC) | {"Outputs": {"O": {"Value": "v", "Export": {"Name": "shared"}}}}
    stacks.create(exporting, name="exporting")
    importing = stacks.create(resources(P=parameter({"Fn::ImportValue": "shared"})), name="importing")
    assert importing["StackStatus"] == "CREATE_COMPLETE"
    stacks.client.delete_stack(StackName="exporting")
    held = stacks.settled("exporting")
    assert held["StackStatus"] in {"CREATE_COMPLETE", "DELETE_FAILED"}, "an export in use stays"
    stacks.delete(importing["StackId"])
    assert stacks.delete(held["StackId"])["StackStatus"] == "DELETE_COMPLETE"


def test_capabilities_are_required_for_roles(stacks):
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    named = {"Type": "AWS::IAM::Role", "Properties": role["Properties"] | {"RoleName": "mine"}}
    with fails("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"):
        stacks.create(resources(R=role), wait=False)
    with fails("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]"):
        stacks.create(resources(R=named), wait=False, Capabilities=["CAPABILITY_IAM"])
    stack = stacks.create(resources(R=named), Capabilities=["CAPABILITY_NAMED_IAM"])
    assert stack["StackStatus"] == "CREATE_COMPLETE" and stack["Capabilities"] == ["CAPABILITY_NAMED_IAM"]


# --- updates


def test_an_update_in_place_adds_changes_and_removes(stacks):
    stacks.create(resources(Keep=parameter(), Change=parameter(), Drop=parameter()))
    before = {name: r["PhysicalResourceId"] for name, r in stacks.resources().items()}
    seen = len(stacks.events())
    stack = stacks.update(resources(Keep=parameter(), Change=parameter("y"), Add=parameter()))
    assert stack["StackStatus"] == "UPDATE_COMPLETE" and "LastUpdatedTime" in stack
    steps = stacks.steps(since=seen)
    cleanup = steps.index(("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    assert steps[0] == ("stack", "UPDATE_IN_PROGRESS")
    assert set(steps[1:cleanup]) == {
        ("Change", "UPDATE_IN_PROGRESS"),
        ("Change", "UPDATE_COMPLETE"),
        ("Add", "CREATE_IN_PROGRESS"),
        ("Add", "CREATE_COMPLETE"),
    }
    assert steps[cleanup + 1 :] == [
        ("Drop", "DELETE_IN_PROGRESS"),
        ("Drop", "DELETE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE"),
    ]
    after = stacks.resources()
    assert after["Change"]["PhysicalResourceId"] == before["Change"]
    assert after["Change"]["ResourceStatus"] == "UPDATE_COMPLETE"
    assert after["Keep"]["ResourceStatus"] == "CREATE_COMPLETE"


def test_an_update_that_replaces_makes_the_new_before_it_drops_the_old(stacks):
    def topic(name):
        return resources(T={"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}})

    stacks.create(topic("old"))
    seen = len(stacks.events())
    stacks.update(topic("new"))
    events = stacks.events()[seen:]
    rows = [
        (e["ResourceStatus"], e.get("ResourceStatusReason"), e["PhysicalResourceId"].rsplit(":", 1)[-1])
        for e in events
        if e["LogicalResourceId"] == "T"
    ]
    reason = "Requested update requires the creation of a new physical resource; hence creating one."
    assert rows == [
        ("UPDATE_IN_PROGRESS", reason, "old"),
        ("UPDATE_IN_PROGRESS", "Resource creation Initiated", "new"),
        ("UPDATE_COMPLETE", None, "new"),
        ("DELETE_IN_PROGRESS", None, "old"),
        ("DELETE_COMPLETE", None, "old"),
    ]


def test_an_update_needs_a_template_and_a_difference(stacks):
    stack = stacks.create(resources(T=TOPIC))
    with fails("ValidationError", "No updates are to be performed."):
        stacks.update(resources(T=TOPIC))
    with fails("ValidationError", "Either Template URL or Template Body must be specified."):
        stacks.client.update_stack(StackName="stack")
    stacks.delete(stack["StackId"])
    message = f"Stack:{stack['StackId']} is in DELETE_COMPLETE state and can not be updated."
    with fails("ValidationError", message):
        stacks.update(resources(T=parameter()), name=stack["StackId"])


# --- failure and deletion

BAD = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "V"}, "CidrBlock": "192.168.0.0/24"}}
VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}


@pytest.mark.paces("brisk", "instant")
def test_a_failing_creation_rolls_back_and_leaves_nothing(cloud, stacks):
    stack = stacks.create(resources(V=VPC, Bad=BAD, T=TOPIC))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = stacks.events()
    (failed,) = [e for e in events if e["ResourceStatus"] == "CREATE_FAILED" and e["LogicalResourceId"] == "Bad"]
    assert "192.168.0.0/24" in failed["ResourceStatusReason"]
    (rollback,) = [e for e in events if e["ResourceStatus"] == "ROLLBACK_IN_PROGRESS"]
    assert rollback["ResourceStatusReason"].startswith("The following resource(s) failed to create: [")
    assert ("V", "DELETE_COMPLETE") in stacks.steps()
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 1
    assert cloud.client("sns").list_topics()["Topics"] == []
    with fails("ValidationError", contains="is in ROLLBACK_COMPLETE state and can not be updated."):
        stacks.update(resources(T=TOPIC))


@pytest.mark.parametrize("on_failure", ["DO_NOTHING", "DELETE"])
def test_a_failing_creation_can_stop_or_vanish(cloud, stacks, on_failure):
    stack = stacks.create(resources(V=VPC, Bad=BAD), OnFailure=on_failure)
    vpcs = len(cloud.client("ec2").describe_vpcs()["Vpcs"])
    assert (stack["StackStatus"], vpcs) == {"DO_NOTHING": ("CREATE_FAILED", 2), "DELETE": ("DELETE_COMPLETE", 1)}[
        on_failure
    ]


@pytest.mark.paces("brisk", "instant")
def test_a_failing_update_goes_back(cloud, stacks):
    stacks.create(resources(V=VPC, P=parameter("before")))
    name = stacks.resources()["P"]["PhysicalResourceId"]
    stack = stacks.update(resources(V=VPC, P=parameter("after"), Bad=BAD | {"DependsOn": "P"}))
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "before"
    steps = [status for logical, status in stacks.steps() if logical == "stack"]
    assert steps[2:] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert "Bad" not in {n for n, r in stacks.resources().items() if r["ResourceStatus"] != "DELETE_COMPLETE"}


def test_deletion_goes_backwards_and_keeps_what_is_retained(cloud, stacks):
    chain = resources(
        A=parameter(), B=parameter({"Ref": "A"}), C=parameter({"Ref": "B"}), Kept=parameter(DeletionPolicy="Retain")
    )
    arn = stacks.create(chain)["StackId"]
    kept = stacks.resources()["Kept"]["PhysicalResourceId"]
    deleted = stacks.delete(arn)
    assert deleted["StackStatus"] == "DELETE_COMPLETE" and "DeletionTime" in deleted
    assert "EnableTerminationProtection" not in deleted
    order = [logical for logical, status in stacks.steps(arn) if status == "DELETE_COMPLETE"]
    assert [logical for logical in order if logical in "ABC"] == ["C", "B", "A"]
    assert ("Kept", "DELETE_SKIPPED") in stacks.steps(arn)
    assert [p["Name"] for p in cloud.client("ssm").describe_parameters()["Parameters"]] == [kept]


def test_protected_stacks_are_not_deleted(stacks):
    arn = stacks.create(resources(T=TOPIC), EnableTerminationProtection=True)["StackId"]
    with fails("ValidationError", contains="cannot be deleted while TerminationProtection is enabled"):
        stacks.client.delete_stack(StackName="stack")
    assert stacks.show(arn)["StackStatus"] == "CREATE_COMPLETE"


def test_resources_carry_the_stacks_tags(cloud, stacks):
    arn = stacks.create(resources(V=VPC), Tags=[{"Key": "team", "Value": "blue"}])["StackId"]
    vpc = stacks.resources()["V"]["PhysicalResourceId"]
    tags = {t["Key"]: t["Value"] for t in cloud.client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Tags"]}
    assert tags == {
        "team": "blue",
        "aws:cloudformation:stack-name": "stack",
        "aws:cloudformation:stack-id": arn,
        "aws:cloudformation:logical-id": "V",
    }


def test_waiters_return(start_cloud):
    client = start_cloud(pace="brisk").client("cloudformation")
    stacks = Stacks(client)
    quick = {"Delay": 1, "MaxAttempts": 30}
    group = resources(P=parameter(), T=TOPIC)
    stacks.create(group, wait=False)
    client.get_waiter("stack_exists").wait(StackName="stack", WaiterConfig=quick)
    client.get_waiter("stack_create_complete").wait(StackName="stack", WaiterConfig=quick)
    client.update_stack(StackName="stack", TemplateBody=json.dumps(resources(P=parameter("y"), T=TOPIC)))
    client.get_waiter("stack_update_complete").wait(StackName="stack", WaiterConfig=quick)
    client.delete_stack(StackName="stack")
    client.get_waiter("stack_delete_complete").wait(StackName="stack", WaiterConfig=quick)


def test_long_lists_come_in_pages(stacks):
    count = 120
    stacks.create(resources(**{f"P{n}": parameter() for n in range(count)}))
    assert len(stacks.events()) == 2 + 3 * count
    first = stacks.client.describe_stack_events(StackName="stack")
    assert len(first["StackEvents"]) == 100 and first["NextToken"]
    pages = stacks.client.get_paginator("list_stack_resources").paginate(StackName="stack")
    assert sum(len(page["StackResourceSummaries"]) for page in pages) == count
