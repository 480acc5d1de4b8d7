"""Reports say what a plain implementation says of the same records, and every cell opens them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.app import Client, Documents
from tests.reports.library import DOCUMENTS

Record = Mapping[str, Any]
ZONE = "America/St_Johns"  # half an hour beside the others, and with a summer
UNITS = ("day", "week", "month", "quarter", "year")
FIELDS = ("reader", "reader.circle", "clerk", "due", "stage", "urgent", "weight", "kept", "book",
          "paid.currency", "reader.circle.name", "weight > 2")  # fmt: skip
DATES = ("due", "lent")
MEASURES = ("count()", "count(due)", "sum(fee)", "sum(paid)", "avg(weight)", "sum(kept)",
            "avg(kept)", "min(due)", "max(lent)", "min(paid)", "sum(weight * 2)")  # fmt: skip
RECORDS, REPORTS = 60, 6  # reports in each of two zones


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


def moments(chance: random.Random) -> str:
    """Moments around the edges of days in several zones, and around the change of clocks."""
    day = chance.choice([(2026, 3, 8), (2026, 11, 1), (2025, 12, 31), (2026, 6, 30)])
    base = datetime(*day, tzinfo=UTC)
    moved = base + timedelta(hours=chance.randint(-30, 54), minutes=chance.choice([0, 29, 30, 59]))
    return moved.isoformat().replace("+00:00", "Z")


def fill(client: Client, chance: random.Random) -> None:
    circles = [client.made("circle", name=name)["id"] for name in ("Red", "red's \\ own", "Blue")]
    readers = [
        client.made("reader", name=f"R{at}", circle=chance.choice([*circles, None]))["id"]
        for at in range(5)
    ]
    team = client.made("team", name="Desk")["id"]
    me = client.get("/api/me").json()["id"]

    def maybe(value: Callable[[], Any]) -> Any:
        return value() if chance.random() < 0.8 else None

    client_records = [
        {
            "book": chance.choice(["Emma", "It's", 'A "quote"', "back\\slash", "Ünï"]),
            "reader": maybe(lambda: chance.choice(readers)),
            "clerk": maybe(lambda: chance.choice([{"user": me}, {"team": team}])),
            "due": maybe(lambda: str(date(2025, 11, 20) + timedelta(days=chance.randint(0, 120)))),
            "lent": maybe(lambda: moments(chance)),
            "fee": maybe(lambda: f"{chance.randint(-500, 99_999) / 100:.2f}"),
            "paid": maybe(lambda: {"amount": str(chance.randint(-20, 900)),
                                   "currency": chance.choice(["EUR", "USD", "JPY"])}),
            "weight": maybe(lambda: f"{chance.randint(-4000, 9000) / 1000:.3f}"),
            "kept": maybe(lambda: chance.randint(0, 3) * 3601),
            "urgent": maybe(lambda: chance.random() < 0.5),
            "stage": maybe(lambda: chance.choice(["asked", "found", "out"])),
        }
        for _ in range(RECORDS)
    ]  # fmt: skip
    reply = client.post("/api/records/loan", client_records)
    assert reply.status == 201, reply.text


def plain_value(record: Record, group: str, zone: ZoneInfo) -> Any:
    """The value by which a record is grouped, worked out by hand."""
    unit, mark, rest = group.partition("(")
    if mark and unit in UNITS:
        held = record[rest.rstrip(")")]
        if held is None:
            return None
        day = date.fromisoformat(held) if "T" not in held else local(held, zone)
        return str(first_day(day, unit))
    if group == "weight > 2":
        return record["weight"] is not None and Decimal(record["weight"]) > 2
    value: Any = record
    for step in group.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value["id"] if isinstance(value, Mapping) and "id" in value else value


def local(moment: str, zone: ZoneInfo) -> date:
    return datetime.fromisoformat(moment).astimezone(zone).date()


def first_day(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}.get(unit)
    return day if month is None else day.replace(month=month, day=1)


def plain_measure(records: list[Record], measure: str) -> Any:
    function, _, inner = measure.rstrip(")").partition("(")
    if not inner:
        return len(records)
    name, _, factor = inner.partition(" * ")
    held = [r[name] for r in records if r[name] is not None]
    if function == "count":
        return len(held)
    if name == "paid":
        found: dict[str, list[Decimal]] = {}
        for one in held:
            found.setdefault(one["currency"], []).append(Decimal(one["amount"]))
        return {c: sum(v) if function == "sum" else min(v) for c, v in found.items()}
    if function in ("min", "max"):
        return (min if function == "min" else max)(held) if held else None
    numbers = [Decimal(one["amount"] if name == "fee" else one) for one in held]
    total = sum(numbers, Decimal(0)) * int(factor or 1)
    if function == "sum":
        return total
    if not numbers:
        return None
    places = Decimal(1) if name == "kept" else Decimal("0.000001")
    return (total / len(numbers)).quantize(places, ROUND_HALF_UP)


def same(found: Any, plain: Any) -> bool:
    if isinstance(plain, dict):
        amounts = {one["currency"]: Decimal(one["amount"]) for one in found}
        return bool(amounts == plain)
    if isinstance(found, dict):
        return bool(found["currency"] == "EUR" and Decimal(found["amount"]) == plain)
    return Decimal(found) == plain if isinstance(plain, Decimal) else bool(found == plain)


def as_group(value: Any) -> Any:
    return tuple(value.items()) if isinstance(value, dict) else value


def check_cell(client: Client, cell: Mapping[str, Any], records: list[Record]) -> None:
    for measure, value in cell["measures"].items():
        plain = plain_measure(records, measure)
        assert same(value, plain), (measure, value, plain)
    path, _, query = cell["href"].partition("?")
    page = client.call("GET", f"{path}?{query}{'&' if query else ''}limit=500&fields=id")
    assert page.status == 200, page.text
    assert {one["id"] for one in page.json()["data"]} == {one["id"] for one in records}, cell


def chosen(records: Iterable[Record], groups: Iterable[str], values: Iterable[Any],
           zone: ZoneInfo) -> list[Record]:  # fmt: skip
    wanted = list(zip(groups, values, strict=True))
    return [
        r for r in records
        if all(as_group(plain_value(r, g, zone)) == as_group(v) for g, v in wanted)
    ]  # fmt: skip


def ask(chance: random.Random) -> dict[str, str]:
    choice = [*FIELDS, *(f"{unit}({name})" for unit in UNITS for name in DATES)]
    groups = chance.sample(choice, chance.randint(0, 3))
    columns = chance.sample([one for one in choice if one not in groups], chance.choice([0, 0, 1]))
    if columns and columns[0].startswith("day("):
        columns = ["stage"] if "stage" not in groups else []
    measures = ["count()", *chance.sample(MEASURES[1:], chance.randint(0, 4))]
    asked = {"group": ",".join(groups), "columns": ",".join(columns),
             "measures": ",".join(measures)}  # fmt: skip
    if chance.random() < 0.4:
        asked["where"] = chance.choice(["fee > 100 or urgent == true", "stage != 'out'"])
    return asked


def test_reports_say_what_a_plain_implementation_says(client: Client) -> None:
    chance = random.Random(20261130)
    fill(client, chance)
    me = client.get("/api/me").json()["id"]
    for zone in ("UTC", ZONE):
        reply = client.patch(f"/api/records/user/{me}", {"zone": zone})
        assert reply.status == 200, reply.text
        for _ in range(REPORTS):
            one_report(client, ask(chance), ZoneInfo(zone))


def one_report(client: Client, asked: dict[str, str], zone: ZoneInfo) -> None:
    records = client.rows(
        "/api/records/loan",
        limit="500",
        fields="book,reader.circle.name,clerk,due,lent,fee,paid,weight,kept,urgent,stage",
        **({"where": asked["where"]} if "where" in asked else {}),
    )
    reply = client.get("/api/reports/by_circle", **asked)
    assert reply.status == 200, (asked, reply.text)
    body = reply.json()
    groups = [one["by"] for one in body["groups"]]
    columns = [one["by"] for one in body["columns"]]
    assert [*groups, *columns] == [one for name in ("group", "columns")
                                   for one in asked[name].split(",") if one]  # fmt: skip
    leaves = 0
    for row in [*body["data"], {"group": {}, "level": 0, **body["total"]}]:
        values = list(row["group"].values())
        inside = chosen(records, groups[: row["level"]], values, zone)
        check_cell(client, row, inside)
        if row["level"] == len(groups):
            leaves += row["measures"]["count()"]
        for at, cell in enumerate(row.get("cells", ())):
            key = body["column_values"][at]["group"]
            check_cell(client, cell, chosen(inside, columns, key.values(), zone))
    assert leaves == body["total"]["measures"]["count()"] == len(records)
