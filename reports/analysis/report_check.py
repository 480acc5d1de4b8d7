"""The checks of report documents: what is grouped, measured, calculated and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fluvial.kernel.problems import Problem
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document
from metamodel.expressions.types import DATE, DATETIME, DURATION, MONEY, NUMBER, Type
from metamodel.folding import listed

from .chart_check import check_charted
from .group_check import check_group, same_dimension
from .groupings import grouping
from .measured_types import Measured, measured, unfit
from .previous_period import compared_period
from .report_model import ReportMeasure, ReportPart, measures_of, report_measure

RESULTS = (NUMBER.name, MONEY.name, DURATION.name, DATE.name, DATETIME.name)
ALONE = ("object", "measures", "steps", "period", "compare")  # what a union does not have


def check_report(document: Document, check: DocumentCheck) -> None:
    body = document.body
    for at, role in enumerate(body.get("audience", ())):
        check.reference(f"/audience/{at}", "role", role)
    if "union" in body:
        _refuse_alone(body, check)
        types = _check_union(body, check)
    elif "object" not in body:
        message = "A report is about an object."
        check.fault("", "missing", message, "Add `object`, or `union` for several objects.")
        return
    else:
        object = check.object("/object", body["object"])
        if object is None:
            return
        types = _check_single(body, object, check)
    _check_pivot(body, check)
    if types is not None:
        made = _check_calculations(body, types, check)
        _check_sort(body, types, check)
        check_charted(body, all_measures(body), made, check)


def _refuse_alone(body: Mapping[str, Any], check: DocumentCheck) -> None:
    for name in ALONE:
        if name in body:
            message = f"`{name}` belongs to a report about one object."
            hint = "Write it in the items of `union`." if name in ("object", "measures") else ""
            check.fault(f"/{name}", "not_in_a_union", message, hint or "Delete it here.")


Types = dict[str, Measured]  # by the name of a measure


def _check_single(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> Types:
    if "where" in body:
        check.condition("/where", body["where"], object.name)
    for member in ("group", "columns"):
        for at, said in enumerate(body.get(member, ())):
            check_group(_place(f"/{member}/{at}", said), grouping(said), object, check)
    if "steps" in body:
        _check_steps(body["steps"], object, check)
    _check_period(body, object, check)
    return dict(_measures("/measures", body.get("measures", ()), object, check))


def _place(pointer: str, said: Any) -> str:
    return pointer if isinstance(said, str) else f"{pointer}/by"


def _check_union(body: Mapping[str, Any], check: DocumentCheck) -> Types | None:
    types: Types = {}
    found: dict[str, Type] = {}
    for at, one in enumerate(body["union"]):
        place = f"/union/{at}"
        object = check.object(f"{place}/object", one["object"])
        if object is None:
            return None
        if "where" in one:
            check.condition(f"{place}/where", one["where"], object.name)
        for name, path in one["dimensions"].items():
            pointer = f"{place}/dimensions/{name}"
            field = check.path(pointer, object, path)
            if field is not None:
                same_dimension(pointer, name, found.setdefault(name, field.type), field.type, check)
        for measured_name, type in _measures(f"{place}/measures", one["measures"], object, check):
            if measured_name in types:
                message = f"Two measures are called `{measured_name}`."
                hint = "Give each a `name` of its own."
                check.fault(f"{place}/measures", "duplicate_name", message, hint)
            types[measured_name] = type
        _check_shared(body, one, at, object, check)
    return types


def _check_shared(
    body: Mapping[str, Any], one: Mapping[str, Any], at: int, object: ObjectType,
    check: DocumentCheck,
) -> None:  # fmt: skip
    """Groups and the condition of a union are about dimensions, which every object has."""
    part = ReportPart(one["object"], "", (), one["dimensions"])
    shared = set(one["dimensions"])
    for member in ("group", "columns"):
        for index, said in enumerate(body.get(member, ())):
            group, place = grouping(said), _place(f"/{member}/{index}", said)
            first = group.inner.partition(".")[0]
            if first not in shared:
                message = f"`{first}` is not among the dimensions of item {at + 1} of `union`."
                hint = f"Group by {listed(sorted(shared))}, or add it there."
                check.fault(place, "unknown_dimension", message, hint)
                continue
            check_group(place, part.grouped(group), object, check)
    if "where" in body:
        check.condition("/where", part.meant(body["where"]), object.name)


def _measures(
    pointer: str, said: Sequence[Any], object: ObjectType, check: DocumentCheck
) -> Iterator[tuple[str, Measured]]:
    seen: set[str] = set()
    for at, one in enumerate(said or ["count()"]):
        place = f"{pointer}/{at}" if isinstance(one, str) else f"{pointer}/{at}/measure"
        try:
            read = report_measure(one)
        except Problem as problem:
            check.fault(place, "not_a_measure", problem.detail, "")
            continue
        if read.name in seen:
            message = f"Two measures are called `{read.name}`."
            check.fault(place, "duplicate_name", message, "Give each a `name` of its own.")
        seen.add(read.name)
        made = check.compile(place, read.measure.inner, object.name) if read.measure.inner else None
        if read.measure.inner and made is None:
            continue
        wrong = list(unfit(read.measure, made.tree)) if made is not None else []
        for message, hint in wrong:
            check.fault(place, "wrong_type", message, hint)
        if not wrong:
            yield read.name, measured(read.measure, made.type if made else None)


def _check_steps(steps: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    field = check.field("/steps/log", object, steps["log"])
    if field is None:
        return
    if field.name not in {one.name for one in object.logged_fields}:
        message = f"`{field.name}` keeps no log of its states."
        check.fault("/steps/log", "no_log", message, f"Write `log: true` in `{field.name}`.")
        return
    names = [option.name for option in field.type.options]
    for at, state in enumerate(steps["order"]):
        if state not in names:
            message = f"{field.label} has no option `{state}`."
            hint = f"Its options are {listed(names, 20)}."
            check.fault(f"/steps/order/{at}", "unknown_option", message, hint)


def _check_period(body: Mapping[str, Any], object: ObjectType, check: DocumentCheck) -> None:
    period = body.get("period")
    if period is not None:
        field = check.path("/period/by", object, period["by"])
        if field is not None and field.type.name not in (DATE.name, DATETIME.name):
            message = f"`{period['by']}` is not a date."
            check.fault("/period/by", "not_a_date", message, "Name a date.")
    elif "compare" in body and compared_period(body.get("where", "")) is None:
        check.fault(
            "/compare",
            "no_period",
            "It does not say which period is compared with the one before.",
            "Add `period: {by: created_at, unit: month}`, or a condition such as "
            "`created_at >= start_of(today(), 'year')` to `where`.",
        )


def _check_pivot(body: Mapping[str, Any], check: DocumentCheck) -> None:
    shown = body.get("show", "table")
    if shown == "pivot" and "columns" not in body:
        check.fault("/show", "no_columns", "A pivot table needs `columns`.", "Add `columns`.")
    if shown == "funnel" and "steps" not in body:
        check.fault("/show", "no_steps", "A funnel needs `steps`.", "Add `steps`.")
    if shown in ("bar", "line", "area", "pie") and not body.get("group"):
        check.fault("/show", "no_group", "A chart needs a group.", "Add `group`.")
    texts = [grouping(one).text for m in ("group", "columns") for one in body.get(m, ())]
    for text in sorted({one for one in texts if texts.count(one) > 1}):
        check.fault("/group", "duplicate", f"`{text}` is a group twice.", "Delete one of them.")


def _check_calculations(
    body: Mapping[str, Any], types: Types, check: DocumentCheck
) -> dict[str, Type]:
    """Calculations may read measures and the calculations before them; the types of all."""
    names = {name: one.type for name, one in types.items() if not one.in_currencies}
    for at, one in enumerate(body.get("calculate", ())):
        place = f"/calculate/{at}"
        if one["name"] in types:
            message = f"A measure is called `{one['name']}` too."
            check.fault(f"{place}/name", "duplicate_name", message, "Give it another name.")
        mixed = [name for name, type in types.items() if type.in_currencies]
        made = check.compile(f"{place}/formula", one["formula"], names=names)
        if made is None:
            if any(name in one["formula"] for name in mixed):
                check.fault(
                    f"{place}/formula",
                    "several_currencies",
                    f"{listed(mixed)} may be in several currencies, which are not calculated with.",
                    "Measure an amount in one currency, such as one in the base currency.",
                )
            continue
        if made.type.name not in RESULTS:
            message = f"`{one['formula']}` gives {made.type}, which is not a measure."
            check.fault(f"{place}/formula", "wrong_type", message, "Give a number or an amount.")
        names[one["name"]] = made.type
    return {name: one.type for name, one in types.items()} | names


def _check_sort(body: Mapping[str, Any], types: Types, check: DocumentCheck) -> None:
    measures = all_measures(body)
    known = {one.key for one in measures} | {one.name for one in measures}
    known |= {one["name"] for one in body.get("calculate", ())}
    mixed = {one.key for one in measures if one.name in types and types[one.name].in_currencies}
    mixed |= {name for name, type in types.items() if type.in_currencies}
    for at, text in enumerate(body.get("sort", ())):
        name = text.removeprefix("-").strip()
        if name not in known:
            message = f"`{name}` is not a measure of the report."
            check.fault(f"/sort/{at}", "unknown_measure", message, f"Use {listed(sorted(known))}.")
        elif name in mixed:
            message = f"`{name}` may be in several currencies, which have no order."
            check.fault(f"/sort/{at}", "several_currencies", message, "Sort by another measure.")


def all_measures(body: Mapping[str, Any]) -> list[ReportMeasure]:
    said = [one["measures"] for one in body.get("union", ())] or [body.get("measures", ["count()"])]
    found: list[ReportMeasure] = []
    for one in said:
        try:
            found += measures_of(one)
        except Problem:  # told at its place
            continue
    return found
