"""Shared libraries and a font for a browser, unpacked from the distribution's packages without root."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

# Where the package is not called after the library by Debian's rule (soname without .so, in small letters).
PACKAGES = {
    "libnss3.so": "libnss3",
    "libnssutil3.so": "libnss3",
    "libsmime3.so": "libnss3",
    "libssl3.so": "libnss3",
    "libnspr4.so": "libnspr4",
    "libplc4.so": "libnspr4",
    "libplds4.so": "libnspr4",
    "libatk-1.0.so.0": "libatk1.0-0",
    "libatk-bridge-2.0.so.0": "libatk-bridge2.0-0",
    "libatspi.so.0": "libatspi2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libgmodule-2.0.so.0": "libglib2.0-0",
    "libharfbuzz.so.0": "libharfbuzz0b",
    "libbrotlidec.so.1": "libbrotli1",
    "libbrotlicommon.so.1": "libbrotli1",
    "libxml2.so.2": "libxml2",
    "libz.so.1": "zlib1g",
}
FONT = "fonts-dejavu-core"
ROUNDS = 8


def missing(ldd_output: str) -> list[str]:
    """Names of the libraries that `ldd` did not find, each once, in its order."""
    return list(dict.fromkeys(re.findall(r"^\s*(\S+) => not found", ldd_output, re.MULTILINE)))


def candidates(library: str) -> list[str]:
    """Package names that may hold a library, likeliest first; releases since 2024 add t64 to many."""
    name = PACKAGES.get(library)
    if name is None:
        stem, _, version = library.lower().replace("_", "-").partition(".so")
        version = version.lstrip(".")
        name = f"{stem}-{version}" if stem[-1].isdigit() and version else stem + version
    return [name, f"{name}t64"]


def choose(libraries: Iterable[str], exists: Callable[[str], bool]) -> list[str]:
    """The packages to fetch; LookupError names the libraries for which no package is known."""
    chosen: dict[str, None] = {}
    unknown = []
    for library in libraries:
        package = next((name for name in candidates(library) if exists(name)), None)
        if package:
            chosen[package] = None
        else:
            unknown.append(library)
    if unknown:
        raise LookupError(f"no package found for {', '.join(unknown)}: ask the machine's administrator to install them")
    return list(chosen)


class Apt:
    """apt with lists and cache of its own under `folder`: reads the machine's sources, needs no root."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("lists/partial", "cache/archives/partial", "debs", "root"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._own = ["-o", f"Dir::State::lists={folder}/lists", "-o", f"Dir::Cache={folder}/cache", "-qq"]

    def update(self) -> None:
        self._get("update")

    def exists(self, package: str) -> bool:
        """True if the package can be downloaded (a name that is only virtual cannot)."""
        show = subprocess.run(["apt-cache", *self._own, "show", package], capture_output=True, text=True, check=False)
        return "\nFilename: " in show.stdout

    def unpack(self, packages: list[str]) -> None:
        """Download packages and unpack them under `folder`/root."""
        self._get("download", *packages)
        for deb in (self.folder / "debs").glob("*.deb"):
            subprocess.run(["dpkg", "-x", str(deb), str(self.folder / "root")], check=True)
            deb.unlink()

    def _get(self, *words: str) -> None:
        subprocess.run(["apt-get", *self._own, *words], cwd=self.folder / "debs", check=True)


def supply(executable: Path, folder: Path) -> dict[str, str]:
    """Environment with which `executable` finds all its libraries and a font; unpacks what is missing under `folder`.

    Libraries need libraries: asks ldd again after each round. LookupError says what could not be found.
    """
    root = folder / "root"
    env = _environment(root) if root.is_dir() else {}
    lacking, font = missing(_ldd(executable, env)), not _has_font(Path("/usr/share/fonts"), root)
    if not lacking and not font:
        return env
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise LookupError(f"missing {', '.join(lacking) or 'a font'} and no apt-get here: install the package chromium")
    apt = Apt(folder)
    apt.update()
    if font:
        apt.unpack([FONT])
        _write_font_settings(root)
    return complete(executable, apt)


def complete(executable: Path, apt: Apt) -> dict[str, str]:
    """Environment with which `executable` finds all its libraries; unpacks what is missing or raises LookupError."""
    for _ in range(ROUNDS):
        env = _environment(apt.folder / "root")
        lacking = missing(_ldd(executable, env))
        if not lacking:
            return env
        packages = choose(lacking, apt.exists)
        print(f"{executable.name}: unpacking {' '.join(packages)}", flush=True)
        apt.unpack(packages)
    raise LookupError(f"still missing after {ROUNDS} rounds: {', '.join(lacking)}")


def _ldd(executable: Path, env: dict[str, str]) -> str:
    return subprocess.run(
        ["ldd", str(executable)], env=os.environ | env, capture_output=True, text=True, check=True
    ).stdout


def _environment(root: Path) -> dict[str, str]:
    folders = {str(path.parent) for path in root.rglob("*.so*")}
    env = {"LD_LIBRARY_PATH": ":".join(sorted(folders))} if folders else {}
    settings = root / "fonts.conf"
    return env | ({"FONTCONFIG_FILE": str(settings)} if settings.exists() else {})


def _has_font(*folders: Path) -> bool:
    return any(path.suffix in (".ttf", ".otf", ".pfb") for folder in folders for path in folder.rglob("*"))


def _write_font_settings(root: Path) -> None:
    lines = [
        '<?xml version="1.0"?>',
        "<fontconfig>",
        f"<dir>{root}/usr/share/fonts</dir>",
        f"<cachedir>{root}/font-cache</cachedir>",
    ]
    (root / "fonts.conf").write_text("\n".join([*lines, "</fontconfig>", ""]), encoding="utf-8")
