"""What a printed document is made of: its template for a record, and the data that it shows.

The data are those that its reader may read. Nothing that is shown comes from elsewhere, so what
somebody may not read stands in no PDF, no HTML and no spreadsheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from babel import Locale, UnknownLocaleError

from fluvial.auth.actors import SYSTEM
from fluvial.kernel.problems import Conflict, NotFound, Unprocessable
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.reader import read_one
from fluvial.runtime.languages import language_of
from fluvial.runtime.session import Session
from fluvial.services.notifications import record_href
from fluvial.services.templates import Need, needs
from metamodel.catalog import Catalog, ObjectType
from metamodel.document import Document
from metamodel.expressions.compiler import compile_expression
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate, truth
from metamodel.expressions.scope import scope_of
from rules.letter_words import LetterWords, in_language, words_in
from rules.template_check import LINK
from rules.template_data import TooManyItems, record_data

from .document_channel import PLACE, TABLES, is_printed
from .page_layouts import CONTENT
from .printed_tables import PrintedTable, tables_of
from .table_data import TableRows, read_table, shown_table, value_at
from .table_sums import check_sum

MAX_ITEMS = 5_000  # of a collection that a document goes through


@dataclass(frozen=True)
class PrintedTemplate:
    """A template of the channel `document`, compiled."""

    name: str
    object: str
    body: Mapping[str, Any]
    tables: tuple[PrintedTable, ...]
    keep: Expression | None
    language: Expression | None

    @property
    def label(self) -> str:
        return str(self.body.get("label") or self.name)


def compiled_template(catalog: Catalog, document: Document) -> PrintedTemplate:
    body = document.body
    scope = scope_of(catalog, body["for"])
    compiled = {
        name: compile_expression(body[name], scope) for name in ("keep", "language") if name in body
    }
    return PrintedTemplate(
        document.name, body["for"], body, tables_of(catalog, body),
        compiled.get("keep"), compiled.get("language"),
    )  # fmt: skip


def printed_templates(catalog: Catalog) -> Mapping[str, PrintedTemplate]:
    """All templates of the channel `document`, by name."""
    found = catalog.of("template").items()
    return {name: compiled_template(catalog, one) for name, one in found if is_printed(one.body)}


@dataclass(frozen=True)
class Subject:
    """A document of a record: what it is made from, and how the record stands to it."""

    template: PrintedTemplate
    type: ObjectType
    record: str
    environment: Any  # of all that there is, whoever asks; of a trial what its reader knows
    final: bool  # whether it is kept, or would be
    trial: bool = False  # nothing is worked out with other rights than the reader's


def template_of(session: Session, object_name: str, name: str) -> PrintedTemplate:
    found = session.catalog.derive(printed_templates).get(name)
    if found is None or found.object != object_name:
        raise NotFound(f"There is no printed document `{name}` of {object_name}.")
    return found


def subject_of(
    session: Session, template: PrintedTemplate, record: str, *, chosen: bool = True
) -> Subject:
    """The document of a record that the actor may read; the record may choose another template."""
    type_ = session.object(template.object)
    read_one(session, type_.name, record, (("id",),))
    system = session.as_actor(SYSTEM)
    row = load_row(system, type_.name, record, None) or {}
    environment = RecordEnvironment(system, type_, row)
    if chosen and "chosen_by" in template.body:
        template = _chosen(session, template, environment)
    final = template.keep is not None and truth(template.keep, environment)
    return Subject(template, type_, record, environment, final)


def _chosen(
    session: Session, template: PrintedTemplate, environment: RecordEnvironment
) -> PrintedTemplate:
    path = template.body["chosen_by"]
    name = environment.read(tuple(path.split(".")))
    if not name:
        return template
    found = session.catalog.derive(printed_templates).get(str(name))
    if found is None or found.object != template.object:
        raise Conflict(
            f"`{path}` chooses `{name}`, which is not a printed document of"
            f" {session.catalog.objects[template.object].label}. Choose another one there."
        )
    return found


def language_for(session: Session, subject: Subject, asked: str = "") -> str:
    """The language of a document: the one asked for, the recipient's, or else the reader's; a
    document that is kept is in the site's words, whoever opens it first."""
    site = session.engine.settings.locale
    if asked:
        return known_language(asked)
    expression = subject.template.language
    if expression is not None:
        said = evaluate(expression, subject.environment)
        return known_language(str(said)) if said else site
    return site if subject.template.keep is not None else language_of(session)


def known_language(name: str) -> str:
    try:
        Locale.parse(name.replace("-", "_"))
    except (ValueError, UnknownLocaleError) as error:
        message = f"`{name}` is not a language. Write one such as de or en_GB."
        raise Unprocessable(message) from error
    return name.replace("-", "_")


@dataclass
class DocumentData:
    """All that a document shows, as plain data."""

    text: dict[str, Any]
    frame: dict[str, Any]
    words: LetterWords
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)


def gathered(session: Session, subject: Subject, language: str) -> DocumentData:
    """The data of a document as far as the session's actor may read them."""
    template, type_ = subject.template, subject.type
    words = words_in(template.body, language)
    reader = in_language(session, language)
    tables = {one.name: read_table(reader, one, subject.record) for one in template.tables}
    _check_sums(session, subject, tables)
    shown = {name: shown_table(found) for name, found in tables.items()}
    layout = layout_of(session.catalog, template.body, language)
    try:
        record = record_data(
            reader, type_, subject.record, _needed(template, words.body, layout), most=MAX_ITEMS
        )
    except TooManyItems as error:
        raise Unprocessable(f"{error} Show them as a table, which holds more.") from error
    link = session.engine.settings.base_url + record_href(type_.name, subject.record)
    marked = {name: {"$": "table", "v": table} for name, table in shown.items()}
    text = {LINK: link, type_.name: record, TABLES: {"$": "record", "v": {"id": "", **marked}}}
    return DocumentData(text, _frame(template, layout, record), words, shown)


def checked_sums(session: Session, subject: Subject) -> None:
    """Refuse a document of which a table does not come to what it must."""
    tables = {
        one.name: read_table(session, one, subject.record)
        for one in subject.template.tables
        if one.equals is not None
    }
    _check_sums(session, subject, tables)


def _check_sums(session: Session, subject: Subject, seen: Mapping[str, TableRows]) -> None:
    for table in subject.template.tables:
        if table.equals is None:
            continue
        whole = seen[table.name]
        if not (session.access.unrestricted or subject.trial):
            whole = read_table(subject.environment.session, table, subject.record)
        check_sum(subject.environment, whole, seen[table.name], subject.template.name)


@dataclass(frozen=True)
class PageLayout:
    """A page layout in one language."""

    body: str
    css: str
    object: str  # whose record it shows; empty where it shows none


def layout_of(catalog: Catalog, template: Mapping[str, Any], language: str) -> PageLayout | None:
    document = catalog.of("page_layout").get(template.get("layout", ""))
    if document is None:
        return None
    body = document.body
    return PageLayout(words_in(body, language).body, body.get("css", ""), body.get("for", ""))


def _needed(template: PrintedTemplate, body: str, layout: PageLayout | None) -> Need:
    """What is read of the record: for the text, the file name, and for the page layout."""
    name = template.object
    need = needs(body, (name, LINK, TABLES), images=True).members.get(name, Need())
    for path in PLACE.findall(template.body.get("file", "")):
        need.at(path.split("."), 0)
    if layout is not None and layout.object:
        found = needs(layout.body, (layout.object, CONTENT), images=True)
        inner = found.members.get(layout.object, Need())
        path = template.body.get("layout_of", "")
        (need.at(path.split("."), 0) if path else need).take_in(inner)
    return need


def _frame(
    template: PrintedTemplate, layout: PageLayout | None, record: dict[str, Any]
) -> dict[str, Any]:
    """What the page layout shows: the record that it is for."""
    if layout is None or not layout.object:
        return {}
    path = template.body.get("layout_of", "")
    found = value_at(record, path) if path else record
    return {layout.object: found or {"$": "record", "v": {"id": None, "title": None}}}
