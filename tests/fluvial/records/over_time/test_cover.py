"""What is covered from when until when: ten readers of a branch, and one who leaves it."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.http.app import build_app
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, OpenEngine

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {
        "kind": "object", "name": "branch", "title": "{name}",
        "fields": [
            {"name": "name", "kind": "text"},
            {"name": "readers", "kind": "calculated", "result": "number", "scale": 0,
             "formula": "count(memberships, in_force)"},
            {"name": "fees", "kind": "calculated", "result": "money", "currency": "EUR",
             "formula": "sum(memberships, fee if in_force else null)"},
        ],
    },
    {
        "kind": "object", "name": "reader", "title": "{name}",
        "fields": [{"name": "name", "kind": "text"}],
    },
    {
        "kind": "object", "name": "amendment", "title": "{number}",
        "fields": [
            {"name": "number", "kind": "sequence", "pattern": "A-{0}"},
            {"name": "asked_by", "kind": "text"},
        ],
    },
    {
        "kind": "object", "name": "membership", "title": "{reader}",
        "dated": {"from": "starts", "until": "ends", "per": ["branch", "reader"]},
        "fields": [
            {"name": "branch", "kind": "lookup", "to": "branch", "inverse": "memberships"},
            {"name": "reader", "kind": "lookup", "to": "reader", "inverse": "memberships"},
            {"name": "fee", "kind": "money", "currency": "EUR"},
            {"name": "starts", "kind": "date", "required": True},
            {"name": "ends", "kind": "date"},
            {"name": "ended_by", "kind": "lookup", "to": "amendment"},
        ],
    },
    {
        "kind": "object", "name": "question", "title": "{words}",
        "fields": [
            {"name": "words", "kind": "text"},
            {"name": "reader", "kind": "lookup", "to": "reader"},
            {"name": "cover_at", "kind": "choice", "options": [{"name": "asked"},
                                                               {"name": "answered"}]},
            {"name": "asked_on", "kind": "date"},
            {"name": "answered_on", "kind": "date"},
            {"name": "covered", "kind": "calculated", "result": "boolean",
             "formula": "exists(reader.memberships, in_force)"},
            {"name": "covered_until", "kind": "calculated", "result": "date",
             "formula": "max(reader.memberships, ends) - days(1)"},
            {"name": "ended", "kind": "calculated", "result": "text", "formula":
             "last(reader.memberships, ended_by.number & ', ' & ended_by.asked_by)"},
            {"name": "costs", "kind": "calculated", "result": "boolean", "formula":
             "not exists(reader.memberships, starts <= record.counted and "
             "(ends == null or ends > record.counted))"},
            {"name": "counted", "kind": "calculated", "result": "date", "formula":
             "answered_on if cover_at == 'answered' else asked_on"},
        ],
    },
)  # fmt: skip


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now="2026-06-05T09:00:00Z", zone="Europe/London")


def test_cover_ends_on_a_day_and_every_read_knows_it(engine: Engine) -> None:
    client = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    client.define(*DOCUMENTS)
    fee = {"amount": "50.00", "currency": "EUR"}
    branch = client.made("branch", name="North")["id"]
    readers = [client.made("reader", name=f"Reader {i}")["id"] for i in range(10)]
    begun = {"branch": branch, "fee": fee, "starts": "2026-01-01"}
    covers = [client.made("membership", reader=reader, **begun)["id"] for reader in readers]
    memberships, path = "/api/records/membership", f"/api/records/branch/{branch}"

    # Recorded on 5 June: the last day of the eighth is 31 August.
    assert client.patch(f"{memberships}/{covers[7]}", {"ends": "2026-09-01"}).status == 200
    for day, count, fees in (("2026-07-01", 10, "500.00"), ("2026-08-31", 10, "500.00"),
                             ("2026-09-01", 9, "450.00")):  # fmt: skip
        assert len(client.rows(memberships, as_of=day)) == count
        record = client.get(path, as_of=day).json()
        assert (record["readers"], record["fees"]["amount"]) == (str(count), fees)
        summary = client.rows(f"{memberships}/summary", as_of=day, measure="count,sum(fee)")
        assert summary == [{"count": count, "sum(fee)": fees}]
        exported = client.get(f"{memberships}/export", as_of=day, format="jsonl").text
        assert len(exported.splitlines()) == count
        (found,) = client.rows("/api/records/branch", as_of=day, where=f"readers == {count}")
        assert found["id"] == branch

    # The desk sees it: the last day of the seventh is 15 June.
    amendment = client.made("amendment", asked_by="Jane")
    change = {"ends": "2026-06-16", "ended_by": amendment["id"]}
    assert client.patch(f"{memberships}/{covers[6]}", change).status == 200
    asked = {"words": "Where is it?", "reader": readers[6], "asked_on": "2026-06-15",
             "answered_on": "2026-06-16"}  # fmt: skip
    question = client.made("question", **asked, cover_at="asked")["id"]
    other = client.made("question", **asked, cover_at="answered")["id"]
    one = f"/api/records/question/{question}"
    before = client.get(one, as_of="2026-06-15T16:00:00+01:00").json()
    after = client.get(one, as_of="2026-06-16T09:00:00+01:00").json()
    assert (before["covered"], after["covered"]) == (True, False)
    # One minute before midnight in the business's zone it is still the day before.
    assert client.get(one, as_of="2026-06-15T22:59:00Z").json()["covered"] is True
    assert client.get(one, as_of="2026-06-15T23:00:00Z").json()["covered"] is False
    assert after["covered_until"] == "2026-06-15"
    assert after["ended"] == f"{amendment['number']}, Jane"
    assert before["costs"] is False
    assert client.get(f"/api/records/question/{other}").json()["costs"] is True
    rows = client.rows("/api/records/question", as_of="2026-06-16", where="not covered")
    assert {row["id"] for row in rows} == {question, other}
    # A swap on the day leaves no gap and no overlap.
    client.made("membership", branch=branch, reader=readers[6], fee=fee, starts="2026-06-16")
    assert client.get(path, as_of="2026-06-16").json()["fees"]["amount"] == "500.00"
