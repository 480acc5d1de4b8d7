"""A report as a PDF: its table on pages, made by the process that prints documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from markupsafe import Markup, escape

from fluvial.http.call import Answer
from fluvial.kernel.problems import Unprocessable, fault
from fluvial.pages.frame import Context
from fluvial.pages.reader_format import ReaderFormat
from reports.printed.document_html import STYLE
from reports.printed.printer import printer_of

from .report_pages import table_context
from .report_reader import ReadReport
from .report_table import ReportTable

PDF = "application/pdf"
MOST_ROWS = 2_000
MOST_COLUMNS = 16
UPRIGHT = 6  # columns that stand on an upright page
OWN = """
@page { %s }
.note { color: #555; }
tr.inner > *, tfoot > tr > * { font-weight: bold; }
tfoot > tr > * { border-top: 0.4mm solid #333; }
.lv2 > th { padding-left: 6mm; } .lv3 > th { padding-left: 10mm; } .lv4 > th { padding-left: 14mm; }
tbody th { font-weight: normal; text-align: start; }
tbody tr > * { border-bottom: 0.1mm solid #ccc; }
.number { text-align: end; white-space: nowrap; }
.was { color: #555; font-size: 8pt; }
"""


def printed_html(read: ReadReport, fmt: ReaderFormat, asked: str = "") -> str:
    """The HTML of the printed report; refused where it has more than pages can show."""
    table, rows = ReportTable(read, fmt), list(read.walk())
    shown = table_context(table, rows)
    if len(rows) > MOST_ROWS or len(shown["heads"]) > MOST_COLUMNS:
        message = (
            f"A printed report has at most {MOST_ROWS:,} rows and {MOST_COLUMNS} columns, and this "
            f"has {len(rows):,} rows and {len(shown['heads'])} columns. Ask for XLSX, or for less."
        )
        raise Unprocessable(message, errors=[fault("format", "too_large", message)])
    report = read.report
    wide = "size: A4 landscape;" if len(shown["heads"]) > UPRIGHT else ""
    said = [report.help, f"Where {asked}" if asked else "", fmt.full(fmt.now)]
    notes = "".join(f'<p class="note">{escape(one)}</p>' for one in said if one)
    if read.omitted:
        notes += f'<p class="note">Measures that are not for this reader: {read.omitted}</p>'
    return (
        f'<!doctype html><html lang="{escape(fmt.locale.replace("_", "-"))}"><head>'
        f'<meta charset="utf-8"><title>{escape(report.label)}</title>'
        f"<style>{STYLE}{OWN % wide}</style></head><body><h1>{escape(report.label)}</h1>{notes}"
        f"{_table(shown)}</body></html>"
    )


def _table(shown: Context) -> Markup:
    heads = Markup("").join(Markup('<th class="number">{}</th>').format(h) for h in shown["heads"])
    rows = Markup("").join(_row(row) for row in shown["rows"])
    return Markup(
        '<table class="rows"><thead><tr><th>{}</th>{}</tr></thead><tbody>{}</tbody>'
        "<tfoot>{}</tfoot></table>"
    ).format(shown["first"], heads, rows, _row(shown["total"]))


def _row(row: Context) -> Markup:
    cells = Markup("").join(
        Markup('<td class="number">{}{}</td>').format(
            cell["text"],
            Markup('<div class="was">{}</div>').format(cell["was"]) if cell["was"] else "",
        )
        for cell in row["cells"]
    )
    inner = " inner" if row["inner"] else ""
    return Markup('<tr class="lv{}{}"><th>{}</th>{}</tr>').format(
        row["level"], inner, row["label"], cells
    )


def pdf_of(read: ReadReport, fmt: ReaderFormat, asked: str = "") -> Callable[[], bytes]:
    """What makes the PDF, on any thread: everything is read already."""
    html, printer = printed_html(read, fmt, asked), printer_of(read.session.engine)

    def make() -> bytes:
        pdf: bytes = printer.print(html, {}).pdf
        return pdf

    return make


def answered_slowly(answer: Answer, make: Callable[[], bytes]) -> Answer:
    """The answer, whose content is made on a thread of its own: others are answered meanwhile."""
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="print")

    def parts() -> Iterator[bytes]:
        try:
            yield make()
        finally:
            executor.shutdown(wait=False)

    return replace(answer, stream=parts(), executor=executor)
