"""A new package of what the site has made: downloaded, or put in the place of the site's own."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.metadata_changes import apply
from fluvial.metadata_changes.beyond_rights import BeyondRights
from fluvial.packages import archive, exporting, source
from fluvial.runtime.catalogs import Key, stored_layers
from metamodel.documents import SITE
from metamodel.folding import humanise, label_text, name_of

from .frame import Context, page
from .sign_in import form_text

HERE = "/studio/packages/new"
DOCUMENT = "document"


def show(call: Call, *, error: str = "") -> Answer:
    form = call.form
    chosen = set(map(str, form.getlist(DOCUMENT))) if form is not None else None
    package: Context = {
        "action": HERE,
        "label": form_text(call, "label") if form is not None else "",
        "name": form_text(call, "name") if form is not None else "",
        "version": (form_text(call, "version") if form is not None else "") or "1.0.0",
        "groups": _groups(call, chosen),
        "error": error,
    }
    return page(
        call, "new_package.html", "New package", here="/studio/packages",
        crumbs=[("Studio", "/studio"), ("Packages", "/studio/packages")],
        status=422 if error else 200, package=package,
    )  # fmt: skip


def _groups(call: Call, chosen: set[str] | None) -> list[Context]:
    """The site's documents by their kinds."""
    kinds, catalog = call.engine.kinds, call.session.catalog
    found: dict[str, list[Context]] = {}
    for kind, name in sorted(stored_layers(call.session.connection)[SITE]):
        if kind not in kinds or kind == "app":
            continue
        known = catalog.of(kind).get(name)
        label = label_text(known.body.get("label", humanise(name))) if known else humanise(name)
        below = known.layer if known is not None and known.layer != SITE else ""
        place = f"{kind}/{name}"
        found.setdefault(kinds[kind].label, []).append(
            {
                "value": place,
                "label": label,
                "about": f"Changes what {below} brings" if below else "",
                "chosen": chosen is None or place in chosen,
            }
        )
    return [{"label": label, "items": items} for label, items in sorted(found.items())]


def make(call: Call) -> Answer:
    """Download the package, or let it take the place of the site's own documents."""
    try:
        name = form_text(call, "name").strip() or name_of(form_text(call, "label"))
        files = _files(call, name)
        if form_text(call, "press") == "adopt":
            return _adopt(call, name, files)
    except BeyondRights:
        raise
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:3])
        return show(call, error=told or problem.detail)
    disposition = f'attachment; filename="{name}.zip"'
    packed = archive.packed(files)
    return Answer(200, packed, "application/zip", [("content-disposition", disposition)])


def _files(call: Call, name: str) -> dict[str, str]:
    assert call.form is not None
    chosen = {tuple(str(one).split("/", 1)) for one in call.form.getlist(DOCUMENT)}
    only: set[Key] = {(one[0], one[1]) for one in chosen if len(one) == 2}
    if not only:
        raise Problem("Choose at least one document.")
    return exporting.files_of(
        call.session,
        SITE,
        name=name,
        label=form_text(call, "label").strip(),
        version=form_text(call, "version").strip(),
        only=only,
    )


def _adopt(call: Call, name: str, files: dict[str, str]) -> Answer:
    """In one change: the package comes, and what it brings goes from the site's layer."""
    package = source.from_zip(archive.packed(files), call.engine.kinds)
    bodies = {(one.kind, one.name): one.body for one in package.documents}
    site = stored_layers(call.session.connection)[SITE]
    change = apply.MetadataChange(
        bodies,
        layer=name,
        more={SITE: {key: None for key in bodies if key in site}},
        note=f"Package {name} {package.version}",
        packages={name: package.version},
        whole=True,
    )
    apply.apply(call.session, change)
    return Answer.redirect(f"/studio/packages/{name}")


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_WRITE, "A new package.", page=True),
    Endpoint(
        "POST", HERE, make, Policy.META_WRITE, "Download or adopt a package.", page=True, form=True
    ),
)
