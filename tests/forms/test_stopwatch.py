"""A stopwatch takes time as a record: one for each person, and no time is lost or made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest

from fluvial.runtime.engine import Engine
from tests.app import Client, Documents, Reply
from tests.forms.workshop import DOCUMENTS, SHIFT, STOPWATCH

START, STOP, NOW = "/api/stopwatches/shift/start", "/api/stopwatches/shift/stop", "/api/stopwatch"


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


class Bench:
    """A mate at work, and the clock on the wall."""

    def __init__(self, client: Client, engine: Engine) -> None:
        self.admin, self.engine = client, engine
        self.ada = self.mate("ada")
        self.saw = client.made("job", name="Saw")["id"]
        self.plane = client.made("job", name="Plane")["id"]

    def mate(self, nick: str) -> Client:
        mate = self.admin.person(f"{nick}@example.com", "mate")
        me = mate.get("/api/me").json()["id"]
        worker = self.admin.made("worker", nick=nick.title(), user={"user": me})["id"]
        assert self.admin.patch(f"/api/records/user/{me}", {"worker": worker}).status == 200
        return mate

    def later(self, minutes: float) -> None:
        self.engine.clock._shift += timedelta(minutes=minutes)

    def shift(self, id: str) -> dict[str, Any]:
        record: dict[str, Any] = self.admin.get(f"/api/records/shift/{id}").json()
        return record


@pytest.fixture
def bench(client: Client, engine: Engine) -> Bench:
    return Bench(client, engine)


def taken(record: dict[str, Any]) -> timedelta:
    began, ended = (datetime.fromisoformat(record[name]) for name in ("began", "ended"))
    return ended - began


def test_time_is_taken_by_start_and_stop(bench: Bench) -> None:
    ada = bench.ada
    assert ada.get(NOW).json() == {"running": None}
    assert ada.post(STOP).status == 409
    begun = ada.post(START, {"job": bench.saw})
    assert begun.status == 201, begun.text
    id = begun.json()["running"]["id"]
    assert ada.get(NOW).json()["running"]["id"] == id
    assert bench.mate("bob").get(NOW).json() == {"running": None}  # it is Ada's
    bench.later(83)
    done = ada.post(STOP, {"note": "Done"}).json()
    assert done["took"] // 60 == 83 and done["note"] == "Done"
    assert taken(done) // timedelta(seconds=1) == done["took"]
    assert ada.get(NOW).json() == {"running": None}


def test_what_somebody_says_it_took_is_what_counts(bench: Bench) -> None:
    for minutes, said in ((90, 75), (30, 90), (0, 5)):
        begun = bench.ada.post(START, {"job": bench.saw}).json()["running"]
        bench.later(minutes)
        done = bench.ada.post(STOP, {"took": said * 60}).json()
        assert done["took"] == said * 60 and taken(done) == timedelta(minutes=said)
        if said <= minutes:  # it ended earlier
            assert done["began"] == begun["since"]
        else:  # it began earlier, and nothing ends in the future
            assert datetime.fromisoformat(done["ended"]) <= bench.engine.clock.now()
            assert done["began"] < begun["since"]
    bench.ada.post(START, {"job": bench.saw})
    for wrong in (0, -60, 86401, "soon"):
        refused = bench.ada.post(STOP, {"took": wrong})
        assert refused.status == 422 and refused.json()["errors"][0]["pointer"] == "/took"
    assert bench.ada.post(STOP, {"note": "x" * 41}).json()["errors"][0]["pointer"] == "/note"
    assert bench.ada.get(NOW).json()["running"]  # a refusal stops nothing


def test_one_runs_for_each_person(bench: Bench) -> None:
    ada = bench.ada
    first = ada.post(START, {"job": bench.saw}).json()["running"]["id"]
    refused = ada.post(START, {"job": bench.plane})
    assert refused.status == 409 and refused.json()["running"]["id"] == first
    moment = bench.engine.clock.now().isoformat()
    by_hand = ada.post("/api/records/shift", {"began": moment})
    assert by_hand.status == 422 and by_hand.json()["errors"][0]["code"] == "runs_already"
    whole = {"began": "2026-01-01T08:00:00Z", "ended": "2026-01-01T09:00:00Z"}
    old = ada.post("/api/records/shift", whole).json()
    reopened = ada.patch(f"/api/records/shift/{old['id']}", {"ended": None})
    assert reopened.json()["errors"][0]["code"] == "runs_already"
    length = {"began": "2026-01-01T08:00:00Z", "took": 60}
    assert ada.post("/api/records/shift", length).status == 201  # it says how long it took
    bench.later(20)
    second = ada.call("POST", f"{START}?instead=true", {"job": bench.plane})
    assert second.status == 201 and second.json()["running"]["record"]["job"] == bench.plane
    assert bench.shift(first)["took"] // 60 == 20
    assert bench.mate("bob").post(START, {"job": bench.saw}).status == 201


def test_a_stopwatch_is_ones_own(bench: Bench) -> None:
    assert bench.admin.post(START, {"job": bench.saw}).status == 422  # no worker of their own
    worker = bench.admin.rows("/api/records/worker")[0]["id"]
    foreign = bench.admin.post(START, {"job": bench.saw, "worker": worker})
    assert foreign.status == 422 and foreign.json()["errors"][0]["code"] == "not_mine"
    assert bench.admin.rows("/api/records/shift") == []  # nothing was left behind
    guest = bench.admin.person("guest@example.com", "guest")
    assert guest.post(START, {"job": bench.saw}).status == 403
    assert guest.get(NOW).json() == {"running": None}
    assert "Start stopwatch" not in guest.get(f"/o/job/{bench.saw}").text
    assert bench.ada.post("/api/stopwatches/job/start").status == 404
    assert bench.ada.post(START, [1]).status == 422


def form(client: Client, path: str, **fields: str) -> Reply:
    page = client.get("/work").text
    token = page.partition('name="csrf" content="')[2].partition('"')[0]
    body = "&".join(f"{k}={v}" for k, v in {**fields, "csrf": token}.items()).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=kind)


def test_pages_start_show_and_stop_it_without_scripts(bench: Bench) -> None:
    ada, saw = bench.ada, f"/o/job/{bench.saw}"
    page = unescape(ada.get(saw).text)
    href = f"/stopwatch/shift/start?for=job&record={bench.saw}"
    assert f'action="{href}"' in page and "data-stopwatch" not in page
    assert form(ada, href).status == 303
    bench.later(65)
    page = ada.get(saw).text
    assert "data-stopwatch" in page and ">1:05<" in page and "Time taken on Saw" in page
    assert f'action="{href}"' not in unescape(page)  # it runs on this one
    asked = ada.get("/stopwatch/stop").text
    assert 'value="1:05"' in asked and 'name="note"' in asked
    other = f"/stopwatch/shift/start?for=job&record={bench.plane}"
    question = form(ada, other)
    assert question.status == 409 and "Stop it and start this one" in question.text
    assert form(ada, f"{other}&instead=true").status == 303
    assert "Time taken on Plane" in ada.get("/").text
    wrong = form(ada, "/stopwatch/stop", took="soon")
    assert wrong.status == 422 and "<h1>Stop</h1>" in wrong.text
    stopped = form(ada, "/stopwatch/stop", took="1h+30", note="Long")
    assert stopped.status == 303 and stopped.headers["location"] == f"/o/job/{bench.plane}"
    assert "data-stopwatch" not in ada.get(saw).text
    newest = ada.rows("/api/records/shift", sort="-number")[0]
    assert newest["took"] == 5400 and newest["note"] == "Long"
    assert form(ada, "/stopwatch/stop").status == 303  # it was stopped elsewhere
    assert form(ada, f"/stopwatch/shift/start?for=note&record={bench.saw}").status == 404


@pytest.mark.parametrize(
    ("change", "place", "code"),
    [
        ({"starts": "took"}, "/stopwatch/starts", "wrong_kind"),
        ({"length": "began"}, "/stopwatch/length", "wrong_kind"),
        ({"ends": "began"}, "/stopwatch/ends", "twice"),
        ({"starts": "gone"}, "/stopwatch/starts", "unknown_field"),
        ({"person": "worker.nick"}, "/stopwatch/person", "not_a_person"),
        ({"person": "worker.user.created_by.id"}, "/stopwatch/person", "too_far"),
        ({"for": ["note"]}, "/stopwatch/for/0", "not_a_lookup"),
        ({"asks": ["ended"]}, "/stopwatch/asks/0", "asked_anyway"),
        ({"asks": ["number"]}, "/stopwatch/asks/0", "not_writable"),
    ],
)
@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_a_stopwatch_that_cannot_work_is_refused_when_it_is_saved(
    client: Client, change: dict[str, Any], place: str, code: str
) -> None:
    wrong = {**SHIFT, "stopwatch": {**STOPWATCH, **change}}
    reply = client.post("/api/meta/changes", {"documents": [wrong]})
    assert reply.status == 422
    told = [(one["pointer"].partition("#")[2] or one["pointer"], one["code"])
            for one in reply.json()["errors"]]  # fmt: skip
    assert any(at.endswith(place) and what == code for at, what in told), reply.text


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_it_goes_with_the_fields_that_it_uses(client: Client) -> None:
    path = "/api/meta/object/shift"
    used = {"note": "asks", "tool": "for", "took": "length", "ended": ""}
    for name, member in used.items():
        gone = {"fields": [{"name": name, "$delete": True}]}
        assert client.patch(f"{path}?force=true", gone).status == 200
        there = client.get(path).json().get("stopwatch")
        assert there is None if not member else there.get(member) in (None, [], ["job"])
