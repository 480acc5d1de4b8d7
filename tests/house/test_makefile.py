"""Every command of the Makefile says what it does, and integration runs one of them."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMMANDS = {"help", "run", "test", "check", "fix", "bench", "assets"}
# Steps that the commands take; nobody calls them by name.
STEPS = {"environment"}


def make(*words: str) -> str:
    return subprocess.run(
        ["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True
    ).stdout


def test_every_command_has_a_line_of_help() -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    helped = re.findall(r"^  make (\w+) +\S.*$", make("help"), re.M)
    assert set(helped) == set(targets) - STEPS == COMMANDS
    assert helped.count("run") == 1


def test_a_python_that_is_missing_is_named_in_one_line() -> None:
    assert "Python 3.11" in make("environment", "PYTHON=")


def test_integration_runs_the_tests_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "exec make test"
