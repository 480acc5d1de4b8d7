"""Import and export over HTTP."""

from __future__ import annotations

import hashlib
import uuid
from functools import partial
from typing import Any

from starlette.datastructures import UploadFile

from fluvial.kernel.problems import Problem
from fluvial.runtime.long_jobs import DONE, LongJob
from fluvial.transfer.exports import FORMATS, export
from fluvial.transfer.imports.import_job import begin, is_large, refused_import
from fluvial.transfer.imports.import_undo import undo
from fluvial.transfer.imports.importer import import_table
from fluvial.transfer.imports.options import Options, read_options
from fluvial.transfer.imports.preview import preview_of
from fluvial.transfer.imports.proposals import open_for

from .bodies import read_json
from .call import Answer, Call
from .files_api import sent_file
from .long_answers import job_answer, result_of
from .parameters import page_query, refuse
from .routes import MAX_UPLOAD, Endpoint, Policy


def import_records(call: Call) -> Answer:
    """All rows or none, unless faulty ones are to be left out."""
    call.only("key", "dry_run", "skip_faults")
    for name in ("dry_run", "skip_faults"):
        call.flag(name)
    sent, options = _sent(call)
    options = options.with_query(call.query)
    object_name = call.params["object"]
    table = open_for(call.session, object_name, sent.file, options)
    if call.kept is None and is_large(table):
        return job_answer(call, partial(_begin, call, sent, options), _imported)
    file = sent.filename or ""
    result = import_table(call.session, object_name, table, options, file=file, kept=call.kept)
    if call.kept is not None:
        result.batch = None  # it is the change set's to be taken back
    if result.faulty and not options.skip_faults and not options.dry_run:
        raise refused_import(result)
    return Answer.json(result.wire())


def _begin(call: Call, sent: UploadFile, options: Options) -> str:
    """The job of a large import; a call that is sent again gets the same one."""
    sent.file.seek(0)
    key, id = call.headers.get("idempotency-key", ""), ""
    if key:
        who = call.session.actor.id or call.client
        id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{who} {call.path} {key} {digest_of(call)}"))
    said = json_options(call) | {
        "dry_run": options.dry_run,
        "skip_faults": options.skip_faults,
        "key": list(options.key),
    }
    name, object_name = sent.filename or "", call.params["object"]
    return begin(call.session, object_name, sent.file, said, file=name, id=id)


def _imported(call: Call, job: LongJob) -> Answer:
    if job.state != DONE:
        return result_of(call, job)
    hidden = ("again", "skipped", "faulty_rows")
    return Answer.json({n: value for n, value in job.result.items() if n not in hidden})


def digest_of(call: Call) -> str:
    return hashlib.sha256(call.raw_query + b"\0" + call.body).hexdigest()


def json_options(call: Call) -> dict[str, Any]:
    """The options as they were sent."""
    assert call.form is not None
    raw: Any = call.form.get("options", "{}")
    if isinstance(raw, UploadFile):
        raw.file.seek(0)
        raw = raw.file.read().decode("utf-8", "replace")
    found: dict[str, Any] = read_json(raw.encode())
    return found


def _sent(call: Call) -> tuple[UploadFile, Options]:
    sent = sent_file(call.form)
    assert call.form is not None
    unknown = [name for name, _ in call.form.multi_items() if name not in ("file", "options")]
    if unknown:
        raise Problem(f"`{unknown[0]}` is not a part here: send `file` and `options`.")
    return sent, read_options(json_options(call))


def preview_import(call: Call) -> Answer:
    call.only()
    sent, options = _sent(call)
    return Answer.json(preview_of(call.session, call.params["object"], sent.file, options))


def undo_import(call: Call) -> Answer:
    call.only()
    batch = call.params["batch"]
    key = call.headers.get("idempotency-key", "")
    done = undo(call.session, batch, key)
    if isinstance(done, str):
        return job_answer(call, lambda: str(undo(call.session, batch, key)), result_of)
    return Answer.json(done)


def export_records(call: Call) -> Answer:
    """What a list shows, as a file; made as it is sent."""
    type_ = call.session.object(call.params["object"], "export")
    query = page_query(call, type_, "for")
    for name in ("group", "measure", "cursor", "total", "limit"):
        if name in call.query:
            raise refuse(name, "unknown_parameter", f"`{name}` is not a parameter of exports.")
    format_ = call.query.get("format", "csv")
    if format_ not in FORMATS:
        raise refuse("format", "unknown_value", f"`format` must be one of {', '.join(FORMATS)}.")
    form = call.query.get("for", "")
    if form and format_ == "jsonl":
        raise refuse("for", "not_for_people", "`for` is for csv and xlsx; jsonl is for programs.")
    made = export(call.session, query, format_, form)
    name = f"{type_.name}-{call.session.today.isoformat()}.{format_}"
    headers = [("content-disposition", f'attachment; filename="{name}"')]
    return Answer(200, b"", FORMATS[format_], headers, stream=made.parts, executor=made.executor)


_ALL = "/api/records/{object}"


def _upload(path: str, handler: Any, about: str) -> Endpoint:
    return Endpoint(
        "POST", path, handler, Policy.SIGNED_IN, about,
        form=True, files=("file", "options"), max_body=MAX_UPLOAD,
        inside=handler is import_records,
    )  # fmt: skip


ENDPOINTS = (
    _upload(f"{_ALL}/import", import_records, "Import a CSV or XLSX file."),
    _upload(
        f"{_ALL}/import/preview", preview_import, "Preview what an import of a file would read."
    ),
    Endpoint(
        "POST",
        "/api/imports/{batch}/undo",
        undo_import,
        Policy.SIGNED_IN,
        "Undo a whole import.",
    ),
    Endpoint("GET", f"{_ALL}/export", export_records, Policy.SIGNED_IN, "Records as a file."),
)
