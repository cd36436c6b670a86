"""Waiting for real processes, on machines that may be slow and busy."""

import itertools
import os
import socket
import time

# only there so that a failure does not hang: no test is to fail because a machine is slow
PATIENCE_S = 120
# below those that Linux gives out by itself (32768 to 60999), so many for each process of pytest-xdist
FIRST_PORT, PORTS_EACH = 20_000, 1500
WORKERS = 8


def until(true, what="it"):
    """Poll; gives what was true in the end."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := true()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about")
        time.sleep(0.01)
    return value


def _ports():
    """Those of this process, over and over; another run at the same time hardly begins with the same."""
    first = FIRST_PORT + PORTS_EACH * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % WORKERS)
    begin = os.getpid() % PORTS_EACH
    return itertools.cycle([*range(first + begin, first + PORTS_EACH), *range(first, first + begin)])


_mine = _ports()


def free_port():
    """A port of loopback that nothing listens at, and that no other process of these tests is given."""
    return next(port for port in itertools.islice(_mine, PORTS_EACH) if _is_free(port))


def _is_free(port):
    with socket.socket() as sock:
        # as a server does that is to be started again at once
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def serving(process, port, what):
    """Wait until something listens there and this process runs; if it ends or never listens, none is left behind."""
    try:
        until(lambda: process.poll() is not None or listening(port), what)
        assert process.poll() is None, f"{what} has ended with {process.returncode}"
    except BaseException:
        process.kill()
        process.wait()
        raise


def listening(port):
    """Whether something listens there."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0
