"""Links that act, in the texts of messages: `{{ links.accept_quote }}`.

A feature makes them, one for each reader of a mail. What waits to be sent holds an address that
opens nothing; the one that does is put in when the mail goes out, so that it stands nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.kernel.settings import Settings
from fluvial.runtime.session import Session
from fluvial.services.templates import Need, needs
from metamodel.catalog import ObjectType

LINKS = "links"  # in templates
LINKS_KIND = "link"  # of the documents that a feature brings
MEMBER = "unsigned"  # of the payload of an effect: the addresses in it that open nothing
SAMPLE = "/l/example"
_PLAIN = SMTP.clone(cte_type="7bit")

Made = Mapping[str, str]


@dataclass(frozen=True)
class TextLinks:
    """`make` takes the session, the record, names of links and for whom they are, and gives
    addresses that open nothing yet; `sign` gives the one that does."""

    make: Callable[[Session, ObjectType, str, Sequence[str], str], Made]
    sign: Callable[[Settings, str], str]


TEXT_LINKS: Seam[TextLinks] = Seam("links that act, in the texts of messages")


def link_names(need: Need) -> list[str]:
    """The links that a text names."""
    found = need.members.get(LINKS)
    return list(found.members) if found is not None else []


def names_in(object_name: str, known: Iterable[str], *texts: str) -> list[str]:
    """The links that some texts of a template name."""
    roots = (object_name, *known)
    found = (name for text in texts for name in link_names(needs(text, roots)))
    return list(dict.fromkeys(found))


def unknown_links(session: Session, type_: ObjectType, need: Need) -> list[str]:
    """What a text names that is no link of the object."""
    known = session.catalog.of(LINKS_KIND)
    return [
        name
        for name in link_names(need)
        if name not in known or known[name].body.get("object") != type_.name
    ]


def given(made: Made) -> dict[str, Any]:
    """The links as templates read them."""
    return {LINKS: {"$": "record", "v": dict(made)}}


def sample_links(
    session: Session, object_name: str, known: Iterable[str], *texts: str
) -> dict[str, Any]:
    """What stands for links while a template is tried out: nothing that opens anything."""
    names = names_in(object_name, known, *texts)
    address = session.engine.settings.base_url + SAMPLE
    return given(dict.fromkeys(names, address)) if names else {}


def make_links(
    session: Session, type_: ObjectType, record: str, names: Sequence[str], to: str
) -> Made:
    """A new address for each of the names."""
    made: dict[str, str] = {}
    for one in session.engine.brought(TEXT_LINKS):
        made |= one.make(session, type_, record, names, to)
    return made


def in_mail(session: Session, payload: Mapping[str, Any], content: bytes) -> bytes:
    """The content of a mail with the addresses that open something."""
    unsigned = payload.get(MEMBER, ())
    if not unsigned:
        return content
    message = BytesParser(policy=_PLAIN).parsebytes(content)
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.is_attachment():
            text = part.get_content()
            part.set_content(_signed(session, text, unsigned), subtype=part.get_content_subtype())
    return message.as_bytes()


def _signed(session: Session, text: str, unsigned: Iterable[str]) -> str:
    for address in unsigned:
        for one in session.engine.brought(TEXT_LINKS):
            text = text.replace(address, one.sign(session.engine.settings, address))
    return text
