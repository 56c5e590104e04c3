"""Every operation of every service: botocore writes the request and must be able to parse the answer.

The requests carry the smallest valid input, mostly naming things that do not exist. So an answer is
either the success shape, or an error with a code, a message and a request id; one of an operation
that is not built is HTTP 501 and names it. What an answer must never be is unparsable.
"""

import functools
import json
import re

import botocore.session
import pytest
from botocore.exceptions import ClientError

from harness.requests import smallest_input
from harness.server import SESSION, started

# The services lowcloud routes, by the name botocore knows them by.
SERVICES = [
    "autoscaling",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "elb",
    "elbv2",
    "iam",
    "logs",
    "s3",
    "sns",
    "sqs",
    "ssm",
    "sts",
]
# Not one request and one answer, or (directory buckets live on a host of their own) the same
# request as another operation's when there is only one endpoint.
APART = {"SelectObjectContent", "StartLiveTail", "ListDirectoryBuckets"}


@pytest.fixture(scope="module")
def wire_cloud(tmp_path_factory):
    server = started(tmp_path_factory.mktemp("wire") / "server.log")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def covered(wire_cloud):
    return wire_cloud.coverage()


@functools.cache
def model(service):
    loader = botocore.session.get_session()
    return loader.get_service_model(service)


def call(client, operation, values):
    """(HTTP status, error or None) of a call; a parse failure raises."""
    methods = {api: python for python, api in client.meta.method_to_api_mapping.items()}
    try:
        answer = getattr(client, methods[operation])(**values)
        return answer["ResponseMetadata"]["HTTPStatusCode"], None
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response


def test_coverage_has_the_form_others_rely_on(covered):
    for name, entry in covered.items():
        assert isinstance(entry["implemented"], list) and isinstance(entry["known"], list), name
        assert set(entry["implemented"]) <= set(entry["known"]), name
    for name in ("autoscaling", "cloudformation", "ec2", "iam", "s3", "sns", "ssm", "sts"):
        assert covered[name]["implemented"], name


@pytest.mark.parametrize("service", SERVICES)
def test_coverage_knows_the_operations_that_botocore_knows(covered, service):
    entry = covered.get(service)
    if entry is None:
        assert service not in {"autoscaling", "cloudformation", "ec2", "iam", "s3", "sns", "ssm", "sts"}
        return
    unknown = set(entry["known"]) - set(model(service).operation_names)
    assert not unknown, f"botocore has no {unknown}"


@pytest.mark.timeout(200)
@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_parses(wire_cloud, covered, service):
    entry = covered.get(service)
    if entry is None:
        return
    # Some operations ask for a host of their own (`stream-…`); there is only one here.
    config = {"parameter_validation": False, "inject_host_prefix": False, "s3": {"addressing_style": "path"}}
    client = wire_cloud.client(service, **config)
    wrong = {}
    for operation in sorted(set(entry["known"]) & set(model(service).operation_names) - APART):
        built = operation in entry["implemented"]
        values = smallest_input(model(service).operation_model(operation))
        try:
            status, error = call(client, operation, values)
        except Exception as failure:
            wrong[operation] = f"{type(failure).__name__}: {failure}"[:300]
            continue
        wrong[operation] = verdict(operation, built, status, error)
    wrong = {operation: what for operation, what in wrong.items() if what}
    assert not wrong, json.dumps(wrong, indent=1)


# Their smallest input asks for the part that is not built: without a load balancer's name,
# AWS's sample policies.
PARTLY_BUILT = {"DescribeLoadBalancerPolicies"}


def verdict(operation, built, status, error):
    """What is wrong with an answer, or None."""
    if error is None:
        return None if built else f"not built, yet it answered {status}"
    code, message = error["Error"].get("Code", ""), error["Error"].get("Message", "")
    # HEAD answers have no body: botocore makes the code of the status.
    headless = operation.startswith("Head")
    if not error["ResponseMetadata"].get("RequestId"):
        return f"{status} {code}: no request id"
    if not headless and not re.fullmatch(r"[A-Za-z][A-Za-z0-9._:]*", code):
        return f"{status} has the code {code!r}"
    if built:
        honest = status == 501 and operation in PARTLY_BUILT
        return f"{status} {code}: {message}" if status >= 500 and not honest else None
    if status == 501:
        return None if headless or operation in message else f"501 does not name it: {message}"
    # Input is validated before an operation is found not to be built.
    return None if 400 <= status < 500 else f"not built: {status} {code}"


def test_the_tests_know_every_service_of_the_server(covered):
    served = {name for name, entry in covered.items() if entry["implemented"]}
    assert served <= set(SERVICES), "add the service to SERVICES"
    assert set(SERVICES) <= set(SESSION.get_available_services())
