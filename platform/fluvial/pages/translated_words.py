"""The words of all documents, to be read, translated and saved in the site's layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fluvial.metadata_changes import apply
from fluvial.runtime.catalogs import Key, stored_layers
from fluvial.runtime.session import Session
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text
from metamodel.layers import merge_over
from metamodel.translations import BASE, Wording, wordings

MAX_WORDS = 2_000  # of one text
SKIPPED = ("fields", "options", "label", "sections", "states", "transitions", "link_fields")


def all_wordings(session: Session, kind: str = "") -> Iterator[Wording]:
    """The words of the documents of a kind, or of all of them, in a fixed order."""
    kinds = session.engine.kinds
    for name in sorted(kinds):
        if not kind or name == kind:
            for _, document in sorted(session.catalog.of(name).items()):
                yield from wordings(document, kinds[name])


def languages_of(session: Session) -> list[str]:
    """The languages beside the plain one in which words may be written here."""
    spoken = session.engine.catalogs.spoken(session.catalog)
    return sorted({*spoken, session.engine.settings.locale.replace("-", "_")} - {BASE})


def place_words(session: Session, wording: Wording) -> str:
    """Where words stand, as people call it: `Object: Book › State › Lent`."""
    document, body = wording.document, wording.document.source
    found = [label_text(document.body.get("label", humanise(document.name)))]
    for step in wording.path[:-1]:
        inner = _named(body, step)
        if isinstance(body, list):
            found.append(label_text(inner.get("label", humanise(step))))
        elif step not in SKIPPED:
            found.append(humanise(step))
        body = inner
    last = wording.path[-1]
    kind = session.engine.kinds[document.kind].label
    return f"{kind}: " + " › ".join([*found, *([humanise(last)] if last != "label" else [])])


def _named(body: Any, step: str) -> Any:
    if isinstance(body, list):
        return next(
            (one for one in body if isinstance(one, Mapping) and one.get("name") == step), {}
        )
    return body.get(step, {}) if isinstance(body, Mapping) else {}


def plain(text: str) -> str:
    """Words as they are kept: without spaces around them, and not endless."""
    return re.sub(r"[\x00-\x08\x0b-\x1f]", "", text).strip()[:MAX_WORDS]


def changed(
    known: Mapping[str, Wording], said: Iterable[tuple[str, str, str]]
) -> list[tuple[Wording, str, str]]:
    """Of (key, language, text) what differs from the words that are there."""
    return [
        (known[key], language, plain(text))
        for key, language, text in said
        if key in known and known[key].text(language) != plain(text)
    ]


def change_of_words(
    session: Session, words: Iterable[tuple[Wording, str, str]], note: str
) -> apply.MetadataChange:
    """The change that says these words in the site's layer, beside what it says already."""
    site = stored_layers(session.connection)[SITE]
    bodies: dict[Key, Mapping[str, Any]] = {}
    for wording, language, text in words:
        document = wording.document
        key = (document.kind, document.name)
        part = wording.part(language, text)
        if part is None:
            continue
        known = bodies.get(key) or (site[key].body if key in site else {})
        heads = {"kind": document.kind, "name": document.name}
        bodies[key] = merge_over(heads | dict(known), part)
    change = apply.MetadataChange({**bodies}, note=note)
    change.seen = {key: site[key].body if key in site else None for key in bodies}
    return change
