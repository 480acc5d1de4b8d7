"""All roles for one object: who may do what with its records, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from fluvial.auth.access import ACTIONS
from fluvial.auth.right_sources import RightSource, sources
from fluvial.http.call import Call
from metamodel.catalog import ObjectType
from metamodel.folding import humanise, label_text

from .access_pages import WORDS
from .condition_words import condition_words
from .frame import Context, action, with_query
from .object_tabs import ObjectTab
from .reader_format import ReaderFormat, format_of


def roles_tab(call: Call, type_: ObjectType, tab: ObjectTab, labels: Mapping[str, str]) -> Context:
    session, fmt = call.session, format_of(call.session)
    rows = []
    for name, role in sorted(session.catalog.of("role").items()):
        found = sources(session.catalog, (name,), type_.name)
        admin = name == "administrator"
        rows.append(
            {
                "label": label_text(role.body.get("label", humanise(name))),
                "href": f"/studio/role/{name}",
                "from": labels.get(role.layer, role.layer),
                "cells": [_cell(found, one, admin) for one in ACTIONS],
                "records": _records(call, type_, found, fmt),
                "used": admin or bool(found),
            }
        )
    may = "write" in session.access.meta
    return {
        "tab": "roles",
        "roles": {
            "head": [WORDS[one] for one in ACTIONS],
            "rows": sorted(rows, key=lambda row: not row["used"]),
            "new": action("New role", "/studio/role/new", "plus") if may else None,
            "people_href": with_query("/studio/rights", object=type_.name),
        },
    }


def _cell(found: list[RightSource], one: str, admin: bool) -> Context:
    """Whether a role gives a right, and whether only another that it includes does."""
    given = [source for source in found if one in source.actions]
    whole = admin or any(not source.where for source in given)
    text = "all" if whole else "some" if given else ""
    own = admin or any(not source.through for source in given)
    tone = "" if not text else "good" if whole else "info"
    return {"label": WORDS[one], "text": text, "tone": tone, "inherited": bool(text) and not own}


def _records(
    call: Call, type_: ObjectType, found: list[RightSource], fmt: ReaderFormat
) -> list[str]:
    wheres = dict.fromkeys(source.where for source in found if source.where)
    return [condition_words(call.session, type_, where, fmt) for where in wheres]
