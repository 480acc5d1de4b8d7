"""Packages over the API: installed, planned, upgraded, taken out and exported."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile

from fluvial.kernel.problems import Problem, Unprocessable, fault
from fluvial.packages import (
    archive,
    exporting,
    installed_list,
    installing,
    registry,
    source,
    uninstalling,
)
from fluvial.packages.source import Package
from metamodel.documents import SITE
from metamodel.reserved_names import NAME

from .call import Answer, Call
from .routes import Endpoint, Policy

ZIP = "application/zip"
ZIP_START = b"PK"
PARAMETERS = ("plan", "take", "force", "ask")


def list_packages(call: Call) -> Answer:
    call.only()
    return Answer.json({"data": installed_list.listed(call.session)})


def show(call: Call) -> Answer:
    call.only()
    return Answer.json(installed_list.one(call.session, call.params["name"]))


def sent_package(call: Call) -> tuple[Package, list[str]]:
    """The package of a body and what it takes: a zip file, as such or as `file`, or JSON."""
    kinds = call.engine.kinds
    take = [one for one in call.query.get("take", "").split(",") if one]
    if call.form is not None:
        parts = [part for part in call.form.getlist("file") if isinstance(part, UploadFile)]
        if len(parts) != 1:
            message = "Send one part `file`: the zip file of a package."
            raise Problem(message, errors=[fault("/file", "required", message)])
        return source.from_zip(parts[0].file.read(), kinds), take
    if call.body.startswith(ZIP_START):
        return source.from_zip(call.body, kinds), take
    body = call.json_object("documents", "app", "take")
    given = body.get("take", [])
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        message = "`take` must be a list of places, such as those of the plan's conflicts."
        raise Problem(message, errors=[fault("/take", "not_a_list", message)])
    if "app" in body:
        return _shipped(call, body), take + given
    return source.from_json(body), take + given


def _shipped(call: Call, body: dict[str, Any]) -> Package:
    """An app that is shipped, by its name; a path would lead anywhere."""
    name = body["app"]
    if not isinstance(name, str) or not NAME.fullmatch(name) or "documents" in body:
        message = "`app` must be the name of a shipped app, without `documents`."
        raise Unprocessable(message, errors=[fault("/app", "not_a_name", message)])
    return source.from_folder(registry.shipped(name), call.engine.kinds)


def put(call: Call) -> Answer:
    call.only(*PARAMETERS)
    package, take = sent_package(call)
    source.refuse_core(package)
    if call.flag("plan"):
        return _planned(call, package, take)
    force, ask = call.flag("force"), call.flag("ask")
    done = installing.put(call.session, package, take=take, force=force, ask=ask)
    waits = done.change.pending or done.change.approval
    status = 202 if waits else 201 if done.was is None else 200
    return Answer.json(done.wire(), status)


def plan(call: Call) -> Answer:
    call.only("take", "force")
    package, take = sent_package(call)
    source.refuse_core(package)
    name = call.params["name"]
    if package.name != name:
        message = f"The package is `{package.name}`, but the address says `{name}`."
        raise Unprocessable(message, errors=[fault("/app/name", "disagrees", message)])
    return _planned(call, package, take)


def _planned(call: Call, package: Package, take: list[str]) -> Answer:
    force = call.flag("force")
    return Answer.json(installing.plan(call.session, package, take=take, force=force).wire())


def delete(call: Call) -> Answer:
    call.only("plan", "force", "ask")
    name = call.params["name"]
    if call.flag("plan"):
        return Answer.json(uninstalling.plan(call.session, name).wire())
    force, ask = call.flag("force"), call.flag("ask")
    done = uninstalling.remove(call.session, name, force=force, ask=ask)
    return Answer.json(done.wire(), 202 if done.change.pending or done.change.approval else 200)


def export(call: Call) -> Answer:
    query = call.only("name", "label", "version")
    layer = call.params["name"]
    if layer != SITE and query:
        raise Problem(
            "`name`, `label` and `version` apply only to an export of the site's own layer."
        )
    files = exporting.files_of(
        call.session,
        layer,
        name=query.get("name", ""),
        label=query.get("label", ""),
        version=query.get("version", ""),
    )
    name = query.get("name", layer)
    disposition = f'attachment; filename="{name}.zip"'
    return Answer(200, archive.packed(files), ZIP, [("content-disposition", disposition)])


_ONE = "/api/packages/{name}"
_MAX = archive.MAX_ZIP + 100_000

ENDPOINTS = (
    Endpoint("GET", "/api/packages", list_packages, Policy.META_READ, "The installed packages."),
    Endpoint(
        "POST", "/api/packages", put, Policy.META_WRITE, "Install a package, or another version.",
        form=True, files=("file",), max_body=_MAX,
    ),
    Endpoint("GET", _ONE, show, Policy.META_READ, "A package, and what the site changed in it."),
    Endpoint("DELETE", _ONE, delete, Policy.META_WRITE, "Uninstall a package."),
    Endpoint(
        "POST", f"{_ONE}/plan", plan, Policy.META_WRITE, "Preview what installing a package "
                                                         "would do.",
        form=True, files=("file",), max_body=_MAX,
    ),
    Endpoint("GET", f"{_ONE}/export", export, Policy.META_READ, "A package as a zip file."),
)  # fmt: skip
