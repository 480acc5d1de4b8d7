"""Look-ups between sheets: columns whose cells are all keys of another sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fluvial.kernel.problems import Unprocessable, fault
from metamodel.folding import fold, name_of
from metamodel.plain_figures import whole_of

from .read_sheets import Sheet
from .sheet_plan import ColumnPlan, SheetPlan, is_key, singular

SHEET = "sheet"  # begins the target of a look-up between sheets


def target_of(sheet: int, heading: str) -> str:
    return f"{SHEET} {sheet}.{heading}"


def sheet_target(target: str) -> tuple[int, str] | None:
    """The sheet and the heading of its key; None where the target is no sheet."""
    head, _, heading = target.partition(".")
    word, _, number = head.partition(" ")
    at = whole_of(number)
    return (at, heading) if word == SHEET and at is not None else None


def propose_links(sheets: Sequence[Sheet], plans: Sequence[SheetPlan]) -> None:
    """Make look-ups of columns that hold keys of another sheet."""
    keys = [
        (at, heading)
        for at, sheet in enumerate(sheets)
        for heading, column in sheet.columns.items()
        if is_key(column)
    ]
    for at, (sheet, plan) in enumerate(zip(sheets, plans, strict=True)):
        for column in plan.columns:
            found = _best(sheets, plans, at, column, keys)
            if found is None or not column.take:
                continue
            to, heading = found
            column.kind, column.options = "link", {}
            column.target, column.unique = target_of(to, heading), False
            column.label = _called(column.label, plans[to])
            other = plans[to].column(heading)
            if other is not None:
                other.unique = True
        _away_from_links(sheet, plan)


def _away_from_links(sheet: Sheet, plan: SheetPlan) -> None:
    """Records are called by a column that is no look-up, where there is one."""
    title = plan.column(plan.title)
    if title is not None and title.kind == "link":
        others = [one for one in plan.columns if one.take and one.kind != "link"]
        others.sort(key=lambda one: -len(sheet.columns[one.heading].counts))
        plan.title = others[0].heading if others else plan.title


def _best(
    sheets: Sequence[Sheet],
    plans: Sequence[SheetPlan],
    at: int,
    column: ColumnPlan,
    keys: Sequence[tuple[int, str]],
) -> tuple[int, str] | None:
    cells = set(sheets[at].columns[column.heading].counts)
    fitting = [
        (to, heading)
        for to, heading in keys
        if to != at and cells and cells <= set(sheets[to].columns[heading].counts)
    ]
    named = [one for one in fitting if _named_after(column, plans[one[0]], one[1])]
    if named:
        return named[0]
    figures = all(cell.replace(".", "").isdigit() for cell in cells)
    own_key = is_key(sheets[at].columns[column.heading])
    return fitting[0] if fitting and len(cells) > 1 and not figures and not own_key else None


def _named_after(column: ColumnPlan, other: SheetPlan, heading: str) -> bool:
    """Whether a heading says the other sheet, or the same as its key: `Customer ID`."""
    said, key = name_of(column.heading), name_of(heading)
    objects = {name_of(other.label), name_of(other.plural), name_of(singular(other.label))}
    return any(one and one in said for one in objects) or (said == key and "_" in key)


def _called(label: str, other: SheetPlan) -> str:
    """What the look-up is called: `Customer ID` is "Customer"."""
    return other.label if fold(label).startswith(fold(other.label)) else label


def in_order(plans: Sequence[SheetPlan]) -> list[int]:
    """The sheets, each behind those that it looks up; refused where two wait for each other."""
    done: list[int] = []
    waiting = [at for at, plan in enumerate(plans) if plan.take]
    while waiting:
        free = [at for at in waiting if not {*_needs(plans[at], at)} & {*waiting}]
        if not free:
            names = " and ".join(plans[at].plural for at in waiting[:3])
            message = f"{names} look each other up. Make one of these columns a text."
            raise Unprocessable(message, errors=[fault("/sheets", "circle", message)])
        done += free
        waiting = [at for at in waiting if at not in free]
    return done


def _needs(plan: SheetPlan, at: int) -> Iterator[int]:
    for column in plan.columns:
        found = sheet_target(column.target) if column.take and column.kind == "link" else None
        if found is not None and found[0] != at:
            yield found[0]
