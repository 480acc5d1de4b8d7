"""The order of the site's own fields of an object, which pages that nobody arranged follow."""

from __future__ import annotations

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import NotFound, Problem, fault
from fluvial.metadata_changes import apply

from .document_pages import site_layer


def arrange(call: Call) -> Answer:
    """Puts the fields in the order in which they are named; others stay behind them."""
    name, asked = call.params["name"], call.json_object("names").get("names")
    seen = site_layer(call, "object", name)
    if name not in call.session.catalog.objects or seen is None:
        raise NotFound(f"There is no object `{name}` with fields of the site.")
    own = {one["name"]: one for one in seen.body.get("fields", ())}
    if not isinstance(asked, list) or not all(isinstance(one, str) for one in asked):
        raise _wrong("`names` is a list of names.")
    unknown = [one for one in asked if one not in own]
    if unknown:
        raise _wrong(f"`{unknown[0]}` is not a field that the site has added. Reload the page.")
    places = {one: at for at, one in enumerate(dict.fromkeys(asked))}
    body = dict(seen.body)
    # What is not named, such as changes of a package's fields, keeps its place before the others.
    body["fields"] = sorted(own.values(), key=lambda one: places.get(one["name"], -1))
    key = ("object", name)
    change = apply.MetadataChange({key: body}, note=f"Order of the fields of {name}")
    change.seen = {key: seen.body}
    apply.apply(call.session, change)
    return Answer.json({"names": [one["name"] for one in body["fields"]]})


def _wrong(message: str) -> Problem:
    return Problem(message, errors=[fault("/names", "not_valid", message)])


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/objects/{name}/order", arrange, Policy.META_WRITE,
        "Arrange the fields of an object.", page=True,
    ),
)  # fmt: skip
