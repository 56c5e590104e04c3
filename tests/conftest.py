"""Fixtures: `cloud` is a fresh server for one test; `start_cloud` makes more of them."""

import pathlib

import pytest

from harness.server import BINARY, ROOT, started


def pytest_configure(config):
    if not BINARY.exists():
        raise pytest.UsageError(f"{BINARY} is missing: cargo build --release -p lowcloud")


def pytest_generate_tests(metafunc):
    """`@pytest.mark.paces("brisk", "instant")` runs a test once per pace."""
    marker = metafunc.definition.get_closest_marker("paces")
    if marker and "cloud" in metafunc.fixturenames:
        metafunc.parametrize("cloud", marker.args, indirect=True, ids=list(marker.args))


@pytest.fixture
def start_cloud(tmp_path):
    """A function that starts servers, which end with the test."""
    servers = []

    def start(**flags):
        servers.append(started(tmp_path / f"server-{len(servers)}.log", **flags))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def cloud(request, start_cloud):
    """A fresh cloud, of the pace and flags that the test's marks name."""
    marker = request.node.get_closest_marker("server")
    flags = dict(marker.kwargs) if marker else {}
    return start_cloud(pace=getattr(request, "param", "instant"), **flags)


@pytest.fixture
def ec2(cloud):
    return cloud.client("ec2")


@pytest.fixture
def autoscaling(cloud):
    return cloud.client("autoscaling")


@pytest.fixture
def cloudformation(cloud):
    return cloud.client("cloudformation")


@pytest.fixture
def s3(cloud):
    return cloud.client("s3", s3={"addressing_style": "path"})


@pytest.fixture(scope="session")
def templates() -> pathlib.Path:
    return ROOT / "fixtures" / "templates"
