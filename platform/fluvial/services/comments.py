"""Comments on records: who may change a record reads and writes them; who is named is told.

Public comments are for people who may only read a record, too: with the right to reply they read
them and write their own. All others are of those who work on the record.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fluvial.auth.access import with_inherited
from fluvial.kernel.change_stream import RecordChange
from fluvial.kernel.features import Seam
from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Forbidden, NotFound, Unprocessable, fault
from fluvial.records.drafts.rows import load_row
from fluvial.records.reading.titles import titles_of
from fluvial.runtime.session import Session
from metamodel.catalog import Catalog
from metamodel.conversation_part import CONVERSATION
from metamodel.errors import ValueFault
from metamodel.kinds.datetime import moment

from . import comment_rows as rows
from . import notifications
from .comment_rows import COMMENT_CHANNEL, REPLY, RIGHT

MAX_TEXT = 10_000
MAX_MENTIONS = 20
MAX_PAGE = 200
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
NEWEST = "ffffffff-ffff-ffff-ffff-ffffffffffff"  # ids sort by the time they were made
MENTIONS = " mentions you: "
SPOKEN = "#timeline"  # where on a record's page comments stand
READ = "read"

# Hears, in its transaction, that somebody who may only reply has written about a record.
OUTSIDE_REPLY: Seam[Callable[[Session, str, str], None]] = Seam("when somebody outside replies")


def may_comment(session: Session, object_name: str) -> bool:
    may = session.access.object(object_name)
    known = session.actor.id is not None
    return known and (may.can(RIGHT) or bool(replies_by(session, object_name)))


def replies_by(session: Session, object_name: str) -> str:
    """The right by which somebody reads what is public and replies to it; "" where none does.

    The conversation of an object type may open it to roles that read the records.
    """
    may = session.access.object(object_name)
    if may.can(REPLY):
        return REPLY
    conversation = CONVERSATION.of(session.catalog.objects[object_name])
    if conversation is not None and may.can(READ) and conversation.public_to:
        roles = set(with_inherited(session.catalog, session.actor.roles))
        return READ if roles & conversation.public_to else ""
    return ""


def may_choose_who_reads(session: Session, object_name: str) -> bool:
    """Whether somebody may comment for those who work on a record, and for all who may reply."""
    replies = session.catalog.derive(_answered)
    inside = inside_of(session, object_name)
    return inside.access.object(object_name).can(RIGHT) and object_name in replies


def _answered(catalog: Catalog) -> frozenset[str]:
    """The object types to whose records some role may reply."""
    grants = (
        grant for role in catalog.of("role").values() for grant in role.body.get("grants", ())
    )
    opened = {
        type_.name
        for type_ in catalog.objects.values()
        if (conversation := CONVERSATION.of(type_)) is not None and conversation.public_to
    }
    return frozenset(opened | {grant["object"] for grant in grants if REPLY in grant["can"]})


def _right(session: Session, object_name: str, record: str) -> str | None:
    """By which right somebody comments on a record."""
    inside = inside_of(session, object_name)
    if inside.access.object(object_name).can(RIGHT):
        if load_row(inside, object_name, record, RIGHT) is not None:
            return RIGHT
    replies = replies_by(session, object_name)
    if replies and load_row(session, object_name, record, replies) is not None:
        return REPLY
    return None


def works_on(session: Session, object_name: str, record: str) -> bool:
    """Whether somebody may read all that is said about a record."""
    return _right(session, object_name, record) == RIGHT


def is_readable(session: Session, object_name: str, record: str, identifier: str) -> bool:
    """Whether a comment is there and somebody may read it."""
    row = rows.ONE.row(session.connection, the_record=record, the_id=identifier)
    right = _right(session, object_name, record) if row is not None else None
    return row is not None and (
        right == RIGHT or (right == REPLY and bool(rows.comment_wire(row)["public"]))
    )


def inside_of(session: Session, object_name: str) -> Session:
    """The same person without the roles that are told what is public alone.

    That such a role may change a record does not show it what others note about it.
    """
    type_ = session.catalog.objects.get(object_name)
    conversation = CONVERSATION.of(type_) if type_ is not None else None
    outside = conversation.public_to if conversation is not None else frozenset()
    if session.access.unrestricted or not outside & set(session.actor.roles):
        return session
    roles = tuple(role for role in session.actor.roles if role not in outside)
    return session.as_actor(replace(session.actor, roles=roles))


def read(
    session: Session,
    object_name: str,
    record: str,
    *,
    since: datetime,
    until: datetime,
    before: str = NEWEST,
    limit: int = MAX_PAGE,
) -> list[dict[str, Any]]:
    """The comments of a stretch of time, newest first: all of them, or those that are public."""
    right = _right(session, object_name, record)
    if right is None:
        return []
    page = rows.PAGES[right].rows(
        session.connection,
        the_record=record, the_since=since, the_until=until, the_before=before, the_limit=limit,
    )  # fmt: skip
    return [rows.comment_wire(row) for row in page]


def write(
    session: Session,
    object_name: str,
    record: str,
    text: Any,
    mentions: Any = (),
    public: Any = False,
) -> dict[str, Any]:
    """A new comment; the people whom it names are told, once each.

    That of somebody who may only reply is public. Who speaks in public hears what others say there.
    """
    if not isinstance(public, bool):
        raise _refused("/public", "type", "`public` must be true or false.")
    commentable(session, object_name, record)
    outside = _right(session, object_name, record) == REPLY
    public = public or outside
    said, named = _checked(session, object_name, record, text, mentions, public=public)
    identifier = new_id()
    with session.connection.transaction():
        rows.ADD.run(
            session.connection,
            id=identifier, object=object_name, record=record, at=session.now, by=session.actor.id,
            text=said, mentions=named, edited_at=None, deleted_at=None, public=public,
            channel=None, speaker=None,
        )  # fmt: skip
        _tell(session, object_name, record, said, named)
        if public:
            _tell_speakers(session, object_name, record, said, {m["user"] for m in named})
        for hear in session.engine.brought(OUTSIDE_REPLY) if outside else ():
            hear(session, object_name, record)
        _publish(session, object_name, record)
    return found(session, record, identifier)


def enter(
    session: Session,
    object_name: str,
    record: str,
    text: str,
    *,
    channel: str,
    public: bool,
    speaker: str = "",
    heard: bool = True,
) -> str:
    """Enter what was said by another way, such as a mail, for a feature that has checked it; its
    id. Who takes part is told of what is `heard`."""
    identifier = new_id()
    with session.connection.transaction():
        rows.ADD.run(
            session.connection,
            id=identifier, object=object_name, record=record, at=session.now, by=session.actor.id,
            text=text, mentions=[], edited_at=None, deleted_at=None, public=public,
            channel=channel, speaker=speaker or None,
        )  # fmt: skip
        if heard:
            _tell_speakers(session, object_name, record, text, set(), speaker)
        _publish(session, object_name, record)
    return identifier


def withdraw(session: Session, object_name: str, record: str, identifier: str) -> None:
    """Take back what `enter` entered, as if it had not been said; for a feature that may."""
    rows.WITHDRAW.run(session.connection, the_id=identifier)
    _publish(session, object_name, record)


def edit(
    session: Session, object_name: str, record: str, identifier: str, text: Any, mentions: Any = ()
) -> dict[str, Any]:
    """Change one's own comment; people whom it did not name before are told."""
    commentable(session, object_name, record)
    before = _own(session, record, identifier, "change")
    said, named = _checked(session, object_name, record, text, mentions, public=before["public"])
    known = {mention["user"] for mention in before["mentions"]}
    with session.connection.transaction():
        rows.EDIT.run(
            session.connection,
            the_id=identifier, the_text=said, the_mentions=named, the_now=session.now,
        )  # fmt: skip
        fresh = [mention for mention in named if mention["user"] not in known]
        _tell(session, object_name, record, said, fresh)
        _publish(session, object_name, record)
    return found(session, record, identifier)


def delete(session: Session, object_name: str, record: str, identifier: str) -> None:
    commentable(session, object_name, record)
    _own(session, record, identifier, "delete")
    with session.connection.transaction():
        rows.DELETE.run(session.connection, the_id=identifier, the_now=session.now)
        _publish(session, object_name, record)


def commentable(session: Session, object_name: str, record: str) -> dict[str, Any]:
    type_ = session.object(object_name)
    may = session.access.object(object_name)
    if not may.can(RIGHT) and not replies_by(session, object_name):
        raise Forbidden(f"Only people who may change {type_.plural.lower()} may comment on them.")
    right = _right(session, object_name, record) if is_id(record) else None
    by = replies_by(session, object_name) if right == REPLY else right
    row = load_row(session, object_name, record, by) if by else None
    if row is None:
        raise NotFound(f"There is no {type_.label.lower()} with the id `{record}` to comment on.")
    return row


def _own(session: Session, record: str, identifier: str, verb: str) -> dict[str, Any]:
    known = found(session, record, identifier)
    mine = known["by"] == {"user": session.actor.id} and known["channel"] == COMMENT_CHANNEL
    if not mine and not (verb == "delete" and session.access.admin):
        raise Forbidden(f"Only the author of a comment may {verb} it.")
    return known


def found(session: Session, record: str, identifier: str) -> dict[str, Any]:
    """A comment, for those of whom it is known that they may read it."""
    row = None
    if is_id(identifier):
        row = rows.ONE.row(session.connection, the_record=record, the_id=identifier)
    if row is None:
        raise NotFound("This comment does not exist.")
    return rows.comment_wire(row)


def _checked(
    session: Session, object_name: str, record: str, text: Any, mentions: Any, *, public: bool
) -> tuple[str, list[dict[str, str]]]:
    if session.actor.id is None:
        raise Forbidden("Only people can write comments.")
    if not isinstance(text, str) or not text.strip():
        raise _refused("/text", "required", "Write a comment first.")
    if len(text) > MAX_TEXT:
        raise _refused("/text", "too_long", f"A comment can have at most {MAX_TEXT:,} characters.")
    listed = isinstance(mentions, (list, tuple)) and len(mentions) <= MAX_MENTIONS
    if not listed or not all(isinstance(one, str) for one in mentions):
        raise _refused(
            "/mentions", "type", f"`mentions` must be a list of at most {MAX_MENTIONS} ids."
        )
    people = list(dict.fromkeys(mentions))
    return text.strip(), [
        _mention(session, object_name, record, user, at, public=public)
        for at, user in enumerate(people)
    ]


def _mention(
    session: Session, object_name: str, record: str, user: Any, at: int, *, public: bool
) -> dict[str, str]:
    """Who is named has to be able to read what they are told of."""
    actor = session.engine.people.actor(session.connection, user) if is_id(user) else None
    if actor is None:
        raise _refused(f"/mentions/{at}", "unknown", f"There is no active person `{user}`.")
    theirs = session.as_actor(actor)
    right = _right(theirs, object_name, record)
    if right is None or (right == REPLY and not public):
        label = session.catalog.objects[object_name].label.lower()
        message = f"{actor.name} may not read the comments of this {label}. Remove the name."
        raise _refused(f"/mentions/{at}", "not_allowed", message)
    return {"user": str(user), "name": actor.name}


def _refused(pointer: str, code: str, message: str) -> Unprocessable:
    return Unprocessable(message, errors=[fault(pointer, code, message)])


def _tell(
    session: Session, object_name: str, record: str, text: str, named: Sequence[dict[str, str]]
) -> None:
    people = [m["user"] for m in named if m["user"] != session.actor.id]
    if not people:
        return
    href = f"{notifications.record_href(object_name, record)}{SPOKEN}"
    for user in people:
        title = _title_for(session, user, object_name, record) or "a record"
        notifications.tell(session, user, f"{session.actor.name}{MENTIONS}{title}", text, href)


def _tell_speakers(
    session: Session,
    object_name: str,
    record: str,
    text: str,
    named: set[str],
    speaker: str = "",
) -> None:
    """Tell the others who speak in public, who made the record, and who works on it."""
    row = load_row(session, object_name, record, None) or {}
    people = {by for (by,) in rows.SPEAKERS.rows(session.connection, the_record=record)}
    assigned = session.catalog.objects[object_name].work
    involved = [row.get("created_by"), row.get(assigned.assignee) if assigned else None]
    people |= {one["user"] for one in involved if isinstance(one, dict) and one.get("user")}
    href = f"{notifications.record_href(object_name, record)}{SPOKEN}"
    for user in sorted(people - named - {session.actor.id}):
        actor = session.engine.people.actor(session.connection, user)
        if actor is None or _right(session.as_actor(actor), object_name, record) is None:
            continue
        title = _title_for(session, user, object_name, record) or "a record"
        who = speaker or session.actor.name
        notifications.tell(session, user, f"{who} replied: {title}", text, href)


def who_mentions(notification: Mapping[str, Any]) -> str:
    """Who mentions its reader; "" where a notification tells something else."""
    who, mentions, _ = notification["title"].partition(MENTIONS)
    spoken = mentions and str(notification["href"]).endswith(SPOKEN)
    return str(who) if spoken else ""


def _title_for(session: Session, user: str, object_name: str, record: str) -> str | None:
    """What a record is called, as far as a person may read it."""
    actor = session.engine.people.actor(session.connection, user)
    theirs = session.as_actor(actor) if actor is not None else None
    return titles_of(theirs, object_name, [record]).get(record) if theirs is not None else None


def _publish(session: Session, object_name: str, record: str) -> None:
    """Open pages of the record hear of it."""
    change = RecordChange(object_name, record, 0)
    session.connection.after_commit(lambda: session.engine.stream.publish(change))


def until(text: str) -> datetime:
    """The moment that an address names, of which a page of comments is the one before."""
    try:
        return moment(text)
    except ValueFault:
        return LAST
