"""Report documents: faults with their places, uses, and what goes with what they use."""

from typing import Any

import pytest

from tests.app import Client, Documents
from tests.reports.library import BY_CIRCLE, DOCUMENTS, FUNNEL, HOURS, UTILISATION

SHIFTS, EFFORTS = UTILISATION["union"]


@pytest.fixture
def documents() -> Documents:
    return (*DOCUMENTS, *HOURS)


CONTRACT: dict[str, Any] = {
    "kind": "report",
    "name": "sales",
    "label": "Sales funnel",
    "object": "loan",
    "where": "created_at >= start_of(today(), 'year')",
    "steps": {"log": "stage", "order": ["asked", "found", "out", "back"]},
    "group": ["clerk", "reader.circle", "month(created_at)"],
    "measures": ["count()", "sum(fee)", "avg(spent(stage, 'found'))"],
    "compare": "previous_period",
    "show": "funnel",
}

FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"object": "nothing"}, "/object"),
    ({"where": "nonsense"}, "/where"),
    ({"group": ["nonsense"]}, "/group/0"),
    ({"group": ["reader", {"by": "month(book)"}]}, "/group/1/by"),
    ({"group": ["lent"]}, "/group/0"),
    ({"group": ["fee"]}, "/group/0"),
    ({"group": ["notes"]}, "/group/0"),
    ({"group": ["reader", "reader"]}, "/group"),
    ({"columns": ["paid"]}, "/columns/0"),
    ({"measures": ["sum(book)"]}, "/measures/0"),
    ({"measures": ["count()", "sum(paid.amount)"]}, "/measures/1"),
    ({"measures": ["nonsense"]}, "/measures/0"),
    ({"measures": ["sum(fee)", {"measure": "max(fee)", "name": "sum_fee"}]}, "/measures/1/measure"),
    ({"calculate": [{"name": "x", "formula": "nonsense / 2"}]}, "/calculate/0/formula"),
    ({"calculate": [{"name": "x", "formula": "count == 2"}]}, "/calculate/0/formula"),
    ({"calculate": [{"name": "count", "formula": "count * 2"}]}, "/calculate/0/name"),
    ({"measures": ["sum(paid)"], "calculate": [{"name": "x", "formula": "sum_paid / 2"}]},
     "/calculate/0/formula"),
    ({"sort": ["-sum(weight)"]}, "/sort/0"),
    ({"measures": ["sum(paid)"], "calculate": [], "sort": ["sum(paid)"]}, "/sort/0"),
    ({"compare": "previous_period"}, "/compare"),
    ({"period": {"by": "book", "unit": "year"}}, "/period/by"),
    ({"show": "pivot"}, "/show"),
    ({"show": "funnel"}, "/show"),
    ({"show": "bar", "group": []}, "/show"),
    ({"steps": {"log": "urgent", "order": ["a", "b"]}}, "/steps/log"),
    ({"steps": {"log": "stage", "order": ["asked", "gone"]}}, "/steps/order/1"),
    ({"audience": ["nobody"]}, "/audience/0"),
    ({"union": [SHIFTS, EFFORTS]}, "/object"),
]  # fmt: skip
UNION_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"group": ["worker"]}, "/group/0"),
    ({"where": "worker == me"}, "/where"),
    ({"union": [SHIFTS, {**EFFORTS, "object": "nothing"}]}, "/union/1/object"),
    ({"union": [SHIFTS, {**EFFORTS, "where": "nonsense"}]}, "/union/1/where"),
    ({"union": [SHIFTS, {**EFFORTS, "dimensions": {"person": "hours", "day": "at"}}]},
     "/union/1/dimensions/person"),
    ({"union": [SHIFTS, {**EFFORTS, "dimensions": {"person": "nobody", "day": "at"}}]},
     "/union/1/dimensions/person"),
    ({"union": [SHIFTS, {**EFFORTS, "measures": ["sum(nothing)"]}], "calculate": []},
     "/union/1/measures/0"),
    ({"steps": {"log": "stage", "order": ["asked", "found"]}}, "/steps"),
]  # fmt: skip


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_faults_name_their_place_and_the_remedy(client: Client) -> None:
    for base, cases in ((BY_CIRCLE, FAULTS), (UTILISATION, UNION_FAULTS)):
        for change, place in cases:
            name = base["name"]
            reply = client.put(f"/api/meta/report/{name}", {**base, **change})
            assert reply.status == 422, (change, reply.text)
            found = [one["pointer"] for one in reply.json()["errors"]]
            assert f"/report/{name}{place}" in found, (change, reply.text)
    nothing = client.put("/api/meta/report/by_circle", {"kind": "report", "name": "by_circle"})
    assert nothing.status == 422 and "Add `object`" in nothing.text


def test_the_report_of_the_guide_is_taken_and_read(client: Client) -> None:
    client.define(CONTRACT)
    client.made("loan", book="Emma", fee="2.00")
    body = client.get("/api/reports/sales").json()
    assert body["total"]["measures"]["count()"] == 1
    assert body["total"]["previous"]["count()"] == 0
    assert [one["count"] for one in body["total"]["steps"]] == [1, 0, 0, 0]


def test_what_reports_use_is_told_and_goes_with_it(client: Client) -> None:
    uses = client.get("/api/meta/object/loan/uses").json()
    assert "report/by_circle" in str(uses) and "report/funnel" in str(uses)
    loan = next(one for one in DOCUMENTS if one["name"] == "loan")
    without = {**loan, "fields": [f for f in loan["fields"] if f["name"] != "weight"]}
    refused = client.put("/api/meta/object/loan", without)
    assert refused.status == 409 and "by_circle" in refused.text, refused.text
    assert FUNNEL["name"] not in refused.json()["detail"]
