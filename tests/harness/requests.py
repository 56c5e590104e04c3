"""The smallest valid input of any operation, made from botocore's model of it."""

import datetime

DEEP = 6
# Words that satisfy the patterns of most identifying members; anything else gets letters.
WORDS = [
    ("arn", "arn:aws:iam::123456789012:role/example"),
    ("templateurl", "https://example-bucket.s3.amazonaws.com/template.yml"),
    ("bucket", "example-bucket"),
    ("cidr", "10.0.0.0/16"),
    ("email", "someone@example.com"),
    ("url", "https://example.com/"),
    ("json", "{}"),
]


def smallest(shape, name="", depth=0):
    """A value for a shape; structures get their required members only."""
    make = _MAKERS[shape.type_name]
    return make(shape, name, depth)


def smallest_input(operation):
    return smallest(operation.input_shape) if operation.input_shape else {}


def _structure(shape, _name, depth):
    if depth > DEEP:
        return {}
    required = list(shape.required_members)
    if getattr(shape, "is_tagged_union", False) and not required:
        required = list(shape.members)[:1]
    return {member: smallest(shape.members[member], member, depth + 1) for member in required}


def _list(shape, name, depth):
    count = max(shape.metadata.get("min", 0), 1)
    return [smallest(shape.member, name, depth + 1) for _ in range(min(count, 3))]


def _map(shape, name, depth):
    return {smallest(shape.key, "key", depth + 1): smallest(shape.value, name, depth + 1)}


def _string(shape, name, _depth):
    if shape.enum:
        return shape.enum[0]
    low = shape.metadata.get("min", 1)
    high = shape.metadata.get("max", 10_000)
    text = next((word for part, word in WORDS if part in name.lower()), "example")
    return (text + "x" * max(0, low - len(text)))[:high]


def _number(shape, _name, _depth):
    return max(shape.metadata.get("min", 1), min(1, shape.metadata.get("max", 1)))


def _timestamp(_shape, _name, _depth):
    return datetime.datetime(2026, 11, 23, tzinfo=datetime.timezone.utc)


_MAKERS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "character": _string,
    "integer": _number,
    "long": _number,
    "float": _number,
    "double": _number,
    "boolean": lambda *_: False,
    "timestamp": _timestamp,
    "blob": lambda *_: b"example",
}
