"""Change sets of the API: what is kept in one, what is in its way, and single edits of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fluvial.records.change_sets.previewing import Steps, preview
from fluvial.records.change_sets.told_edits import accept_edit, told_set, withdraw_edit

from .call import Answer, Call
from .routes import Endpoint, Policy


def read_set(call: Call) -> Answer:
    call.only()
    return Answer.json(told_set(call.session, call.params["id"]))


def withdraw(call: Call) -> Answer:
    call.only()
    withdraw_edit(call.session, call.params["id"], call.params["edit"])
    return Answer.empty()


def accept(call: Call) -> Answer:
    call.only()
    return Answer.json(accept_edit(call.session, call.params["id"], call.params["edit"]))


def show_preview(call: Call) -> Answer:
    call.only()
    return preview_answer(call, Answer.json)


def preview_answer(call: Call, shown: Callable[[dict[str, Any]], Answer]) -> Answer:
    """The answer once everything was carried out and rolled back; others come in between."""
    return _step(preview(call.session, call.params["id"]), shown)


def _step(steps: Steps, shown: Callable[[dict[str, Any]], Answer]) -> Answer:
    try:
        next(steps)
    except StopIteration as ended:
        return shown(ended.value)
    return Answer(202, next=partial(_step, steps, shown))


_ONE = "/api/change-sets/{id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        _ONE,
        read_set,
        Policy.SIGNED_IN,
        "What a change set keeps, and what is in its way.",
    ),
    Endpoint(
        "GET",
        f"{_ONE}/preview",
        show_preview,
        Policy.SIGNED_IN,
        "What applying a change set would change, before and after.",
    ),
    Endpoint(
        "DELETE",
        f"{_ONE}/edits/{{edit}}",
        withdraw,
        Policy.SIGNED_IN,
        "Withdraw a change that a change set keeps.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/edits/{{edit}}/accept",
        accept,
        Policy.SIGNED_IN,
        "Let a kept change hold although its record has been changed since.",
    ),
)
