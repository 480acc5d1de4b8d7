"""Installs the Debian packages that the browser tests need, or says what to install."""

import os
import shutil
import subprocess

# (what is looked for on the path, the package that brings it, the tests that need it)
PACKAGES = [(("chromium", "chromium-browser", "google-chrome"), "chromium", "browser tests")]


def root_prefix() -> list[str] | None:
    """How to run a command as root without a question; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    return sudo if shutil.which("sudo") and quiet([*sudo, "true"]) else None


def quiet(command: list[str]) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def install(package: str) -> bool:
    prefix = root_prefix()
    if prefix is None or shutil.which("apt-get") is None:
        return False
    print(f"== Installing the Debian package {package} (a minute or two)", flush=True)
    environment = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive"]
    quiet([*environment, "apt-get", "update", "-qq"])
    return quiet([*environment, "apt-get", "install", "-y", "-qq", package])


def main() -> None:
    for programs, package, tests in PACKAGES:
        if any(shutil.which(program) for program in programs) or install(package):
            continue
        print(
            f"== {package} is missing: the {tests} will be skipped."
            f" To run them: sudo apt-get install {package}",
            flush=True,
        )


if __name__ == "__main__":
    main()
