"""Figures about tasks: by stage, by person, and how many runs came how far; as one may see them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from fluvial.kernel.problems import Unprocessable, fault
from fluvial.records.reading.query import Path, Query
from fluvial.records.reading.summary import MAX_ROWS, measure, summarise
from fluvial.runtime.session import Session

from .definition import Process
from .kept_names import TASK
from .run_rows import DONE, FAILED, TIMED_OUT, UNFINISHED
from .stage_counts import stage_counts

Json = dict[str, Any]
COUNT, SPENT, LAST = measure("count"), measure("avg(spent)"), measure("max(ended)")
BY: dict[str, tuple[Path, ...]] = {
    "stage": (("process",), ("stage",), ("name",)),
    "person": (("ended_by",),),
    "process": (("process",),),
}
PLACES = Decimal("0.1")


def figures(
    session: Session, by: str, process: str = "", since: date | None = None,
    until: date | None = None,
) -> list[Json]:  # fmt: skip
    """How many tasks are open, done, failed and late, and how long those took that are done; in a
    period, those that ended in it."""
    if TASK not in session.catalog.objects:
        return []
    groups = BY[by]
    where = [f"process == '{process}'"] if process else []
    if by == "person":
        where.append("ended_by != null")
    where += [f"date(ended) >= date('{since}')"] if since is not None else []
    where += [f"date(ended) <= date('{until}')"] if until is not None else []
    found: dict[str, Json] = {}
    for status, row, number in _counted(session, groups, where, found):
        if status in UNFINISHED:
            row["open"] += number
        elif status == DONE:
            row["done"] += number
        elif status in (FAILED, TIMED_OUT):
            row["failed"] += number
    done = [*where, f"status == '{DONE}'"]
    for one in _asked(session, groups, done, (SPENT, LAST)):
        row = _row(found, groups, one)
        row["spent"], row["last"] = _seconds(one[SPENT.text]), one[LAST.text]
    for one in _asked(session, groups, [*done, "not on_time"], (COUNT,)):
        _row(found, groups, one)["late"] = int(one[COUNT.text])
    for row in found.values():
        row["on_time"] = share(row["done"] - row["late"], row["done"])
    return list(found.values())


def _seconds(value: Any) -> int | None:
    return None if value is None else int(Decimal(str(value)))


def _counted(
    session: Session, groups: tuple[Path, ...], where: Sequence[str], found: dict[str, Json]
) -> Iterator[tuple[str, Json, int]]:
    for status in (*UNFINISHED, DONE, FAILED, TIMED_OUT):
        for one in _asked(session, groups, [*where, f"status == '{status}'"], (COUNT,)):
            yield status, _row(found, groups, one), int(one[COUNT.text])


def _asked(
    session: Session, groups: tuple[Path, ...], where: Sequence[str], measures: tuple[Any, ...]
) -> list[Json]:
    rows = summarise(session, Query(TASK, where=" and ".join(where)), groups, measures)
    if len(rows) > MAX_ROWS:
        message = f"There are more than {MAX_ROWS:,} groups. Ask for one process, or another group."
        raise Unprocessable(message, errors=[fault("group", "too_many", message)])
    return rows


def _row(found: dict[str, Json], groups: tuple[Path, ...], one: Json) -> Json:
    key = {path[-1]: one.get(path[0]) for path in groups}
    empty = {"open": 0, "done": 0, "failed": 0, "late": 0, "on_time": None, "spent": None,
             "last": None}  # fmt: skip
    return found.setdefault(repr(key), {**key, **empty})


def share(part: int, whole: int) -> str | None:
    """A percentage with one digit; nothing of nothing."""
    if not whole:
        return None
    found = (Decimal(100 * part) / whole).quantize(PLACES, ROUND_HALF_UP)
    return str(found)


def funnel(session: Session, process: Process, groups: Sequence[Path] = ()) -> list[Json]:
    """How many runs came to each stage: of all, and of the stage before; by paths of tasks, and of
    the records that they are about."""
    if TASK not in session.catalog.objects:
        return []
    where = f"process == '{process.name}' and attempt == 1"
    reached: dict[str, tuple[tuple[Any, ...], dict[str, int]]] = {}
    for one in stage_counts(session, process.subject, where, groups):
        _, counts = reached.setdefault(repr(one.group), (one.group, {}))
        counts[one.stage] = counts.get(one.stage, 0) + one.runs
    names = [".".join(path) for path in groups]
    return [
        {**dict(zip(names, values, strict=True)), "steps": _steps(process, counts)}
        for values, counts in reached.values()
    ]


def _steps(process: Process, counts: dict[str, int]) -> list[Json]:
    """The stages in the order of the document, with shares of the first and of the one before."""
    found: list[Json] = []
    for stage in process.stages.values():
        number = counts.get(stage.name, 0)
        first = found[0]["runs"] if found else number
        before = found[-1]["runs"] if found else number
        found.append({
            "stage": stage.name, "label": stage.label, "runs": number,
            "of_start": share(number, first), "of_step": share(number, before),
        })  # fmt: skip
    return found
