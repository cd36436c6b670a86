"""Finds or brings a Chromium for the browser tests and writes where it is to .venv/chromium.json.

In this order: one that is installed; Debian's package, where the user is root and apt has it; Playwright's own
download under .venv/browsers, with shared libraries and a font that the machine lacks unpacked from the distribution's
packages under .venv/browser-libs, which needs no root. `make chromium` (part of `make test`) runs it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.tools import debs

VENV = Path(__file__).resolve().parents[2] / ".venv"
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Browser:
    """An executable and the environment it needs on top of the caller's."""

    executable: str
    env: dict[str, str] = field(default_factory=dict)


def works(browser: Browser) -> bool:
    """True if it starts and shows a page (a stub that asks for another package manager does not)."""
    command = [
        browser.executable,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        "data:text/html,<p>ready</p>",
    ]
    try:
        answer = subprocess.run(
            command, env=os.environ | browser.env, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "<p>ready</p>" in answer.stdout


def installed() -> Browser | None:
    """The first working browser on PATH."""
    found = (Browser(path) for name in INSTALLED if (path := shutil.which(name)))
    return next((browser for browser in found if works(browser)), None)


def from_distribution() -> Browser | None:
    """Debian's package, if the user is root and apt has one (Ubuntu's is a stub and found out by `works`)."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print("chromium: installing the distribution's package", flush=True)
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
        done = subprocess.run(
            ["apt-get", "-qq", *words], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            print(f"chromium: apt-get {words[0]} failed", flush=True)
            return None
    return installed()


def from_playwright(venv: Path = VENV) -> Browser | None:
    """Playwright's download, completed with libraries and a font from the distribution's packages where needed."""
    folder = venv / "browsers"
    print(f"chromium: downloading Playwright's into {folder}", flush=True)
    command = [sys.executable, "-m", "playwright", "install", "chromium-headless-shell"]
    if subprocess.run(command, env=os.environ | {"PLAYWRIGHT_BROWSERS_PATH": str(folder)}, check=False).returncode:
        return None
    shells = [*folder.glob("*/*/headless_shell"), *folder.glob("*/*/chrome-headless-shell")]
    return complete(shells[0], venv / "browser-libs") if shells else None


def complete(executable: Path, folder: Path) -> Browser | None:
    """A browser that starts: with what it lacks unpacked in `folder`, or as it is if it lacks nothing."""
    try:
        browser = Browser(str(executable), debs.supply(executable, folder))
    except (LookupError, subprocess.CalledProcessError) as error:
        print(f"chromium: {error}", file=sys.stderr)
        return None
    return browser if works(browser) else None


def remembered(path: Path) -> Browser | None:
    """What an earlier run wrote, if it still works."""
    try:
        browser = Browser(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return browser if works(browser) else None


def launch_options(browser: Browser, environment: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of Playwright's `launch`: no sandbox for root only, and no traffic of the browser's own."""
    quiet = ["background-networking", "component-update", "sync", "quic", "gpu", "default-apps", "domain-reliability"]
    args = [f"--disable-{name}" for name in quiet] + ["--no-first-run", "--no-default-browser-check"]
    if os.geteuid() == 0:
        args.append("--no-sandbox")
    return {"executable_path": browser.executable, "args": args, "env": {**environment, **browser.env}}


def main() -> int:
    """Find or bring a browser; exit code 1 with a sentence if that is not possible."""
    path = VENV / "chromium.json"
    browser = remembered(path) or installed() or from_distribution() or from_playwright()
    if browser is None:
        print("No Chromium could be found or brought: install the package chromium, then run again.", file=sys.stderr)
        return 1
    path.write_text(json.dumps(asdict(browser), indent=1) + "\n", encoding="utf-8")
    print(f"chromium: {browser.executable}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
