"""Terraform's AWS provider: a demanding client, which reads all that it wrote and compares.

Skipped without `terraform`, or where the provider can be had neither from a mirror
(`LOWCLOUD_TF_MIRROR` names its folder) nor from the registry.
"""

import os
import pathlib
import shutil
import subprocess

import pytest

from harness.server import ROOT, clean_environment

TERRAFORM = shutil.which("terraform")
MIRROR = os.environ.get("LOWCLOUD_TF_MIRROR")
SUCCEEDED, CHANGES = 0, 2

pytestmark = [
    pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed"),
    pytest.mark.timeout(600),
]


class Terraform:
    """A working folder with a copy of a module."""

    def __init__(self, server, folder, module):
        shutil.copytree(module, folder, dirs_exist_ok=True)
        self.folder = folder
        self.environment = clean_environment() | {
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_VAR_endpoint": server.endpoint,
            "TF_CLI_CONFIG_FILE": str(self._configuration(folder)),
        }
        done = self.run("init", "-no-color", check=False)
        if done.returncode and not MIRROR:
            pytest.skip(f"no AWS provider: set LOWCLOUD_TF_MIRROR\n{done.stderr[-500:]}")
        assert done.returncode == SUCCEEDED, done.stderr

    @staticmethod
    def _configuration(folder):
        path = pathlib.Path(folder) / "terraform.rc"
        mirror = f'provider_installation {{\n  filesystem_mirror {{ path = "{MIRROR}" }}\n}}\n'
        path.write_text(mirror if MIRROR else "")
        return path

    def run(self, *words, check=True):
        done = subprocess.run(
            [TERRAFORM, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=500,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == SUCCEEDED, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
        return done

    def apply(self, *variables):
        self.run("apply", "-no-color", "-auto-approve", *variables)
        self.settled(*variables)

    def settled(self, *variables):
        """Whether a new plan finds nothing to do."""
        plan = self.run("plan", "-no-color", "-detailed-exitcode", *variables, check=False)
        assert plan.returncode == SUCCEEDED, f"{plan.stdout[-6000:]}\n{plan.stderr[-6000:]}"


def test_a_module_of_scaling_is_applied_changed_and_destroyed(cloud, tmp_path):
    terraform = Terraform(cloud, tmp_path / "module", ROOT / "fixtures" / "terraform" / "scaling")
    terraform.apply()
    autoscaling = cloud.client("autoscaling")
    group = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])
    assert [i["LifecycleState"] for i in group["AutoScalingGroups"][0]["Instances"]] == ["InService"]
    terraform.apply("-var=target=60", "-var=size=2")
    policy = autoscaling.describe_policies(PolicyNames=["tracking"])["ScalingPolicies"][0]
    assert policy["TargetTrackingConfiguration"]["TargetValue"] == 60
    assert cloud.client("cloudwatch").describe_alarms(AlarmNames=["busy"])["MetricAlarms"][0]["Threshold"] == 80
    terraform.run("destroy", "-no-color", "-auto-approve")
    assert not autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert not cloud.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert not cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert not cloud.client("sns").list_topics()["Topics"]
    assert len(cloud.client("ec2").describe_vpcs()["Vpcs"]) == 1, "only the default one"
