"""Documents that mails of rules carry: printed, or their tables as files for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.problems import Problem
from fluvial.runtime.reader_zone import zone_of
from fluvial.runtime.session import Session
from fluvial.services.mail import Enclosed
from fluvial.transfer.exports import FORMATS as SHEET_TYPES
from metamodel.expressions import types
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Literal
from metamodel.expressions.python import evaluate
from rules.action_reader import ActionReader
from rules.execution import Execution
from rules.mail_attachments import AttachedKind, Entry
from rules.record_targets import targets

from .document_action import KIND, PDF, DocumentOf, document_of
from .document_data import subject_of, template_of
from .kept_prints import source_of
from .making_documents import PreparedDocument, prepared, printed_of
from .sheets import comma_separated, workbook

FORM, FORMS = "format", "formats"
PRINT, WORKBOOK, TABLE = "pdf", "xlsx", "csv"
KNOWN = (PRINT, WORKBOOK, TABLE)
WORDS = ", ".join(KNOWN)


@dataclass(frozen=True)
class AttachedDocument:
    """A document of records, in the format that the rule says, or in those of an expression."""

    document: DocumentOf
    form: str
    forms: Expression | None = None


def _read(reader: ActionReader, pointer: str, spec: Mapping[str, Any]) -> AttachedDocument | None:
    found = document_of(reader, pointer, KIND, spec)
    if found is None:
        return None
    if FORMS not in spec:
        return AttachedDocument(found[0], spec.get(FORM, PRINT))
    if FORM in spec:
        message = "Its formats are said twice."
        hint = "Keep `format`, or `formats`, which asks the record."
        reader.check.fault(f"{pointer}/{FORM}", "twice", message, hint)
    forms = reader.compile(f"{pointer}/{FORMS}", spec[FORMS])
    if forms is None or not _fits(reader, f"{pointer}/{FORMS}", forms):
        return None
    return AttachedDocument(found[0], "", forms)


def _fits(reader: ActionReader, pointer: str, forms: Expression) -> bool:
    """Whether an expression gives formats: a text, or a choice of which all options are some."""
    allowed = types.TEXT.name, types.CHOICE.name, types.CHOICES.name
    if forms.type.name not in allowed:
        message = f"{forms.type} names no formats."
        hint = f"Give a choice, several or a text of {WORDS}; empty attaches nothing."
        reader.check.fault(pointer, "wrong_type", message, hint)
        return False
    tree = forms.tree
    given = [one.name for one in forms.type.options if not one.retired]
    given = [str(tree.value)] if isinstance(tree, Literal) else given
    wrong = [one for one in given if one not in KNOWN]
    for one in wrong:
        message = f"`{one}` is not a format of documents."
        reader.check.fault(pointer, "unknown_value", message, f"Use {WORDS}; empty is nothing.")
    return not wrong


def _enter(execution: Execution, said: AttachedDocument, reader: Session | None) -> Iterator[Entry]:
    forms: Sequence[str] = (said.form,)
    if said.forms is not None:
        value = evaluate(said.forms, execution.environment)
        given = [value] if isinstance(value, str) else list(value or ())
        forms = [one for one in KNOWN if one in given]
        forms += [one for one in given if one not in KNOWN]
    document = said.document
    for record in targets(execution, document.of):
        entry = {"template": document.template, "object": document.object, "record": record}
        for form in forms:
            yield {**entry, FORM: form}


def _open(session: Session, entry: Entry) -> Iterator[Enclosed]:
    """The document as the one whom it is for may read it."""
    form = entry.get(FORM, PRINT)
    if form not in KNOWN:
        raise Problem(f"`{form}` is not a format of documents. Use {WORDS}.")
    template = template_of(session, entry["object"], entry["template"])
    ready = prepared(session, subject_of(session, template, entry["record"]))
    if form == PRINT:
        yield Enclosed(ready.file_name, PDF, printed_of(session, ready))
    else:
        yield from _sheets(session, ready, form)


def _sheets(session: Session, ready: PreparedDocument, form: str) -> Iterator[Enclosed]:
    """A workbook with all tables, or each as a file of its own."""
    name, zone = ready.file_name.removesuffix(f".{PRINT}"), zone_of(session)
    kept = ready.kept
    tables = source_of(session, kept)["tables"] if kept is not None else ready.written.tables
    if not tables:
        label = ready.subject.template.label
        raise Problem(f"The document {label} has no tables. Give it some, or attach its PDF.")
    media_type = SHEET_TYPES[form].partition(";")[0]
    if form == WORKBOOK:
        yield Enclosed(f"{name}.{form}", media_type, workbook(tables, zone))
        return
    for table in tables.values():
        own = f"{name} {table['label']}" if len(tables) > 1 else name
        yield Enclosed(f"{own}.{form}", media_type, comma_separated(table, zone))


ATTACHMENT = AttachedKind(KIND, _read, _enter, _open)
