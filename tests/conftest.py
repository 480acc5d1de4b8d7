"""What every test may ask for; the fixtures stand in the modules named here."""

import contextlib
import gc
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest

# Without compiled files each of the processes that tests start would compile all modules anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

pytest_plugins = ["tests.servers", "tests.mailbox", "tests.webhooks", "tests.browser", "tests.app"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test gets a second try; the summary lists those that needed it."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish(session: pytest.Session) -> None:
    """The collector of garbage looks less often, and never at what the whole run needs.

    Modules and tests are half a million objects, and an eighth of the time of small tests went
    into looking at them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker of a whole run loads other test modules first.

    pytest rewrites the assertions of a module once and keeps the result beside it. All workers
    load all modules, so in a fresh clone they would rewrite the same ones at the same time.
    """
    worker = getattr(session.config, "workerinput", None)
    tests = Path(__file__).parent
    if worker is None or [Path(place).resolve() for place in session.config.args] != [tests]:
        return
    modules = sorted(tests.rglob("test_*.py"))
    at = len(modules) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for path in (*modules[at:], *modules[:at]):
        with contextlib.suppress(Exception):  # it is told when the module is collected
            import_module(".".join(path.relative_to(tests.parent).with_suffix("").parts))
