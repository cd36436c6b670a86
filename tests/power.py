"""Power that goes at the nth operation on a file, and stays away until it is back."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

OPERATIONS = (
    (Path, "mkdir"),
    (Path, "rename"),
    (Path, "replace"),
    (shutil, "copy2"),
    *((os, n) for n in ("fsync", "unlink", "rmdir")),
)


class PowerCut(OSError):
    """What every operation gives from then on."""


@contextmanager
def lasting(monkeypatch, operations):
    """Power for so many operations on files; what they began is left as it is."""
    left = [operations]

    def cutting(real):
        def step(*args, **named):
            left[0] -= 1
            if left[0] < 0:
                raise PowerCut("power cut")
            return real(*args, **named)

        return step

    with monkeypatch.context() as cut:
        for owner, name in OPERATIONS:
            cut.setattr(owner, name, cutting(getattr(owner, name)))
        yield


def survived(monkeypatch, operations, work):
    """Whether the power lasted until `work` was done."""
    with lasting(monkeypatch, operations):
        try:
            work()
        except PowerCut:
            return False
    return True
