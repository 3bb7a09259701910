"""Waiting for something that happens in another process."""

import os
import time

# Long enough for a busy machine; what is waited for comes within milliseconds elsewhere. Sanitizers want a multiple.
PATIENCE = 20.0 * float(os.environ.get("GATE443_PATIENCE", "1"))


def wait_until(condition, what, seconds=PATIENCE):
    """Returns the first true value of condition(); fails with `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain: {what}")
        time.sleep(0.005)
