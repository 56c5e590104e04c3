"""The lowcloud command line against a running server, and on its own."""

import json
import re
import signal
import subprocess
import sys

import pytest

from harness.polling import eventually
from harness.server import AWS_CLI, BINARY, REGION, CliError, Server, clean_environment, free_port


def run(*words, **environment):
    return subprocess.run(
        [str(BINARY), *map(str, words)],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def json_of(cloud, *words):
    return json.loads(cloud.lowcloud(*words, "--json"))


# --- on its own


def test_the_version_and_help_are_printed():
    assert re.match(r"lowcloud \d+\.\d+\.\d+", run("--version").stdout)
    text = run("--help").stdout
    for command in ("serve", "run", "env", "status", "reset", "clock", "coverage"):
        assert command in text


def test_a_wrong_flag_is_explained():
    for words in (["serve", "--pace", "leisurely"], ["serve", "--account", "12"], ["dance"]):
        done = run(*words)
        assert done.returncode not in (0, 101, -6), "refused, not crashed"
        assert words[-1] in done.stderr


def test_validate_tells_all_that_is_wrong_with_its_place(tmp_path):
    template = tmp_path / "bad.yml"
    template.write_text(
        "Parameters: {Size: {Type: String}}\n"
        "Resources:\n"
        "  Server:\n"
        "    Type: AWS::EC2::Instance\n"
        "    Properties: {InstanceTyp: !Ref Size, ImageId: !Ref Imag}\n"
        "  Topic: {Type: AWS::SNS::Topik}\n"
    )
    done = run("validate", template)
    assert done.returncode == 1
    assert f"{template}:5:51" in done.stdout
    assert "did you mean AWS::SNS::Topic?" in done.stdout
    found = json.loads(run("validate", template, "--json").stdout)
    assert [(f["line"], f["column"], f["suggestion"]) for f in found] == [
        (5, 51, None),
        (6, 3, "AWS::SNS::Topic"),
    ]
    template.write_text(template.read_text().replace("Topik", "Topic").replace("!Ref Imag", "ami-1"))
    assert "did you mean InstanceType?" in run("validate", template).stdout
    template.write_text(template.read_text().replace("InstanceTyp", "InstanceType"))
    done = run("validate", template, "--parameters", "Size=t2.micro")
    assert (done.returncode, done.stdout) == (0, f"{template}: no errors\n")
    assert run("validate", tmp_path / "absent.yml").returncode == 2


def test_plan_of_a_new_stack_needs_no_server(tmp_path):
    template = tmp_path / "t.yml"
    template.write_text("Resources:\n  Topic: {Type: AWS::SNS::Topic}\n")
    done = run("plan", template)
    assert done.stdout.splitlines() == [
        "+ Topic  AWS::SNS::Topic  is made",
        "1 to make, 0 to change, 0 to replace, 0 to delete",
    ]


def test_run_gives_a_command_a_cloud_of_its_own():
    look = "import os; print(os.environ['AWS_ENDPOINT_URL'])"
    done = run("run", "--", sys.executable, "-c", look)
    assert done.returncode == 0
    endpoint = done.stdout.strip().splitlines()[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", endpoint)
    assert run("status", "--endpoint", endpoint).returncode != 0, "its cloud is gone"


def test_run_returns_the_commands_exit_code():
    assert run("run", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert run("run", "--", "/no/such/command").returncode != 0


def test_run_serves_the_aws_cli():
    done = run("run", "--", AWS_CLI, "sts", "get-caller-identity", "--output", "text", "--query", "Account")
    assert done.stdout.strip().splitlines()[-1] == "123456789012", done.stderr


def test_no_server_is_a_clear_error():
    endpoint = f"http://127.0.0.1:{free_port()}"
    for words in (["status"], ["reset"], ["clock"], ["coverage"]):
        done = run(*words, "--endpoint", endpoint)
        assert done.returncode not in (0, 101)
        assert endpoint.removeprefix("http://") in done.stderr


# --- with a server


def test_env_sets_what_any_client_needs(cloud):
    printed = cloud.lowcloud("env")
    script = printed + f'\n"{AWS_CLI}" sts get-caller-identity --query Account --output text'
    done = subprocess.run(["sh", "-c", script], env=clean_environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "123456789012", done.stderr
    assert f"AWS_ENDPOINT_URL={cloud.endpoint}" in printed.replace('"', "").replace("'", "")


def test_status_tells_of_a_healthy_server(cloud):
    assert cloud.endpoint in cloud.lowcloud("status")
    assert isinstance(json_of(cloud, "status"), dict)


def test_metrics_are_in_the_form_that_prometheus_reads(cloud):
    cloud.client("sts").get_caller_identity()
    status, headers, body = cloud.http("GET", "/_lowcloud/metrics")
    assert status == 200 and headers["Content-Type"].startswith("text/plain")
    lines = [line for line in body.decode().splitlines() if line and not line.startswith("#")]
    assert lines and all(re.fullmatch(r"[a-z_]+(\{.*\})? [0-9.e+-]+", line) for line in lines)


def test_reset_empties_the_cloud(cloud, ec2):
    ec2.create_key_pair(KeyName="k", KeyType="ed25519")
    ec2.create_vpc(CidrBlock="10.0.0.0/16")
    cloud.lowcloud("reset")
    assert ec2.describe_key_pairs()["KeyPairs"] == []
    assert [vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"]] == [True]


def test_coverage_lists_what_is_built(cloud):
    services = json_of(cloud, "coverage")["services"]
    assert "RunInstances" in services["ec2"]["implemented"]
    assert set(services["ec2"]["implemented"]) <= set(services["ec2"]["known"])
    assert "autoscaling" in cloud.lowcloud("coverage")


def test_a_paused_clock_moves_only_by_steps(start_cloud):
    cloud = start_cloud(clock="paused", pace="brisk")
    ec2 = cloud.client("ec2")
    made = ec2.run_instances(ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=1, MaxCount=1)["Instances"][0]

    def state():
        found = ec2.describe_instances(InstanceIds=[made["InstanceId"]])["Reservations"][0]["Instances"][0]
        return found["State"]["Name"]

    assert state() == "pending"
    before = json_of(cloud, "clock")
    assert json_of(cloud, "clock") == before, "time stands still"
    cloud.lowcloud("clock", "step", "1h")
    assert state() == "running"
    later = ec2.run_instances(ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=1, MaxCount=1)["Instances"][0]
    assert (later["LaunchTime"] - made["LaunchTime"]).total_seconds() == 3600


def test_the_clock_runs_until_nothing_is_left_to_do(start_cloud):
    cloud = start_cloud(clock="paused", pace="realistic")
    autoscaling, ec2 = cloud.client("autoscaling"), cloud.client("ec2")
    autoscaling.create_launch_configuration(
        LaunchConfigurationName="lc", ImageId="ami-09d2fb69", InstanceType="t2.micro"
    )
    autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="g",
        LaunchConfigurationName="lc",
        MinSize=3,
        MaxSize=3,
        AvailabilityZones=["us-west-1a"],
    )
    cloud.lowcloud("clock", "run", "--until-idle")
    (group,) = autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert [i["LifecycleState"] for i in group["Instances"]] == ["InService"] * 3
    assert len(ec2.describe_instances()["Reservations"]) == 3


def test_the_clock_is_paused_scaled_and_resumed(cloud):
    for words in (["pause"], ["scale", "60"], ["resume"], ["show"]):
        cloud.lowcloud("clock", *words)
    with pytest.raises(CliError):
        cloud.lowcloud("clock", "scale", "nonsense")


def test_flags_come_from_the_environment_too(tmp_path):
    server = Server(tmp_path / "log")
    server.flags = {}
    server.extra_environment = {
        "LOWCLOUD_ACCOUNT": "111122223333",
        "LOWCLOUD_LISTEN": f"127.0.0.1:{server.port}",
        "LOWCLOUD_PACE": "instant",
    }
    server.start()
    try:
        assert server.client("sts").get_caller_identity()["Account"] == "111122223333"
    finally:
        server.stop()


def test_the_same_seed_and_clock_give_the_same_ids(start_cloud):
    def ids():
        ec2 = start_cloud(clock="paused", seed=7).client("ec2")
        made = ec2.run_instances(ImageId="ami-09d2fb69", InstanceType="t2.micro", MinCount=3, MaxCount=3)
        return [made["ReservationId"]] + [i["InstanceId"] for i in made["Instances"]]

    assert ids() == ids()


def test_a_signal_ends_the_server_politely(cloud):
    cloud.process.send_signal(signal.SIGINT)
    assert cloud.process.wait(10) == 0


def test_a_taken_port_is_a_clear_error(cloud):
    done = run("serve", "--listen", f"127.0.0.1:{cloud.port}")
    assert done.returncode not in (0, 101)
    assert str(cloud.port) in done.stderr
    assert eventually(lambda: cloud.http("GET", "/_lowcloud/health")[0] == 200)


def test_plan_tells_what_an_update_would_do_and_why(cloud, tmp_path):
    template = tmp_path / "t.yml"
    text = (
        "Parameters: {Name: {Type: String}, Text: {Type: String, Default: a}}\n"
        "Resources:\n"
        "  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref Name, DisplayName: !Ref Text}}\n"
        "  Gone: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: x}}\n"
    )
    stacks = cloud.client("cloudformation")
    given = [{"ParameterKey": "Name", "ParameterValue": "one"}]
    stacks.create_stack(StackName="planned", TemplateBody=text, Parameters=given)
    template.write_text("".join(text.splitlines(keepends=True)[:3]).replace("Ref Text", "Ref AWS::Region"))
    plan = cloud.lowcloud("plan", str(template), "--stack", "planned", "--region", REGION, "--parameters", "Name=two")
    assert "± Topic" in plan and "- Gone" in plan
    assert "TopicName: one → two (forces a replacement), by parameter Name" in plan
    assert "0 to make, 0 to change, 1 to replace, 1 to delete" in plan
