"""The site to tamper with, once for all."""

import time

import pytest

from tests.tamper import site


@pytest.fixture(scope="session")
def tampered(tmp_path_factory):
    """Its story, and its export."""
    return site.make(tmp_path_factory.mktemp("tamper") / "site", time.time_ns() // 1_000_000)
