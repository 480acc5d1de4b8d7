"""Packages in the studio: installed, previewed, upgraded, taken out, exported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.datastructures import UploadFile

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Conflict, Problem
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.packages import archive, installed_list, installing, registry, source, uninstalling
from fluvial.packages.installing import Installation
from fluvial.packages.source import Package
from fluvial.runtime.session import Session
from fluvial.transfer import files
from metamodel.folding import label_text
from metamodel.upgrades import CHANGES, CONFLICT

from .document_words import difference_row, short
from .frame import Context, action, page
from .history_pages import HERE as UNDER_WAY
from .plan_words import place_words
from .sign_in import form_text

HERE = "/studio/packages"
ROWS = 300


def show(call: Call, *, error: str = "") -> Answer:
    session = call.session
    there = installed_list.listed(session)
    names = {entry["name"] for entry in there}
    installed = [
        {
            "label": entry["label"],
            "href": f"{HERE}/{entry['name']}",
            "version": entry["version"],
            "text": _summary(entry),
        }
        for entry in there
    ]
    packages = {
        "installed": installed,
        "shipped": [_shipped(call, name) for name in sorted(registry.all_shipped() - names)],
        "install_href": f"{HERE}/preview",
        "upload_href": f"{HERE}/preview",
        "new_href": f"{HERE}/new",
        "error": error,
        "may_write": "write" in session.access.meta,
    }
    return page(
        call, "packages.html", "Packages", crumbs=[("Studio", "/studio")], here=HERE,
        status=422 if error else 200, packages=packages,
    )  # fmt: skip


def _summary(entry: dict[str, Any]) -> str:
    count, changed = entry["documents"], entry["changed_by_site"]
    text = f"{count} documents"
    return f"{text}, {changed} of them changed here" if changed else text


def _shipped(call: Call, name: str) -> Context:
    package = source.from_folder(registry.shipped(name), call.engine.kinds)
    head = next(d.body for d in package.documents if d.kind == "app")
    about = label_text(head.get("about", ""))
    return {"name": name, "label": label_text(head.get("label", name)), "about": about}


def show_one(call: Call) -> Answer:
    found = installed_list.one(call.session, call.params["name"])
    name = found["name"]
    rows = [
        {"cells": [*difference_row(call.session, c | {"old": 0, "new": 0})["cells"][:2],
                   short(c["package"]), short(c["site"])]}
        for c in found["site"][:ROWS]
    ]  # fmt: skip
    needs = ", ".join(f"{one} {wanted}" for one, wanted in found["needs"].items())
    links = [action("Download", f"/api/packages/{name}/export", "download")]
    if "write" in call.session.access.meta:
        links.append(action("Uninstall", f"{HERE}/{name}/uninstall", "trash"))
    text = f"Version {found['version']} · {_summary(found)}" + (
        f" · needs {needs}" if needs else ""
    )
    table = {
        "title": "Your changes",
        "text": "Upgrades keep these changes and show conflicts first."
        if rows else "None: everything is as delivered in the package.",
        "head": ["Document", "Part", "Package", "Here"],
        "rows": rows,
    }  # fmt: skip
    return _page(call, found["label"], text, tables=[table], links=links)


def _page(call: Call, title: str, text: str, **more: Any) -> Answer:
    empty: Context = {"tables": [], "lists": [], "form": None, "links": []}
    return page(
        call, "package.html", title, crumbs=[("Studio", "/studio"), ("Packages", HERE)],
        here=HERE, package=empty | {"title": title, "text": text} | more,
    )  # fmt: skip


def _sent(call: Call) -> tuple[Package, list[Context]]:
    """The package that a form means, and what the next form sends to mean it again."""
    kinds = call.engine.kinds
    upload = call.form.get("file") if call.form is not None else None
    app, kept = form_text(call, "app"), form_text(call, "upload")
    if app:
        package = source.from_folder(registry.shipped(app), kinds)
        return package, [{"name": "app", "value": app}]
    if kept:
        row = files.readable_file(call.session, kept)
        body = b"".join(files.read_parts(call.engine, row))
        return source.from_zip(body, kinds), [{"name": "upload", "value": kept}]
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Problem("Choose the zip file of an app.")
    body = upload.file.read(archive.MAX_ZIP + 1)
    package = source.from_zip(body, kinds)
    upload.file.seek(0)
    row = files.store(call.session, upload.filename, "application/zip", upload.file)
    return package, [{"name": "upload", "value": row["id"]}]


def preview(call: Call) -> Answer:
    """What installing or upgrading would do, before it is done."""
    try:
        package, hidden = _sent(call)
        source.refuse_core(package)
        planned, uses = _planned(call, package)
    except Problem as problem:
        return show(call, error=_told(problem))
    form = {
        "action": f"{HERE}/install",
        "hidden": hidden,
        "button": planned.verb,
        "busy": "Working",
        "danger": bool(uses),
        "force": "Also remove what uses it" if uses else "",
        "back_href": HERE,
    }
    was = f"from {planned.was} to {planned.version}" if planned.was else planned.version
    return _page(
        call, f"{planned.verb} {planned.name}", f"{planned.verb} {was}. Nothing is changed yet.",
        tables=_tables(call.session, planned), lists=_lists(planned, uses), form=form,
    )  # fmt: skip


def _planned(call: Call, package: Package) -> tuple[Installation, list[str]]:
    """What the package would do, and the site's places that use what goes: they go along."""
    try:
        return installing.plan(call.session, package), []
    except Conflict as problem:
        uses = [str(use) for use in problem.extra.get("uses", ())]
        if not uses:
            raise
        return installing.plan(call.session, package, force=True), uses


def _told(problem: Problem) -> str:
    messages = [str(fault["message"]) for fault in problem.errors[:5]]
    uses = [str(use) for use in problem.extra.get("uses", ())][:10]
    text = " ".join(messages) or problem.detail
    return f"{text} Used in {', '.join(uses)}." if uses else text


def _tables(session: Session, planned: Installation) -> list[Context]:
    tables: list[Context] = []
    conflicts = list(planned.of(CONFLICT))
    if conflicts:
        rows = [
            {"cells": [*difference_row(session, c)["cells"], short(c["site"])],
             "take": f"{c['document']}#{c['pointer']}"}
            for c in conflicts
        ]  # fmt: skip
        head = ["Document", "Part", "Was", "App", "Here", "Decide"]
        text = "Both you and the app changed these. Yours are kept unless you choose the app's."
        tables.append({"title": "Conflicts", "text": text, "head": head, "rows": rows})
    if planned.was is not None:
        outcomes = {d.outcome for found in planned.decisions.values() for d in found}
        kept = [
            {"cells": [*difference_row(session, e)["cells"][:2], short(e["new"]), short(e["site"])]}
            for e in planned.of(*sorted(outcomes - {CHANGES, CONFLICT}))
        ][:ROWS]
        if kept:
            head = ["Document", "Part", "App", "Here"]
            tables.append(
                {"title": "Your changes that are kept", "text": "", "head": head, "rows": kept}
            )
        rows = [difference_row(session, entry) for entry in planned.of(CHANGES)][:ROWS]
        if rows:
            head = ["Document", "Part", "Before", "After"]
            tables.append({"title": "Changes", "text": "", "head": head, "rows": rows})
    return tables


def _lists(planned: Installation, uses: list[str]) -> list[Context]:
    steps = [f"{o.op.replace('_', ' ')}: {o.target}" for o in planned.change.operations]
    lists = (
        ("Additions", planned.added, "", ""),
        ("Removals", planned.removed, "", "Values stay until they are purged."),
        ("Your documents that use removed parts", uses, "bad", "Removed only if you confirm it."),
        ("Steps", steps, "", ""),
        (
            "Beyond your own rights",
            [f"{one.document}{one.pointer}: {one.message}" for one in planned.change.beyond],
            "bad",
            "An administrator can approve it.",
        ),
    )
    return _filled(lists)


def _filled(lists: Iterable[tuple[str, list[str], str, str]]) -> list[Context]:
    return [
        {"title": title, "text": text, "tone": tone, "items": items}
        for title, items, tone, text in lists
        if items
    ]


def install(call: Call) -> Answer:
    package, _ = _sent(call)
    source.refuse_core(package)
    assert call.form is not None
    take = [str(place) for place in call.form.getlist("take")]
    try:
        force = form_text(call, "force") == "true"
        done = installing.put(call.session, package, take=take, force=force)
    except BeyondRights:
        raise
    except Problem as problem:
        return show(call, error=_told(problem))
    if done.change.pending:
        return Answer.redirect(UNDER_WAY)
    return Answer.redirect(f"{HERE}/{package.name}")


def removal(call: Call) -> Answer:
    """What uninstalling would take out, and what stays."""
    name = call.params["name"]
    try:
        planned = uninstalling.plan(call.session, name)
    except Conflict as problem:
        return show(call, error=_told(problem))
    objects = [f"{o['label']}: {_records(o['records'])}" for o in planned.objects]
    catalog = call.session.catalog
    documents = [place_words(catalog, one) for one in planned.documents]
    lists = (
        ("Objects to be removed", objects, "", "Tables and values stay until they are purged."),
        ("Fields to be removed from other objects", planned.fields, "", ""),
        ("Your documents that need it", planned.uses, "bad", "Removed only if you confirm it."),
        ("Kept for a later install", planned.waiting, "", "Your changes to these documents."),
        ("Other documents to be removed", documents, "", ""),
    )
    form = {
        "action": f"{HERE}/{name}/uninstall",
        "hidden": [],
        "button": "Uninstall",
        "busy": "Uninstalling",
        "danger": True,
        "force": "Also remove what needs it" if planned.uses else "",
        "back_href": f"{HERE}/{name}",
    }
    text = f"Version {planned.version}. Nothing is changed yet."
    return _page(call, f"Uninstall {name}", text, lists=_filled(lists), form=form)


def _records(count: int) -> str:
    if not count:
        return "no records"
    return "its record stays" if count == 1 else f"its {count:,} records stay"


def uninstall(call: Call) -> Answer:
    force = form_text(call, "force") == "true"
    try:
        done = uninstalling.remove(call.session, call.params["name"], force=force)
    except Conflict as problem:
        return show(call, error=_told(problem))
    return Answer.redirect(UNDER_WAY if done.change.pending else HERE)


_ONE = f"{HERE}/{{name}}"
_MAX = archive.MAX_ZIP + 100_000

ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "Packages.", page=True),
    Endpoint("GET", _ONE, show_one, Policy.META_READ, "A package.", page=True),
    Endpoint(
        "POST", f"{HERE}/preview", preview, Policy.META_WRITE, "Preview a package.",
        page=True, form=True, files=("file",), max_body=_MAX,
    ),
    Endpoint(
        "POST", f"{HERE}/install", install, Policy.META_WRITE, "Install a package.",
        page=True, form=True, max_body=_MAX,
    ),
    Endpoint(
        "GET", f"{_ONE}/uninstall", removal, Policy.META_WRITE, "Preview an uninstall.", page=True
    ),
    Endpoint(
        "POST", f"{_ONE}/uninstall", uninstall, Policy.META_WRITE, "Uninstall a package.",
        page=True, form=True,
    ),
)  # fmt: skip
