"""What botocore writes, the wire must read: every operation of every embedded model, in every
protocol that the model lists, with every member filled in.

No server takes part: `crates/wire/examples/decode.rs` routes and decodes, and its values are
compared with what was given to botocore.
"""

import base64
import datetime
import json
import subprocess
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore import awsrequest, serialize

from harness.server import ROOT

MOMENT = datetime.datetime(2017, 9, 28, 5, 35, 6, tzinfo=datetime.timezone.utc)
TEXT = "a & é<b>=+%"
MAX_DEPTH = 10
SERVICES = sorted(path.stem for path in (ROOT / "crates/model/data").glob("*.zst"))
# Requests that look exactly like another operation's: S3's superseded forms.
TWINS = {
    "GetBucketLifecycle",
    "GetBucketNotification",
    "ListDirectoryBuckets",
    "PutBucketLifecycle",
    "PutBucketNotification",
}
# What the wire may rightly say to generated values: they match no pattern, and what botocore
# cannot write (empty structures in forms) is missing.
EXPECTED_ERRORS = ("regular expression", "must not be null", "MissingParameter", "length greater")


@pytest.fixture(scope="module")
def decode():
    """A function from requests to what the wire makes of them."""
    command = ["cargo", "build", "-q", "-p", "wire", "--example", "decode"]
    built = subprocess.run([*command, "--message-format", "json"], cwd=ROOT, check=True, capture_output=True, text=True)
    artifacts = [json.loads(line) for line in built.stdout.splitlines()]
    program = next(a["executable"] for a in reversed(artifacts) if a.get("executable"))

    def run(requests):
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run([program], input=lines, check=True, capture_output=True, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def sample(shape, depth=0, above=()):
    """A value with every member that can be filled in without end."""
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        return sample_structure(shape, depth, above)
    if kind == "list":
        if shape.member.name in above or depth > MAX_DEPTH:
            return []
        count = max(limits.get("min", 1), min(2, limits.get("max", 2)))
        return [sample(shape.member, depth + 1, above) for _ in range(count)]
    if kind == "map":
        if shape.value.name in above or depth > MAX_DEPTH:
            return {}
        return {sample(shape.key, depth + 1, above): sample(shape.value, depth + 1, above)}
    if kind in ("integer", "long"):
        return int(max(limits.get("min", 3), min(3, limits.get("max", 3))))
    if kind in ("float", "double"):
        return float(max(limits.get("min", 2.5), min(2.5, limits.get("max", 2.5))))
    if kind == "boolean":
        return True
    if kind == "timestamp":
        return MOMENT
    if kind == "blob":
        return b"hello".ljust(limits.get("min", 5), b"x")
    if shape.enum:
        return shape.enum[0]
    wanted = min(max(len(TEXT), limits.get("min", 1)), limits.get("max", 1_000_000))
    return TEXT[:wanted].ljust(wanted, "z")


def sample_structure(shape, depth, above):
    if shape.name in above or depth > MAX_DEPTH:
        return {}
    members = shape.members
    if shape.is_tagged_union:
        members = dict(list(members.items())[:1])
    above = (*above, shape.name)
    return {
        name: plain_header(member) or sample(member, depth + 1, above)
        for name, member in members.items()
        if not member.serialization.get("eventstream") and "ContentLength" != name
    }


def plain_header(member):
    """Headers hold plain text, numbers and dates only."""
    location = member.serialization.get("location")
    if location == "headers":
        return {"key": "value"}
    if location == "header" and member.type_name == "string" and not member.enum:
        return "value"
    return None


def seen(value, shape):
    """A value as the example prints it."""
    kind = shape.type_name
    if kind == "structure":
        return {name: seen(inner, shape.members[name]) for name, inner in value.items()}
    if kind == "list":
        return [seen(inner, shape.member) for inner in value]
    if kind == "map":
        return {key: seen(inner, shape.value) for key, inner in value.items()}
    if kind == "timestamp":
        return "2017-09-28T05:35:06.000Z"
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def without_nothing(value):
    """Forms and XML cannot say that a list or structure is there but empty."""
    if isinstance(value, dict):
        pairs = {key: without_nothing(inner) for key, inner in value.items()}
        return {key: inner for key, inner in pairs.items() if inner not in ({}, [], None)}
    if isinstance(value, list):
        return [inner for inner in map(without_nothing, value) if inner not in ({}, [], None)]
    return value


def written(model, operation, protocol, values):
    """The request that botocore writes."""
    serializer = serialize.create_serializer(protocol, include_validation=False)
    parts = serializer.serialize_to_request(values, operation)
    awsrequest.prepare_request_dict(parts, "http://127.0.0.1:4566")
    request = awsrequest.create_request_object(parts).prepare()
    url, body = urlsplit(request.url), request.body or b""
    headers = {k: v if isinstance(v, str) else v.decode() for k, v in request.headers.items()}
    scope = f"test/20261123/us-west-1/{model.signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, Signature=00"
    return {
        "method": request.method,
        "path": url.path,
        "query": url.query,
        "headers": headers,
        "body": base64.b64encode(body.encode() if isinstance(body, str) else body).decode(),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_request_of_botocore_is_read_as_it_was_meant(service, decode):
    model = botocore.session.get_session().get_service_model(service)
    protocols = model.metadata.get("protocols") or [model.metadata["protocol"]]
    cases = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        if operation.has_event_stream_input or name in TWINS:
            continue
        shape = operation.input_shape
        values = sample(shape) if shape else {}
        for protocol in protocols:
            expected = seen(values, shape) if shape else {}
            cases.append((name, protocol, expected, written(model, operation, protocol, values)))
    answers = decode([request for *_, request in cases])
    assert len(answers) == len(cases)
    wrong = []
    for (name, protocol, expected, _), answer in zip(cases, answers, strict=True):
        if (answer.get("service"), answer.get("operation")) != (service, name):
            wrong.append(f"{name} over {protocol} was taken for {answer}")
        elif "error" in answer:
            if not any(text in answer["error"] for text in EXPECTED_ERRORS):
                wrong.append(f"{name} over {protocol}: {answer['error']}")
        else:
            # A header of HTTP's own, which S3's model has as a member.
            answer["value"].pop("ContentLength", None)
            if without_nothing(answer["value"]) != without_nothing(expected):
                wrong.append(f"{name} over {protocol}: {expected} was read as {answer['value']}")
    assert not wrong, "\n".join(wrong)
