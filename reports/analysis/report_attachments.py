"""Reports that mails of rules carry: read for each person with their own rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.pages.reader_format import format_of
from fluvial.runtime.session import Session
from fluvial.services.mail import Enclosed
from rules.action_reader import ActionReader
from rules.execution import Execution
from rules.mail_attachments import AttachedKind, Entry

from .report_files import TYPES, file_of
from .report_model import ReportPart, find_report, report_from
from .report_prints import PDF, pdf_of
from .report_reader import ReportWish, read_report

KIND = "report"
FORMAT = "pdf"


@dataclass(frozen=True)
class AttachedReport:
    report: str
    format: str


def _read(reader: ActionReader, pointer: str, spec: Mapping[str, Any]) -> AttachedReport | None:
    """What the report reads is read by the rule, too: of an address that belongs to nobody it is
    the rule's rights that count, so its author has to have them."""
    check, place = reader.check, f"{pointer}/{KIND}"
    document = check.reference(place, KIND, spec[KIND])
    if document is None:
        return None
    report = report_from(document)
    for part in report.parts:
        type_ = check.objects.get(part.object)
        if type_ is None:  # told in the report
            continue
        check.uses(place, type_.name)
        texts = [part.where, part.meant(report.where), *_grouped(part, report.groups)]
        texts += [*_grouped(part, report.columns), *(one.measure.inner for one in part.measures)]
        if report.funnel is not None:
            texts.append(report.funnel.log)
        for text in dict.fromkeys(texts):
            if text:
                check.compile(place, text, type_.name)
    return AttachedReport(report.name, spec.get("format", FORMAT))


def _grouped(part: ReportPart, groups: Any) -> list[str]:
    return [part.grouped(one).inner for one in groups]


def _enter(execution: Execution, said: AttachedReport, reader: Session | None) -> Iterator[Entry]:
    yield {KIND: said.report, "format": said.format}


def _open(session: Session, entry: Entry) -> Iterator[Enclosed]:
    """The report as the one whom it is for may read it."""
    report, form = find_report(session, entry[KIND]), entry["format"]
    read, fmt = read_report(session, report, ReportWish()), format_of(session)
    if form == FORMAT:
        yield Enclosed(f"{report.name}.pdf", PDF, pdf_of(read, fmt)())
        return
    for part in report.parts:
        session.object(part.object, "export")
    media_type = TYPES[form].partition(";")[0]
    yield Enclosed(f"{report.name}.{form}", media_type, file_of(read, fmt, form))


ATTACHMENT = AttachedKind(KIND, _read, _enter, _open)
