"""Makes the virtual environment and installs the Python packages when they have changed."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def fingerprint() -> str:
    """Changes when the packages may have changed; a new lint rule does not count."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project["build-system"], project["project"], project["tool"]["hatch"], str(ROOT)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def works() -> bool:
    """False also when the Python that the environment was made from has gone."""
    try:
        found = subprocess.run([PYTHON, "-c", "import pip"], capture_output=True)
    except OSError:
        return False
    return found.returncode == 0


def install_venv_module() -> None:
    """Debian's Python comes without the module that makes environments."""
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if shutil.which("apt-get") and (not prefix or shutil.which("sudo")):
        say(f"Installing the Debian package {package}")
        subprocess.run([*prefix, "apt-get", "update", "-qq"])
        if subprocess.run([*prefix, "apt-get", "install", "-y", "-qq", package]).returncode == 0:
            return
    sys.exit(f"This Python cannot create environments: install {package}, then try again.")


def create() -> None:
    say(f"Creating .venv with Python {sys.version.split()[0]}")
    if importlib.util.find_spec("ensurepip") is None:
        install_venv_module()
    shutil.rmtree(VENV, ignore_errors=True)
    if subprocess.run([sys.executable, "-m", "venv", VENV]).returncode != 0:
        sys.exit("The environment could not be created: see the lines above.")


def follow(process: subprocess.Popen[str]) -> list[str]:
    """Shows pip's last line on a terminal, and keeps all of them for a failure."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{lines[-1].strip()[:width]}", end="", flush=True)
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    return lines


def install(extra: str) -> None:
    say("Installing the Python packages (a minute or two the first time)")
    started = time.monotonic()
    target = "." if extra == "run" else f".[{extra}]"
    command = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off", "--editable", target]
    process = subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = follow(process)
    if process.wait() != 0:
        print("\n".join(lines[-20:]))
        sys.exit("The packages could not be installed: check the network and pip's index settings.")
    say(f"Installed in {time.monotonic() - started:.0f} s")


def main() -> None:
    extra = sys.argv[1] if len(sys.argv) > 1 else "dev"
    if extra not in {"run", "dev"}:
        sys.exit("usage: environment.py [run|dev]")
    if not works():
        create()
    wanted = fingerprint()
    found = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}
    if found.get("fingerprint") == wanted and found.get("extra") in {extra, "dev"}:
        return
    # What was there stays complete: after a change, an environment with the tools keeps them.
    extra = found.get("extra", extra) if extra == "run" else extra
    install(extra)
    STAMP.write_text(json.dumps({"fingerprint": wanted, "extra": extra}), encoding="utf-8")


if __name__ == "__main__":
    main()
