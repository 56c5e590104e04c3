"""Start, idle cost and latency of the release binary, as seen by clients. `make bench`."""

import pathlib
import statistics
import tempfile
import time

from harness.server import Server, started


def milliseconds(call, times):
    """Median and worst of `times` calls, in ms."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1e3)
    return f"median {statistics.median(took):8.2f} ms   worst {max(took):8.2f} ms"


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def start_and_stop(log):
    server = Server(log)
    try:
        server.start()
    finally:
        server.kill()


def idle(log):
    """A cloud at rest: 1,000 groups of 10 instances, each under target tracking, on the real clock."""
    server = Server(log, pace="brisk")
    server.start()
    try:
        for region in ("us-west-1", "us-east-1"):
            autoscaling = server.client("autoscaling", region=region)
            autoscaling.create_launch_configuration(
                LaunchConfigurationName="lc", ImageId="ami-09d2fb69", InstanceType="t2.micro"
            )
            for number in range(500):
                name = f"group-{number}"
                autoscaling.create_auto_scaling_group(
                    AutoScalingGroupName=name,
                    LaunchConfigurationName="lc",
                    MinSize=10,
                    MaxSize=20,
                    AvailabilityZones=[f"{region}a", f"{region}c"],
                )
                autoscaling.put_scaling_policy(
                    AutoScalingGroupName=name,
                    PolicyName="cpu",
                    PolicyType="TargetTrackingScaling",
                    TargetTrackingConfiguration={
                        "PredefinedMetricSpecification": {
                            "PredefinedMetricType": "ASGAverageCPUUtilization"
                        },
                        "TargetValue": 50.0,
                    },
                )
        time.sleep(60)
        before = cpu_seconds(server)
        time.sleep(60)
        spent = cpu_seconds(server) - before
        print(
            f"1,000 groups of 10 idle  {spent / 60:.2%} of a core over 60 s, "
            f"{server.resident_kib() // 1024} MiB   goal 1 %, 2,000 alarms included"
        )
    finally:
        server.stop()


def main():
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "server.log"
        print("exec to first answer    ", milliseconds(lambda: start_and_stop(log), 20))
        server = started(log)
        try:
            before = cpu_seconds(server)
            time.sleep(2)
            print(f"idle for 2 s             {cpu_seconds(server) - before:.2f} s of CPU, {server.resident_kib()} KiB")
            sts, ec2 = server.client("sts"), server.client("ec2")
            print("GetCallerIdentity       ", milliseconds(sts.get_caller_identity, 200))
            launch = {"ImageId": "ami-09d2fb69", "InstanceType": "t2.micro"}
            print(
                "RunInstances(1)         ",
                milliseconds(lambda: ec2.run_instances(**launch, MinCount=1, MaxCount=1), 100),
            )
            print("DescribeInstances of 100", milliseconds(ec2.describe_instances, 20))
            rested = server.resident_kib()
            ec2.run_instances(**launch, MinCount=1000, MaxCount=1000)
            print(f"1,000 instances more     {(server.resident_kib() - rested) / 1000:.2f} KiB each")
        finally:
            server.stop()
        idle(log)


if __name__ == "__main__":
    main()
