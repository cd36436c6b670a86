"""Waiting for real processes, on machines that may be slow and busy."""

import socket
import time

# only there so that a failure does not hang: no test is to fail because a machine is slow
PATIENCE_S = 120


def until(true, what="it"):
    """Poll; gives what was true in the end."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := true()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about")
        time.sleep(0.01)
    return value


def free_port():
    """A port of loopback that nothing listens at."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def listening(port):
    """Whether something listens there."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
