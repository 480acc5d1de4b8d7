"""What rules did, in words: records by their titles, people by their names, others by address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup

from fluvial.database.connection import Connection
from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.statement import Statement
from fluvial.pages.reader_format import ReaderFormat, record_href
from metamodel.catalog import Catalog
from metamodel.folding import humanise, label_text
from metamodel.storage import POSTGRESQL, SQLITE

from .effect_kinds import EFFECT_KINDS
from .effects import DEAD, DONE, FAILED, PENDING, POSTED, SENT
from .rule_tables import EFFECT

_e = EFFECT.c
_COLUMNS = (
    _e.id, _e.kind, _e.target, _e.state, _e.error, _e.payload, _e.attempts, _e.record, _e.object,
)  # fmt: skip
_AMONG = {
    dialect: Statement(sa.select(*_COLUMNS).where(among_ids(_e.id, dialect)))
    for dialect in (SQLITE, POSTGRESQL)
}
STATES = {
    PENDING: ("Waiting", "warn"),
    DONE: ("Done", "good"),
    FAILED: ("Failed", "bad"),
    DEAD: ("Given up", "bad"),
}
SENT_STATES = STATES | {DONE: ("Sent", "good")}
MAX_NAMED = 5

Effect = dict[str, Any]


def effects_among(connection: Connection, ids: Iterable[str]) -> dict[str, Effect]:
    """Effects by their ids, in the order of these."""
    wanted = list(ids)
    names = [str(column.name) for column in _COLUMNS]
    rows = _AMONG[connection.dialect].rows(connection, ids=id_list(connection.dialect, wanted))
    found = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    return {id: found[id] for id in wanted if id in found}


def want(fmt: ReaderFormat, effects: Iterable[Effect]) -> None:
    """Ask for the titles that the words need; `fmt.names.load()` reads them."""
    for one in effects:
        if one["kind"] == "in_app":
            fmt.names.want([("user", one["target"])])
        elif one["kind"] not in SENT:
            fmt.names.want([(str(one["payload"].get("object", "")), one["target"])])


def icon_of(kind: str, other: str = "point") -> str:
    known = EFFECT_KINDS.get(kind)
    return known.icon if known is not None else other


def sent_kinds() -> dict[str, str]:
    """What is sent, by its kinds."""
    return {name: kind.label for name, kind in EFFECT_KINDS.items() if kind.label}


def state_of(effect: Effect) -> tuple[str, str]:
    """The state in a word, and its tone."""
    words = SENT_STATES if effect["kind"] in SENT else STATES
    return words.get(effect["state"], (humanise(effect["state"]), ""))


def told(fmt: ReaderFormat, effect: Effect) -> Markup:
    """One effect as a sentence."""
    kind = effect["kind"]
    if kind in SENT:
        return Markup("{} <b>{}</b>").format(EFFECT_KINDS[kind].did, target(fmt, effect))
    object_name = str(effect["payload"].get("object", ""))
    type_ = fmt.catalog.objects.get(object_name)
    label = type_.label.lower() if type_ else humanise(object_name).lower()
    verb = f"{EFFECT_KINDS[kind].did} the {label}"
    title = fmt.names.title(object_name, effect["target"])
    if title is None:
        return Markup("{}").format(verb)
    href = record_href(object_name, effect["target"])
    return Markup('{} <a class="link" href="{}">{}</a>').format(verb, href, title or "no title")


def target(fmt: ReaderFormat, effect: Effect) -> str:
    """Whom or what something was sent to."""
    if effect["kind"] == "in_app":
        return fmt.names.title("user", effect["target"]) or "A former user"
    if effect["kind"] in POSTED:
        return endpoint_label(fmt, effect["target"])
    return str(effect["payload"].get("name") or effect["target"])  # people by their names


def endpoint_label(fmt: ReaderFormat, name: str) -> str:
    return label_of(fmt.catalog, "endpoint", name)


def label_of(catalog: Catalog, kind: str, name: str) -> str:
    """What people call a document."""
    document = catalog.of(kind).get(name)
    return label_text(document.body.get("label", humanise(name))) if document else humanise(name)


def in_short(fmt: ReaderFormat, effects: Sequence[Effect]) -> list[Markup]:
    """Several effects in few lines: those of one kind together, what failed by itself."""
    lines: list[Markup] = []
    for kind in EFFECT_KINDS:
        same = [one for one in effects if one["kind"] == kind]
        if len(same) > MAX_NAMED:
            lines.append(Markup("{}").format(_many(fmt, kind, same)))
        else:
            lines += [told(fmt, one) for one in same]
    for one in effects:
        if one["error"] and one["state"] != DONE:
            where = target(fmt, one) if one["kind"] in SENT else ""
            word = state_of(one)[0].lower()
            lines.append(
                Markup('<span class="bad">{} {}: {}</span>').format(where, word, one["error"])
            )
    return lines


def _many(fmt: ReaderFormat, kind: str, same: Sequence[Effect]) -> str:
    known = EFFECT_KINDS[kind]
    if known.label:
        did = "Tells" if kind == "email" else known.did
        return f"{did} {len(same):,} {known.several}"
    type_ = fmt.catalog.objects.get(str(same[0]["payload"].get("object", "")))
    return f"{known.did} {len(same):,} {type_.plural.lower() if type_ else 'records'}"
