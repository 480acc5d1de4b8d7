"""What a run waits for, in words, with what its reader may do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fluvial.http.call import Call
from fluvial.pages.frame import Context, action
from fluvial.pages.reader_format import ReaderFormat, parse_moment

from . import waiting_lists
from .effect_words import endpoint_label

RUNS = "/studio/runs"


def shown(call: Call, fmt: ReaderFormat, run: Mapping[str, Any], *, hidden: bool) -> Context | None:
    """Of the page of a run; None where it does not wait."""
    id = run["id"]
    waiting = waiting_lists.among(call.session.connection, [id]).get(id)
    if waiting is None:
        return None
    admin = call.session.access.admin
    helps = waiting["for"] == "retry" or waiting.get("given_up")
    return {
        "text": "It goes on later." if hidden else _text(fmt, waiting),
        "since": fmt.ago(parse_moment(waiting["since"])),
        "retry": action("Try again", f"{RUNS}/{id}/retry", "refresh", post=True)
        if admin and helps
        else None,
        "cancel": action("Cancel the run", f"{RUNS}/{id}/cancel", "x", post=True)
        if admin
        else None,
    }


def _text(fmt: ReaderFormat, waiting: Mapping[str, Any]) -> str:
    kind = waiting["for"]
    if kind == "retry":
        return "It could not go on, and waits until somebody lets it try again."
    if kind == "worker":
        return "It goes on as soon as a worker is free."
    if kind == "moment":
        return f"It waits until {fmt.full(parse_moment(waiting['at']))}."
    if kind == "condition":
        return f"It waits until {waiting['until']}."
    label = endpoint_label(fmt, str(waiting["to"]))
    if waiting["given_up"]:
        return f"The call of {label} did not succeed: {waiting['error']}"
    if not waiting["error"]:
        return f"It waits for the answer of {label}."
    again = fmt.full(parse_moment(waiting["next_at"])) if waiting["next_at"] else "soon"
    return f"It waits for the answer of {label}. {waiting['error']} It is asked again: {again}."
