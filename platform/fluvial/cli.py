"""The `fluvial` program."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fluvial.database.connection import DatabaseError
from fluvial.database.patience import WaitedError
from fluvial.kernel.features import load_features
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import SETTINGS
from metamodel.errors import MetamodelError

from . import __version__
from .commands import accounts, apps, doctor, imports, server
from .commands.brought import COMMAND

TRY_AGAIN = 75  # as sysexits.h has it: others were in the way
FAMILIES = (server, apps, imports, accounts, doctor)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="fluvial",
        description="A business platform whose objects, forms, boards and rules are metadata.",
        epilog=_settings(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"fluvial {__version__}")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for family in FAMILIES:
        family.add_commands(commands)
    for add in load_features().parts(COMMAND):
        add(commands)
    return made


def _settings() -> str:
    lines = ["settings (environment variables):"]
    for setting in SETTINGS:
        shown = f" [{setting.default}]" if setting.default else ""
        lines.append(
            f"  FLUVIAL_{setting.name:<16} {setting.help.split('. ')[0].rstrip('.')}{shown}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, or another one with a line that says what to do."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except Problem as problem:
        for error in problem.errors:
            print(f"  {error['pointer']}: {error['message']}", file=sys.stderr)
        print(f"fluvial: {problem.detail}", file=sys.stderr)
    except WaitedError as error:
        print(f"fluvial: {error}", file=sys.stderr)
        return TRY_AGAIN
    except (MetamodelError, DatabaseError, OSError) as error:
        print(f"fluvial: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
