"""Waiting by condition: every wait of a test names what it waits for and has a deadline."""

import time

from integration.lib.resp import ReplyError

POLL_SECONDS = 0.02


class Timeout(AssertionError):
    """A condition did not become true in time; the text says which, and what was seen last."""


def until(condition, seconds, what):
    """Polls condition() until it returns something true, and returns that. A lost
    connection and LOADING count as "not yet"."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            seen = condition()
        except (OSError, EOFError, LookupError, ValueError, RuntimeError) as error:
            seen, shown = None, repr(error)
        except ReplyError as error:
            # A node that takes over a data set answers most commands so, as redis-server does.
            if not str(error).startswith("LOADING"):
                raise
            seen, shown = None, repr(error)
        else:
            if seen:
                return seen
            shown = repr(seen)
        if time.monotonic() > deadline:
            raise Timeout(f"after {seconds} s still not: {what} (last seen: {shown})")
        time.sleep(POLL_SECONDS)


def hold(condition, seconds, what):
    """Requires condition() to stay true for that long: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not condition():
            raise AssertionError(f"did not stay so for {seconds} s: {what}")
        time.sleep(POLL_SECONDS)
