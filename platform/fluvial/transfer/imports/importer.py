"""Importing a table: every row goes the way of any other write, many at a time.

All rows are one transaction: with a fault in any of them nothing is kept, unless faulty rows are
to be left out. Rows are read as they are needed, so memory does not grow with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from fluvial.database.connection import UniqueError
from fluvial.kernel.errors import Forbidden, Problem, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.environment import RecordEnvironment
from fluvial.records.drafts.rows import empty, load_row
from fluvial.records.drafts.seams import hook_of
from fluvial.records.drafts.sequences import raise_counters
from fluvial.records.drafts.uniqueness import unique_fault
from fluvial.records.drafts.writer_locks import take_turn
from fluvial.records.reading.reader import find_one
from fluvial.records.writing.bulk import store_drafts
from fluvial.records.writing.writer import fresh_draft, prepare_new, store_changed
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.python import truth

from .batches import Batch
from .cells import Cells, Deferred, Parsed, fixed_values, value_of
from .lookups import Parts, find_by, parts_of
from .options import Options
from .reading import SLOT, Row, Table, with_made
from .results import Result
from .targets import Resolver, Target

BATCH = 512
MAX_ROWS = 5_000  # of each other object type that are remembered

Progress = Callable[[int], None]
T = TypeVar("T")


class _NotKept(Exception):
    """Ends the transaction of an import that was only tried, or has faults."""


def import_table(
    session: Session,
    object_name: str,
    table: Table,
    options: Options,
    *,
    file: str = "",
    progress: Progress | None = None,
) -> Result:
    """Import a table into an object type. With faults and without `skip_faults` nothing is kept."""
    type_ = session.object(object_name, "import")
    session.object(object_name, "create")
    session = replace(session, quiet=session.quiet or not options.rules, rows={})
    table, options = _with_made(table, options)
    targets = Resolver(session.catalog, session.access, type_).targets(table.header, options)
    result = Result()
    try:
        with _all_or_nothing(session):
            take_turn(session, object_name)
            run = _Run(session, type_, targets, options, result, Batch(session, type_.name, file))
            done = 0
            for rows in _batched(table.rows, BATCH):
                run.take(rows)
                done += len(rows)
                if progress is not None:
                    progress(done)
            run.finish()
            if options.dry_run or (result.faulty and not options.skip_faults):
                raise _NotKept
            result.batch = run.batch.close(result.wire())
    except _NotKept:
        result.batch = None
    return result


def _with_made(table: Table, options: Options) -> tuple[Table, Options]:
    """Texts that are made of cells become columns of the table."""
    texts = {name: text for name, text in options.fixed.items() if SLOT.search(text)}
    if not texts:
        return table, options
    columns = {f"{name}: {text}": name for name, text in texts.items()}
    made = {column: texts[name] for column, name in columns.items()}
    fixed = {name: text for name, text in options.fixed.items() if name not in texts}
    mapped = {**options.map, **columns}
    return with_made(table, made), replace(options, fixed=fixed, map=mapped)


def _all_or_nothing(session: Session) -> AbstractContextManager[None]:
    connection = session.connection
    return connection.savepoint() if connection.in_transaction else connection.transaction()


def _batched(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    while batch := list(islice(rows, size)):
        yield batch


class _Run:
    def __init__(
        self,
        session: Session,
        type_: ObjectType,
        targets: Sequence[Target],
        options: Options,
        result: Result,
        batch: Batch,
    ) -> None:
        self.session = session
        self.type = type_
        self.options = options
        self.result = result
        self.batch = batch
        self.cells = Cells(session, type_.name, targets, options)
        self.columns = {target.field.name: target.column for target in reversed(targets)}
        self.counted = [t.field for t in targets if not t.field.writable and t.field.kind.unique]
        self.fixed = self._fixed()
        self.key = [type_.fields[name.partition(".")[0]] for name in options.key]
        self.waiting: list[tuple[Parsed, Draft]] = []
        self.keys: set[Parts] = set()  # of the drafts that wait
        self.periods: dict[str, list[tuple[Any, Any]]] = {}  # of the drafts of a dated object
        self.deferred: list[tuple[int, str, Deferred]] = []  # row, record
        if self.key:
            session.object(type_.name, "update")
        # Questions about collections have to see the records that wait.
        session.settle = self.flush

    def _fixed(self) -> dict[str, Any]:
        unknown = [name for name in self.options.fixed if name not in self.type.fields]
        if unknown:
            message = f"{self.type.label} has no field `{unknown[0]}`."
            errors = [fault(f"/options/fixed/{unknown[0]}", "unknown_field", message)]
            raise Unprocessable(message, errors=errors)
        try:
            return fixed_values(self.session, self.type.fields, self.options)
        except ValueFault as error:
            errors = [fault("/options/fixed", error.code, error.message)]
            raise Unprocessable(error.message, errors=errors) from error

    def take(self, rows: list[Row]) -> None:
        parsed = self.cells.parse(rows)
        keys = [self._key_of(one) for one in parsed] if self.key else []
        there = self._existing(keys)
        for at, one in enumerate(parsed):
            if not self.key:
                self._create(one)
                continue
            key = keys[at]
            if key is not None and key in self.keys:
                self.flush()  # an earlier row of this batch makes the record
                there |= self._existing([key])
            self._upsert(one, key, there)
        self.flush()

    def _key_of(self, parsed: Parsed) -> Parts | None:
        values = [parsed.values.get(f.name, self.fixed.get(f.name)) for f in self.key]
        if any(empty(value) for value in values):
            if not parsed.faults:
                names = " and ".join(f.label for f in self.key)
                column = self.columns.get(self.key[0].name, "")
                parsed.fault(column, "empty_key", f"The key is empty: {names}.")
            return None
        parts: list[Any] = []
        for field_, value in zip(self.key, values, strict=True):
            parts += parts_of(field_, value)
        return tuple(parts)

    def _existing(self, keys: Iterable[Parts | None]) -> dict[Parts, list[str]]:
        wanted = [key for key in keys if key is not None]
        paths = [(field_,) for field_ in self.key]
        return find_by(self.session, self.type.name, paths, wanted) if wanted else {}

    def _upsert(self, parsed: Parsed, key: Parts | None, there: dict[Parts, list[str]]) -> None:
        found = there.get(key, []) if key is not None else []
        if len(found) > 1:
            label = self.type.plural.lower()
            parsed.fault(
                self.columns.get(self.key[0].name, ""),
                "several_records",
                f"{len(found)} {label} have this key. Use a key that is unique.",
            )
        if found and not parsed.faults:
            self._update(parsed, found[0])
        else:
            self._create(parsed, key)

    def _create(self, parsed: Parsed, key: Parts | None = None) -> None:
        draft = fresh_draft(self.session, self.type)
        self._fill(draft, parsed)
        if not parsed.faults:
            self._settle_period(draft)
            try:
                prepare_new(draft)
            except Problem as problem:
                self._note(parsed, problem)
        if parsed.faults:
            self.result.add(parsed.faults)
            return
        self.waiting.append((parsed, draft))
        if key is not None:
            self.keys.add(key)

    def _settle_period(self, draft: Draft) -> None:
        """Write what waits where this draft overlaps it, so that the write finds it."""
        dated = self.type.dated
        if dated is None:
            return
        start, end = draft.values.get(dated.from_), draft.values.get(dated.until)
        held = self.periods.setdefault(repr([draft.values.get(name) for name in dated.per]), [])
        for begun, ended in held:
            apart = start is not None and begun is not None
            apart = apart and (
                (ended is not None and ended <= start) or (end is not None and end <= begun)
            )
            if not apart:
                self.flush()
                break
        held.append((start, end))

    def _fill(self, draft: Draft, parsed: Parsed) -> None:
        draft.vouched = parsed.vouched
        for name, value in (self.fixed | parsed.values).items():
            if value is None and name in self.fixed:
                value = self.fixed[name]
            if value is not None or not draft.new:
                draft.set(name, value)
        for name, (target, ids) in parsed.several.items():
            self._pick(draft, parsed, name, target, ids)
        hook = hook_of(self.session, self.type.name)
        if hook is not None:
            hook.take(draft, {})

    def _pick(
        self, draft: Draft, parsed: Parsed, name: str, target: Target, ids: list[str]
    ) -> None:
        """Of several records with the same key, the one that may be picked for this row."""
        pick = target.field.pick
        fitting = ids
        if pick is not None and not target.field.many:
            other = self.session.catalog.objects[target.object]
            fitting = []
            for id_ in ids:
                row = load_row(self.session, target.object, id_, None) or {}
                this = RecordEnvironment(self.session, self.type, draft.values, fresh=True)
                environment = RecordEnvironment(self.session, other, row, record=this)
                if truth(pick, environment):
                    fitting.append(id_)
        if len(fitting) == 1:
            draft.vouched.add((target.object, fitting[0]))
            draft.set(name, value_of(target, fitting))
            return
        plural = self.session.catalog.objects[target.object].plural.lower()
        message = f"{len(ids)} {plural} have this {target.by.label.lower()}. Use another key."
        parsed.fault(target.column, "several_records", message)

    def _update(self, parsed: Parsed, record: str) -> None:
        before = load_row(self.session, self.type.name, record, "update", lock=True)
        if before is None:
            message = f"Your roles do not allow you to update this {self.type.label.lower()}."
            parsed.fault(self.columns.get(self.key[0].name, ""), "forbidden", message)
            self.result.add(parsed.faults)
            return
        draft = Draft(self.session, self.type, record, before, dict(before))
        self._fill(draft, parsed)
        if not parsed.faults and draft.changed:
            self._store_changed(parsed, draft)
        elif not parsed.faults:
            self.result.unchanged += 1
        if parsed.faults:
            self.result.add(parsed.faults)
        else:
            self._defer(parsed, record)

    def _store_changed(self, parsed: Parsed, draft: Draft) -> None:
        assert draft.before is not None
        changed = set(draft.changed)
        try:
            with self.session.connection.savepoint():
                store_changed(draft)
        except Problem as problem:
            self._note(parsed, problem)
            return
        self._forget_rows()
        self.result.updated += 1
        self.batch.updated(draft, changed | draft.changed)

    def _defer(self, parsed: Parsed, record: str) -> None:
        self.deferred += [(parsed.row, record, one) for one in parsed.deferred]

    def flush(self) -> None:
        """Store the drafts that wait; where one is not unique, one by one to tell which."""
        waiting, self.waiting = self.waiting, []
        self.keys.clear()
        self.periods.clear()
        if not waiting:
            return
        drafts = [draft for _, draft in waiting]
        try:
            with self.session.connection.savepoint():
                store_drafts(drafts)
        except UniqueError:
            waiting = [(p, d) for p, d in waiting if self._stored(p, d)]
        self._forget_rows()
        stored = [(p, d) for p, d in waiting if self._allowed(p, d)]
        self.result.created += len(stored)
        self.batch.created([draft for _, draft in stored])
        for parsed, draft in stored:
            self._defer(parsed, draft.id)
        for field_ in self.counted:
            raise_counters(self.session, field_, [d.values[field_.name] for _, d in stored])
        self.cells.forget_missing()

    def _forget_rows(self) -> None:
        """What was read of this object type may be different now; and memory is bounded."""
        rows = self.session.rows
        assert rows is not None
        rows.pop(self.type.name, None)
        for name, kept in rows.items():
            if len(kept) > MAX_ROWS:
                rows[name] = {}

    def _stored(self, parsed: Parsed, draft: Draft) -> bool:
        try:
            with self.session.connection.savepoint():
                store_drafts([draft])
        except UniqueError as error:
            self._note(parsed, unique_fault(draft, error))
            self.result.add(parsed.faults)
            return False
        return True

    def _allowed(self, parsed: Parsed, draft: Draft) -> bool:
        """Whether the caller's roles allow a record with these values."""
        if self.session.access.object(self.type.name).where["create"] is None:
            return True
        if find_one(self.session, self.type.name, draft.id, (("id",),), "create") is not None:
            return True
        if self.options.skip_faults:
            raise Forbidden(
                f"Row {parsed.row}: your roles do not allow a record with these values."
            )
        label = self.type.label.lower()
        parsed.fault("", "forbidden", f"Your roles do not allow a {label} with these values.")
        self.result.add(parsed.faults)
        return False

    def _note(self, parsed: Parsed, problem: Problem) -> None:
        """The faults of a draft, at their columns."""
        for one in problem.errors or [fault("", "refused", problem.detail)]:
            name = one["pointer"].strip("/").partition("/")[0]
            column = self.columns.get(name, name)
            parsed.fault(column, one["code"], one["message"])

    def finish(self) -> None:
        """Look up what earlier rows said of later ones."""
        self.cells.forget_missing()
        for target in {id(d.target): d.target for _, _, d in self.deferred}.values():
            texts = [d.text for _, _, d in self.deferred if d.target is target]
            for at in range(0, len(texts), BATCH):
                self.cells.find(target, texts[at : at + BATCH])
        for row, record, deferred in self.deferred:
            parsed = Parsed(row)
            target = deferred.target
            ids = self.cells.found(target, deferred.text)
            if ids is None:
                message = self.cells.missing(target, deferred.text)
                parsed.fault(target.column, "unknown_record", message)
                self.result.add(parsed.faults)
                continue
            self._link(parsed, record, target, ids)

    def _link(self, parsed: Parsed, record: str, target: Target, ids: list[str]) -> None:
        before = load_row(self.session, self.type.name, record, None, lock=True)
        if before is None:
            return
        draft = Draft(self.session, self.type, record, before, dict(before))
        draft.vouched = {(target.object, id_) for id_ in ids}
        draft.set(target.field.name, value_of(target, ids))
        if draft.changed:
            counts = self.result.updated
            self._store_changed(parsed, draft)
            self.result.updated = counts  # the row was counted when it was first written
        self.result.add(parsed.faults)
