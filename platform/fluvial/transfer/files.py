"""Files: bytes kept by their digest, rows that say what they are and whom they belong to.

The bytes are written to a temporary name, made durable and renamed before the row is written, so
no row ever points to half a file. What no row points to is swept after a day.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import IO, Any

import sqlalchemy as sa

from fluvial.database.connection import Connection
from fluvial.database.engine_tables import FILE
from fluvial.database.statement import Statement, insert, param
from fluvial.kernel.ids import new_id
from fluvial.kernel.media_types import agrees, sniff
from fluvial.kernel.problems import NotFound, Problem, TooLarge, Unavailable, Unprocessable, fault
from fluvial.records.drafts.attachments import described, find_file
from fluvial.records.reading.reader import find_one
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

MAX_SIZE = 50_000_000
MAX_TABLE = 64_000_000
MAX_NAME = 200
HEAD = 4096  # bytes that tell the media type
CHUNK = 65_536
UNATTACHED = timedelta(hours=24)
KEPT_BY = "$"  # begins the field of a file that a feature hands out by rules of its own

_f = FILE.c
_ADD = insert(FILE)
_OLD = Statement(
    sa.select(_f.id).where(_f.field.is_(None), _f.created_at < param("the_at", _f.created_at))
)
_DROP = Statement(FILE.delete().where(_f.id == param("the_id", _f.id), _f.field.is_(None)))
_USED = Statement(sa.select(_f.id).where(_f.sha256 == param("the_digest", _f.sha256)).limit(1))


def store(
    session: Session, name: str, claimed: str, source: IO[bytes], *, limit: int = MAX_SIZE
) -> dict[str, Any]:
    """Keep a file that nothing is attached to yet; its row as a dictionary."""
    digest, size, head = _keep(_folder(session.engine), source, limit)
    shown = base_name(name)
    media_type = sniff(head, shown)
    if not agrees(claimed, shown, media_type):
        message = f"{shown} does not match its name or type; it looks like {media_type}."
        raise Unprocessable(message, errors=[fault("/file", "wrong_type", message)])
    return _entered(session, shown, media_type, digest, size)


def store_as_is(
    session: Session, name: str, source: IO[bytes], *, limit: int = MAX_SIZE
) -> dict[str, Any]:
    """Keep what somebody has sent already, such as a file of a mail, whatever its name says: its
    media type is what it is."""
    digest, size, head = _keep(_folder(session.engine), source, limit)
    shown = base_name(name)
    return _entered(session, shown, sniff(head, shown), digest, size)


def _entered(
    session: Session, name: str, media_type: str, digest: str, size: int
) -> dict[str, Any]:
    row = {
        "id": new_id(),
        "name": name,
        "size": size,
        "media_type": media_type,
        "sha256": digest,
        "created_at": session.now,
        "created_by": session.actor.id,
        "object": None,
        "record": None,
        "field": None,
    }
    _ADD.run(session.connection, **row)
    return row


def keep_bytes(engine: Engine, source: IO[bytes]) -> str:
    """Keep what somebody works with for a while, such as a table; its digest."""
    return _keep(_folder(engine), source, MAX_TABLE)[0]


def wire(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**described(row), "url": f"/api/files/{row['id']}"}


def base_name(name: str) -> str:
    """The last part of a name without what could lead elsewhere or hide its end."""
    plain = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c for c in plain if c.isprintable() and c not in '"<>|:*?').strip(" .")
    stem, dot, end = kept.rpartition(".")
    if len(kept) > MAX_NAME:
        kept = f"{stem[: MAX_NAME - len(end) - 1]}.{end}" if dot else kept[:MAX_NAME]
    return kept or "file"


def _folder(engine: Engine) -> Path:
    return engine.settings.data_dir / "files"


def path_of(engine: Engine, digest: str) -> Path:
    return _folder(engine) / digest[:2] / digest[2:4] / digest


def _keep(folder: Path, source: IO[bytes], limit: int) -> tuple[str, int, bytes]:
    """The digest, size and first bytes of a file that is now durable under its digest."""
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix="new-")
    except OSError as error:
        raise Unavailable("There is no space for files right now.") from error
    try:
        with os.fdopen(handle, "wb") as target:
            while chunk := source.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise TooLarge(f"A file can have at most {limit // 1_000_000} MB.")
                head = head or chunk[:HEAD]
                digest.update(chunk)
                target.write(chunk)
            target.flush()
            os.fsync(target.fileno())
        name = digest.hexdigest()
        place = folder / name[:2] / name[2:4] / name
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, place)
    except OSError as error:
        raise Unavailable("There is no space for files right now.") from error
    finally:
        Path(temporary).unlink(missing_ok=True)
    return name, size, head


def readable_file(session: Session, file: str) -> dict[str, Any]:
    """A file of a record and field that the actor may read, or one that they uploaded."""
    row = find_file(session, file)
    if row is not None and _may_read(session, row):
        return row
    raise NotFound(f"There is no file with the id `{file}`.")


def _may_read(session: Session, row: Mapping[str, Any]) -> bool:
    if row["field"] is None:
        return session.actor.id is not None and row["created_by"] == session.actor.id
    access = session.access
    if row["object"] not in session.catalog.objects or row["field"].startswith(KEPT_BY):
        return False
    if not access.object(row["object"]).can("read") or access.hides(row["object"], row["field"]):
        return False
    return find_one(session, row["object"], row["record"], (("id",),)) is not None


def read_parts(engine: Engine, row: Mapping[str, Any]) -> Iterator[bytes]:
    """The bytes of a file, in parts."""
    with _opened(engine, row) as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _opened(engine: Engine, row: Mapping[str, Any]) -> IO[bytes]:
    try:
        return path_of(engine, row["sha256"]).open("rb")
    except FileNotFoundError as error:
        raise Problem(f"The content of {row['name']} is missing on the server.") from error


def run(engine: Engine) -> bool:
    """The job of the workers: drop what nothing names any more."""
    sweep(engine)
    return False


def sweep(engine: Engine) -> int:
    """Drop files that were never attached, or let go, more than a day ago; their number.

    Bytes, and what was made of them, go when no row names them and they are a day old: an upload
    under way is younger.
    """
    connection = engine.database.connection()
    before = engine.clock.now() - UNATTACHED
    old = [row[0] for row in _OLD.rows(connection, the_at=before)]
    for file in old:
        _DROP.run(connection, the_id=file)
    _sweep_bytes(_folder(engine), before.timestamp(), lambda digest: _is_used(connection, digest))
    return len(old)


def _is_used(connection: Connection, digest: str) -> bool:
    return _USED.row(connection, the_digest=digest) is not None


def _sweep_bytes(folder: Path, before: float, used: Callable[[str], bool]) -> None:
    for path in folder.rglob("*"):
        try:
            if path.is_file() and path.stat().st_mtime < before and not used(path.stem):
                path.unlink()
        except FileNotFoundError:
            continue  # another process sweeps as well
