"""Posting: the records that differences become, written with their parts in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fluvial.kernel.crash_points import point
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, Problem
from fluvial.records.drafts.draft import wire_value
from fluvial.records.drafts.insertion import insert_rows
from fluvial.records.writing import batch_writes
from fluvial.runtime.session import Session
from metamodel.currencies import Amount
from metamodel.expressions.expression import Expression
from metamodel.expressions.nodes import Read, Root
from metamodel.expressions.types import Type
from rules.action_reader import undotted

from .batch_values import BatchQuestion, batch_values
from .causes_of import causes_of
from .charge_cells import plain, to_wire
from .charge_periods import ChargePeriod
from .draw_posting import draw_bodies
from .entry_reader import ENTRY_NAMES, ENTRY_WORDS
from .key_states import keep_states
from .ledger_differences import LedgerDifference, Scales
from .ledger_model import Ledger, LedgerEntry
from .ledger_tables import MADE, POSTING
from .part_values import part_values

Body = dict[str, Any]
NAMES: Mapping[str, Type] = {
    **{undotted(of, name): one for of, names in ENTRY_WORDS.items() for name, one in names.items()},
    **ENTRY_NAMES,
}


@dataclass
class Posted:
    """What came of some differences."""

    done: list[LedgerDifference] = field(default_factory=list)
    entries: int = 0
    parts: int = 0
    faults: list[tuple[str, str, str]] = field(default_factory=list)  # record, period, why


def post(session: Session, ledger: Ledger, run: str, found: Sequence[LedgerDifference]) -> Posted:
    """Post differences inside the caller's transaction: those that are refused have a fault."""
    made = Posted()
    if not found:
        return made
    try:
        with session.connection.savepoint():
            return _post(session, ledger, run, found)
    except Problem as problem:
        apart = _apart(ledger, found)
        if len(apart) == 1:
            made.faults.append((*_place_of(ledger, found[0]), told(problem)))
            return made
    for some in apart:
        own = post(session, ledger, run, some)
        made.done += own.done
        made.entries += own.entries
        made.parts += own.parts
        made.faults += own.faults
    return made


def _apart(
    ledger: Ledger, found: Sequence[LedgerDifference]
) -> Sequence[Sequence[LedgerDifference]]:
    """What is posted or refused by itself: a key, or all draws of a record.

    One walk is posted whole, so that no source is drained twice.
    """
    if ledger.allocation is None:
        return [[one] for one in found]
    records: dict[str, list[LedgerDifference]] = {}
    for one in found:
        records.setdefault(one.charge.record, []).append(one)
    return list(records.values())


def _place_of(ledger: Ledger, one: LedgerDifference) -> tuple[str, str]:
    return one.key if ledger.allocation is None else (one.charge.record, "")


def told(problem: Problem) -> str:
    """Why something was refused, with the fields that were."""
    details = [
        f"{one['pointer'].rsplit('/', 1)[-1]}: {one['message']}" if one.get("pointer") else ""
        for one in problem.errors or ()
    ]
    words = "; ".join(dict.fromkeys(one for one in details if one))
    return words or problem.detail


def _post(session: Session, ledger: Ledger, run: str, found: Sequence[LedgerDifference]) -> Posted:
    postings = [new_id() for _ in found]
    writing = session.posting(*ledger.objects)
    rows: list[Body] = []
    first: dict[tuple[int, str], str] = {}  # the entry that parts belong to
    count = 0
    for object_name, owners, bodies in draw_bodies(session, ledger, run, found):
        created = batch_writes.create_each(writing, object_name, bodies)
        count += len(created)
        for at, (record, _) in zip(owners, created, strict=True):
            rows.append(_made(record, object_name, ledger, postings[at], part=False))
    for entry in ledger.entries:
        places = [(at, currency) for at, one in enumerate(found) for currency in one.amounts]
        bodies = list(_bodies(session, ledger, entry, run, found, places))
        created = batch_writes.create_each(writing, entry.object, bodies)
        count += len(created)
        for place, (record, _) in zip(places, created, strict=True):
            first.setdefault(place, record)
            rows.append(_made(record, entry.object, ledger, postings[place[0]], part=False))
    point("ledger_entries")
    parts = _write_parts(writing, ledger, found, first, postings, rows)
    insert_rows(session.connection, MADE, rows)
    _note_postings(session, ledger, run, postings, found)
    scales = Scales(session.catalog, ledger)
    states = [one.following(scales) for one in found]
    if not keep_states(session.connection, ledger.name, states):
        raise Conflict("Another run has posted for this meanwhile. Run it again.")
    point("ledger_posted")
    return Posted(list(found), count, parts)


def _note_postings(
    session: Session,
    ledger: Ledger,
    run: str,
    postings: Sequence[str],
    found: Sequence[LedgerDifference],
) -> None:
    causes = causes_of(session, ledger, found)
    insert_rows(
        session.connection,
        POSTING,
        [
            {
                "id": id, "ledger": ledger.name, "source": one.charge.record,
                "period": one.charge.name, "number": one.state.number + 1, "run": run,
                "at": session.now, "parts": to_wire(one.parts), "cause": causes.get(one.key),
                "amounts": {name: plain(value) for name, value in one.amounts.items()},
                "booked": one.booked.from_ if one.booked else None,
            }
            for id, one in zip(postings, found, strict=True)
        ],
    )  # fmt: skip


def _made(record: str, object_name: str, ledger: Ledger, posting: str, *, part: bool) -> Body:
    return {
        "record": record, "object": object_name, "ledger": ledger.name, "posting": posting,
        "part": part,
    }  # fmt: skip


def _bodies(
    session: Session,
    ledger: Ledger,
    entry: LedgerEntry,
    run: str,
    found: Sequence[LedgerDifference],
    places: Sequence[tuple[int, str]],
) -> Iterator[Body]:
    """The bodies of the entries of one kind: records with the same names are asked together."""
    type_ = session.catalog.objects[entry.object]
    used = _used(entry.values.values())
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, (at, currency) in enumerate(places):
        names = _names(found[at], currency, run)
        groups.setdefault(tuple(names[name] for name in used), []).append(place)
    key = (ledger.name, "entry", ledger.entries.index(entry))
    question = BatchQuestion(key, ledger.object, entry.values, names=NAMES, binned=True)
    values: dict[int, Mapping[str, Any]] = {}
    for group, members in groups.items() if entry.values else ():
        ids = sorted({found[places[one][0]].charge.record for one in members})
        names = dict(zip(used, group, strict=True))
        rows = {row.id: row.values for row in batch_values(session, question, ids, names=names)}
        for one in members:
            values[one] = rows.get(found[places[one][0]].charge.record, {})
    for place, (at, currency) in enumerate(places):
        given = values.get(place, {})
        body = {name: wire_value(type_.fields[name], given.get(name)) for name in entry.values}
        amount = found[at].amounts[currency] * entry.times + 0
        yield body | {entry.amount: wire_value(type_.fields[entry.amount], worth(amount, currency))}


def worth(amount: Decimal, currency: str) -> Amount | Decimal:
    return Amount(amount, currency) if currency else amount


def _used(expressions: Iterable[Expression]) -> tuple[str, ...]:
    """The names of the scope that some expressions use."""
    nodes = (node for one in expressions for node in one.tree.walk())
    found = {n.path[0] for n in nodes if isinstance(n, Read) and n.root is Root.NAME}
    return tuple(sorted(found))


def _names(one: LedgerDifference, currency: str, run: str) -> Body:
    """What the names of an entry's values stand for."""
    own = one.charge.period
    period = one.booked or own
    corrects = own if one.booked is not None else None
    names: Body = {"booked": period.from_ if period else None, "currency": currency, "run": run}
    names |= _span("period", period and (period.from_, period.until))
    names |= _span("service", own and _service(own))
    return names | _span("corrects", corrects and (corrects.from_, corrects.until))


def _service(period: ChargePeriod) -> tuple[Any, Any]:
    return (period.from_, period.until) if period.empty else (period.start, period.end)


def _span(word: str, span: tuple[Any, Any] | None) -> Body:
    first, after = span or (None, None)
    return {undotted(word, "from"): first, undotted(word, "until"): after}


def _write_parts(
    session: Session,
    ledger: Ledger,
    found: Sequence[LedgerDifference],
    first: Mapping[tuple[int, str], str],
    postings: Sequence[str],
    rows: list[Body],
) -> int:
    spec = ledger.parts
    if spec is None:
        return 0
    type_, scales = session.catalog.objects[spec.object], Scales(session.catalog, ledger)
    own = _own_values(session, ledger, found)
    named = {n: one for n, one in spec.values.items() if _used([one])}
    bodies: list[Body] = []
    owners: list[int] = []
    for at, one in enumerate(found):
        for cell, amount in zip(one.parts, one.part_amounts(scales), strict=True):
            entry = first.get((at, cell.currency))
            if entry is None:
                continue
            body = dict(own.get(one.charge.record, {}))
            for name, value in part_values(session, ledger, one, cell, named, entry).items():
                body[name] = wire_value(type_.fields[name], value)
            field_ = type_.fields[spec.amount]
            body[spec.amount] = wire_value(field_, worth(amount + 0, cell.currency))
            bodies.append(body)
            owners.append(at)
    created = batch_writes.create_each(session, spec.object, bodies)
    for at, (record, _) in zip(owners, created, strict=True):
        rows.append(_made(record, spec.object, ledger, postings[at], part=True))
    return len(created)


def _own_values(
    session: Session, ledger: Ledger, found: Sequence[LedgerDifference]
) -> dict[str, Body]:
    """The values of parts that are about the charged record, by its id."""
    assert ledger.parts is not None
    asked = {n: one for n, one in ledger.parts.values.items() if not _used([one])}
    if not asked:
        return {}
    fields = session.catalog.objects[ledger.parts.object].fields
    question = BatchQuestion((ledger.name, "parts"), ledger.object, asked, binned=True)
    ids = sorted({one.charge.record for one in found})
    return {
        row.id: {name: wire_value(fields[name], value) for name, value in row.values.items()}
        for row in batch_values(session, question, ids)
    }
