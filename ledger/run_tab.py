"""The runs that rules have begun for a record, on its page: how far they are, what they posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from fluvial.database.statement import Statement, param
from fluvial.pages.record_tabs import RecordTab, ShownOn
from metamodel.catalog import Catalog
from rules.index import rule_index
from rules.rule_tables import EFFECT

from .ledger_model import Ledger
from .ledger_pages import run_item
from .ledger_reader import ledgers_of
from .ledger_run_rows import RunRow, runs_with
from .ledger_runs import sees_runs
from .post_action import PostAction

MOST = 20
_e = EFFECT.c
_RUNS = Statement(
    sa.select(_e.target)
    .where(_e.record == param("the_record", _e.record), _e.kind == sa.literal_column("'post'"))
    .order_by(_e.at.desc(), _e.id.desc())
    .limit(sa.literal_column(str(MOST)))
)


def run_tabs(shown: ShownOn) -> Sequence[RecordTab]:
    """For those who may see the runs of these ledgers; none where no rule has begun any."""
    session = shown.session
    if shown.type.name not in session.catalog.derive(_beginners) or session.as_of is not None:
        return []
    ids = [row[0] for row in _RUNS.rows(session.connection, the_record=shown.id)]
    ledgers = session.catalog.derive(ledgers_of)
    seen = {name: one for name, one in ledgers.items() if sees_runs(session, one)}
    rows = [one for one in runs_with(session.connection, ids) if one.ledger in seen]
    if not rows:
        return []

    def panel() -> dict[str, Any]:
        return _panel(shown, rows, seen)

    return [RecordTab("runs", "Ledger runs", "_ledger_run_tab.html", panel, count=str(len(rows)))]


def _panel(shown: ShownOn, rows: Sequence[RunRow], ledgers: Mapping[str, Ledger]) -> dict[str, Any]:
    fmt = shown.fmt
    fmt.names.want(("user", row.by) for row in rows if row.by)
    fmt.names.load()
    items = [
        run_item(row, ledgers[row.ledger], fmt) | {"name": ledgers[row.ledger].label}
        for row in rows
    ]
    running = any(one.state == "running" for one in rows)
    href = f"{fmt.href(shown.type.name, shown.id)}?related=runs" if running else ""
    return {"items": items, "refresh": href}


def _beginners(catalog: Catalog) -> frozenset[str]:
    """The object types whose rules run ledgers."""
    rules = rule_index(catalog).rules.values()
    return frozenset(
        rule.trigger.object
        for rule in rules
        if any(isinstance(action, PostAction) for action in rule.actions)
    )
