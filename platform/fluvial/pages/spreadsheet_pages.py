"""A spreadsheet as an app: a file, one page that says what it becomes, and what was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from fluvial.http.call import Answer, Call
from fluvial.http.long_answers import job_answer
from fluvial.http.routes import MAX_UPLOAD, Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.runtime.long_jobs import LongJob
from fluvial.transfer import files
from fluvial.transfer.imports.options import Options
from fluvial.transfer.imports.text_encodings import UNSAID, text_readings
from fluvial.transfer.imports.value_evidence import Evidence
from fluvial.transfer.spreadsheets.read_sheets import Sheet, read_sheets
from fluvial.transfer.spreadsheets.sheet_faults import (
    SheetFault,
    evidence,
    settled,
    sheet_faults,
)
from fluvial.transfer.spreadsheets.sheet_install import (
    change_of,
    install_sheets,
    is_made,
    name_plans,
    remove_objects,
)
from fluvial.transfer.spreadsheets.sheet_links import in_order, propose_links
from fluvial.transfer.spreadsheets.sheet_plan import SheetPlan, proposed_plans, words_of
from metamodel.documents import SITE
from metamodel.plain_figures import whole_of

from .frame import Context, page, with_query
from .import_reading import question
from .job_pages import on_its_way
from .presenters import uploads
from .reader_format import format_of, number
from .sign_in import form_text
from .spreadsheet_form import (
    corrected,
    kinds_shown,
    said_values,
    shown_sheets,
    targets,
)
from .studio import records_of

HERE = "/studio/spreadsheet"
ACCEPT = ".csv,.tsv,.txt,.xlsx"
MAX_FILES = 20
WAITS = 15.0  # seconds until the page of the job is shown instead
QUESTIONS = {
    "dates": "Choose the order of day, month and year: both fit the dates of the file.",
    "decimal": "Choose the decimal mark: both fit the numbers of the file.",
}


@dataclass
class _Work:
    """The files of a form, and what they are to become."""

    kept: Sequence[Mapping[str, Any]]
    named: list[tuple[str, Path]]
    encodings: dict[int, str]
    sheets: list[Sheet]
    plans: list[SheetPlan]
    found: Evidence
    said: dict[str, str]

    @property
    def values(self) -> dict[str, str]:
        """How dates and numbers are written; "" is to be asked."""
        return settled(self.found, self.said)

    def options(self) -> Options:
        values = self.values
        return Options(
            dates=values["dates"] or "ymd",
            decimal=values["decimal"],
            durations=self.said.get("durations", ""),
            line_breaks="space",
        )


def _page(call: Call, title: str, status: int = 200, **context: Any) -> Answer:
    wizard: Context = {"step": "file", "action": HERE, "back_href": HERE, "upload": "", "error": ""}
    wizard["more"] = ()
    return page(
        call, "spreadsheet.html", title, crumbs=[("Studio", "/studio")], here="/studio",
        status=status, wizard=wizard | context,
    )  # fmt: skip


def show(call: Call, *, error: str = "") -> Answer:
    title = "App from a spreadsheet"
    return _page(call, title, 422 if error else 200, accept=ACCEPT, error=error)


def go_on(call: Call) -> Answer:
    try:
        kept = _kept(call)
        try:
            work = _work(call, kept)
        except Problem as problem:
            asked = _encoding_question(call, kept) if _is_unsaid(problem) else None
            if asked is None:
                raise
            return asked
        if form_text(call, "step") == "make":
            return _make(call, work)
        return _plan(call, work)
    except BeyondRights:
        raise  # to where one asks an administrator
    except Problem as problem:
        if problem.status in (401, 403, 404):
            raise
        return show(call, error=_words(problem))


def _words(problem: Problem) -> str:
    return " ".join(str(f["message"]) for f in problem.errors[:3]) or problem.detail


def _kept(call: Call) -> list[Mapping[str, Any]]:
    """The files: those that were kept before, or those that are sent now."""
    if known := form_text(call, "upload").split(","):
        if known != [""]:
            return [files.readable_file(call.session, one) for one in known[:MAX_FILES]]
    sent = uploads(call.form, "file") if call.form is not None else []
    if not sent:
        raise Problem("Choose a file first.")
    return [
        files.store(call.session, one.filename or "file", "", one.file) for one in sent[:MAX_FILES]
    ]


def _encodings(call: Call, kept: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    said = {at: form_text(call, f"encoding.{at}") for at in range(len(kept))}
    asked = whole_of(form_text(call, "asked"))
    if asked is not None:
        said[asked] = form_text(call, "encoding") or form_text(call, "other")
    return {at: encoding for at, encoding in said.items() if encoding}


def _encoding_question(call: Call, kept: Sequence[Mapping[str, Any]]) -> Answer | None:
    """The page that asks how the letters of a file are stored, where it does not show it."""
    said = _encodings(call, kept)
    for at, row in enumerate(kept):
        if at in said:
            continue
        path = files.path_of(call.engine, str(row["sha256"]))
        try:
            read_sheets([(str(row["name"]), path)], {})
        except Problem as problem:
            if not _is_unsaid(problem):
                continue  # told with all the others
            with path.open("rb") as source:
                asked = question(str(row["name"]), text_readings(source))
            more = [{"name": f"encoding.{n}", "value": one} for n, one in said.items()]
            return _page(
                call, "App from a spreadsheet", step="encoding", encoding=asked,
                upload=",".join(str(one["id"]) for one in kept),
                more=[*more, {"name": "asked", "value": at}],
            )  # fmt: skip
    return None


def _is_unsaid(problem: Problem) -> bool:
    return bool(problem.errors) and problem.errors[0].get("code") == UNSAID


def _work(call: Call, kept: Sequence[Mapping[str, Any]]) -> _Work:
    named = [(str(r["name"]), files.path_of(call.engine, str(r["sha256"]))) for r in kept]
    encodings = _encodings(call, kept)
    sheets = read_sheets(named, encodings)
    said = said_values(call)
    order, mark = said.get("dates", ""), said.get("decimal", "")
    form = replace(Options().form(call.session), dates=order, decimal=mark)
    plans = proposed_plans(sheets, form)
    if form_text(call, "step") in ("check", "make"):
        corrected(call, plans)
    else:
        propose_links(sheets, plans)
    name_plans(call.session, plans)
    return _Work(kept, named, encodings, sheets, plans, evidence(sheets, plans), said)


def _plan(call: Call, work: _Work, error: str = "") -> Answer:
    """The one page on which all of it is corrected."""
    options = work.options()
    form = options.form(call.session)
    if not work.values["dates"]:
        form = replace(form, dates=work.found.orders[0])
    if not work.values["decimal"]:
        form = replace(form, decimal=".")
    faults = sheet_faults(work.sheets, work.plans, form)
    lines, ready = _lines(call, work, faults)
    title = _title(work)
    return _page(
        call, title, 422 if error else 200, step="plan", error=error, name=title,
        upload=",".join(str(one["id"]) for one in work.kept),
        encodings=[{"name": f"encoding.{at}", "value": e} for at, e in work.encodings.items()],
        sheets=shown_sheets(call.session, work.sheets, work.plans, faults),
        kinds=kinds_shown(), targets=targets(call.session, work.sheets, work.plans),
        values=_values(work), lines=lines, ready=ready,
        faulty=number(str(sum(one.cells for one in faults)), format_of(call.session).locale)
        if any(one.cells for one in faults) else "",
        group=form_text(call, "group") or _group(work),
    )  # fmt: skip


def _title(work: _Work) -> str:
    names = dict.fromkeys(name for name, _ in work.named)
    return " and ".join(names) if len(names) < 3 else f"{len(names)} files"


def _group(work: _Work) -> str:
    """The heading in the navigation, where the file makes several objects."""
    taken = [plan for plan in work.plans if plan.take]
    if len(taken) < 2:
        return ""
    return (
        taken[0].plural if len(work.named) > 1 else words_of(PurePosixPath(work.named[0][0]).stem)
    )


def _values(work: _Work) -> Context:
    found, settled_ = work.found, work.values
    return {
        "dates": settled_["dates"],
        "order_of": found.order_of if len(found.orders) > 1 else "",
        "decimal": settled_["decimal"],
        "mark_of": found.mark_of if len(found.marks) > 1 else "",
        "has_dates": bool(found.orders),
        "numbers": found.numbers,
    }


def _lines(call: Call, work: _Work, faults: Sequence[SheetFault]) -> tuple[list[Context], bool]:
    """The plan in words, and whether it can be carried out."""
    locale = format_of(call.session).locale
    taken = [(at, plan) for at, plan in enumerate(work.plans) if plan.take]
    lines: list[Context] = []
    known = {one["value"]: one["label"] for one in targets(call.session, work.sheets, work.plans)}
    for at, plan in taken:
        fields = sum(one.take for one in plan.columns)
        rows = number(str(work.sheets[at].rows), locale)
        text = (
            f"Makes the object {plan.label} with {fields} {'field' if fields == 1 else 'fields'} "
            f"and imports {rows} {'record' if rows == '1' else 'records'}."
        )
        lines.append({"tone": "good", "icon": "check", "text": text})
        lines += [
            {"tone": "good", "icon": "link", "text": f"{plan.label} looks up {to}."}
            for one in plan.columns
            if one.take and one.kind == "link" and (to := known.get(one.target))
        ]
    bad = [one.message for one in faults if not one.cells]
    if not taken:
        bad.append("Take at least one sheet.")
    bad += _refused(call, work) if not bad else []
    lines += [{"tone": "bad", "icon": "alert-triangle", "text": text} for text in bad]
    return lines, not bad


def _refused(call: Call, work: _Work) -> list[str]:
    """What the documents would be refused for."""
    try:
        in_order(work.plans)
        change = change_of(work.sheets, work.plans, form_text(call, "group"), work.named[0][0])
        planned = apply.plan(call.session, change)
    except Problem as problem:
        return [str(one["message"]) for one in problem.errors[:5]] or [problem.detail]
    return [one.message for one in planned.beyond[:3]]


def _make(call: Call, work: _Work) -> Answer:
    if missing := [QUESTIONS[name] for name, text in work.values.items() if not text]:
        return _plan(call, work, " ".join(missing))
    options = replace(work.options(), skip_faults=form_text(call, "skip_faults") == "true")
    faults = sheet_faults(work.sheets, work.plans, options.form(call.session))
    if any(not one.cells for one in faults) or not any(plan.take for plan in work.plans):
        return _plan(call, work, "Some columns are not ready: see what is said at them.")
    if faults and not options.skip_faults:
        return _plan(call, work, "Nothing was made: correct the columns, or leave rows out.")
    group = form_text(call, "group").strip()
    try:
        job = install_sheets(call.session, work.kept, work.sheets, work.plans, options, group)
    except BeyondRights:
        raise
    except Problem as problem:
        return _plan(call, work, _words(problem))

    def shown(call: Call, job: LongJob) -> Answer:
        if not is_made(job):
            told = " ".join(str(one["message"]) for one in (job.result or {}).get("errors", [])[:3])
            return _plan(call, work, f"{job.error} {told}".strip() or "It was cancelled.")
        skipped = job.result["skipped"]
        names = ",".join(job.result["objects"])
        return Answer.redirect(with_query(f"{HERE}/made", objects=names, skipped=skipped or ""))

    return job_answer(call, lambda: job, shown, WAITS, on_its_way)


def show_made(call: Call) -> Answer:
    """What was made, with the way to it and the way back."""
    catalog = call.session.catalog
    names = [one for one in call.query.get("objects", "").split(",") if one in catalog.objects]
    if not names:
        raise NotFound("The objects of this spreadsheet were removed.")
    made = [
        {
            "label": catalog.objects[name].plural,
            "icon": catalog.objects[name].icon,
            "href": f"/o/{name}",
            "studio_href": f"/studio/objects/{name}",
            "records": records_of(call.session, catalog.objects[name]),
        }
        for name in names
    ]
    return _page(
        call, "The app is ready", step="made", made=made, objects=",".join(names),
        skipped=call.query.get("skipped", ""), undo_href=f"{HERE}/undo",
    )  # fmt: skip


def take_back(call: Call) -> Answer:
    """Remove the objects that were made; History brings them back with their records."""
    catalog = call.session.catalog
    names = [one for one in form_text(call, "objects").split(",") if one in catalog.objects]
    own = [one for one in names if catalog.objects[one].layer == SITE]
    if not own:
        raise NotFound("The objects of this spreadsheet were removed.")
    remove_objects(call.session, own, "Spreadsheet undone")
    return Answer.redirect("/studio")


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_WRITE, "An app from a spreadsheet.", page=True),
    Endpoint(
        "POST", HERE, go_on, Policy.META_WRITE, "The next step of an app from a spreadsheet.",
        page=True, form=True, files=("file",), max_body=MAX_UPLOAD,
    ),
    Endpoint(
        "GET", f"{HERE}/made", show_made, Policy.META_READ, "What was made of a spreadsheet.",
        page=True,
    ),
    Endpoint(
        "POST", f"{HERE}/undo", take_back, Policy.META_WRITE, "Remove what was made of it.",
        page=True, form=True,
    ),
)  # fmt: skip
