"""Reports over HTTP: subtotals, funnels, periods, unions, rights, and pages of groups."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.app import Client, Documents
from tests.reports.library import BY_CIRCLE, DOCUMENTS, FUNNEL, HOURS

Cell = dict[str, Any]


@pytest.fixture
def documents() -> Documents:
    return (*DOCUMENTS, *HOURS)


@pytest.fixture
def library(client: Client) -> Client:
    red, blue = (client.made("circle", name=name)["id"] for name in ("Red", "Blue"))
    ann = client.made("reader", name="Ann", circle=red)["id"]
    bob = client.made("reader", name="Bob", circle=blue)["id"]
    eve = client.made("reader", name="Eve")["id"]
    rows = (
        ("Emma", ann, "2026-01-05", "1.50", "0.250"),
        ("Dune", ann, "2026-01-31", "2.25", "0.500"),
        ("Kim", ann, "2026-02-01", None, None),
        ("Ulysses", bob, "2026-02-11", "10.00", "1.125"),
        ("It's", eve, "2026-03-01", "0.10", "0.300"),
        ("She", None, None, "0.20", "0.400"),
    )
    loans = [
        {"book": book, "reader": reader, "due": due, "fee": fee, "weight": weight}
        for book, reader, due, fee, weight in rows
    ]
    assert client.post("/api/records/loan", loans).status == 201
    return client


def read(client: Client, name: str = "by_circle", **asked: str) -> dict[str, Any]:
    reply = client.get(f"/api/reports/{name}", **asked)
    assert reply.status == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def cells(body: dict[str, Any]) -> list[Cell]:
    rows = [*body["data"], body["total"]]
    return [*rows, *(cell for row in rows for cell in row.get("cells", ()))]


def opened(client: Client, href: str) -> int:
    mark = "&" if "?" in href else "?"
    return int(client.call("GET", f"{href}{mark}total=exact&limit=1").json()["total"])


def test_groups_have_subtotals_and_labels(library: Client) -> None:
    body = read(library)
    assert [one["label"] for one in body["groups"]] == ["Circle (Reader)", "Due by month"]
    said = [(*row["labels"].values(), row["measures"]["count()"]) for row in body["data"]]
    assert said == [
        ("Blue", 1),
        ("Blue", "February 2026", 1),
        ("Red", 3),
        ("Red", "January 2026", 2),
        ("Red", "February 2026", 1),
        ("No circle", 2),
        ("No circle", "March 2026", 1),
        ("No circle", "No due", 1),
    ]
    red = body["data"][2]["measures"]
    assert red["sum(fee)"] == {"amount": "3.75", "currency": "EUR"}
    assert red["weight"] == "0.375000"  # of two that have one
    assert red["per_loan"] == {"amount": "1.25", "currency": "EUR"}
    total = body["total"]["measures"]
    assert (total["count()"], total["sum(fee)"]["amount"]) == (6, "14.05")


def test_every_cell_opens_its_records(library: Client) -> None:
    for asked in ({}, {"columns": "month(due)", "group": "reader,stage"}, {"group": ""}):
        body = read(library, **asked)
        assert all(
            opened(library, one["href"]) == one["measures"]["count()"] for one in cells(body)
        )


def test_a_pivot_has_a_cell_for_each_column(library: Client) -> None:
    body = read(library, group="reader.circle", columns="month(due)", measures="count()")
    assert [list(one["labels"].values())[0] for one in body["column_values"]] == [
        "January 2026", "February 2026", "March 2026", "No due",
    ]  # fmt: skip
    counts = [[cell["measures"]["count()"] for cell in row["cells"]] for row in body["data"]]
    assert counts == [[0, 1, 0, 0], [2, 1, 0, 0], [0, 0, 1, 1]]
    assert [cell["measures"]["count()"] for cell in body["total"]["cells"]] == [2, 2, 1, 1]


def test_measures_put_groups_in_order(library: Client) -> None:
    library.define({**BY_CIRCLE, "sort": ["-sum(fee)"]})
    firsts = [row["labels"]["reader.circle"] for row in read(library)["data"] if row["level"] == 1]
    assert firsts == ["Blue", "Red", "No circle"]


def test_pages_of_groups_have_the_totals_of_all(library: Client) -> None:
    whole, found, cursor = read(library), [], "0"
    while cursor is not None:
        page = read(library, limit="3", cursor=cursor)
        assert (page["total"], page["rows"]) == (whole["total"], 8)
        found += page["data"]
        cursor = page["next"]
    assert found == whole["data"]


def test_amounts_in_several_currencies_stay_apart(library: Client) -> None:
    for amount, currency in (("5", "EUR"), ("7.50", "USD"), ("2.25", "EUR"), ("900", "JPY")):
        library.made("loan", book="Paid", paid={"amount": amount, "currency": currency})
    body = read(library, group="book", measures="sum(paid),count()", where="book == 'Paid'")
    (row,) = body["data"]
    sums = [
        {"amount": "7.25", "currency": "EUR"},
        {"amount": "900", "currency": "JPY"},
        {"amount": "7.50", "currency": "USD"},
    ]
    assert row["measures"] == body["total"]["measures"] == {"sum(paid)": sums, "count()": 4}
    mixed = library.get("/api/reports/by_circle", measures="sum(paid.amount)")
    assert mixed.status == 400 and "one amount for each currency" in mixed.text


def test_a_funnel_counts_records_that_reached_each_step(library: Client) -> None:
    library.define({**FUNNEL, "where": "book == 'F'", "group": ["urgent", "month(due)"]})
    order = ("asked", "found", "out", "back")
    reached = (10, 12, 9, 9)  # records that end at each step: 40, 30, 18 and 9 reach them
    made = [
        {"book": "F", "urgent": at % 3 == 0, "due": f"2026-0{at % 4 + 1}-01"}
        for at in range(sum(reached))
    ]
    ids = library.post("/api/records/loan", made).json()
    ids = [one["id"] for one in (ids["data"] if isinstance(ids, dict) else ids)]
    for step in (1, 2, 3):
        changes = [{"id": one, "stage": order[step]} for one in ids[sum(reached[:step]) :]]
        assert library.patch("/api/records/loan", changes).status == 200
    body = read(library, "funnel")
    total = body["total"]["steps"]
    assert [one["count"] for one in total] == [40, 30, 18, 9]
    assert [one["of_step"] for one in total] == [None, "0.75", "0.6", "0.5"]
    assert [one["of_start"] for one in total] == ["1", "0.75", "0.45", "0.225"]
    assert all(one["seconds"] is not None for one in total[1:])
    for level in (1, 2):
        rows = [row for row in body["data"] if row["level"] == level]
        added = [sum(row["steps"][at]["count"] for row in rows) for at in range(4)]
        assert added == [40, 30, 18, 9]
    for row in [*body["data"], body["total"]]:
        for one in row["steps"]:
            assert opened(library, one["href"]) == one["count"]


def test_records_that_skip_a_step_count_in_it_where_the_report_says_so(library: Client) -> None:
    for stage in ("asked", "out", "back", "back"):
        library.made("loan", book="F", stage=stage)
    steps = {"log": "stage", "order": ["asked", "found", "out", "back"]}
    for cumulative, counts in ((False, [1, 0, 1, 2]), (True, [4, 3, 3, 2])):
        told = {**steps, "cumulative": cumulative}
        library.define({**FUNNEL, "where": "book == 'F'", "steps": told})
        found = read(library, "funnel")["total"]["steps"]
        assert [one["count"] for one in found] == counts
        assert [opened(library, one["href"]) for one in found] == counts


def test_a_period_is_compared_with_the_one_before(library: Client) -> None:
    year = date.today().year
    loans = ((f"{year}-01-10", "4.00"), (f"{year - 1}-01-31", "3.00"),
             (f"{year - 1}-07-01", "2.00"), (f"{year - 2}-12-31", "1.00"))  # fmt: skip
    for due, fee in loans:
        library.made("loan", book="P", due=due, fee=fee)
    for change in (
        {"where": "book == 'P' and due >= start_of(today(), 'year')"},
        {"where": "book == 'P'", "period": {"by": "due", "unit": "year"}},
    ):
        report = {"group": ["month(due)"], "measures": ["sum(fee)", "count()"], "calculate": []}
        library.define({**BY_CIRCLE, **report, **change, "compare": "previous_period"})
        body = read(library)
        said = [
            (row["labels"]["month(due)"], row["measures"]["count()"], row["previous"]["count()"])
            for row in body["data"]
        ]
        assert said == [(f"January {year}", 1, 1), (f"July {year}", 0, 1)]
        assert body["total"]["previous"]["sum(fee)"]["amount"] == "5.00"
        for one in cells(body):
            assert opened(library, one["href"]) == one["measures"]["count()"]
            assert opened(library, one["previous_href"]) == one["previous"]["count()"]


def test_a_union_measures_several_objects_side_by_side(client: Client) -> None:
    me = client.get("/api/me").json()["id"]
    person = {"user": me}
    client.made("shift", worker=person, day="2026-06-08", hours="37.50", off="7.50")
    for hours, charged in (("16", "1440"), ("8", "720")):
        standard = str(int(hours) * 100)
        client.made("effort", who=person, at="2026-06-09T10:00:00Z", hours=hours, chargeable=True,
                    standard=standard, charged=charged)  # fmt: skip
    client.made("effort", who=person, at="2026-06-10T10:00:00Z", hours="4", chargeable=False)
    body = read(client, "utilisation")
    row = body["data"][1]
    assert row["measures"]["capacity"] == "30" and row["measures"]["chargeable"] == "24.00"
    assert (row["measures"]["used"], row["measures"]["realised"]) == ("0.8", "0.9")
    assert body["total"]["measures"] == row["measures"]
    assert opened(client, row["hrefs"]["capacity"]) == 1
    assert opened(client, row["hrefs"]["chargeable"]) == 2
    none = read(client, "utilisation", where="day < '2026-06-01'")
    assert none["data"] == [] and none["total"]["measures"]["used"] is None


def test_moments_and_days_of_a_union_fall_on_the_days_of_the_reader(client: Client) -> None:
    me = client.get("/api/me").json()["id"]
    assert client.patch(f"/api/records/user/{me}", {"zone": "Asia/Tokyo"}).status == 200
    for day, at in (("2026-05-31", "2026-05-31T14:59:00Z"), ("2026-06-01", "2026-05-31T15:00:00Z")):
        client.made("shift", worker={"user": me}, day=day, hours="8")
        client.made("effort", who={"user": me}, at=at, hours="4", chargeable=True)
    body = read(client, "utilisation")
    months = [row for row in body["data"] if row["level"] == 2]
    assert [row["labels"]["month(day)"] for row in months] == ["May 2026", "June 2026"]
    for row in months:
        assert (row["measures"]["capacity"], row["measures"]["chargeable"]) == ("8", "4.00")
        assert [opened(client, row["hrefs"][one]) for one in ("capacity", "chargeable")] == [1, 1]


def test_a_report_of_another_day_counts_what_there_was(library: Client) -> None:
    yesterday = str(date.today() - timedelta(days=3))
    for name in ("by_circle", "funnel"):
        body = read(library, name, as_of=yesterday)
        for one in cells(body):
            assert "as_of=" in one["href"]
            assert opened(library, one["href"]) == one["measures"]["count()"]
    assert [one["count"] for one in body["total"]["steps"]] == [0, 0, 0, 0]


def test_a_report_shows_what_its_reader_may_read(library: Client) -> None:
    grant = {"object": "loan", "can": ["read"], "where": "fee > 1 or due == null",
             "fields": {"weight": "none"}}  # fmt: skip
    library.define(
        {"kind": "role", "name": "clerk", "grants": [grant]},
        {**BY_CIRCLE, "name": "by_month", "group": ["month(due)"]},
        {**BY_CIRCLE, "name": "dear", "group": ["weight"]},
        {**BY_CIRCLE, "name": "dearer", "where": "weight > 1", "group": ["book"]},
        {**BY_CIRCLE, "name": "ours", "group": [], "audience": ["administrator"]},
    )
    clerk = library.person("clerk@example.com", "clerk")
    body = read(clerk, "by_month")
    assert [one["name"] for one in body["measures"]] == ["count()", "sum(fee)", "per_loan"]
    assert body["omitted"] == 1 and body["total"]["measures"]["count()"] == 4
    assert all(opened(clerk, one["href"]) == one["measures"]["count()"] for one in cells(body))
    for name in ("dear", "dearer", "ours"):
        refused = clerk.get(f"/api/reports/{name}")
        assert refused.status == 404 and "weight" not in refused.told, refused.text
    for asked in ({"group": "weight"}, {"where": "weight > 1"}, {"columns": "weight"}):
        refused = clerk.get("/api/reports/by_month", **asked)
        assert refused.status == 400 and "`weight` is not a field" in refused.text
    nobody = library.person("nobody@example.com")
    assert nobody.rows("/api/reports") == []
    assert nobody.get("/api/reports/by_month").status == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"group": "nonsense"},
        {"group": "lent"},
        {"group": "fee"},
        {"group": "notes"},
        {"group": "month(book)"},
        {"group": "a,b,c,d,e"},
        {"columns": "book,stage,due"},
        {"measures": "sum(book)"},
        {"measures": "nonsense"},
        {"where": "fee >"},
        {"where": "true == " + "true or true == " * 100 + "true"},
        {"format": "docx"},
        {"limit": "0"},
        {"cursor": "x"},
        {"nonsense": "1"},
    ],
)
def test_what_cannot_be_asked_is_refused(library: Client, asked: dict[str, str]) -> None:
    refused = library.get("/api/reports/by_circle", **asked)
    assert refused.status == 400, refused.text
    assert refused.json()["errors"]


def test_a_report_of_which_no_measure_may_be_read_has_its_groups(library: Client) -> None:
    grant = {"object": "loan", "can": ["read"], "fields": {"fee": "none"}}
    library.define(
        {"kind": "role", "name": "clerk", "grants": [grant]},
        {**BY_CIRCLE, "name": "fees", "group": ["stage"], "measures": ["sum(fee)"],
         "calculate": []},
    )  # fmt: skip
    clerk = library.person("clerk@example.com", "clerk")
    body = read(clerk, "fees")
    assert body["measures"] == [] and body["omitted"] == 1
    assert [row["measures"] for row in body["data"]] == [{}]
    assert read(clerk, "fees", group="")["total"]["measures"] == {}
