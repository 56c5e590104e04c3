"""The neighbours that templates and tools touch: IAM, SSM parameters, SNS topics, STS."""

import json

import pytest

from harness.aws_errors import fails
from harness.polling import eventually
from harness.server import ACCOUNT, REGION

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


@pytest.fixture
def ssm(cloud):
    return cloud.client("ssm")


@pytest.fixture
def sns(cloud):
    return cloud.client("sns")


# --- STS


def test_the_caller_is_whom_the_access_key_names(cloud):
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert cloud.client("sts", key="999988887777").get_caller_identity()["Account"] == "999988887777"


def test_an_assumed_role_speaks_for_itself(cloud):
    sts = cloud.client("sts")
    arn = f"arn:aws:iam::{ACCOUNT}:role/worker"
    cloud.client("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(TRUST))
    assumed = sts.assume_role(RoleArn=arn, RoleSessionName="session")
    assert assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/session"
    credentials = assumed["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA") and credentials["SessionToken"]
    assert sts.get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")
    with fails("ValidationError", contains="at 'roleSessionName' failed to satisfy constraint"):
        sts.assume_role(RoleArn=arn, RoleSessionName="no spaces")
    with fails("ValidationError", "not an arn at all, no is invalid"):
        sts.assume_role(RoleArn="not an arn at all, no", RoleSessionName="session")


# --- IAM


def test_a_role_carries_policies_and_profiles(iam):
    made = iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/web" and made["RoleId"].startswith("AROA")
    assert made["Path"] == "/" and "MaxSessionDuration" not in made
    shown = iam.get_role(RoleName="web")["Role"]
    assert shown["MaxSessionDuration"] == 3600 and shown["AssumeRolePolicyDocument"] == TRUST
    policy = iam.create_policy(PolicyName="read", PolicyDocument=json.dumps(ALLOW))["Policy"]
    iam.attach_role_policy(RoleName="web", PolicyArn=policy["Arn"])
    iam.put_role_policy(RoleName="web", PolicyName="inline", PolicyDocument=json.dumps(ALLOW))
    attached = iam.list_attached_role_policies(RoleName="web")["AttachedPolicies"]
    assert attached == [{"PolicyName": "read", "PolicyArn": policy["Arn"]}]
    assert iam.list_role_policies(RoleName="web")["PolicyNames"] == ["inline"]
    assert iam.get_role_policy(RoleName="web", PolicyName="inline")["PolicyDocument"] == ALLOW
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    profile = iam.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]
    assert [role["RoleName"] for role in profile["Roles"]] == ["web"]
    with fails("DeleteConflict", status=409):
        iam.delete_role(RoleName="web")
    with fails("DeleteConflict", status=409):
        iam.delete_policy(PolicyArn=policy["Arn"])
    iam.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.delete_instance_profile(InstanceProfileName="web")
    iam.detach_role_policy(RoleName="web", PolicyArn=policy["Arn"])
    iam.delete_role_policy(RoleName="web", PolicyName="inline")
    iam.delete_role(RoleName="web")
    iam.delete_policy(PolicyArn=policy["Arn"])


def test_iam_errors(iam):
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))
    with fails("EntityAlreadyExists", status=409):
        iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(TRUST))
    with fails("NoSuchEntity", contains="nope", status=404):
        iam.get_role(RoleName="nope")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/nope"
    with fails("NoSuchEntity", f"Policy {arn} was not found.", status=404):
        iam.get_policy(PolicyArn=arn)
    with fails("NoSuchEntity", f"Policy {arn} does not exist or is not attachable.", status=404):
        iam.attach_role_policy(RoleName="web", PolicyArn=arn)
    with fails("MalformedPolicyDocument"):
        iam.create_policy(PolicyName="bad", PolicyDocument="not json")


def test_an_instance_gets_its_profile(cloud, iam):
    ec2 = cloud.client("ec2")
    launch = {"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro", "MinCount": 1, "MaxCount": 1}
    message = "Value (web) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
    with fails("InvalidParameterValue", message):
        ec2.run_instances(**launch, IamInstanceProfile={"Name": "web"})
    arn = iam.create_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Arn"]
    (instance,) = ec2.run_instances(**launch, IamInstanceProfile={"Name": "web"})["Instances"]
    assert instance["IamInstanceProfile"]["Arn"] == arn


# --- SSM


def test_parameters_have_versions_and_a_history(ssm):
    assert ssm.put_parameter(Name="/app/name", Value="one", Type="String")["Version"] == 1
    with fails("ParameterAlreadyExists"):
        ssm.put_parameter(Name="/app/name", Value="two", Type="String")
    assert ssm.put_parameter(Name="/app/name", Value="two", Type="String", Overwrite=True)["Version"] == 2
    shown = ssm.get_parameter(Name="/app/name")["Parameter"]
    assert (shown["Value"], shown["Version"], shown["DataType"]) == ("two", 2, "text")
    assert shown["ARN"] == f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/name"
    assert ssm.get_parameter(Name="/app/name:1")["Parameter"]["Value"] == "one"
    assert [h["Value"] for h in ssm.get_parameter_history(Name="/app/name")["Parameters"]] == ["one", "two"]
    ssm.delete_parameter(Name="/app/name")
    with fails("ParameterNotFound"):
        ssm.get_parameter(Name="/app/name")


def test_parameters_are_found_by_path_and_in_pages(ssm):
    for name in ["/a/1", "/a/2", "/a/deep/3", "/b/4"]:
        ssm.put_parameter(Name=name, Value="v", Type="String")

    def under(**more):
        pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/a", **more)
        return sorted(p["Name"] for page in pages for p in page["Parameters"])

    assert under() == ["/a/1", "/a/2"]
    assert under(Recursive=True, PaginationConfig={"PageSize": 2}) == ["/a/1", "/a/2", "/a/deep/3"]
    answer = ssm.get_parameters(Names=["/a/1", "/nope"])
    assert [p["Name"] for p in answer["Parameters"]] == ["/a/1"] and answer["InvalidParameters"] == ["/nope"]
    gone = ssm.delete_parameters(Names=["/a/1", "/nope"])
    assert (gone["DeletedParameters"], gone["InvalidParameters"]) == (["/a/1"], ["/nope"])


def test_secure_parameters_need_decryption(ssm):
    ssm.put_parameter(Name="secret", Value="hidden", Type="SecureString")
    assert ssm.get_parameter(Name="secret")["Parameter"]["Value"] != "hidden"
    assert ssm.get_parameter(Name="secret", WithDecryption=True)["Parameter"]["Value"] == "hidden"


def test_public_parameters_name_images_that_launch(cloud, ssm):
    ec2 = cloud.client("ec2")
    for path in [
        "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
    ]:
        image = ssm.get_parameter(Name=path)["Parameter"]["Value"]
        (instance,) = ec2.run_instances(ImageId=image, InstanceType="t2.micro", MinCount=1, MaxCount=1)["Instances"]
        assert instance["ImageId"] == image
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service/ami-amazon-linux-latest")
    assert sum(len(page["Parameters"]) for page in pages) > 20


# --- SNS


def test_topics_are_made_once_and_described(sns):
    arn = sns.create_topic(Name="news", Attributes={"DisplayName": "News"}, Tags=[{"Key": "a", "Value": "1"}])[
        "TopicArn"
    ]
    assert arn == f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
    assert sns.create_topic(Name="news", Tags=[{"Key": "a", "Value": "1"}])["TopicArn"] == arn
    message = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    with fails("InvalidParameter", message):
        sns.create_topic(Name="news", Tags=[{"Key": "a", "Value": "2"}])
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Others")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "Others" and attributes["Owner"] == ACCOUNT
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert [t["TopicArn"] for t in sns.list_topics()["Topics"]] == [arn]
    sns.delete_topic(TopicArn=arn)
    with fails("NotFound", "Topic does not exist", status=404):
        sns.get_topic_attributes(TopicArn=arn)


def test_an_email_subscription_waits_for_its_confirmation(sns):
    topic = sns.create_topic(Name="news")["TopicArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")
    assert made["SubscriptionArn"] == "pending confirmation"
    (shown,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert shown["SubscriptionArn"] == "PendingConfirmation" and shown["Endpoint"] == "me@example.com"


def test_stacks_make_these_resources(cloud, cloudformation):
    template = {
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
            "Profile": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Role"}]}},
            "Policy": {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyName": "p", "PolicyDocument": ALLOW, "Roles": [{"Ref": "Role"}]},
            },
            "Bucket": {"Type": "AWS::S3::Bucket"},
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "News"}},
            "Name": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Bucket"}}},
        },
        "Outputs": {"Role": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}, "Bucket": {"Value": {"Ref": "Bucket"}}},
    }
    arn = cloudformation.create_stack(
        StackName="Mixed", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
    )["StackId"]

    def settled():
        stack = cloudformation.describe_stacks(StackName=arn)["Stacks"][0]
        return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

    stack = eventually(settled, what="the stack settles")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    (bucket,) = cloud.client("s3", s3={"addressing_style": "path"}).list_buckets()["Buckets"]
    assert bucket["Name"] == outputs["Bucket"] == outputs["Bucket"].lower()
    assert outputs["Bucket"].startswith("mixed-bucket-")
    role = outputs["Role"].rsplit("/", 1)[1]
    assert cloud.client("iam").list_role_policies(RoleName=role)["PolicyNames"] == ["p"]
    cloudformation.delete_stack(StackName=arn)
    assert eventually(settled, what="the stack is gone")["StackStatus"] == "DELETE_COMPLETE"
    with fails("NoSuchEntity", status=404):
        cloud.client("iam").get_role(RoleName=role)
