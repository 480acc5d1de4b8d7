"""The pages of reports and dashboards, their files, and reports on the home page."""

import csv
import io
from html import unescape
from json import loads
from re import findall
from typing import Any
from urllib.parse import urlencode

import pytest
from python_calamine import CalamineWorkbook

from tests.app import Client, Documents
from tests.reports.library import BY_CIRCLE, DOCUMENTS, FUNNEL, HOURS

SHOWN = ("table", "bar", "line", "area", "pie", "number")
PIN = {"kind": "pin", "name": "due", "label": "Due loans", "object": "loan"}
DESK: dict[str, Any] = {
    "kind": "dashboard",
    "name": "desk",
    "label": "Front desk",
    "items": [{"pin": "due", "width": 4}, {"report": "by_circle"}, {"report": "funnel"}],
}


@pytest.fixture
def documents() -> Documents:
    return (*DOCUMENTS, *HOURS, PIN, DESK)


@pytest.fixture(params=["sqlite"])
def engine_url(engine_url: str) -> str:
    return engine_url


@pytest.fixture
def library(client: Client) -> Client:
    red = client.made("circle", name="Red <b>")["id"]
    ann = client.made("reader", name="Ann", circle=red)["id"]
    for due, fee, reader in (("2026-01-05", "1.50", ann), ("2026-01-31", "2.25", ann),
                             ("2026-02-01", "-4.00", None)):  # fmt: skip
        client.made("loan", book="Emma", due=due, fee=fee, reader=reader, stage="found",
                    paid={"amount": "3", "currency": "USD"})  # fmt: skip
    return client


def page_of(client: Client, path: str, **query: str) -> str:
    reply = client.get(path, **query)
    assert reply.status == 200, reply.text
    return reply.text


def test_a_report_shows_its_table_and_links_to_the_records(library: Client) -> None:
    page = page_of(library, "/reports/by_circle")
    assert "Red &lt;b&gt;" in page and "January 2026" in page and "€3.75" in page
    links = [unescape(one) for one in findall(r'href="(/o/loan\?view=all[^"]*)"', page)]
    assert len(links) > 10
    for one in links[:4]:
        assert library.get(one).status == 200
    assert "/reports" in page_of(library, "/")
    assert "Loans by circle" in page_of(library, "/reports")


def test_each_way_of_showing_a_report_draws_it(library: Client) -> None:
    for show in SHOWN:
        library.define({**BY_CIRCLE, "show": show})
        page = page_of(library, "/reports/by_circle")
        assert ('<figure class="report-chart" data-show="' in page) == (show not in SHOWN[::5])
        assert "Total" in page
    assert "Asked" in page_of(library, "/reports/funnel")
    pivot = page_of(library, "/reports/by_circle", columns="month(due)", group="", show="pivot")
    assert "February 2026" in pivot
    assert "Utilisation" in page_of(library, "/reports/utilisation")


def test_charts_draw_several_measures_on_one_scale_and_columns(library: Client) -> None:
    library.made("loan", book="Persuasion", due="2026-04-02", fee="9.00", stage="asked")
    fees = [
        {"name": "fees", "label": "Fees", "measure": "sum(fee)"},
        {"name": "late", "label": "Late fees", "measure": "sum(fee if urgent else fee * 0)"},
    ]
    base = {**BY_CIRCLE, "calculate": [], "group": ["month(due)"], "measures": fees}
    library.define({**base, "show": "bar"})
    page = page_of(library, "/reports/by_circle")
    assert "Fees, Late fees by Due by month." in page
    bars = findall(r'<rect class="(s[01])" x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', page)
    # January to April, of which no loan falls into March: two bars for each of four months.
    assert [tone for tone, _, _ in bars].count("s0") == 4 == len(bars) / 2
    assert "March 2026: 0" in page and "Fees, January 2026: €3.75" in page
    library.define({**base, "show": "line", "chart": ["late"]})
    page = page_of(library, "/reports/by_circle")
    assert "Late fees by Due by month." in page and "report-legend" not in page
    library.define({**base, "group": ["reader.circle"], "columns": ["stage"], "show": "bar"})
    page = page_of(library, "/reports/by_circle")
    assert page.count('class="stacked"') == 2 and "Asked: €9.00" in page and "Found: €3.75" in page
    before = {"where": "due >= '2026-01-01'", "period": {"by": "due", "unit": "year"}}
    library.define({**base, **before, "measures": ["sum(fee)"], "compare": "previous_period",
                    "show": "area"})  # fmt: skip
    assert "The period before" in page_of(library, "/reports/by_circle")


def test_a_chart_draws_measures_of_one_scale(library: Client) -> None:
    for chart, place, says in (
        (["count"], "/chart/0", None),
        (["count", "sum_fee"], "/chart/1", "cannot be drawn on one scale"),
        (["sum_fee", "per_loan"], "/chart/1", None),
        (["per_loan", "weight"], "/chart/1", "cannot be drawn on one scale"),
        (["fee"], "/chart/0", "`fee` is not a measure of the report"),
    ):
        reply = library.put("/api/meta/report/by_circle", {**BY_CIRCLE, "chart": chart})
        found = [(e["pointer"], e["message"]) for e in reply.json().get("errors", ())]
        if says is None:
            assert found == []
        else:
            assert found[0][0] == f"/report/by_circle{place}" and says in found[0][1]


def test_the_page_asks_what_its_pickers_say(library: Client) -> None:
    page = page_of(library, "/reports/by_circle", group="stage", group2="month(due)",
                   measure="sum(fee)", measure2="count()", show="pie")  # fmt: skip
    assert "Found" in page and 'data-show="pie"' in page and "Red" not in page
    several = page_of(library, "/reports/by_circle", measure="sum(paid)", group="stage")
    assert "US$9.00" in several
    wrong = page_of(library, "/reports/by_circle", where="nonsense == 1")
    assert "`nonsense` is not a field" in unescape(wrong) and "January 2026" in wrong
    assert library.get("/reports/by_circle", colour="red").status == 400


def test_several_objects_are_filtered_by_what_they_share(library: Client) -> None:
    me = {"user": library.get("/api/me").json()["id"]}
    library.made("shift", worker=me, day="2026-01-05", hours="8")
    library.made("shift", worker=me, day="2026-02-05", hours="7")
    library.made("effort", who=me, at="2026-02-05T10:00:00Z", hours="6", chargeable=True)
    page = page_of(library, "/reports/utilisation", where="day >= '2026-02-01'")
    facts = loads(unescape(findall(r'id="filter-data">(.*?)</script>', page)[0]))
    (term,) = facts["terms"]
    assert (term["field"], term["label"], term["asked"]["label"]) == ("day", "day", "Day")
    assert [one["name"] for one in facts["fields"]] == ["person", "day"]
    assert "January 2026" not in page and "February 2026" in page and "85.71 %" in page
    assert "Rows where" in page and "Day by month" in page
    one = page_of(library, "/reports/utilisation", where=f"person == 'user:{me['user']}'")
    assert loads(unescape(findall(r'id="filter-data">(.*?)</script>', one)[0]))["readable"]
    assert 'value="quarter(day)"' in one
    odd = page_of(library, "/reports/utilisation", where="year(day) * 2 == 4052")
    assert "year(day) * 2 == 4052" in unescape(odd) and "January 2026" in odd
    wrong = page_of(library, "/reports/utilisation", where="worker != null")
    assert "not a field" in unescape(wrong) or "dimension" in unescape(wrong)


def test_files_hold_the_innermost_groups_and_the_total(library: Client) -> None:
    reply = library.get("/api/reports/by_circle", format="csv")
    assert reply.headers["content-type"].startswith("text/csv")
    heads, *rows = csv.reader(io.StringIO(reply.body.decode("utf-8-sig")))
    assert heads == ["Circle (Reader)", "Due by month", "Loans", "Sum of fee", "Average weight",
                     "Per loan"]  # fmt: skip
    assert rows == [
        ["Red <b>", "January 2026", "2", "3.75", "", "1.875"],
        ["No circle", "February 2026", "1", "-4.00", "", "-4.00"],
        ["Total", "", "3", "-0.25", "", "-0.083333"],
    ]
    book = library.get("/api/reports/by_circle", format="xlsx", columns="stage", group="")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.body)).get_sheet_by_index(0)
    first, only = sheet.to_python()
    assert first[0] == "Found: Loans" and only[0] == 3 and only[1] == -0.25
    steps = library.get("/api/reports/funnel", format="csv").body.decode("utf-8-sig")
    assert "Found (of the start)" in steps
    pdf = library.get("/api/reports/by_circle", format="pdf", where="fee != 0")
    assert pdf.status == 200 and pdf.body[:5] == b"%PDF-"
    wide = library.get("/api/reports/by_circle", format="pdf", columns="day(due),stage", group="")
    assert wide.status == 200
    library.define({"kind": "role", "name": "reader_only",
                    "grants": [{"object": "loan", "can": ["read"]}]})  # fmt: skip
    refused = library.person("r@example.com", "reader_only").get(
        "/api/reports/funnel", format="csv"
    )
    assert refused.status == 403


def test_a_dashboard_shows_what_its_reader_may_read(library: Client) -> None:
    page = page_of(library, "/dashboards/desk")
    assert all(text in page for text in ("Due loans", "Loans by circle", "Funnel", "Red &lt;b&gt;"))
    assert "/dashboards/desk" in page_of(library, "/")
    body = library.get("/api/dashboards/desk").json()
    assert [one["href"] for one in body["items"]] == [
        "/api/pins/due", "/api/reports/by_circle", "/api/reports/funnel",
    ]  # fmt: skip
    assert library.rows("/api/dashboards")[0]["name"] == "desk"
    grant = {"object": "loan", "can": ["read"], "fields": {"stage": "none", "reader": "none"}}
    library.define({"kind": "role", "name": "clerk", "grants": [grant]})
    clerk = library.person("clerk@example.com", "clerk")
    seen = page_of(clerk, "/dashboards/desk")
    assert "Due loans" in seen and "Red" not in seen and "may not read" in seen
    assert library.person("n@example.com").get("/dashboards/nothing").status == 404


def test_faults_of_dashboards_name_their_place(library: Client) -> None:
    for items, place in (
        ([{"report": "nothing"}], "/items/0/report"),
        ([{"pin": "due"}, {"pin": "nothing"}], "/items/1/pin"),
        ([{"width": 6}], "/items/0"),
        ([{"pin": "due", "report": "funnel"}], "/items/0"),
    ):
        reply = library.put("/api/meta/dashboard/desk", {**DESK, "items": items})
        assert reply.status == 422, reply.text
        assert [e["pointer"] for e in reply.json()["errors"]] == [f"/dashboard/desk{place}"]
    assert "dashboard/desk" in str(library.get("/api/meta/report/funnel/uses").json())


def posted(client: Client, path: str) -> Any:
    csrf = client.headers["x-csrf-token"]
    sent = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=urlencode({"csrf": csrf}).encode(), headers=sent)


def test_a_report_is_pinned_as_it_is_shown(library: Client) -> None:
    before = page_of(library, "/")
    assert "Loans by circle" not in before
    assert posted(library, "/reports/by_circle/pins?group=stage&measure=sum(fee)").status == 303
    assert posted(library, "/reports/funnel/pins").status == 303
    home = page_of(library, "/")
    assert "Loans by circle" in home and "-€0.25" in home.replace("−", "-") and "Funnel" in home
    library.define({**FUNNEL, "group": []})
    assert page_of(library, "/").count("Funnel") >= 1
    assert library.delete("/api/meta/dashboard/desk").status in (200, 204)
    assert library.delete("/api/meta/report/by_circle").status in (200, 204)
    assert "Loans by circle" not in page_of(library, "/")


def test_what_is_designed_is_shown_before_it_is_saved(library: Client) -> None:
    for kind, name, body in (("report", "by_circle", {**BY_CIRCLE, "group": ["stage"]}),
                             ("dashboard", "desk", DESK), ("report", "new", FUNNEL)):  # fmt: skip
        reply = library.post(f"/studio/{kind}/{name}/preview", {"body": body, "record": ""})
        assert reply.status == 200, reply.text
        assert "Found" in reply.json()["html"]
