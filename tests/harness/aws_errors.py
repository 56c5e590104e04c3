"""Asserting on the errors AWS clients raise."""

import contextlib

import pytest
from botocore.exceptions import ClientError


class Raised:
    """Filled when the block ends."""

    code = message = ""
    status = 0


@contextlib.contextmanager
def fails(code, message=None, status=400, contains=None):
    """The block must raise an AWS error of this code, or one of a set of codes.

    `message` is the exact text, `contains` a part of it; `status=None` accepts any HTTP status.
    """
    raised = Raised()
    with pytest.raises(ClientError) as info:
        yield raised
    answer = info.value.response
    raised.code, raised.message = answer["Error"]["Code"], answer["Error"].get("Message", "")
    raised.status = answer["ResponseMetadata"]["HTTPStatusCode"]
    codes = {code} if isinstance(code, str) else code
    assert raised.code in codes, f"{raised.code}: {raised.message}"
    if message is not None:
        assert raised.message == message
    if contains is not None:
        assert contains in raised.message
    if status is not None:
        assert raised.status == status
    assert answer["ResponseMetadata"].get("RequestId"), "every error has a request id"
