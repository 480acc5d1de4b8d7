"""Pins that may stand on the home page: told by name and label before any is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .frame import Context


@dataclass(frozen=True, eq=False)
class OfferedPin:
    """One pin that a person may have on the home page."""

    name: str
    label: str
    about: str  # what it shows, in words
    show: Callable[[], Context]  # measures it; see `home.html`
    listed: bool = False  # rows or bars, which stand beside the person's work
    usual: bool = True  # stands on the page of people who arranged nothing
    change_href: str = ""  # where the person changes it


# What people see first, each with its rows.
PINS: Seam[Callable[[Session], Sequence[OfferedPin]]] = Seam("on the home page")
