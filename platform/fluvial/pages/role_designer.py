"""What the grid of a role works with: objects with their fields, usual records, other roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fluvial.auth.access import ACTIONS
from fluvial.http.call import Call
from fluvial.pages.access_pages import META_WORDS, WORDS
from metamodel.catalog import Field, ObjectType
from metamodel.folding import humanise, label_text

from .condition_words import condition_words
from .frame import Context
from .reader_format import format_of

ADMIN_HELP = "Manages people, tokens of others, rule runs and deliveries."
META_LABELS = {
    "read": "See documents", "write": "Change documents", "roles": "Change roles",
    "users": "Change what people are", "run_as": "Run rules as a role",
}  # fmt: skip
SETS = {"group": "groups", "team": "teams"}


def role_context(call: Call, body: Mapping[str, Any]) -> Context:
    catalog = call.session.catalog
    known = catalog.of("role")
    name = str(body.get("name", ""))
    wanted = known.get(call.query.get("from", ""))
    objects = sorted(catalog.objects.values(), key=lambda one: (one.layer == "fluvial", one.label))
    return {
        "actions": [{"name": action, "label": WORDS[action]} for action in ACTIONS],
        "metas": [
            {"name": right, "label": META_LABELS[right], "help": words}
            for right, words in META_WORDS.items()
        ],
        "adminHelp": ADMIN_HELP,
        "objects": [_object(catalog.objects, type_) for type_ in objects],
        "roles": {
            role.name: {
                "label": label_text(role.body.get("label", humanise(role.name))),
                "help": label_text(role.body.get("help", "")),
                "inherits": role.body.get("inherits", []),
                "grants": role.body.get("grants", []),
            }
            for role in sorted(known.values(), key=lambda one: one.name)
            if role.name != name
        },
        "words": _words(call, [body, *(role.body for role in known.values())]),
        "from": {m: v for m, v in wanted.source.items() if m != "name"} if wanted else None,
        "fromLabel": label_text(wanted.body.get("label", humanise(wanted.name))) if wanted else "",
    }


def _words(call: Call, bodies: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What the conditions of grants say, by object and expression."""
    session, fmt = call.session, format_of(call.session)
    wanted = {
        (str(grant["object"]), str(grant["where"]))
        for body in bodies
        for grant in body.get("grants", ())
        if grant.get("where") and grant.get("object") in session.catalog.objects
    }
    return {
        f"{name} {where}": condition_words(session, session.catalog.objects[name], where, fmt)
        for name, where in sorted(wanted)
    }


def _object(objects: Mapping[str, ObjectType], type_: ObjectType) -> Context:
    return {
        "name": type_.name,
        "label": type_.plural,
        "icon": type_.icon,
        "fields": [{"name": one.name, "label": one.label} for one in type_.own_fields],
        "records": [{"where": where, "label": label} for where, label in usual(objects, type_)],
    }


def usual(objects: Mapping[str, ObjectType], type_: ObjectType) -> Iterator[tuple[str, str]]:
    """The conditions that grants usually have, with words: own, of my groups, of my teams."""
    if type_.name == "user":
        yield "id == me", "Own (themselves)"
    for field in type_.own_fields:
        if field.type.people and not field.many and "user" in field.targets:
            yield f"{field.name} == me", f"Own: {field.label} is me"
    yield from _sets(type_, "")
    for field in type_.own_fields:
        if field.to is not None and not field.many and field.to in objects:
            yield from _sets(objects[field.to], f"{field.name}.", f"{field.label} › ")
    yield "created_by == me", "Own: created by me"


def _sets(type_: ObjectType, path: str, words: str = "") -> Iterator[tuple[str, str]]:
    for field in type_.own_fields:
        mine = _mine(field)
        if mine:
            yield f"{path}{field.name} in me.{mine}", f"Of my {mine}: {words}{field.label}"


def _mine(field: Field) -> str:
    return "" if field.many or field.to is None else SETS.get(field.to, "")
