"""One import under way: rows become drafts, and drafts are written many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fluvial.database.connection import UniqueError
from fluvial.kernel.problems import Forbidden, Problem, Unprocessable, fault
from fluvial.records.drafts.draft import Draft
from fluvial.records.drafts.record_environment import RecordEnvironment
from fluvial.records.drafts.rows import Values, empty, load_row, load_rows
from fluvial.records.drafts.seams import hook_of
from fluvial.records.drafts.uniqueness import unique_fault, unique_keys
from fluvial.records.drafts.write_permissions import uncovered
from fluvial.records.writing.bulk_writes import Bulk, Refused
from fluvial.records.writing.new_drafts import complete_changed, complete_new, fresh_draft
from fluvial.records.writing.past_drafts import complete_past
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from metamodel.errors import ValueFault
from metamodel.expressions.python import truth

from .cells import Cells, Deferred, Parsed, fixed_values, value_of
from .import_batches import Batch
from .key_lookups import Parts
from .options import KEEP, Options
from .pasts import Pasts
from .results import Result
from .row_keys import RowKeys
from .table_files import Row
from .targets import ID, Target

BATCH = 512


def _same_words(there: Any, value: Any) -> bool:
    """Spaces around a cell do not count, so they are no change either."""
    return isinstance(there, str) and there.strip() == (value or "")


class ImportRun:
    """Takes rows, many at a time. A `trial` is rolled back after each portion, so what refers to
    earlier rows cannot be judged in it; `tried` then knows what the earlier rows would have made.
    """

    trial = False
    pasts: Pasts | None = None  # where a column tells when records were written elsewhere
    keeps = False  # whether what it writes is noted, for a change set: what is rolled back later

    def __init__(
        self,
        session: Session,
        type_: ObjectType,
        cells: Cells,
        options: Options,
        result: Result,
        batch: Batch,
    ) -> None:
        self.outer = session  # of what is read and noted; drafts have one that reads ahead
        self.bulk = Bulk(
            session, type_, self._stored, self._check_rights, apart=options.skip_faults
        )
        self.session = session = self.bulk.session
        self.type = type_
        self.options = options
        self.result = result
        self.batch = batch
        self.cells, targets = cells, cells.targets
        self.kept = {target.field.name for target in targets if target.kept}
        self.columns = {target.field.name: target.column for target in reversed(targets)}
        self.fixed = self._fixed()
        key = [type_.fields[name.partition(".")[0]] for name in options.key]
        self.row_keys = RowKeys(session, type_.name, key, self.fixed)
        self.key_column = self.columns.get(key[0].name, "") if key else ""
        self.by_id = options.key == (ID,)
        self.waiting: dict[str, Parsed] = {}  # of the drafts that wait, by the id of their record
        self.rows: dict[str, Values] = {}  # records that this batch changes, as they were read
        self.keys: set[Parts] = set()  # of new ones among them
        self.deferred: list[tuple[int, str, Deferred]] = []  # row, record
        self.unfinished: set[str] = set()  # records that it creates and has yet to complete
        self.finishing = False
        self.said: dict[str, list[str]] = {}  # of a draft that waits, the fields that its row names
        self.noted: list[tuple[Draft, list[str]]] = []
        self.tried: set[tuple[str, str]] = set()  # of a trial: unique keys of new records
        if key:
            session.object(type_.name, "update")

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
        if self.pasts is not None:
            self.pasts.read(rows, parsed)
        self.bulk.begin(self.fixed | one.values for one in parsed)
        if not self.row_keys.fields:
            for one in parsed:
                self._create(one)
            self.bulk.flush()
            return
        keys = [self.row_keys.of(one, self.key_column, optional=self.by_id) for one in parsed]
        there = self.row_keys.existing(keys)
        self._read(ids[0] for ids in there.values() if len(ids) == 1)
        for one, key in zip(parsed, keys, strict=True):
            told = self.row_keys.repeated(one, key, self.key_column)
            if told is not None:
                self.result.warn(told)
            if self.trial and told is not None:
                self.result.add(one.faults)
                continue  # the row that it changes has been rolled back
            if key is not None and key in self.keys:
                self.bulk.flush()  # an earlier row of this batch makes the record
                there |= self.row_keys.existing([key])
            self._upsert(one, key, there)
        self.bulk.flush()

    def _read(self, ids: Iterable[str]) -> None:
        """Read records that may be updated, before any of them is."""
        listed = list(ids)
        found = load_rows(
            self.session, self.type.name, listed, "update", live=True, lock=True, limit=len(listed)
        )
        self.rows = {row["id"]: row for row in found}

    def _upsert(self, parsed: Parsed, key: Parts | None, there: dict[Parts, list[str]]) -> None:
        found = there.get(key, []) if key is not None else []
        if len(found) > 1:
            label = self.type.plural.lower()
            parsed.fault(
                self.key_column,
                "several_records",
                f"{len(found)} {label} have this key. Use a key that is unique.",
            )
        if self.by_id and key is not None and not found:
            message = f"There is no {self.type.label.lower()} with this id. Empty it to create one."
            parsed.fault(self.key_column, "unknown_record", message)
        if found and parsed.doubts:
            parsed.settle(self.rows.get(found[0], {}))
        if found and not parsed.faults:
            self._update(parsed, found[0])
        else:
            self._create(parsed, key)

    def _create(self, parsed: Parsed, key: Parts | None = None) -> None:
        draft = fresh_draft(self.session, self.type)
        self._fill(draft, parsed)
        self._say(draft)
        if self.trial and any(one.target.field.required for one in parsed.deferred):
            return
        if not parsed.faults:
            try:
                if parsed.past:
                    complete_past(draft, parsed.past)
                else:
                    complete_new(draft)
            except Problem as problem:
                self._note(parsed, problem)
        if parsed.faults:
            self.result.add(parsed.faults)
            return
        self._wait(parsed, draft)
        if key is not None:
            self.keys.add(key)

    def _say(self, draft: Draft) -> None:
        if self.keeps:
            self.said[draft.id] = sorted(draft.changed)

    def _wait(self, parsed: Parsed, draft: Draft) -> None:
        self.waiting[draft.id] = parsed
        self.bulk.add(draft)

    def _fill(self, draft: Draft, parsed: Parsed) -> None:
        draft.vouched = parsed.vouched
        for name, value in (self.fixed | parsed.values).items():
            if value is None and name in self.fixed:
                value = self.fixed[name]
            keeps = draft.new or name in parsed.several or self.options.empty_cells == KEEP
            if value is None and keeps:
                continue
            if name in self.kept:
                self._compare(draft, parsed, name, value)
            elif draft.new or not _same_words(draft.values.get(name), value):
                draft.set(name, value)
        for name, (target, ids) in parsed.several.items():
            if any(value_of(target, [id_]) == draft.values.get(name) for id_ in ids):
                continue  # the one that is there already
            if name in self.kept:
                self._refuse_change(parsed, name)
            else:
                self._pick(draft, parsed, name, target, ids)
        hook = hook_of(self.session, self.type.name)
        if hook is not None:
            hook.take(draft, {})

    def _compare(self, draft: Draft, parsed: Parsed, name: str, value: Any) -> None:
        """What the caller may not write came along from an export: it has to be what is there."""
        there = draft.id if name == ID else draft.values.get(name)
        told = name in parsed.several or empty(value) or (draft.new and name == ID)
        if not told and value != there:
            self._refuse_change(parsed, name)

    def _refuse_change(self, parsed: Parsed, name: str) -> None:
        message = f"{self.type.fields[name].label} cannot be changed: you may not write it."
        parsed.fault(self.columns.get(name, ""), "read_only", message)

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
        before = self._before(record, "update")
        if before is None:
            message = f"Your roles do not allow you to update this {self.type.label.lower()}."
            parsed.fault(self.key_column, "forbidden", message)
            self.result.add(parsed.faults)
            return
        if parsed.past:
            message = "The record is here already: only of new ones the past can be told."
            parsed.fault(self.options.past, "known_record", message)
        draft = Draft(self.session, self.type, record, before, dict(before))
        self._fill(draft, parsed)
        self._say(draft)
        changed = bool(draft.changed)
        if not parsed.faults and changed:
            self._change(parsed, draft)
        if parsed.faults:
            self.result.add(parsed.faults)
        elif not changed:
            self.result.unchanged += 1
            self._defer(parsed, record)

    def _before(self, record: str, action: str | None) -> Values | None:
        """A record as it is now, which nobody else changes meanwhile."""
        if self.bulk.waits(record):
            self.bulk.flush()
        row = self.rows.pop(record, None)
        return row or load_row(self.session, self.type.name, record, action, lock=True)

    def _change(self, parsed: Parsed, draft: Draft) -> None:
        try:
            complete_changed(draft)
        except Problem as problem:
            self._note(parsed, problem)
        else:
            self._wait(parsed, draft)

    def _defer(self, parsed: Parsed, record: str) -> None:
        self.deferred += [(parsed.row, record, one) for one in parsed.deferred]

    def _check_rights(self, drafts: Sequence[Draft]) -> None:
        """Whether the caller's roles allow records with these values."""
        label = self.type.label.lower()
        if uncovered([draft for draft in drafts if draft.new], "create"):
            raise Forbidden(f"Your roles do not allow a {label} with these values.")
        if uncovered([draft for draft in drafts if not draft.new], "update"):
            raise Forbidden(f"Your roles do not allow you to update a {label} with these values.")

    def _stored(self, stored: Sequence[Draft], refused: Sequence[Refused]) -> None:
        """Count what was written, and tell of each row that was refused why."""
        waiting, self.waiting = self.waiting, {}
        self.keys.clear()
        for draft, problem in refused:
            parsed = waiting[draft.id]
            self._note(parsed, problem)
            self.result.add(parsed.faults)
        new = [draft for draft in stored if draft.new]
        changed = [draft for draft in stored if not draft.new]
        self.result.created += len(new)
        self.batch.created(new)
        if not self.finishing:  # else the row was counted when it was first written
            self.result.updated += len(changed)
        self.batch.updated(changed)
        for draft in stored:
            self._defer(waiting[draft.id], draft.id)
            if self.keeps:
                self.noted.append((draft, self.said.pop(draft.id)))
        self.unfinished.update(draft.id for draft in new if waiting[draft.id].deferred)
        for draft in new if self.trial else ():
            self._try_keys(waiting[draft.id], draft)
        self.cells.forget_missing()

    def _try_keys(self, parsed: Parsed, draft: Draft) -> None:
        """Two rows of a trial that make records with one unique key.

        Numbers that were given here say nothing: after each portion they are given again.
        """
        for name, fields in unique_keys(self.type).items():
            values = [draft.values.get(one) for one in fields]
            if all(map(empty, values)) or not draft.numbered.isdisjoint(fields):
                continue
            if (name, repr(values)) in self.tried:
                self._note(parsed, unique_fault(draft, UniqueError(name)))
                self.result.add(parsed.faults)
                self.result.created -= 1
                return
            self.tried.add((name, repr(values)))

    def _note(self, parsed: Parsed, problem: Problem) -> None:
        """The faults of a draft, at their columns."""
        code = "forbidden" if isinstance(problem, Forbidden) else "refused"
        for one in problem.errors or [fault("", code, problem.detail)]:
            name = one["pointer"].strip("/").partition("/")[0]
            column = self.columns.get(name, name)
            parsed.fault(column, one["code"], one["message"])

    def finish(self) -> None:
        """Look up what earlier rows said of later ones."""
        self.look_up()
        while self.deferred:
            self.finish_some(BATCH)

    def look_up(self) -> None:
        """Find what deferred cells name; their records are written from now on."""
        self.cells.forget_missing()
        for target in {id(d.target): d.target for _, _, d in self.deferred}.values():
            texts = [d.text for _, _, d in self.deferred if d.target is target]
            for at in range(0, len(texts), BATCH):
                self.cells.find(target, texts[at : at + BATCH])
        self.finishing = True

    def finish_some(self, most: int) -> None:
        """Write the first of the deferred cells."""
        part, self.deferred = self.deferred[:most], self.deferred[most:]
        for row, record, deferred in part:
            self._finish_one(Parsed(row), record, deferred)
        self.bulk.flush()

    def _finishing(self, record: str) -> Session:
        """One that is made locked is made as a whole before its lock holds."""
        made = record in self.unfinished
        return self.session.posting(self.type.name) if made else self.session

    def _finish_one(self, parsed: Parsed, record: str, deferred: Deferred) -> None:
        target = deferred.target
        ids = self.cells.found(target, deferred.text)
        if ids is None:
            message = self.cells.missing(target, deferred.text)
            parsed.fault(target.column, "unknown_record", message)
        elif (before := self._before(record, None)) is not None:
            draft = Draft(self._finishing(record), self.type, record, before, dict(before))
            draft.vouched = {(target.object, id_) for id_ in ids}
            value = value_of(target, ids)
            draft.set(target.field.name, [*deferred.beside, *value] if deferred.beside else value)
            self._say(draft)
            if draft.changed:
                self._change(parsed, draft)
        self.result.add(parsed.faults)
