"""What mails of rules carry beside their words: files of records, and what features make.

What is attached is entered with the message, by name, and read when the mail goes out, with the
rights of whom it is for: an address that belongs to nobody gets what the rule itself may read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluvial.auth.actors import Actor
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Problem, Unavailable
from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.session import Session
from fluvial.services.mail import Enclosed, NotSent
from fluvial.transfer.files import read_parts
from metamodel.expressions import types
from metamodel.expressions.python import evaluate

from .action_reader import ActionReader
from .execution import Execution
from .reader_environment import ReaderEnvironment

MEMBER = "attached"  # of a payload
MAX_SIZE = 15_000_000  # bytes of all files of a mail
FILES = "files"
Entry = dict[str, Any]


@dataclass(frozen=True)
class AttachedKind:
    """A kind of attachment. `read` checks what a rule says and gives what `enter` makes entries
    of, for somebody or for the rule itself; `open` makes the files of an entry."""

    name: str  # the member in documents
    read: Callable[[ActionReader, str, Mapping[str, Any]], Any]
    enter: Callable[[Execution, Any, Session | None], Iterator[Entry]]
    open: Callable[[Session, Entry], Iterator[Enclosed]]


@dataclass(frozen=True)
class Attachment:
    kind: str
    said: Any


def _read_files(reader: ActionReader, pointer: str, spec: Mapping[str, Any]) -> Any:
    compiled = reader.compile(f"{pointer}/{FILES}", spec[FILES])
    if compiled is not None and compiled.type.name != types.FILES.name:
        message = f"`{spec[FILES]}` is not a file field."
        reader.check.fault(f"{pointer}/{FILES}", "no_files", message, "Name one, such as papers.")
        return None
    return compiled


def _enter_files(execution: Execution, said: Any, reader: Session | None) -> Iterator[Entry]:
    environment: Any = execution.environment
    if reader is not None and execution.type is not None:
        environment = ReaderEnvironment(reader, environment)
    for file in evaluate(said, environment) or ():
        yield {"id": file["id"], "name": file["name"]}


def _open_file(session: Session, entry: Entry) -> Iterator[Enclosed]:
    row = find_file(session, entry["id"])
    if row is None:
        raise NotSent(f"The file {entry['name']} that it attaches no longer exists.", final=True)
    yield Enclosed(row["name"], row["media_type"], b"".join(read_parts(session.engine, row)))


KINDS = {FILES: AttachedKind(FILES, _read_files, _enter_files, _open_file)}


def _register(kind: AttachedKind) -> None:
    KINDS[kind.name] = kind


ATTACHED: Seam[AttachedKind] = Seam("what mails of rules may carry", _register)


def read_attachments(
    reader: ActionReader, pointer: str, listed: list[Mapping[str, Any]]
) -> tuple[Attachment, ...]:
    found = []
    for at, spec in enumerate(listed):
        names = [name for name in KINDS if name in spec]
        if len(names) != 1:
            message = "An attachment is either a document or files."
            hint = "Write one of " + " and ".join(f"`{name}`" for name in KINDS) + "."
            reader.check.fault(f"{pointer}/{at}", "no_attachment", message, hint)
            continue
        said = KINDS[names[0]].read(reader, f"{pointer}/{at}", spec)
        if said is not None:
            found.append(Attachment(names[0], said))
    return tuple(found)


def entered(
    execution: Execution, attachments: tuple[Attachment, ...], reader: Session | None
) -> dict[str, Any]:
    """The member of a payload that says what a mail carries, and with whose rights it is read."""
    if not attachments:
        return {}
    entries = [
        {"kind": one.kind, **entry}
        for one in attachments
        for entry in KINDS[one.kind].enter(execution, one.said, reader)
    ]
    by = execution.acting.actor
    who = {"user": reader.actor.id} if reader is not None else {}
    return {MEMBER: {**who, "name": by.name, "roles": list(by.roles), "entries": entries}}


def enclosed(session: Session, payload: Mapping[str, Any]) -> list[Enclosed]:
    """The files of a mail; raises NotSent where there is one that cannot be had."""
    said = payload.get(MEMBER)
    if said is None:
        return []
    acting = session.as_actor(_actor(session, said))
    found: list[Enclosed] = []
    try:
        for entry in said["entries"]:
            found += KINDS[entry["kind"]].open(acting, entry)
    except Problem as problem:
        final = not isinstance(problem, Unavailable)
        raise NotSent(f"An attachment cannot be made. {problem.detail}", final=final) from problem
    if sum(len(one.content) for one in found) > MAX_SIZE:
        raise NotSent(f"Its attachments have more than {MAX_SIZE // 1_000_000} MB.", final=True)
    return found


def _actor(session: Session, said: Mapping[str, Any]) -> Actor:
    if "user" in said:
        actor = session.engine.people.actor(session.connection, said["user"])
        if actor is None:
            raise NotSent("The person whom it is for can no longer sign in.", final=True)
        return actor
    roles = tuple(said["roles"])
    return Actor(None, said["name"], roles, unrestricted=not roles)
