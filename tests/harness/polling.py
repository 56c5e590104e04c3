"""Waiting for something to become true, with a bound and a message."""

import time


def eventually(check, seconds=20.0, every=0.05, what=None):
    """Calls `check` until it returns something true, and returns that; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or check.__name__}; last: {found!r}")
        time.sleep(every)
