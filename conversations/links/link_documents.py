"""The document kind `link`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from metamodel.documents import DocumentKind
from metamodel.reach import whole_unit

from .action_links import check_link, link_acts, start_link

_SCHEMA = Path(__file__).parent / "schemas" / "link.json"


def _schema() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = orjson.loads(_SCHEMA.read_bytes())
    return loaded


LINK = DocumentKind(
    name="link",
    folder="links",
    schema=_schema(),
    check=check_link,
    start=start_link,
    acts=link_acts,
    wide=True,
    unit=whole_unit,
    label="Link",
    removable={
        "/object": "",
        "/action": "",
        "/shows/*": "/shows/*",
        "/allow/*": "/allow/*",
        "/ticks": "/ticks",
    },
    about="An address by which somebody who does not sign in takes one action on one record.",
    example={
        "kind": "link",
        "name": "give_back",
        "label": "Give the book back",
        "object": "loan",
        "action": "give_back",
        "shows": ["number", "due"],
        "ask": [{"name": "signer", "kind": "text", "label": "Your name", "required": True}],
        "expires": "30d",
    },
)
