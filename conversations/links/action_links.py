"""Links that act: their documents checked and compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fluvial.pages.page_looks import PageLook, look_of
from metamodel.catalog import Catalog, Field, ObjectType, Transition
from metamodel.checks import DocumentCheck, made_of
from metamodel.documents import Document
from metamodel.expressions.expression import Expression
from metamodel.folding import humanise, label_text, nearest
from metamodel.kinds.link_fields import KINDS as VALUES
from metamodel.reach import Reach
from rules.asked import read_questions
from rules.filled import is_template
from rules.offsets import Offset
from rules.recipient_languages import check_language
from rules.shown_documents import CHANNEL, TEMPLATE

from .link_ticks import LinkTicks, compile_ticks

EXPIRES = "30d"
Path = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ActionLink:
    """A link, compiled."""

    name: str
    label: str
    help: str
    object: str
    action: str
    transition: bool  # else the action is a button
    seen: str  # the transition that is taken once somebody reads the page; "" for none
    shows: tuple[Path, ...]
    document: str  # the printed document that it shows in place of fields; "" for none
    asks: tuple[Field, ...]  # what it asks for itself
    into: frozenset[str]  # those of them that are fields of the record
    ticks: LinkTicks | None  # records that somebody may tick
    expires: Offset
    once: bool
    allow: tuple[str, ...]
    active: bool
    submit: str  # "" for the label of the action
    title: str  # of the page after the press
    message: str
    closed: str
    look: PageLook
    language: Expression | None  # what gives that of the page; None for the site's


def links_of(catalog: Catalog) -> Mapping[str, ActionLink]:
    return catalog.derive(_compiled)


def _compiled(catalog: Catalog) -> Mapping[str, ActionLink]:
    return made_of(catalog, "link", compile_link)


def check_link(document: Document, check: DocumentCheck) -> None:
    compile_link(document, check)


def compile_link(document: Document, check: DocumentCheck) -> ActionLink | None:
    """The link of a document; faults are told to the check."""
    body = document.body
    for at, role in enumerate(body.get("allow", ())):
        check.reference(f"/allow/{at}", "role", role)
    type_ = check.object("/object", body["object"])
    if type_ is None:
        return None
    transition = _check_action(body["action"], type_, check)
    asks = _asks(body.get("ask", ()), type_, check, into_fields=transition is not None)
    shows = [_shown(f"/shows/{at}", type_, path, check) for at, path in enumerate(_paths(body))]
    done = body.get("done", {})
    return ActionLink(
        name=document.name,
        label=label_text(body.get("label", humanise(document.name))),
        help=label_text(body.get("help", "")),
        object=type_.name,
        action=body["action"],
        transition=transition is not None,
        seen=_seen(body, type_, check),
        shows=tuple(path for path in shows if path),
        document=_document(body, type_, check),
        asks=asks,
        into=frozenset(one.name for one in asks if transition and one.name in type_.fields),
        ticks=compile_ticks(body["ticks"], type_, check) if "ticks" in body else None,
        expires=Offset.read(body.get("expires", EXPIRES)),
        once=body.get("once", True),
        allow=tuple(body.get("allow", ())),
        active=body.get("active", True),
        submit=label_text(body.get("submit", "")),
        title=label_text(done.get("title", "Thank you")),
        message=label_text(done.get("message", "It is done.")),
        closed=label_text(body.get("closed", "")),
        look=look_of(body),
        language=check_language(body["language"], check, type_) if "language" in body else None,
    )


def _paths(body: Mapping[str, Any]) -> list[str]:
    said = body.get("shows", ())
    return [] if isinstance(said, str) else list(said)


def _document(body: Mapping[str, Any], type_: ObjectType, check: DocumentCheck) -> str:
    """The printed document of the same object that the page shows."""
    name = body.get("shows")
    template = check.reference("/shows", TEMPLATE, name) if isinstance(name, str) else None
    if template is None:
        return ""
    if template.body.get("channel") != CHANNEL:
        check.fault(
            "/shows",
            "not_printed",
            f"The template `{name}` is not a printed document.",
            f"Give it `channel: {CHANNEL}`, or list fields.",
        )
    elif template.body.get("for") != type_.name:
        check.fault(
            "/shows",
            "other_object",
            f"The template `{name}` is not for {type_.label}.",
            "Use a printed document of the same object, or list fields.",
        )
    return template.name


def transition_of(type_: ObjectType, name: str) -> Transition | None:
    transitions = type_.states.transitions if type_.states else ()
    return next((one for one in transitions if one.name == name), None)


def _check_action(name: str, type_: ObjectType, check: DocumentCheck) -> Transition | None:
    """The transition of an action; None for a button, or with a fault where there is neither."""
    transition = transition_of(type_, name)
    if transition is not None and type_.states is not None:
        check.uses("/action", f"{type_.name}.{type_.states.field}")
        for asked in transition.asked:
            _check_asked("/action", type_.fields[asked], check)
        return transition
    buttons = {rule.name for rule in _buttons(type_, check)}
    if name in buttons:
        check.reference("/action", "rule", name)
        return None
    known = [*(t.name for t in (type_.states.transitions if type_.states else ())), *buttons]
    hint = nearest(name, known) or (
        f"Its actions are {', '.join(sorted(known))}." if known else "Give it states or a button."
    )
    check.fault("/action", "unknown_action", f"{type_.label} has no action `{name}`.", hint)
    return None


def _seen(body: Mapping[str, Any], type_: ObjectType, check: DocumentCheck) -> str:
    """A transition that nothing is asked for, as nobody is there to answer."""
    name = body.get("seen", "")
    transition = transition_of(type_, name) if name else None
    if transition is not None and type_.states is not None and not transition.asked:
        check.uses("/seen", f"{type_.name}.{type_.states.field}")
        return str(name)
    if name:
        known = type_.states.transitions if type_.states else ()
        quiet = [one.name for one in known if not one.asked]
        check.fault(
            "/seen",
            "unknown_transition" if transition is None else "asks",
            f"{type_.label} has no transition `{name}` that asks for nothing.",
            nearest(name, quiet) or "Name a transition without questions.",
        )
    return ""


def _buttons(type_: ObjectType, check: DocumentCheck) -> Iterator[Document]:
    for rule in check.documents.get("rule", {}).values():
        on = rule.body.get("on", {})
        if "button" in on and on.get("object") == type_.name:
            yield rule


def askable(field: Field) -> bool:
    """Whether a field may be asked of everybody: it neither shows records nor fills in texts."""
    return not (field.type.objects or field.kind.uploads or is_template(field))


def _check_asked(pointer: str, field: Field, check: DocumentCheck) -> None:
    if field.type.objects:
        check.fault(
            pointer,
            "looks_up",
            f"The action asks for `{field.name}`, which would show your records to everybody.",
            "Use a transition that does not ask for it, or a button.",
        )
    elif not askable(field):
        check.fault(
            pointer,
            "not_asked_outside",
            f"The action asks for `{field.name}`, which cannot be asked of people outside.",
            "Use a transition that does not ask for it, or a button.",
        )


def _asks(
    specs: Any, type_: ObjectType, check: DocumentCheck, *, into_fields: bool
) -> tuple[Field, ...]:
    """The questions of the link itself; one with the name of a field is of that field."""
    found = []
    for at, asked in enumerate(read_questions(specs, type_, check, "/ask", VALUES)):
        place = f"/ask/{at}"
        if asked.default is not None:
            check.fault(
                f"{place}/default",
                "shows_more",
                "A calculated default would show more of the record than `shows` names.",
                "Write a value, or remove it.",
            )
        field = type_.fields.get(asked.name) if into_fields else None
        if field is None or field.hidden:
            found.append(asked)
            continue
        check.uses(f"{place}/name", f"{type_.name}.{field.name}")
        fits = type(field.kind) is type(asked.kind) and field.writable and field.formula is None
        if not fits:
            check.fault(
                f"{place}/name",
                "other_kind",
                f"`{field.name}` is a field of {type_.label} that cannot take this answer.",
                f"Ask for a {field.kind.label.lower()}, or use another name.",
            )
        found.append(replace(field, label=asked.label, required=asked.required, default=None))
    return tuple(found)


def _shown(pointer: str, type_: ObjectType, dotted: str, check: DocumentCheck) -> Path:
    field = check.path(pointer, type_, dotted)
    if field is None:
        return ()
    if field.option("protected"):
        check.fault(
            pointer, "protected", f"`{dotted}` is protected, and shown nowhere.", "Remove it."
        )
    return tuple(dotted.split("."))


def link_acts(document: Document, catalog: Catalog) -> Iterator[Reach]:
    """It takes its action on a record with what people outside answer."""
    body = document.body
    type_ = catalog.objects[body["object"]]
    yield Reach("/action", "update", type_.name, everywhere=True)
    ticks = body.get("ticks")
    if ticks is not None and ticks["of"] in type_.inverses:
        rows = type_.inverses[ticks["of"]].source
        yield Reach("/ticks/field", "update", rows, ticks["field"], everywhere=True)
    if "seen" in body and type_.states is not None:
        yield Reach("/seen", "update", type_.name, type_.states.field, everywhere=True)
    transition = transition_of(type_, body["action"])
    if transition is None or type_.states is None:
        return
    names = [type_.states.field, *transition.asked]
    for name in names:
        yield Reach("/action", "update", type_.name, name, everywhere=True)
    for at, spec in enumerate(body.get("ask", ())):
        if spec["name"] in type_.fields:
            pointer = f"/ask/{at}/name"
            yield Reach(pointer, "update", type_.name, spec["name"], everywhere=True)


def start_link(type_: ObjectType) -> Mapping[str, Any]:
    """A first link of an object type: its first transition, and the fields of its title."""
    transitions = type_.states.transitions if type_.states else ()
    fields = [field.name for field in type_.own_fields if not field.hidden][:3]
    return {"action": transitions[0].name if transitions else "", "shows": fields}
