"""What templates and endpoints need to be right, beyond their schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

from fluvial.services.outbound import PORTS
from fluvial.services.templates import Need, TemplateFault, needs
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck, target_of
from metamodel.documents import Document
from metamodel.expressions import types
from metamodel.folding import nearest

from .letter_words import texts_of
from .recipient_languages import check_language
from .template_channels import channel_of, check_members
from .text_links import LINKS, LINKS_KIND, link_names

LINK = "link"  # the address of the record's page
GIVEN = (LINK,)
LETTERS = (*GIVEN, LINKS)  # what templates of messages may name beside their record

_PARTS = {types.MONEY.name: ("amount", "currency")}


def check_template(document: Document, check: DocumentCheck) -> None:
    body = document.body
    type_ = check.object("/for", body["for"])
    if type_ is None:
        return
    if "as_of" in body:
        check.compile("/as_of", body["as_of"], type_.name, expect=types.DATE)
    if "language" in body:
        check_language(body["language"], check, type_)
    check_members(document, check)
    channel = channel_of(body)
    if channel.check is not None:
        channel.check(document, check, type_)
    for place, text in texts_of(body):
        try:
            given = LETTERS if channel.letter else (*GIVEN, *channel.given)
            need = needs(text, (type_.name, *given), images=not channel.letter)
        except TemplateFault as fault:
            check.fault(place, "template", str(fault), "Fix it there.")
            continue
        if type_.name in need.members:
            check_need(place, type_, need.members[type_.name], check)
        for name in link_names(need):
            link = check.reference(place, LINKS_KIND, name)
            if link is not None and link.body.get("object") != type_.name:
                check.fault(
                    place,
                    "other_object",
                    f"`{LINKS}.{name}` is not a link of {type_.label}.",
                    "Use a link of the same object.",
                )
            if place.endswith("/subject"):
                message = f"`{LINKS}.{name}` cannot stand in a subject."
                check.fault(place, "not_in_a_subject", message, "Put it into the body.")


class Faults(Protocol):
    """Where what is wrong with a template goes."""

    @property
    def objects(self) -> Mapping[str, ObjectType]: ...

    def uses(self, pointer: str, place: str) -> None: ...

    def fault(self, pointer: str, code: str, message: str, hint: str = "") -> None: ...


def check_need(pointer: str, type_: ObjectType, need: Need, check: Faults) -> None:
    """Whether there is what a template reads of a record."""
    for name, inner in need.members.items():
        if name == "id":
            continue
        inverse = type_.inverses.get(name)
        if inverse is not None:
            check.uses(pointer, f"{inverse.source}.{inverse.field}")
            check_need(pointer, check.objects[inverse.source], inner, check)
            continue
        field = type_.fields.get(name)
        if field is None or field.hidden:
            known = [f.name for f in type_.fields.values() if not f.hidden] + list(type_.inverses)
            check.fault(
                pointer,
                "unknown_field",
                f"Line {inner.line}: {type_.label} has no field `{name}`.",
                nearest(name, known),
            )
            continue
        check.uses(pointer, f"{type_.name}.{name}")
        many = field.type.name == types.RECORDS.name
        target = field.targets[0] if many else target_of(field)
        if target in check.objects:
            check_need(pointer, check.objects[target], inner, check)
        elif inner.members and field.type.name not in _PARTS:
            last = next(iter(inner.members))
            check.fault(
                pointer,
                "not_a_lookup",
                f"Line {inner.line}: `{name}` is not a look-up, so it has no `{last}`.",
                f"End the path with `{name}`.",
            )


def check_endpoint(document: Document, check: DocumentCheck) -> None:
    url = document.body["url"]
    try:
        parts = urlsplit(url)
        sound = bool(parts.hostname) and parts.scheme in PORTS and (parts.port or 1) > 0
    except ValueError:
        sound = False
    if not sound:
        check.fault("/url", "not_an_address", f"`{url}` is not a web address.", "Write https://...")
