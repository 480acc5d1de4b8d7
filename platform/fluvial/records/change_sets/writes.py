"""Writes: what a call asks for is carried out, or kept in a change set.

Whoever writes for a call writes by way of one of the two, so that it is one code for both. What is
kept is carried out too, by the same code and with the same rights, in a transaction that the
caller rolls back: what would not be taken is not kept either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fluvial.kernel.ids import is_id, new_id
from fluvial.kernel.problems import Conflict, Unprocessable, fault
from fluvial.records.drafts.draft import Draft, wire_value
from fluvial.records.over_time import planned_values
from fluvial.records.reading.reader import find_many, find_one
from fluvial.records.writing import batch_writes, bin, transitions, writer
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType

from .carrying_out import day_for, split
from .kept_edits import CREATE, DELETE, RESTORE, UPDATE, Edit
from .set_records import SetRecord

Body = Mapping[str, Any]
Record = dict[str, Any]
Place = tuple[str, str]  # object, id

_STAMPS = ("id", "rev", "title", "created_at", "created_by", "updated_at", "updated_by")
OWNER = "owner"  # who kept a new record, where nothing else is said: no news


class Writes:
    """Carries out what it is asked for."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def create(self, object_name: str, body: Body) -> Record:
        return writer.create(self.session, object_name, body)

    def create_many(self, object_name: str, bodies: Sequence[Any]) -> list[Record]:
        return batch_writes.create_many(self.session, object_name, bodies)

    def update(
        self, object_name: str, record: str, body: Body, *, rev: int | None = None
    ) -> Record:
        return writer.update(self.session, object_name, record, body, rev=rev)

    def update_many(self, object_name: str, bodies: Sequence[Any]) -> list[Record]:
        return batch_writes.update_many(self.session, object_name, bodies)

    def set_on(
        self, object_name: str, record: str, body: Body, day: date, *, rev: int | None = None
    ) -> Record:
        return planned_values.set_on(self.session, object_name, record, body, day, rev=rev)

    def delete(self, object_name: str, record: str, *, rev: int | None = None) -> None:
        bin.delete(self.session, object_name, record, rev=rev)

    def restore(self, object_name: str, record: str) -> Record:
        return bin.restore(self.session, object_name, record)

    def act(
        self, object_name: str, record: str, name: str, body: Body, *, rev: int | None = None
    ) -> Record:
        return transitions.act(self.session, object_name, record, name, body, rev=rev)


class KeptWrites(Writes):
    """Does the same for the caller to roll back, and notes what there is to keep.

    `stood` are the revisions of records before earlier edits of the change set were carried out;
    None is one that such an edit has made.
    """

    def __init__(
        self, session: Session, set_: SetRecord, stood: Mapping[Place, int | None]
    ) -> None:
        super().__init__(session)
        self.set = set_
        self._stood = dict(stood)
        self.day = day_for(session, set_.day)
        self.made: list[Edit] = []

    def create(self, object_name: str, body: Body) -> Record:
        type_ = self._type(object_name)
        self._check(type_, [body])
        id, body = new_id(), self._marked(object_name, body)
        record = writer.create(self.session, object_name, body, record=id)
        self._keep(CREATE, object_name, id, body, {}, record)
        return record

    def create_many(self, object_name: str, bodies: Sequence[Any]) -> list[Record]:
        type_ = self._type(object_name)
        self._check(type_, bodies, many=True)
        ids = [new_id() for _ in bodies]
        bodies = [self._marked(object_name, one) for one in bodies]
        records = batch_writes.create_many(self.session, object_name, bodies, ids)
        for id, body, record in zip(ids, bodies, records, strict=True):
            self._keep(CREATE, object_name, id, body, {}, record)
        return records

    def update(
        self, object_name: str, record: str, body: Body, *, rev: int | None = None
    ) -> Record:
        type_ = self._type(object_name)
        self._check(type_, [body])
        before = self._before(object_name, [record])
        body = self._marked(object_name, body, before.get(record, {}))
        now, dated = split(type_, body) if self.day else (dict(body), {})
        rev = writer.revision_of(body, rev, "")
        now.pop("rev", None)
        answer: Record = {}
        if now or not dated:
            answer = writer.update(self.session, object_name, record, now, rev=rev)
        if dated and self.day:
            planned_values.set_on(self.session, object_name, record, dated, self.day, rev=rev)
        if self.day:
            answer = self._on_day(object_name, record)
        self._keep(UPDATE, object_name, record, body, before.get(record, {}), answer)
        return answer

    def update_many(self, object_name: str, bodies: Sequence[Any]) -> list[Record]:
        type_ = self._type(object_name)
        self._check(type_, bodies, many=True)
        dated = {field.name for field in type_.dated_fields} if self.day else set()
        if any(isinstance(body, dict) and not dated.isdisjoint(body) for body in bodies):
            return [self._update_at(object_name, at, body) for at, body in enumerate(bodies)]
        ids = [str(body.get("id")) for body in bodies if isinstance(body, dict)]
        before = self._before(object_name, ids)
        bodies = [
            self._marked(object_name, body, before.get(str(body.get("id")), {}))
            if isinstance(body, dict)
            else body
            for body in bodies
        ]
        records = batch_writes.update_many(self.session, object_name, bodies)
        for body, record in zip(bodies, records, strict=True):
            said = {name: value for name, value in body.items() if name != "id"}
            known = before.get(record["id"], {})
            self._keep(UPDATE, object_name, record["id"], said, known, record)
        return records

    def _update_at(self, object_name: str, at: int, body: Any) -> Record:
        """One change of a batch some of whose values hold from another day on."""
        record = body.get("id") if isinstance(body, dict) else None
        if not isinstance(record, str):
            message = "Each change must be an object with the `id` of its record."
            raise Unprocessable(message, errors=[fault(f"/{at}/id", "required", message)])
        said = {name: value for name, value in body.items() if name != "id"}
        try:
            return self.update(object_name, record, said)
        except Unprocessable as problem:
            problem.errors = [
                {**one, "pointer": f"/{at}{one['pointer']}"} for one in problem.errors
            ]
            raise

    def set_on(
        self, object_name: str, record: str, body: Body, day: date, *, rev: int | None = None
    ) -> Record:
        type_ = self._type(object_name)
        self._check(type_, [body])
        then = self.session.at(day)
        before = find_one(then, object_name, record) or {}
        body = self._marked(object_name, body, before)
        answer = planned_values.set_on(self.session, object_name, record, body, day, rev=rev)
        after = find_one(then, object_name, record) or answer
        self._keep(UPDATE, object_name, record, body, before, after, day)
        return answer

    def delete(self, object_name: str, record: str, *, rev: int | None = None) -> None:
        self._type(object_name)
        before = self._before(object_name, [record])
        bin.delete(self.session, object_name, record, rev=rev)
        self._keep(DELETE, object_name, record, {}, before.get(record, {}), {})

    def restore(self, object_name: str, record: str) -> Record:
        self._type(object_name)
        restored = bin.restore(self.session, object_name, record)
        self._keep(RESTORE, object_name, record, {}, {}, restored)
        return restored

    def note(self, draft: Draft, names: Sequence[str]) -> None:
        """A draft that an import has written, with the fields that its row names."""
        type_ = self._type(draft.type.name)
        body: Body = {name: draft.wire(name) for name in names if name != "title"}
        self._check(type_, [body])
        after = {**body, "title": draft.values.get("title")}
        before: Record = {}
        if draft.before is not None:
            before = {name: wire_value(type_.fields[name], draft.before.get(name)) for name in body}
            before["rev"] = draft.before["rev"]
        action = CREATE if draft.before is None else UPDATE
        body = self._marked(type_.name, body, None if action == CREATE else before)
        self._keep(action, type_.name, draft.id, body, before, after)

    def act(
        self, object_name: str, record: str, name: str, body: Body, *, rev: int | None = None
    ) -> Record:
        move = transitions.move_of(self.session, object_name, record, name)
        if move is None:
            message = "A button cannot be pressed in a change set: what it does is done at once."
            raise Conflict(message)
        return self.update(object_name, record, {**body, **move}, rev=rev)

    def _marked(self, object_name: str, body: Body, before: Record | None = None) -> Body:
        """A body with what names the change set in it; `before` is None of a new record."""
        marks = [one for one in self.set.spec.marks if one.object == object_name]
        if not marks or not isinstance(body, Mapping):
            return body
        found: dict[str, Any] = {}
        for mark in marks:
            if mark.field in body:
                continue
            if before is None and not mark.changes:
                found[mark.field] = self.set.id
            elif mark.touched(body, before or {}):
                found[mark.field] = mark.value(self.set.id, body, before or {})
        return {**body, **found}

    def _type(self, object_name: str) -> ObjectType:
        type_ = self.session.object(object_name)
        if object_name not in self.set.spec.of:
            objects = self.session.catalog.objects
            known = [objects[one].plural.lower() for one in sorted(self.set.spec.of)]
            raise Conflict(
                f"{type_.plural} cannot be changed in this {self.set.label}. "
                f"It changes {' and '.join(known)}."
            )
        return type_

    def _check(self, type_: ObjectType, bodies: Sequence[Any], *, many: bool = False) -> None:
        """Refuse what must not lie about: files wait for their record only for a while, and
        protected values are shown to nobody without a note of it."""
        for at, body in enumerate(bodies):
            for name, value in body.items() if isinstance(body, dict) else ():
                known = type_.fields.get(name)
                if known is None or not value:
                    continue
                if known.kind.uploads or known.option("protected"):
                    what = "Files" if known.kind.uploads else "Protected values"
                    message = f"{what} cannot be kept in a change set: write {known.label} itself."
                    pointer = f"/{at}/{name}" if many else f"/{name}"
                    raise Unprocessable(message, errors=[fault(pointer, "not_kept", message)])

    def _before(self, object_name: str, ids: Sequence[str]) -> dict[str, Record]:
        session = self.session.at(self.day) if self.day else self.session
        return find_many(session, object_name, [one for one in ids if is_id(one)])

    def _on_day(self, object_name: str, record: str) -> Record:
        assert self.day is not None
        found = find_one(self.session.at(self.day), object_name, record)
        return found or {"id": record, "rev": None}

    def _keep(
        self,
        action: str,
        object_name: str,
        record: str,
        body: Body,
        before: Record,
        after: Record,
        day: date | None = None,
    ) -> None:
        fields = self.session.catalog.objects[object_name].fields
        known = before or after
        changes = {
            name: [before.get(name), after.get(name)]
            for name in known
            if name in fields
            and name not in _STAMPS
            and (name != OWNER or name in body)
            and fields[name].formula is None
            and before.get(name) != after.get(name)
        }
        if action == UPDATE and not changes and before:
            return  # nothing would change
        place = object_name, record
        if place not in self._stood:
            self._stood[place] = None if action == CREATE else before.get("rev")
        said = {name: value for name, value in body.items() if name != "rev"}
        title = str((after or before).get("title") or "")
        rev = self._stood[place]
        self.made.append(Edit(action, object_name, record, said, rev, day, title, changes))
