"""What customers were promised: clocks of tickets in the hours of their calendars, by the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fluvial.apptests.stage import StoppedClock
from fluvial.events.jobs import run_pending
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client

Json = dict[str, Any]
NUMBERS = count(1)
LONDON = ZoneInfo("Europe/London")
LUNCH: Json = {
    "kind": "calendar",
    "name": "with_lunch",
    "label": "With lunch",
    "zone": "Europe/London",
    "hours": {"mon-fri": ["09:00-12:30", "13:30-17:30"]},
}

SUMMER: Json = {**LUNCH, "name": "summer", "label": "Summer", "hours": {"mon-fri": ["09:00-17:30"]}}


def local(moment: str | None) -> str:
    """A moment as clocks in London show it, to the minute."""
    if moment is None:
        return "paused"
    return f"{datetime.fromisoformat(moment).astimezone(LONDON):%a %d %b %H:%M}"


@dataclass
class Hours:
    """A customer whose targets are its own, and a clock that stands where it is put."""

    client: Client
    engine: Engine

    def __post_init__(self) -> None:
        self.account = self.client.made("account", name=f"Harrow {next(NUMBERS)}")["id"]
        code = f"level{next(NUMBERS)}"
        self.level = self.client.made(
            "service_level", name=code.title(), code=code, calendar="uk_office"
        )["id"]

    def target(self, respond: float, resolve: float, **more: Any) -> str:
        made = self.client.made(
            "service_target",
            **{"calendar": "uk_office", "account": self.account, **more},
            name=f"Target {next(NUMBERS)}",
            service_level=self.level,
            respond=int(respond * 3600),
            resolve=int(resolve * 3600),
        )
        return str(made["id"])

    def at(self, moment: str) -> None:
        """Let it be so late in London."""
        clock = self.engine.clock
        assert isinstance(clock, StoppedClock)
        clock.moment = datetime.fromisoformat(moment).replace(tzinfo=LONDON).astimezone(UTC)
        self.client = self.client.signed_in(EMAIL, PASSWORD)  # sessions end by the clock

    def opened(self, moment: str, **values: Any) -> Json:
        """A ticket that is opened at a moment."""
        self.at(moment)
        return self.client.made("ticket", subject="Jams", account=self.account, **values)

    def act(self, ticket: Json, action: str, moment: str) -> Json:
        self.at(moment)
        path = f"/api/records/ticket/{ticket['id']}"
        reply = self.client.post(f"{path}/actions/{action}")
        assert reply.status == 200, reply.text
        return self.read(ticket)

    def change(self, ticket: Json, **values: Any) -> Json:
        reply = self.client.patch(f"/api/records/ticket/{ticket['id']}", values)
        assert reply.status == 200, reply.text
        return self.read(ticket)

    def read(self, ticket: Json) -> Json:
        return dict(self.client.get(f"/api/records/ticket/{ticket['id']}").json())

    def work(self) -> None:
        while self.engine.database.call(lambda: run_pending(self.engine)):
            pass

    def warned(self, rule: str, ticket: Json) -> list[str]:
        runs = self.client.rows(f"/api/rules/{rule}/runs")
        return [one["outcome"] for one in runs if one["record"] == ticket["id"]]


@pytest.fixture(scope="module")
def desk(product: tuple[Client, Engine]) -> Iterator[tuple[Client, Engine]]:
    client, engine = product
    running = engine.clock
    engine.clock = StoppedClock("Europe/London", datetime(2026, 3, 2, 9, tzinfo=UTC))
    client = client.signed_in(EMAIL, PASSWORD)
    client.define(LUNCH, SUMMER)
    yield client, engine
    engine.clock = running


@pytest.fixture
def hours(desk: tuple[Client, Engine]) -> Hours:
    client, engine = desk
    return Hours(client.signed_in(EMAIL, PASSWORD), engine)


def due(ticket: Json) -> tuple[str, str]:
    return local(ticket["respond_due"]), local(ticket["resolve_due"])


def test_weekends_and_holidays_do_not_count(hours: Hours) -> None:
    hours.target(4, 16, priority="high")
    saturday = hours.opened("2026-06-13 11:00", priority="high")
    assert local(saturday["respond_due"]) == "Mon 15 Jun 13:00"
    christmas = hours.opened("2026-12-24 15:30", priority="high")
    assert due(christmas) == ("Tue 29 Dec 11:00", "Wed 30 Dec 14:30")


def test_what_the_customer_is_asked_for_moves_what_is_due(hours: Hours) -> None:
    hours.target(4, 8)
    friday = hours.opened("2026-06-12 14:30")
    assert local(friday["resolve_due"]) == "Mon 15 Jun 14:00"
    asked = hours.act(friday, "ask_customer", "2026-06-12 16:30")
    assert (asked["resolve_state"], local(asked["resolve_due"])) == ("paused", "paused")
    going = hours.act(friday, "start", "2026-06-15 10:00")
    assert local(going["resolve_due"]) == "Mon 15 Jun 16:00"  # two hours of opening time
    monday = hours.opened("2026-06-15 10:00")
    assert local(monday["resolve_due"]) == "Tue 16 Jun 09:30"
    hours.act(monday, "ask_customer", "2026-06-15 12:00")
    going = hours.act(monday, "start", "2026-06-17 15:00")
    assert local(going["resolve_due"]) == "Thu 18 Jun 12:30"


def test_the_assignee_is_warned_once_at_three_quarters(hours: Hours) -> None:
    hours.target(4, 8)
    me = hours.client.get("/api/me").json()["id"]
    ticket = hours.opened("2026-06-22 10:00", assignee={"user": me})
    hours.at("2026-06-22 15:59")
    hours.work()
    assert hours.warned("resolve_soon", ticket) == []
    hours.at("2026-06-22 16:00")
    hours.work()
    hours.at("2026-06-22 16:20")
    hours.work()
    assert hours.warned("resolve_soon", ticket) == ["done"]


def test_lunch_does_not_count_and_the_night_in_which_clocks_go_forward_does(hours: Hours) -> None:
    hours.target(2, 8, priority="normal", calendar="with_lunch")
    hours.target(1, 8, priority="high", calendar="with_lunch")
    hours.target(4, 8, priority="critical", calendar="round_the_clock")
    night = hours.opened("2026-03-29 00:30", priority="critical")
    assert local(night["respond_due"]) == "Sun 29 Mar 05:30"
    assert local(hours.opened("2026-06-15 11:30")["respond_due"]) == "Mon 15 Jun 14:30"
    late = hours.opened("2026-06-15 12:45", priority="high")
    assert local(late["respond_due"]) == "Mon 15 Jun 14:30"


def test_a_ticket_that_becomes_critical_runs_round_the_clock_and_both_are_kept(
    hours: Hours,
) -> None:
    hours.target(8, 40, priority="low")
    hours.target(1, 4, priority="critical", calendar="round_the_clock")
    ticket = hours.opened("2026-06-15 16:00", priority="low")
    assert due(ticket) == ("Tue 16 Jun 15:30", "Mon 22 Jun 13:30")
    raised = hours.change(ticket, priority="critical")
    assert due(raised) == ("Mon 15 Jun 17:00", "Mon 15 Jun 20:00")
    path = f"/api/records/ticket/{ticket['id']}/why"
    (plan,) = hours.client.get(path, field="resolve_due").json()["timer"]["plans"]
    moved = [local(plan[when]["due"]) for when in ("before", "after")]
    assert moved == ["Mon 22 Jun 13:30", "Mon 15 Jun 20:00"]


def test_hours_that_change_move_open_tickets_and_leave_closed_ones(hours: Hours) -> None:
    hours.target(8, 40, calendar="summer")
    still, done = (hours.opened("2026-06-15 16:00") for _ in range(2))
    hours.act(done, "resolve", "2026-06-15 16:30")
    ended = hours.act(done, "close", "2026-06-15 16:40")
    assert local(hours.read(still)["resolve_due"]) == "Mon 22 Jun 13:30"
    hours.client.define({**SUMMER, "hours": {"mon-fri": ["09:00-18:30"]}})
    hours.work()
    # 2.5 hours on Monday, then 9.5 on each of three days, and 9 of Friday.
    assert local(hours.read(still)["resolve_due"]) == "Fri 19 Jun 18:00"
    kept = hours.read(done)
    assert (kept["resolve_state"], kept["resolve_met"]) == ("met", ended["resolve_met"])
    assert kept["resolve_due"] == ended["resolve_due"]


def test_the_promise_for_an_asset_counts_most_and_that_for_all_least(hours: Hours) -> None:
    client = hours.client
    site = client.made("site", account=hours.account, name="Depot")["id"]
    asset = client.made("asset", name="Press", account=hours.account, site=site)["id"]
    product = client.made(
        "product", code=f"S{next(NUMBERS)}", name="Support", behaviour="per_asset"
    )["id"]
    contract = client.made("contract", name="Support", account=hours.account, starts="2026-01-01")[
        "id"
    ]
    line = client.made(
        "contract_line", contract=contract, product=product, description="Support",
        starts="2026-01-01",
    )["id"]  # fmt: skip
    client.made("coverage", asset=asset, contract_line=line, starts="2026-01-01", level="gold")
    hours.target(8, 60, account=None)
    places: list[Json] = [
        {}, {"account": None, "site": site}, {"account": None, "contract": contract},
        {"account": None, "contract_line": line}, {"account": None, "asset": asset},
    ]  # fmt: skip
    longest = 50
    for at, place in enumerate(places):
        target = hours.target(8, longest - at, **place)
        ticket = hours.opened("2026-06-15 10:00", asset=asset)
        assert ticket["service_target"] == target, place
    for_all = hours.client.made("ticket", subject="Question")
    assert hours.read(for_all)["resolve_state"] == "running"
