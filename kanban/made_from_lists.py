"""Boards and pins made from where records are seen: one press, with a proposal to change."""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Forbidden, Problem, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.pages.frame import Context, action, with_query
from fluvial.pages.list_request import ListRequest, listing
from fluvial.pages.saved_views import replace_query
from metamodel.catalog import Field
from metamodel.folding import free_name

from .board_proposals import Body, column_fields, proposed_board, proposed_pin
from .board_reader import boards_for, find_board
from .own_pins import PREFIX, keep_own

PINNED = "/?arrange=true"
OFFERED = 4  # fields in the menu of a list
MADE = "made."  # before parameters of the offer, as no field is called


def offers(asked: ListRequest) -> Sequence[Context]:
    """Of a list: its board, or a new one by its first field; and a pin on the home page."""
    if asked.session.as_of is not None:
        return ()
    found = [*_boards(asked)]
    if asked.session.actor.id is not None:
        found.append({**_post(asked, "pins", "Pin this", "pin"), "first": True})
    return found


def _boards(asked: ListRequest) -> list[Context]:
    session = asked.session
    there = [b for b in boards_for(session.catalog, session.access) if b.object == asked.type.name]
    found: list[Context] = [
        {**action(b.label, f"/boards/{b.name}", "layout-kanban"), "first": at == 0}
        for at, b in enumerate(there)
    ]
    if "write" not in session.access.meta:
        return found
    made = {board.by for board in there}
    fields = [f for f in column_fields(session.access, asked.type) if f.name not in made]
    for at, field in enumerate(fields[:OFFERED]):
        label = f"Board by {field.label.lower()}"
        first = not there and at == 0
        found.append(
            {**_post(asked, "boards", label, "layout-kanban", by=field.name), "first": first}
        )
    return found


def _post(asked: ListRequest, what: str, label: str, icon: str, **more: str) -> Context:
    seen = {n: asked.given[n] for n in ("where", "sort") if n in asked.given}
    own = {f"{MADE}{name}": value for name, value in more.items()}
    query = {"view": asked.view.name, **seen, **dict(asked.equals), **own}
    return action(label, with_query(f"{asked.path}/{what}", **query), icon, post=True)


def make_board(call: Call) -> Answer:
    """A board of what a list shows, in force at once; its page offers to change or delete it."""
    given = {n: v for n, v in call.query.items() if not n.startswith(MADE)}
    asked = listing(replace_query(call, given))
    if "write" not in asked.session.access.meta:
        raise Forbidden("Your roles do not allow you to make boards.")
    field = _by(asked, call.query.get(f"{MADE}by", ""))
    label = f"{asked.seen_label} by {field.label.lower()}"
    body = proposed_board(asked.session.access, asked.type, field.name, asked.seen_where, label)
    taken = asked.session.catalog.of("board")
    name = free_name(f"{asked.type.name} by {field.name}", {"new", *taken}, "board")
    document = {"kind": "board", "name": name, **body}
    apply.apply(asked.session, apply.documents_change([document], note=f"Board {label}"))
    return Answer.redirect(f"/boards/{name}?made=true")


def _by(asked: ListRequest, name: str) -> Field:
    for field in column_fields(asked.session.access, asked.type):
        if field.name == (name or field.name):
            return field
    message = f"{asked.type.plural} have no field that can form columns."
    remedy = "Add a choice, a look-up or a person to the object."
    raise Unprocessable(f"{message} {remedy}", errors=[fault("by", "no_columns", message)])


def pin_list(call: Call) -> Answer:
    """The records of a list as a pin of the person."""
    asked = listing(call)
    session, type_ = asked.session, asked.type
    body = proposed_pin(
        session.access, type_, asked.seen_label[:60], asked.seen_where,
        columns=[c.name for c in asked.columns if c.name != "title"], sort=asked.sort.split(","),
    )  # fmt: skip
    return _pinned(call, body)


def pin_board(call: Call) -> Answer:
    """How many cards each column of a board holds, as a pin of the person."""
    session = call.session
    board = find_board(session, call.params["name"])
    type_ = session.catalog.objects[board.object]
    shown = "board" if type_.fields[board.by].type.options else "number"
    body = {**proposed_pin(session.access, type_, board.label[:60], board.where), "show": shown}
    return _pinned(call, {**body, "by": board.by} if shown == "board" else body)


def _pinned(call: Call, body: Body) -> Answer:
    try:
        name = keep_own(call.session, body)
    except Problem as problem:
        if "application/json" in call.headers.get("accept", ""):
            return Answer.problem(problem)
        raise
    change = f"/home/pins/{name}"
    if "application/json" in call.headers.get("accept", ""):
        return Answer.json({"name": PREFIX + name, "label": body["label"], "change": change}, 201)
    return Answer.redirect(PINNED)


ENDPOINTS = (
    Endpoint(
        "POST", "/o/{object}/boards", make_board, Policy.META_WRITE,
        "Make a board of what a list shows.", page=True, form=True,
    ),
    Endpoint(
        "POST", "/o/{object}/pins", pin_list, Policy.SIGNED_IN,
        "Pin what a list shows to your home page.", page=True, form=True,
    ),
    Endpoint(
        "POST", "/boards/{name}/pins", pin_board, Policy.SIGNED_IN,
        "Pin a board to your home page.", page=True, form=True,
    ),
)  # fmt: skip
