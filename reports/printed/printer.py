"""PDF of HTML, made in a process that can be killed; where pango is missing, that is said."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

from fluvial.kernel.problems import Unavailable, Unprocessable
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine
from fluvial.services.helper_process import HelperEnded, HelperProcess

from .print_words import INSTALL, MISSING

SECONDS = 45.0  # for one document
PATIENCE = 120.0  # until one's turn comes
MODULE = "reports.printed.printing_process"

LIBRARIES = ("pango-1.0", "pangoft2-1.0")
Pictures = Mapping[str, Mapping[str, str]]  # by id: name, media type and content


@dataclass(frozen=True)
class Printed:
    pdf: bytes
    pages: int


class Printer:
    """Prints one document after the other."""

    def __init__(self, module: str = MODULE) -> None:
        self._helper = HelperProcess(module, Path(__file__).parents[2])

    def close(self) -> None:
        self._helper.close()

    def print(self, html: str, pictures: Pictures) -> Printed:
        """The PDF; a problem where there is none."""
        job = {"html": html, "pictures": pictures}
        try:
            answer = self._helper.ask(job, SECONDS, PATIENCE)
        except TimeoutError:
            message = "Too many documents are being printed. Try again in a minute."
            raise Unavailable(message, headers={"Retry-After": "60"}) from None
        except HelperEnded:
            message = "The document takes too much time or memory to print. Make it shorter."
            raise Unprocessable(message) from None
        if "missing" in answer:
            raise Unavailable(f"{MISSING}. {INSTALL}.")
        if "fault" in answer:
            raise Unprocessable(answer["fault"])
        return Printed(base64.b64decode(answer["pdf"]), answer["pages"])


def missing_words() -> str:
    """What a server without pango says when it starts; empty where documents can be printed."""
    return "" if all(map(find_library, LIBRARIES)) else f"{MISSING}. {INSTALL}."


def _opened(engine: Engine) -> Printer:
    found = Printer()
    engine.closers.append(found.close)
    return found


printer_of: PerEngine[Printer] = PerEngine(_opened)
