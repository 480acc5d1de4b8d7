"""Installs the Debian packages of the system that Python cannot bring, or says what to install.

`debian_packages.py printing` looks for what documents are printed with, `browser` for what the
browser tests need; without a name it looks for all of it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from ctypes.util import find_library
from dataclasses import dataclass


@dataclass(frozen=True)
class Needed:
    """What is looked for, the packages that bring it, and what is not there without it."""

    name: str
    found: Callable[[], bool]
    packages: tuple[str, ...]
    without: str


def some_browser() -> bool:
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))


def pango() -> bool:
    return all(map(find_library, ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")))


NEEDED = (
    Needed(
        "printing",
        pango,
        ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-liberation"),
        "printed documents have no PDF",
    ),
    Needed("browser", some_browser, ("chromium",), "the browser tests will be skipped"),
)


def root_prefix() -> list[str] | None:
    """How to run a command as root without a question; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and quiet([*sudo, "true"]) else None


def quiet(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def install(packages: tuple[str, ...]) -> bool:
    prefix = root_prefix()
    if prefix is None or shutil.which("apt-get") is None:
        return False
    names = " ".join(packages)
    print(f"== Installing the Debian packages {names} (a minute or two)", flush=True)
    environment = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    quiet([*environment, "apt-get", "update", "-qq"])
    return quiet([*environment, "apt-get", "install", "-y", "-qq", *packages])


def main(wanted: list[str]) -> None:
    for one in NEEDED:
        if (wanted and one.name not in wanted) or one.found() or install(one.packages):
            continue
        names = " ".join(one.packages)
        print(f"== {one.without}. To have it: sudo apt-get install {names}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
