"""Import in three steps: a file, what its columns are, and the result before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import IO, Any

import orjson

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Problem, Unprocessable
from fluvial.runtime.long_jobs import DONE, LongJob
from fluvial.transfer import files
from fluvial.transfer.imports.file_formats import open_table
from fluvial.transfer.imports.first_rows import first_rows
from fluvial.transfer.imports.import_job import begin, is_large
from fluvial.transfer.imports.importer import import_table
from fluvial.transfer.imports.options import KEEP, Options, read_options
from fluvial.transfer.imports.preview import preview
from fluvial.transfer.imports.table_files import letters
from metamodel.catalog import ObjectType

from .frame import Context, page, with_query
from .import_columns import columns_of, fields_of, label_of
from .import_reading import (
    is_read_anew,
    likely,
    page_reading,
    posted_reading,
    question,
    read_as,
    reading_in,
    shown_reading,
)
from .import_values import QUESTIONS, asked_values, posted_values, shown_cells, unanswered
from .job_pages import PATIENCE, Stopped, on_its_way, undo_shown
from .presenters import uploads
from .problem_pages import marked
from .reader_format import format_of, number
from .sign_in import form_text

STEPS = (("file", "File"), ("map", "Columns"), ("preview", "Result"), ("done", "Done"))
ACCEPT = ".csv,.tsv,.txt,.xlsx"
COUNTS = "created", "updated", "unchanged", "skipped", "again"
UNFIT = "Nothing was imported: fix the rows with errors, or skip them."
FAULTS = 200  # that the page shows
ROWS = 8  # of the file, as they would be
COLUMN = "map."


def _type(call: Call) -> ObjectType:
    call.session.object(call.params["object"], "create")
    return call.session.object(call.params["object"], "import")


def _page(call: Call, step: str, status: int = 200, **context: Any) -> Answer:
    type_ = _type(call)
    names = [name for name, _ in STEPS]
    now = names.index("file" if step == "encoding" else step)
    path = f"/import/{type_.name}"
    states = ("done", "now", "")
    wizard: Context = {
        "object": {"name": type_.name, "label": type_.label, "plural": type_.plural},
        "step": step,
        "steps": [
            {"label": label, "state": states[(at >= now) + (at > now)]}
            for at, (_, label) in enumerate(STEPS)
        ],
        "action": path,
        "back_href": f"/o/{type_.name}" if step == "file" else path,
        "upload": "",
        "more": (),
        **context,
    }
    return page(
        call,
        "import.html",
        f"Import {type_.plural.lower()}",
        crumbs=[(type_.plural, f"/o/{type_.name}")],
        here=f"/o/{type_.name}",
        status=status,
        wizard=wizard,
    )


def show(call: Call, *, error: str = "") -> Answer:
    about = {"accept": ACCEPT, "sample_href": "", "error": error}
    return _page(call, "file", 422 if error else 200, file=about)


def go_on(call: Call) -> Answer:
    """The next step of what was posted."""
    _type(call)  # the rights come before the file
    step = form_text(call, "step")
    try:
        if step == "map":
            return _look(call)
        if step == "encoding":
            encoding = form_text(call, "encoding") or form_text(call, "other")
            return _map(call, _upload(call), reading={"encoding": encoding})
        if step == "again":
            return _again(call, _upload(call))
        if step == "columns":
            given = _said(call)
            return _map(call, _upload(call), given, reading=given)
        if step == "preview":
            return _run(call)
        return _take(call)
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return show(call, error=_words(problem))


def _words(problem: Problem) -> str:
    return " ".join(str(f["message"]) for f in problem.errors[:3]) or problem.detail


def _take(call: Call) -> Answer:
    """Keep the file, and say what its columns most likely are."""
    sent = uploads(call.form, "file") if call.form is not None else []
    if not sent:
        return show(call, error="Choose a file first.")
    name = sent[0].filename or "file"
    likely(call, _type(call).name, sent[0].file, {})  # a fault says what is not valid
    sent[0].file.seek(0)
    return _map(call, files.store(call.session, name, "", sent[0].file), reading={})


def _said(call: Call) -> dict[str, Any]:
    """The options that a later step hands on."""
    try:
        said = orjson.loads(form_text(call, "options") or "{}")
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("map", {}), dict):
        raise Unprocessable("The options are not valid. Start again with the file.")
    return said


def _map(
    call: Call,
    row: Mapping[str, Any],
    said: Mapping[str, Any] | None = None,
    *,
    reading: Mapping[str, Any],
    error: str = "",
) -> Answer:
    """Ask where each column goes: as was said before, or as it most likely is."""
    type_ = _type(call)
    with _opened(call, row) as source:
        table = likely(call, type_.name, source, reading)
        if isinstance(table, list):
            asked = question(str(row["name"]), table)
            return _page(call, "encoding", upload=row["id"], encoding=asked)
        shown = shown_reading(table)
    with _opened(call, row) as source:
        table = open_table(source, reading_in(read_as(table)))
        read = preview(call.session, type_.name, table, (said or {}).get("map"))
    return _map_page(call, row, read, shown, said, error)


def _map_page(
    call: Call,
    row: Mapping[str, Any],
    read: Mapping[str, Any],
    reading: Context,
    said: Mapping[str, Any] | None,
    error: str,
) -> Answer:
    type_ = _type(call)
    suggested = {**read["suggested"], **(said or {})}
    columns = columns_of(read, said)
    known = {field["value"] for field in fields_of(call, type_)}
    more = [c["field"] for c in columns if c["field"] and c["field"] not in known]
    asked: Context = {
        "file_name": row["name"],
        "rows": number(str(read["count"]), format_of(call.session).locale),
        "columns": columns,
        "fields": [
            *fields_of(call, type_),
            *(
                {"value": name, "label": label_of(type_, name), "required": False}
                for name in dict.fromkeys(more)
            ),
        ],
        "values": asked_values(call, type_, read, said),
        "empty": " ".join(suggested["empty"]),
        "key": suggested["key"],
        "empty_cells": suggested.get("empty_cells", KEEP),
        "unnamed": [
            letters(c["index"]) for c in read["columns"] if not c["header"] and c["samples"]
        ],
        "reading": reading,
        "error": error,
    }
    return _page(call, "map", 422 if error else 200, upload=row["id"], map=asked)


def _opened(call: Call, row: Mapping[str, Any]) -> IO[bytes]:
    return files.path_of(call.engine, str(row["sha256"])).open("rb")


def _upload(call: Call) -> dict[str, Any]:
    return files.readable_file(call.session, form_text(call, "upload"))


def _options(call: Call, header: list[str], reading: Mapping[str, Any]) -> dict[str, Any]:
    """The options that the page of columns says."""
    key = form_text(call, "key")
    return {
        "map": {name: form_text(call, f"{COLUMN}{at}") or None for at, name in enumerate(header)},
        **posted_values(call),
        "empty": form_text(call, "empty").split(),
        "key": [key] if key else [],
        "empty_cells": form_text(call, "empty_cells") or KEEP,
        **reading,
    }


def _again(call: Call, row: Mapping[str, Any]) -> Answer:
    """The columns as the file reads now, or as before with what is wrong."""
    try:
        return _map(call, row, reading=posted_reading(call))
    except Unprocessable as problem:
        return _map(call, row, reading=page_reading(call), error=_words(problem))


def _look(call: Call) -> Answer:
    row, reading = _upload(call), posted_reading(call)
    if is_read_anew(call):
        return _again(call, row)
    with _opened(call, row) as source:
        table = likely(call, _type(call).name, source, reading)
    if isinstance(table, list):
        return _map(call, row, reading=reading)
    given = _options(call, table.header, read_as(table))
    if missing := unanswered(call):
        said = {name: value for name, value in given.items() if name not in missing}
        error = " ".join(QUESTIONS[name] for name in missing)
        return _map(call, row, said, reading=given, error=error)
    try:
        return _result(call, row, given)
    except Unprocessable as problem:
        return _map(call, row, given, reading=given, error=_words(problem))


def _result(
    call: Call, row: Mapping[str, Any], given: Mapping[str, Any], error: str = "", once: str = ""
) -> Answer:
    """All rows the real way, and nothing kept."""
    type_ = _type(call)
    options = read_options({**given, "dry_run": True})
    with _opened(call, row) as source:
        table = open_table(source, options.reading)
        shown = first_rows(call.session, type_.name, table, options, ROWS)
    with _opened(call, row) as source:
        table = open_table(source, options.reading)
        if not is_large(table):
            result = import_table(call.session, type_.name, table, options)
            wire = {**result.wire(), "faulty_rows": len(result.faulty_rows)}
            return _looked(call, row, given, wire, shown, error, once)

    def looked(_: Call, job: LongJob) -> Answer:
        if job.state != DONE:
            return _map(call, row, given, reading=given, error=job.error)
        return _looked(call, row, given, job.result, shown, error, once)

    return job_answer(call, partial(_begun, call, row, {**given, "dry_run": True}), looked)


def _begun(call: Call, row: Mapping[str, Any], given: dict[str, Any], once: str = "") -> str:
    with _opened(call, row) as source:
        name = str(row["name"])
        return begin(call.session, _type(call).name, source, given, file=name, once=once)


def _looked(
    call: Call,
    row: Mapping[str, Any],
    given: Mapping[str, Any],
    wire: Mapping[str, Any],
    first: tuple[list[str], Any],
    error: str,
    once: str,
) -> Answer:
    headers, rows = first
    looked: Context = {
        **{name: wire[name] for name in ("created", "updated", "unchanged")},
        "faulty": wire["faulty_rows"],
        "error": error,
        "faults": wire.get("faults", len(wire["errors"])),
        "errors": [
            {"row": e["row"], "column": e["column"], "message": marked(e["message"])}
            for e in wire["errors"][:FAULTS]
        ],
        "warnings": [
            {"row": w["row"], "column": w["column"], "message": marked(w["message"])}
            for w in wire["warnings"][:FAULTS]
        ],
        "headers": headers,
        "skipped": [
            *(name for name, field in given.get("map", {}).items() if name and not field),
            *wire["left_out"],
        ],
        "rows": shown_cells(rows, format_of(call.session)),
        "options": orjson.dumps({**given, "once": once or new_id()}).decode(),
    }  # fmt: skip
    return _page(call, "preview", 422 if error else 200, upload=row["id"], preview=looked)


def _run(call: Call) -> Answer:
    type_, row = _type(call), _upload(call)
    given = _said(call)
    once = given.pop("once", "")
    skip = form_text(call, "skip_faults") == "true"
    said = {**given, "skip_faults": skip, "dry_run": False}
    options: Options = read_options(said)
    unfit = partial(_result, call, row, given, UNFIT, once)
    with _opened(call, row) as source:
        table = open_table(source, options.reading)
        name = str(row["name"])
        if is_large(table):
            begun = partial(_begun, call, row, said, once)
            return job_answer(call, begun, partial(_came, unfit), PATIENCE, on_its_way)
        result = import_table(call.session, type_.name, table, options, file=name, once=once)
    if result.faulty and not skip:
        return unfit()
    return _done(call, result.answer())


def _came(unfit: Callable[[], Answer], call: Call, job: LongJob) -> Answer:
    """What a large import came to."""
    if job.state == DONE:
        return _done(call, job.result)
    return unfit() if job.status == Unprocessable.status else _stopped(job)


def _stopped(job: LongJob) -> Answer:
    raise Stopped(job)


def _done(call: Call, told: Mapping[str, Any]) -> Answer:
    type_ = _type(call)
    done = {
        **{name: told[name] for name in COUNTS},
        "list_href": with_query(f"/o/{type_.name}", view="all", sort="-updated_at"),
        "undo_href": f"/import/{type_.name}/{told['batch']}/undo" if told["batch"] else "",
        "batch": told["batch"],
    }
    return _page(call, "done", done=done)


def take_back(call: Call) -> Answer:
    return undo_shown(call, call.params["batch"], f"/o/{call.params['object']}")


ENDPOINTS = (
    Endpoint("GET", "/import/{object}", show, Policy.SIGNED_IN, "Import a file.", page=True),
    Endpoint(
        "POST",
        "/import/{object}",
        go_on,
        Policy.SIGNED_IN,
        "The next step of an import.",
        page=True,
        form=True,
        files=("file",),
        max_body=MAX_UPLOAD,
    ),
    Endpoint(
        "POST",
        "/import/{object}/{batch}/undo",
        take_back,
        Policy.SIGNED_IN,
        "Undo an import.",
        page=True,
        form=True,
    ),
)
