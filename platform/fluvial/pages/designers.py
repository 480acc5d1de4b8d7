"""Where features bring what the browser needs to design a kind of document by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.http.call import Call
from fluvial.kernel.features import Seam

Told = Mapping[str, Any]


@dataclass(frozen=True)
class Designer:
    """A face of a kind of document beside its form and its YAML.

    The script is `front/studio/designers/<kind>.js`; `context` is what it gets beside the
    document: made from the call and the body, as JSON.
    """

    kind: str
    context: Callable[[Call, Told], Told]


DESIGNER: Seam[Designer] = Seam("a designer of a kind of document")


def designer_of(call: Call, kind: str) -> Designer | None:
    return next((one for one in call.engine.brought(DESIGNER) if one.kind == kind), None)
