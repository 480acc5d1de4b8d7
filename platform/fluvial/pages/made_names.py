"""Technical names that the studio makes from labels, in whatever script these are written."""

from __future__ import annotations

from collections.abc import Iterable

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from metamodel.catalog import Catalog, ObjectType
from metamodel.folding import free_name, name_of
from metamodel.reserved_names import RESERVED

from .guessed_kinds import guessed_kind
from .kind_options import named_options, words_in


def field_name(type_: ObjectType, label: str, kind: str, coming: Iterable[str] = ()) -> str:
    """The name of a new field: a reserved one gets the object's before it, such as book_title."""
    taken = {*RESERVED, *type_.fields, *type_.inverses, *coming}
    plain = name_of(label)
    if plain in RESERVED:
        label = f"{type_.name}_{plain}"
    return free_name(label, taken, kind)


def object_name(catalog: Catalog, label: str) -> str:
    return free_name(label, catalog.objects, "object")


def names(call: Call) -> Answer:
    """What a new object or field of that label would be called, its kind, and the options it lists.

    `taken` are names of other fields that are on their way, with commas between.
    """
    label, catalog = call.query.get("label", "").strip(), call.session.catalog
    type_ = catalog.objects.get(call.query.get("object", ""))
    if not label:
        name = ""
    elif type_ is None:
        name = object_name(catalog, label)
    else:
        coming = set(call.query.get("taken", "").split(","))
        name = field_name(type_, label, call.query.get("kind", "field"), coming)
    options = named_options(words_in(call.query.get("options", "")))
    guess = guessed_kind(catalog, label) if label and type_ is not None else None
    return Answer.json({"name": name, "options": options, "guess": guess and guess.wire})


ENDPOINTS = (
    Endpoint(
        "GET", "/studio/names", names, Policy.META_READ, "The name that a label gets.", page=True
    ),
)
