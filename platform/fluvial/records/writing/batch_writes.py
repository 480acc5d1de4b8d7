"""Batches: a list of records that are created, or changed, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.merging import check_revs
from fluvial.records.drafts.rows import Values, load_rows
from fluvial.records.drafts.seams import hook_of
from fluvial.records.drafts.write_permissions import answers, not_covered, strayed
from fluvial.records.drafts.writer_locks import lock_writers
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .bulk_writes import Bulk, Refused
from .new_drafts import complete_changed, complete_new, fresh_draft, missing
from .writer import revision_of

MAX_BATCH = 500

Record = dict[str, Any]
Body = Mapping[str, Any]
Change = tuple[int, str, Body]  # place in the list, id of the record, body


def create_many(
    session: Session, object_name: str, bodies: Sequence[Any], ids: Sequence[str] = ()
) -> list[Record]:
    """Create records from bodies in wire form; the records in wire form.

    Faults name the place in the list. `ids` are those of the records, where they are known.
    """
    type_ = session.object(object_name, "create")
    _check_size(bodies)
    with session.connection.transaction():
        lock_writers(session, object_name, new=True)
        batch = _Batch(session, type_, "create")
        batch.create(bodies, ids)
        return batch.done()


def update_many(session: Session, object_name: str, bodies: Sequence[Any]) -> list[Record]:
    """Change records: each body names its record as `id`, and may carry its `rev`."""
    type_ = session.object(object_name, "update")
    _check_size(bodies)
    with session.connection.transaction():
        lock_writers(session, object_name, {n for b in bodies if isinstance(b, dict) for n in b})
        batch = _Batch(session, type_, "update")
        batch.update(batch.changes(bodies))
        return batch.done()


def update_each(
    session: Session,
    object_name: str,
    records: Sequence[str],
    names: Iterable[str],
    wanted: Callable[[Session, Values], Body | None],
) -> list[Values]:
    """Change some fields of records, one after another; the records as they were.

    `wanted` says what each of them, as it is then, becomes; None leaves it alone. Records that
    the actor may not change are left alone too. The first change that does not fit ends it all.
    """
    if not session.access.object(object_name).can("update"):
        return []
    type_ = session.object(object_name, "update")
    done: list[Values] = []
    with session.connection.transaction():
        lock_writers(session, object_name, names)
        bulk = Bulk(session, type_, _first_refused, _check_covered)
        unique = list(dict.fromkeys(records))
        for at in range(0, len(unique), MAX_BATCH):
            part = unique[at : at + MAX_BATCH]
            done += _update_part(bulk, type_, part, wanted)
    return done


def create_each(
    session: Session, object_name: str, bodies: Sequence[Body]
) -> list[tuple[str, Values]]:
    """Create records from bodies in wire form, in portions; their ids and values, in order.

    The first one that does not fit ends it all.
    """
    type_ = session.object(object_name, "create")
    made: list[tuple[str, Values]] = []
    with session.connection.transaction():
        lock_writers(session, object_name, new=True)
        bulk = Bulk(session, type_, _first_refused, _check_made)
        for at in range(0, len(bodies), MAX_BATCH):
            made += _create_part(bulk, type_, bodies[at : at + MAX_BATCH])
        bulk.end()
    return made


def _create_part(
    bulk: Bulk, type_: ObjectType, bodies: Sequence[Body]
) -> Iterator[tuple[str, Values]]:
    session, hook = bulk.session, hook_of(bulk.session, type_.name)
    drafts = []
    for body in bodies:
        draft = fresh_draft(session, type_)
        draft.take(body, ignore=hook.members if hook else ())
        if hook:
            hook.take(draft, body)
        drafts.append(draft)
    bulk.begin(draft.values for draft in drafts)
    for draft in drafts:
        complete_new(draft)
        bulk.add(draft)
    bulk.flush()
    yield from ((draft.id, draft.values) for draft in drafts)


def _check_made(drafts: Sequence[Draft]) -> None:
    if strayed(drafts, "create"):
        raise not_covered(drafts[0].type, "create")


def _update_part(
    bulk: Bulk,
    type_: ObjectType,
    records: Sequence[str],
    wanted: Callable[[Session, Values], Body | None],
) -> Iterator[Values]:
    session, hook = bulk.session, hook_of(bulk.session, type_.name)
    rows = load_rows(
        session, type_.name, records, "update", live=True, lock=True, limit=len(records)
    )
    found = {row["id"]: row for row in rows}
    bulk.begin(rows)
    for row in (found[record] for record in records if record in found):
        body = wanted(session, row)
        if body is None:
            continue
        draft = Draft(session, type_, row["id"], row, dict(row))
        draft.take(body, ignore=hook.members if hook else ())
        if hook:
            hook.take(draft, body)
        if complete_changed(draft):
            bulk.add(draft)
        yield row
    bulk.flush()


def _check_covered(drafts: Sequence[Draft]) -> None:
    if strayed(drafts, "update"):
        raise not_covered(drafts[0].type, "update")


def _first_refused(stored: Sequence[Draft], refused: Sequence[Refused]) -> None:
    if refused:
        raise refused[0][1]


def _check_size(bodies: Sequence[Any]) -> None:
    if len(bodies) > MAX_BATCH:
        raise Unprocessable(
            f"A batch can have at most {MAX_BATCH} records; this one has {len(bodies)}."
        )


class _Batch:
    """One batch under way: its answers, and its faults, by place in the list."""

    def __init__(self, session: Session, type_: ObjectType, action: str) -> None:
        self._type = type_
        self._action = action
        self._bulk = Bulk(session, type_, self._stored)
        self._session = self._bulk.session
        self._hook = hook_of(session, type_.name)
        members = self._hook.members if self._hook else ()
        self._ignored = members if action == "create" else ("id", "rev", *members)
        self._answers: dict[int, Record] = {}
        self._faults: dict[int, list[Mapping[str, str]]] = {}

    def create(self, bodies: Sequence[Any], ids: Sequence[str]) -> None:
        drafts: list[tuple[int, Draft]] = []
        for at, body in enumerate(bodies):
            try:
                record = ids[at] if ids else ""
                draft = fresh_draft(self._session, self._type, f"/{at}", record)
                self._fill(draft, _an_object(body, at))
            except Unprocessable as problem:
                self._note(at, problem)
            else:
                drafts.append((at, draft))
        self._bulk.begin(draft.values for _, draft in drafts)
        for at, draft in drafts:
            try:
                complete_new(draft)
            except Unprocessable as problem:
                self._note(at, problem)
            else:
                self._bulk.add(draft)
        self._bulk.flush()
        self._answer(drafts)

    def changes(self, bodies: Sequence[Any]) -> list[Change]:
        """The changes in order; a record that is named again is refused at that place."""
        changes: list[Change] = []
        seen: dict[str, int] = {}
        for at, body in enumerate(bodies):
            try:
                record = _id_of(body, at)
                if seen.setdefault(record, at) != at:
                    raise _named_again(at, seen[record])
            except Unprocessable as problem:
                self._note(at, problem)
            else:
                changes.append((at, record, body))
        return changes

    def update(self, changes: Sequence[Change]) -> None:
        found = self._locked(changes)
        drafts: list[tuple[int, Draft]] = []
        revs = []
        for at, record, body in changes:
            try:
                before = self._existing(found, record, at)
                draft = Draft(self._session, self._type, record, before, dict(before), f"/{at}")
                self._fill(draft, body)
                revs.append((draft, revision_of(body, None, draft.pointer)))
            except Unprocessable as problem:
                self._note(at, problem)
            else:
                drafts.append((at, draft))
        check_revs(revs)
        self._bulk.begin(draft.values for _, draft in drafts)
        for at, draft in drafts:
            try:
                if complete_changed(draft):
                    self._bulk.add(draft)
            except Unprocessable as problem:
                self._note(at, problem)
        self._bulk.flush()
        self._answer(drafts)

    def _locked(self, changes: Sequence[Change]) -> dict[str, Values]:
        ids = [record for _, record, _ in changes]
        rows = load_rows(
            self._session, self._type.name, ids, "update", live=True, lock=True, limit=len(ids)
        )
        return {row["id"]: row for row in rows}

    def _existing(self, found: Mapping[str, Values], record: str, at: int) -> Values:
        if record in found:
            return found[record]
        problem = missing(self._session, self._type, record, "update")
        if not isinstance(problem, NotFound):
            raise problem
        errors = [fault(f"/{at}/id", "unknown_record", problem.detail)]
        raise Unprocessable(problem.detail, errors=errors)

    def _fill(self, draft: Draft, body: Body) -> None:
        draft.take(body, ignore=self._ignored)
        if self._hook:
            self._hook.take(draft, body)

    def _note(self, at: int, problem: Unprocessable) -> None:
        told = problem.errors or [fault(f"/{at}", "refused", problem.detail)]
        self._faults.setdefault(at, []).extend(told)

    def _stored(self, stored: Sequence[Draft], refused: Sequence[Refused]) -> None:
        for draft, problem in refused:
            if not isinstance(problem, Unprocessable):
                raise problem
            self._note(int(draft.pointer[1:]), problem)

    def _answer(self, drafts: Sequence[tuple[int, Draft]]) -> None:
        written = [(at, draft) for at, draft in drafts if at not in self._faults]
        if written:
            told = answers([draft for _, draft in written], self._action)
            self._answers.update(zip((at for at, _ in written), told, strict=True))

    def done(self) -> list[Record]:
        """The records as they are now; nothing is written where one of them does not fit."""
        self._bulk.end()
        faults = [one for at in sorted(self._faults) for one in self._faults[at]]
        if faults:
            count = len(faults)
            raise Unprocessable(
                f"Nothing was written: {count} value{'s are' if count > 1 else ' is'} not valid.",
                errors=faults,
            )
        return [self._answers.pop(at) for at in sorted(self._answers)]


def _an_object(body: Any, at: int) -> Body:
    if isinstance(body, dict):
        return body
    message = "Each record must be a JSON object."
    raise Unprocessable(message, errors=[fault(f"/{at}", "not_an_object", message)])


def _named_again(at: int, first: int) -> Unprocessable:
    message = f"The change at place {first} is of the same record. Send one change of it."
    return Unprocessable(message, errors=[fault(f"/{at}/id", "named_twice", message)])


def _id_of(body: Any, at: int) -> str:
    record = _an_object(body, at).get("id")
    if is_id(record):
        return str(record)
    message = "Each change must have the `id` of its record."
    raise Unprocessable(message, errors=[fault(f"/{at}/id", "required", message)])
