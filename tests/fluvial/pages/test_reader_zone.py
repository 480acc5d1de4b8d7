"""The clock of the reader: pages, exports and typed times follow it; days stay the business's."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from fluvial.http.app import build_app
from tests.app import Client, OpenEngine, Prepared
from tests.fluvial.pages.posting import posted

LOAN: dict[str, Any] = {
    "kind": "object",
    "name": "loan",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "at", "kind": "datetime"},
        {"name": "seen", "kind": "datetime", "zone": "Asia/Tokyo"},
        {"name": "due", "kind": "date"},
        {"name": "day", "kind": "calculated", "result": "date", "formula": "today()"},
    ],
}
GRANTS = [{"object": "loan", "can": ["read", "create", "update", "export", "import"]}]
AT = "2026-11-14T02:30:00Z"  # the 13th in New York, the 14th in Berlin and Tokyo
NOW = "2026-11-14T03:00:00Z"


@pytest.fixture
def business(open_engine: OpenEngine, engine_url: str, prepared: Prepared) -> Client:
    """A business in Berlin."""
    engine = open_engine(zone="Europe/Berlin", now=NOW)
    client = Client(build_app(engine), prepared.headers(engine_url))
    client.define(LOAN, {"kind": "role", "name": "clerk", "grants": GRANTS})
    return client


def reader(business: Client, zone: str | None) -> Client:
    person = business.person(f"{(zone or 'none').partition('/')[2].lower() or 'x'}@example.com",
                             "clerk")  # fmt: skip
    if zone:
        assert posted(person, "/profile/zone", {"zone": zone}).status == 303
    return person


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize(
    ("zone", "clock", "seen"),
    [
        (None, "14 Nov 2026, 03:30", "14 Nov 2026, 11:30"),
        ("America/New_York", "13 Nov 2026, 21:30", "14 Nov 2026, 11:30"),
        ("Asia/Kathmandu", "14 Nov 2026, 08:15", "14 Nov 2026, 11:30"),
        ("Pacific/Kiritimati", "14 Nov 2026, 16:30", "14 Nov 2026, 11:30"),
    ],
)
def test_everybody_reads_moments_on_their_own_clock(
    business: Client, zone: str | None, clock: str, seen: str
) -> None:
    loan = business.made("loan", name="Emma", at=AT, seen=AT, due="2026-11-14")
    person = reader(business, zone)
    page = person.get(f"/o/loan/{loan['id']}").text
    said = words(page)
    assert clock in said and seen in said and "14 Nov 2026" in said
    assert (zone in said) if zone else ("Europe/Berlin" not in words(person.get("/").text))
    assert person.get("/api/me").json()["zone"] == (zone or "Europe/Berlin")
    assert clock[-5:] in words(person.get("/o/loan").text)


@pytest.mark.parametrize(
    ("zone", "typed", "kept"),
    [
        (None, "2026-11-14T09:00", "2026-11-14T08:00:00Z"),
        ("America/New_York", "2026-11-14T09:00", "2026-11-14T14:00:00Z"),
        ("America/New_York", "2026-07-14T09:00", "2026-07-14T13:00:00Z"),
        ("Australia/Lord_Howe", "2026-11-14T09:00", "2026-11-13T22:00:00Z"),
    ],
)
def test_a_typed_moment_is_read_on_the_readers_clock(
    business: Client, zone: str | None, typed: str, kept: str
) -> None:
    person = reader(business, zone)
    form = person.get("/o/loan/new").text
    assert f'data-zone="{zone or "Europe/Berlin"}"' in form
    assert 'data-zone="Asia/Tokyo"' in form
    values = {"name": "Emma", "at": typed, "seen": "2026-11-14T09:00"}
    assert posted(person, "/o/loan/new", values).status == 303
    (loan,) = business.rows("/api/records/loan")
    assert (loan["at"], loan["seen"]) == (kept, "2026-11-14T00:00:00Z")
    edit = person.get(f"/o/loan/{loan['id']}/edit").text
    assert f'value="{typed}"' in edit
    rev = re.findall(r'name="rev" value="(\d+)"', edit)[0]
    again = {"name": "Emma", "at": typed, "seen": "2026-11-14T09:00", "rev": rev}
    assert posted(person, f"/o/loan/{loan['id']}/edit", again).status == 303
    assert business.rows("/api/records/loan")[0]["rev"] == loan["rev"]


def test_days_stay_those_of_the_business(business: Client) -> None:
    """It is the 14th in Berlin, and still the 13th in New York."""
    business.made("loan", name="Emma", at=AT, due="2026-11-14")
    person = reader(business, "America/New_York")
    said = words(person.get("/o/loan").text)
    assert "Today 21:30" in said  # on the reader's clock, the moment is of this evening
    assert said.count("Today") == 3  # and the days are today's, as for everybody
    assert person.rows("/api/records/loan", where="due == today()")


def test_exports_for_people_are_on_the_readers_clock_and_say_so(business: Client) -> None:
    business.made("loan", name="Emma", at=AT, seen=AT)
    for zone, heading, clock in (
        (None, "At", "2026-11-14 03:30"),
        ("America/New_York", "At (America/New_York)", "2026-11-13 21:30"),
    ):
        body = reader(business, zone).get(
            "/api/records/loan/export", fields="at,seen", **{"for": "people"}
        ).body  # fmt: skip
        heads, cells = csv.reader(io.StringIO(body.decode("utf-8-sig")))
        assert heads == [heading, "Seen (Asia/Tokyo)"]
        assert cells == [clock, "2026-11-14 11:30"]


@pytest.mark.parametrize("zone", ["Mars/Phobos", "../etc/passwd", "Berlin", "utc+1"])
def test_a_zone_that_is_not_there_is_refused(business: Client, zone: str) -> None:
    person = reader(business, None)
    assert posted(person, "/profile/zone", {"zone": zone}).status == 422
    refused = business.patch(
        f"/api/records/user/{person.get('/api/me').json()['id']}", {"zone": zone}
    )
    assert refused.status == 422
    assert [e["pointer"] for e in refused.json()["errors"]] == ["/zone"]


def test_the_businesss_own_zone_is_kept_as_no_choice(business: Client) -> None:
    person = reader(business, "America/New_York")
    assert posted(person, "/profile/zone", {"zone": "Europe/Berlin"}).status == 303
    me = person.get("/api/me").json()
    assert me["zone"] == "Europe/Berlin"
    assert business.get(f"/api/records/user/{me['id']}").json()["zone"] is None
