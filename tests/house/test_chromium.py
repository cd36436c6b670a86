"""How a browser is found, and how libraries that the machine lacks are chosen."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.tools import chromium, debs

LDD = """\
	linux-vdso.so.1 (0x00007ffd0a5f2000)
	libnss3.so => not found
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f1c2a400000)
	libatk-1.0.so.0 => not found
	libnss3.so => not found
"""


def test_missing_libraries_are_named_once_in_order() -> None:
    assert debs.missing(LDD) == ["libnss3.so", "libatk-1.0.so.0"]
    assert debs.missing("\tstatically linked\n") == []


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libnss3.so", "libnss3"),
        ("libX11.so.6", "libx11-6"),
        ("libXcomposite.so.1", "libxcomposite1"),
        ("libdbus-1.so.3", "libdbus-1-3"),
        ("libgssapi_krb5.so.2", "libgssapi-krb5-2"),
        ("libgio-2.0.so.0", "libglib2.0-0"),
        ("libpng16.so.16", "libpng16-16"),
        ("libbz2.so.1.0", "libbz2-1.0"),
    ],
)
def test_package_follows_the_library(library: str, package: str) -> None:
    assert debs.candidates(library) == [package, f"{package}t64"]


def test_each_package_is_chosen_once_and_newer_names_are_found() -> None:
    known = {"libglib2.0-0t64", "libnss3"}
    libraries = ["libglib-2.0.so.0", "libgio-2.0.so.0", "libnss3.so", "libsmime3.so"]
    assert debs.choose(libraries, known.__contains__) == ["libglib2.0-0t64", "libnss3"]


def test_unknown_library_is_named() -> None:
    with pytest.raises(LookupError, match=r"libmystery\.so\.1.*administrator"):
        debs.choose(["libnss3.so", "libmystery.so.1"], {"libnss3"}.__contains__)


def _executable(path: Path, answer: str) -> Path:
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_stub_is_not_taken_for_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    _executable(tmp_path / "chromium", "please install something else")
    right = _executable(tmp_path / "chromium-browser", "<html><p>ready</p></html>")
    assert chromium.installed() == chromium.Browser(str(right))


def test_what_is_remembered_is_checked(tmp_path: Path) -> None:
    file = tmp_path / "chromium.json"
    assert chromium.remembered(file) is None
    shell = _executable(tmp_path / "shell", "<p>ready</p>")
    file.write_text(json.dumps({"executable": str(shell), "env": {"A": "b"}}))
    assert chromium.remembered(file) == chromium.Browser(str(shell), {"A": "b"})
    shell.unlink()
    assert chromium.remembered(file) is None


def test_browser_is_sandboxed_except_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = chromium.Browser("chromium", {"LD_LIBRARY_PATH": "libs"})
    for uid, sandboxed in ((0, False), (1000, True)):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid)
        options = chromium.launch_options(browser, {"HOME": "here"})
        assert ("--no-sandbox" not in options["args"]) is sandboxed
        assert options["env"] == {"HOME": "here", "LD_LIBRARY_PATH": "libs"}
