"""Links of a record: who may make, see and revoke them, and how they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.rows import load_row
from fluvial.records.writing.new_drafts import missing
from fluvial.records.writing.transitions import known_actions
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.folding import nearest
from metamodel.kinds.datetime import moment
from metamodel.storage import timestamp_wire
from rules.offsets import moment_of

from . import link_passes
from .action_links import ActionLink, links_of
from .link_addresses import address_of
from .link_passes import LinkPass, LinkUse

MAX_RECIPIENT = 200
OPEN, USED, EXPIRED, REVOKED = "open", "used", "expired", "revoked"


def state_of(link_pass: LinkPass, link: ActionLink | None, now: datetime) -> str:
    """Whether it can act, and why not; a link whose document is gone is as good as revoked."""
    if link_pass.revoked_at is not None or link is None or not link.active:
        return REVOKED
    if link.object != link_pass.object:
        return REVOKED
    if link.once and link_pass.used_at is not None:
        return USED
    return EXPIRED if link_pass.expires_at <= now else OPEN


def made_by_actor(session: Session, type_: ObjectType) -> list[ActionLink]:
    """The links that the actor may make for records of a type."""
    links = [one for one in links_of(session.catalog).values() if one.object == type_.name]
    return [one for one in links if one.active and not refusal(session, type_, one)]


def refusal(session: Session, type_: ObjectType, link: ActionLink) -> str:
    """Why the actor may not make and revoke links of a kind; "" where they may."""
    access = session.access
    if access.unrestricted:
        return ""
    if link.allow:
        held = set(with_inherited(session.catalog, access.roles))
        kept = not held & set(link.allow)
        return f"{link.label} is made by people with other roles." if kept else ""
    if any(one.name == link.action for one in known_actions(session, type_)):
        return ""
    return f"You may not take the action of {link.label}, so you cannot make a link for it."


def named(session: Session, type_: ObjectType, name: Any) -> ActionLink:
    """The link of a name that the actor may make for records of a type."""
    known = {one.name: one for one in links_of(session.catalog).values()}
    link = known.get(name) if isinstance(name, str) else None
    if link is None or link.object != type_.name:
        there = sorted(one.name for one in known.values() if one.object == type_.name)
        said = nearest(str(name), there) or f"There are {', '.join(there) or 'none'}."
        message = f"{type_.label} has no link `{name}`. {said}"
        raise Unprocessable(message, errors=[fault("/link", "unknown_link", message)])
    if not link.active:
        raise Conflict(f"{link.label} is switched off.")
    if why := refusal(session, type_, link):
        raise Forbidden(why)
    return link


def may_hand_out(session: Session, link: ActionLink, record: str) -> bool:
    """Whether the actor's rights reach this record: to change it, or by `allow` to read it."""
    action = "read" if link.allow or not link.transition else "update"
    return is_id(record) and load_row(session, link.object, record, action) is not None


def make(
    session: Session,
    link: ActionLink,
    record: str,
    recipient: str = "",
    expires: datetime | None = None,
) -> LinkPass:
    """A new link for a record. Who may, is asked before."""
    until = moment_of(session.now, link.expires, None, session.engine.clock.zone)
    made = LinkPass(
        id=new_id(),
        link=link.name,
        object=link.object,
        record=record,
        recipient=recipient,
        made_at=session.now,
        made_by=session.actor.id,
        made_rule=session.actor.rule,
        expires_at=expires or until or session.now,
        revoked_at=None,
        revoked_by=None,
        used_at=None,
    )
    link_passes.add(session.connection, made)
    return made


def make_as_asked(
    session: Session, type_: ObjectType, record: str, body: Mapping[str, Any]
) -> LinkPass:
    """A link that a person asks for: `link`, `to` and `expires`."""
    link = named(session, type_, body.get("link"))
    if not may_hand_out(session, link, record):
        raise missing(session, type_, record, "update" if link.transition else "read")
    recipient = body.get("to") or ""
    if not isinstance(recipient, str) or len(recipient) > MAX_RECIPIENT:
        message = f"`to` is for whom the link is, in at most {MAX_RECIPIENT} characters."
        raise Unprocessable(message, errors=[fault("/to", "not_a_text", message)])
    return make(session, link, record, recipient.strip(), _until(session, body.get("expires")))


def _until(session: Session, raw: Any) -> datetime | None:
    if raw is None:
        return None
    message = "Write a date and time in the future, such as 2027-01-01T00:00:00Z."
    try:
        until = moment(raw)
    except ValueFault:
        until = session.now
    if until <= session.now:
        raise Unprocessable(message, errors=[fault("/expires", "not_a_moment", message)])
    return until.astimezone(UTC)


def handed_out(
    session: Session, type_: ObjectType, record: str
) -> list[tuple[LinkPass, list[LinkUse]]]:
    """The links of a record that the actor may see: those that they could make."""
    mine = {one.name for one in made_by_actor(session, type_) if may_hand_out(session, one, record)}
    found = link_passes.of_record(session.connection, record) if mine else []
    return [(one, uses) for one, uses in found if one.link in mine and one.object == type_.name]


def revoke(session: Session, id: str) -> LinkPass:
    """End a link. One of a record that the actor may not see does not exist for them."""
    found = link_passes.find(session.connection, id) if is_id(id) else None
    type_ = session.catalog.objects.get(found.object) if found is not None else None
    link = links_of(session.catalog).get(found.link) if found is not None else None
    seen = type_ is not None and session.access.object(type_.name).can("read")
    if found is None or type_ is None or link is None or not seen:
        raise NotFound("There is no such link.")
    if refusal(session, type_, link) or not may_hand_out(session, link, found.record):
        raise NotFound("There is no such link.")
    link_passes.revoke(session.connection, found.id, session.actor.id, session.now)
    return found


def wire(session: Session, link_pass: LinkPass, uses: list[LinkUse]) -> dict[str, Any]:
    """A link without its address, which is told once."""
    link = links_of(session.catalog).get(link_pass.link)
    return {
        "id": link_pass.id,
        "link": link_pass.link,
        "to": link_pass.recipient,
        "state": state_of(link_pass, link, session.now),
        "made_at": timestamp_wire(link_pass.made_at),
        "made_by": {"user": link_pass.made_by} if link_pass.made_by else None,
        "rule": link_pass.made_rule,
        "expires": timestamp_wire(link_pass.expires_at),
        "revoked_at": timestamp_wire(link_pass.revoked_at) if link_pass.revoked_at else None,
        "uses": [
            {
                "at": timestamp_wire(use.at),
                "address": use.address,
                "agent": use.agent,
                "answers": dict(use.answers),
            }
            for use in uses
        ],
    }


def address(session: Session, link_pass: LinkPass) -> str:
    return address_of(session.engine.settings, link_pass.id)
