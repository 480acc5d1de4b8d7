"""Translations in the studio: words in a language, what is missing, tables for translators."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

from babel import Locale
from babel.core import UnknownLocaleError

from fluvial.http.call import Answer, Call
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.runtime.session import Session
from fluvial.transfer.exports import RUNS
from fluvial.transfer.imports.file_formats import open_table
from metamodel.folding import fold
from metamodel.translations import BASE, LANGUAGE, Wording

from .frame import Context, page, with_query
from .presenters import uploads
from .translated_words import (
    all_wordings,
    change_of_words,
    changed,
    languages_of,
    place_words,
)

HERE = "/studio/translations"
SHOWN = 100
WORDS = "w."
KEY, PLACE = "key", "place"
TOLD = 5


def show(call: Call, *, error: str = "", said: str = "") -> Answer:
    language = _language(call)
    query = {name: call.query.get(name, "") for name in ("q", "kind")}
    query["missing"] = "true" if call.query.get("missing", "") == "true" else ""
    found = list(all_wordings(call.session, query["kind"])) if language else []
    translations: Context = {
        "language": language,
        "language_label": _tongue(language),
        **_choices(call, language, query["kind"]),
        **_words(call.session, found, language, query, _number(call.query.get("at", "0"))),
        "q": query["q"],
        "only_missing": bool(query["missing"]),
        "export_href": with_query(f"{HERE}/export", language=language) if language else "",
        "import_href": with_query(f"{HERE}/import", language=language),
        "may_write": "write" in call.session.access.meta,
        "error": error,
        "said": said,
    }
    return page(
        call, "translations.html", "Translations", crumbs=[("Studio", "/studio")], here=HERE,
        status=422 if error else 200, translations=translations,
    )  # fmt: skip


def _choices(call: Call, language: str, chosen: str) -> Context:
    """The languages and the kinds of documents of the page."""
    languages = dict.fromkeys([*languages_of(call.session), language])
    kinds = sorted(call.engine.kinds.values(), key=lambda kind: kind.label)
    return {
        "languages": [
            {"value": one, "label": _tongue(one), "chosen": one == language}
            for one in languages
            if one
        ],
        "kinds": [
            {"value": kind.name, "label": kind.label, "chosen": kind.name == chosen}
            for kind in kinds
        ],
    }


def _words(
    session: Session, found: list[Wording], language: str, query: dict[str, str], at: int
) -> Context:
    """A part of the words that are asked for, from a place on, and the way to the others."""
    missing = [one for one in found if not one.text(language)]
    wanted = missing if query["missing"] else found
    rows = [one for one in wanted if _has(session, one, language, query["q"])]
    at = min(at, max(len(rows) - 1, 0) // SHOWN * SHOWN)
    shown = rows[at : at + SHOWN]
    kept = {"language": language, **query}
    return {
        "action": with_query(HERE, **kept, at=at),
        "count": len(rows),
        "missing": len(missing),
        "of": len(found),
        "rows": [_row(session, at + place, one, language) for place, one in enumerate(shown)],
        "before_href": with_query(HERE, **kept, at=max(at - SHOWN, 0)) if at else "",
        "next_href": with_query(HERE, **kept, at=at + SHOWN) if at + SHOWN < len(rows) else "",
    }


def _language(call: Call) -> str:
    """The language that is asked for; the first there is by itself."""
    said = call.query.get("language", "").strip().replace("-", "_")
    if LANGUAGE.fullmatch(said):
        return said
    return next(iter(languages_of(call.session)), "")


def _tongue(language: str) -> str:
    """What a language is called, with its code."""
    try:
        return f"{Locale.parse(language).english_name} ({language})" if language else ""
    except (ValueError, UnknownLocaleError):
        return language


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _has(session: Session, wording: Wording, language: str, text: str) -> bool:
    wanted = fold(text.strip())
    said = (wording.base, wording.text(language), place_words(session, wording))
    return not wanted or any(wanted in fold(one) for one in said)


def _row(session: Session, at: int, wording: Wording, language: str) -> Context:
    text = wording.text(language)
    long = max(len(wording.base), len(text)) > 80 or "\n" in wording.base
    return {
        "name": f"{WORDS}{wording.key}",
        "id": f"w{at}",
        "place": place_words(session, wording),
        "base": wording.base,
        "text": text,
        "long": long,
    }


def save(call: Call) -> Answer:
    """Save the words of the page that differ from those that are there."""
    language = _language(call)
    assert call.form is not None
    if not language:
        return show(call, error="Choose a language first.")
    said = [
        (name.removeprefix(WORDS), language, str(text))
        for name, text in call.form.multi_items()
        if name.startswith(WORDS)
    ]
    return _applied(call, said)


def _applied(call: Call, said: list[tuple[str, str, str]], more: str = "") -> Answer:
    known = {one.key: one for one in all_wordings(call.session)}
    words = changed(known, said)
    if not words:
        return show(call, said=f"Nothing has changed.{more}")
    count = "1 text" if len(words) == 1 else f"{len(words):,} texts"
    try:
        apply.apply(call.session, change_of_words(call.session, words, f"Translations: {count}"))
    except BeyondRights:
        raise
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:3])
        return show(call, error=told or problem.detail)
    catalog = call.engine.catalogs.current(call.session.connection)
    call.session = replace(call.session, catalog=catalog)
    return show(call, said=f"{count} saved.{more}")


def export(call: Call) -> Answer:
    """A table for a translator: where words stand, in the plain language, and in the others."""
    language = _language(call)
    columns = [language] if language else languages_of(call.session)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([KEY, PLACE, BASE, *columns])
    for one in all_wordings(call.session):
        row = [
            one.key,
            place_words(call.session, one),
            one.base,
            *(one.text(name) for name in columns),
        ]
        writer.writerow([f"'{cell}" if RUNS.match(cell) else cell for cell in row])
    name = f"translations-{language or 'all'}.csv"
    headers = [("content-disposition", f'attachment; filename="{name}"')]
    return Answer(
        200, b"\xef\xbb\xbf" + text.getvalue().encode(), "text/csv; charset=utf-8", headers
    )


def take(call: Call) -> Answer:
    """Save the words of a table that comes back, by its keys."""
    sent = uploads(call.form, "file") if call.form is not None else []
    if not sent:
        return show(call, error="Choose a file first.")
    try:
        said = _read(sent[0].file)
    except Problem as problem:
        return show(
            call, error=" ".join(str(e["message"]) for e in problem.errors) or problem.detail
        )
    if isinstance(said, str):
        return show(call, error=said)
    known = {one.key for one in all_wordings(call.session)}
    unknown = list(dict.fromkeys(key for key, _, _ in said if key not in known))
    told = f" Not known here: {', '.join(unknown[:TOLD])}" if unknown else ""
    more = f" and {len(unknown) - TOLD} more." if len(unknown) > TOLD else "." if unknown else ""
    return _applied(call, said, told + more)


def _read(source: Any) -> list[tuple[str, str, str]] | str:
    """Key, language and text of each cell with words; a sentence where it is no such table."""
    table = open_table(source)
    columns = [one for one in table.header if LANGUAGE.fullmatch(one) and one != BASE]
    if KEY not in table.header or not columns:
        return f"The table needs a column `{KEY}` and one with the code of a language, such as de."
    at = {name: table.header.index(name) for name in (KEY, *columns)}
    found = []
    for row in table.rows:
        cells = [*row.cells, *[""] * (len(table.header) - len(row.cells))]
        key = _unquoted(cells[at[KEY]])
        found += [
            (key, name, text)
            for name in columns
            if (text := _unquoted(cells[at[name]]).strip()) and key
        ]
    return found


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and RUNS.match(cell[1:]) else str(cell)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "Words in other languages.", page=True),
    Endpoint("POST", HERE, save, Policy.META_WRITE, "Save translations.", page=True, form=True),
    Endpoint(
        "GET", f"{HERE}/export", export, Policy.META_READ, "All words as a table.", page=True
    ),
    Endpoint(
        "POST", f"{HERE}/import", take, Policy.META_WRITE, "Save the words of a table.", page=True,
        form=True, files=("file",), max_body=MAX_UPLOAD,
    ),
)  # fmt: skip
