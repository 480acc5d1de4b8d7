"""Commands of the program that features bring."""

from __future__ import annotations

from collections.abc import Callable

from fluvial.kernel.features import Seam

from .server import Commands

# Adds commands to the program.
COMMAND: Seam[Callable[[Commands], None]] = Seam("a command of the program")
