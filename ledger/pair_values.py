"""Values of expressions about a demand, a source and the record that both belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from fluvial.database.id_lists import among_ids, id_list
from fluvial.database.object_tables import tables_of
from fluvial.database.statement import Compiled
from fluvial.records.reading.plan_cache import plans_of
from fluvial.runtime.session import Session
from metamodel.expressions.expression import Expression
from metamodel.expressions.python import evaluate

from .allocation_model import RECORD, PairExpression
from .batch_values import Values
from .pair_reader import WHOLE

Path = tuple[str, ...]
Known = dict[Path, Any]


@dataclass(frozen=True)
class PairSide:
    """One record of a pair: its id, and the values that expressions read of it, by their paths."""

    id: str
    values: Mapping[Path, Any] = field(default_factory=dict)


NOTHING = PairSide("")


class PairLeaves:
    """What expressions about pairs ask of the records of one side, which are of one object type."""

    def __init__(
        self, side: str, pairs: Iterable[PairExpression | None], object_name: str = ""
    ) -> None:
        self.side = side
        asked = (pair.of(side, object_name) for pair in pairs if pair is not None)
        self._leaves = [one for leaves in asked for one in leaves]

    @property
    def asked(self) -> dict[str, Expression]:
        """The expressions of a question, by the names that its answer has them under."""
        return {f"leaf {at}": leaf.value for at, (_, leaf) in enumerate(self._leaves)}

    def sides(
        self, session: Session, found: Sequence[tuple[str, Values]]
    ) -> Iterator[tuple[str, PairSide]]:
        """The records with their values: by the ids, as they were given."""
        linked = {at: self._linked(session, at, found) for at in self._many()}
        for id, values in found:
            own: Known = {}
            for at, (path, _) in enumerate(self._leaves):
                value = values[f"leaf {at}"]
                own[path] = linked[at].get(str(value), ()) if at in linked else value
            yield id, PairSide(id, own)

    def _many(self) -> list[int]:
        return [at for at, (_, leaf) in enumerate(self._leaves) if leaf.linked is not None]

    def _linked(
        self, session: Session, at: int, found: Sequence[tuple[str, Values]]
    ) -> dict[str, tuple[str, ...]]:
        leaf = self._leaves[at][1]
        assert leaf.linked is not None
        ids = {str(values[f"leaf {at}"]) for _, values in found if values[f"leaf {at}"]}
        return _links(session, *leaf.linked, sorted(ids))


def _links(
    session: Session, object_name: str, name: str, ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """What the multi_lookup of some records links to."""
    if not ids:
        return {}
    dialect = session.connection.dialect

    def make() -> Compiled:
        link = tables_of(session.catalog).links[object_name, name]
        query = sa.select(link.c.source, link.c.target).where(among_ids(link.c.source, dialect))
        return Compiled(query.order_by(link.c.source, link.c.target), dialect)

    key = ("ledger links", object_name, name)
    plan: Compiled = plans_of(session.catalog).get(key, make)
    rows = session.connection.query(plan.sql, plan.binds({"ids": id_list(dialect, ids)}))
    made: dict[str, tuple[str, ...]] = {}
    for source, target in rows:
        made[str(source)] = (*made.get(str(source), ()), str(target))
    return made


class _PairEnvironment:
    """What is read of a pair, and the names beside it."""

    before: Mapping[str, Any] | None = None
    me: Mapping[str, Any] | None = None

    def __init__(self, session: Session, known: Known) -> None:
        self._session = session
        self._known = known
        self.values = {path[0]: value for path, value in known.items() if len(path) == 1}

    @property
    def now(self) -> datetime:
        return self._session.moment

    @property
    def today(self) -> date:
        return self._session.today

    def read(self, path: Path) -> Any:
        return self._known.get(path)

    def collect(self, node: Any) -> Any:
        raise AssertionError("pairs gather nothing")

    def spans(self, field: Any) -> Any:
        raise AssertionError("pairs have no log")

    def decided(self, node: Any, values: Any, day: Any) -> Any:
        raise AssertionError("pairs decide nothing")

    def evaluated(self, node: Any, value: Any) -> Any:
        raise AssertionError("pairs evaluate nothing")


class PairValues:
    """Works out one expression; pairs that read the same are worked out once."""

    def __init__(self, session: Session, pair: PairExpression) -> None:
        self._session = session
        self._pair = pair
        self._made: dict[tuple[Any, ...], Any] = {}

    @property
    def names(self) -> frozenset[str]:
        """Those that it reads beside the records."""
        return self._pair.named

    def of(
        self,
        demand: PairSide,
        source: PairSide,
        record: PairSide,
        names: Mapping[str, Any] | None = None,
    ) -> Any:
        pair = self._pair
        whole = next((path for path in pair.leaves if path[0] == WHOLE), None)
        if whole is not None:
            return record.values.get(whole)
        known: Known = {}
        for side, name in ((demand, "demand"), (source, "source")):
            if name in pair.named:
                known[name,] = side.id
        known |= {(name,): value for name, value in (names or {}).items()}
        known["id",] = known[RECORD, "id"] = record.id
        sides = {"demand": demand, "source": source, RECORD: record}
        for path, leaf in pair.leaves.items():
            known[path] = sides[leaf.side].values.get(path)
        key = tuple(known.values())
        if key not in self._made:
            self._made[key] = evaluate(pair.whole, _PairEnvironment(self._session, known))
        return self._made[key]
