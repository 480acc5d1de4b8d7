"""Printed documents as somebody outside sees them: a feature makes them from a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

TEMPLATE = "template"  # the kind of document
CHANNEL = "document"  # of templates that are printed


@dataclass(frozen=True)
class ShownDocuments:
    """Each takes the session, the object, the record and the template's name; nothing is kept.

    The second gives the name of the file, and what makes the PDF, without the session: that takes
    a while, and is done on a thread of its own.
    """

    html: Callable[[Session, str, str, str], str]
    pdf: Callable[[Session, str, str, str], tuple[str, Callable[[], bytes]]]


SHOWN_DOCUMENT: Seam[ShownDocuments] = Seam("a printed document for somebody outside")
