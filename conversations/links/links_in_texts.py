"""Links in the texts of messages, made for those who get them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from rules.text_links import TEXT_LINKS, TextLinks

from . import link_addresses, link_making
from .action_links import links_of


def make(
    session: Session, type_: ObjectType, record: str, names: Sequence[str], to: str
) -> Mapping[str, str]:
    """A link of each name for somebody. That a template says so is its author's right.

    One that is switched off leads to the record's page, as a link to it does.
    """
    known, settings = links_of(session.catalog), session.engine.settings
    made = {}
    for name in names:
        link = known.get(name)
        if link is None or link.object != type_.name or not link.active:
            made[name] = settings.base_url
            continue
        one = link_making.make(session, link, record, to[: link_making.MAX_RECIPIENT])
        made[name] = link_addresses.unsigned(settings, one.id)
    return made


BRINGS = TEXT_LINKS(TextLinks(make, link_addresses.signed))
