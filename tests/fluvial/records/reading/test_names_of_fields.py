"""Fields may have the names of functions and of the parameters of a query, and work everywhere."""

import re
from html import unescape

import pytest

from fluvial.http.parameters import RESERVED as PARAMETERS
from metamodel.expressions.functions import FUNCTIONS
from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted

CUSTOMER = {
    "kind": "object",
    "name": "customer",
    "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}
INVOICE = {
    "kind": "object",
    "name": "invoice",
    "title": "{text} {count}",
    "fields": [
        {"name": "text", "kind": "text", "searchable": True},
        {"name": "total", "kind": "money", "currency": "EUR"},
        {"name": "date", "kind": "date"},
        {"name": "hours", "kind": "number"},
        {"name": "count", "kind": "number", "scale": 0},
        {"name": "limit", "kind": "number", "scale": 0},
        {"name": "format", "kind": "choice", "options": [{"name": "paper"}, {"name": "pdf"}]},
        {"name": "sort", "kind": "text", "unique": True},
        {"name": "group", "kind": "lookup", "to": "customer", "inverse": "invoices"},
        {"name": "copy", "kind": "lookup", "to": "customer", "inverse": "copies"},
        {"name": "view", "kind": "multi_lookup", "to": "customer", "inverse": "views"},
        {"name": "path", "kind": "text"},
        {"name": "items", "kind": "text"},
        {"name": "year", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "year(date)"},
        {"name": "sum", "kind": "calculated", "result": "number", "formula": "hours * count"},
    ],
    "checks": [{"name": "paid", "expect": "count >= 0", "message": "Count is below zero."}],
    "logic": [{"field": "hours", "required": "count > 100"}],
}  # fmt: skip
RULE = {
    "kind": "rule",
    "name": "count_hours",
    "on": {"object": "invoice", "event": ["created", "updated"]},
    "phase": "before_save",
    "when": "empty(limit)",
    "do": [{"set": {"limit": "count * 2 + round(hours)"}}],
}
VIEW = {
    "kind": "view", "name": "large", "object": "invoice", "where": "count > 2 and date != null",
    "columns": ["text", "total", "date", "sum"], "sort": ["-date", "count"],
}  # fmt: skip
BOARD = {
    "kind": "board", "name": "formats", "object": "invoice", "columns": {"by": "format"},
    "swimlanes": {"by": "group"}, "where": "count >= 0",
    "card": {"title": "text", "fields": ["date", "total", "sum"]},
    "totals": ["count()", "sum(total)", "max(count)"], "sort": ["date"],
}  # fmt: skip
PIN = {
    "kind": "pin", "name": "by_format", "object": "invoice", "where": "limit > 0",
    "measure": "sum(total)", "show": "board", "by": "format",
}  # fmt: skip


@pytest.fixture
def documents() -> Documents:
    return [CUSTOMER, INVOICE, RULE, VIEW, BOARD, PIN]


@pytest.fixture
def invoices(client: Client) -> Client:
    customer = client.made("customer", name="Reed")
    for number, text in enumerate(("Tea", "Salt", "Rope"), 1):
        client.made(
            "invoice", text=text, total={"amount": f"{number}0.00", "currency": "EUR"},
            date=f"2026-03-0{number}", hours=f"{number}.50", count=str(number),
            format="pdf" if number > 1 else "paper", sort=text.lower(), group=customer["id"],
            copy=customer["id"], view=[customer["id"]], path="/x", items="boxes",
        )  # fmt: skip
    return client


def texts(client: Client, **query: str) -> list[str]:
    rows = client.rows("/api/records/invoice", **{"sort": "date", **query})
    return [row["text"] for row in rows]


def test_rules_and_formulas_read_them(invoices: Client) -> None:
    rows = invoices.rows("/api/records/invoice", sort="count")
    assert [(row["limit"], row["sum"], row["year"]) for row in rows] == [
        ("4", "1.50", "2026"), ("7", "5.00", "2026"), ("10", "10.50", "2026"),
    ]  # fmt: skip


def test_lists_ask_sort_and_sum_them(invoices: Client) -> None:
    assert texts(invoices, where="total == 20") == ["Salt"]
    assert texts(invoices, where="date == date('2026-03-01')") == ["Tea"]
    assert texts(invoices, where="limit == 10 and sort == 'rope'") == ["Rope"]
    assert texts(invoices, date="2026-03-02", hours="2.50") == ["Salt"]
    assert texts(invoices, count="3") == ["Rope"]
    assert texts(invoices, sort="-limit,sort") == ["Rope", "Salt", "Tea"]
    assert texts(invoices, limit="1") == ["Tea"]
    rows = invoices.rows(
        "/api/records/invoice/summary", group="format", measure="count,sum(total),max(count)"
    )
    assert [(r["format"], r["count"], r["max(count)"]) for r in rows] == [
        ("paper", 1, "1"), ("pdf", 2, "3"),
    ]  # fmt: skip


def test_a_parameter_wins_and_says_how_the_field_is_asked(invoices: Client) -> None:
    for query in ({"total": "20"}, {"total": ""}, {"sort": ""}):
        reply = invoices.get("/api/records/invoice", **query)
        assert reply.status == 400
        assert f"Ask the field `{next(iter(query))}` in `where`." in reply.text


def test_a_group_and_a_measure_of_one_name_are_told_apart(invoices: Client) -> None:
    address = "/api/records/invoice/summary"
    refused = invoices.get(address, group="count", measure="count")
    assert (refused.status, refused.json()["errors"][0]["code"]) == (400, "named_twice")
    rows = invoices.rows(address, group="count", measure="count()")
    assert [(row["count"], row["count()"]) for row in rows] == [("1", 1), ("2", 1), ("3", 1)]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/o/invoice?view=large", "Rope"),
        ("/o/invoice?sort=-total", "Rope"),
        ("/o/invoice?path=/x&items=boxes", "Tea"),
        ("/o/invoice?format=pdf&count=2", "Salt"),
        ("/boards/formats", "Rope"),
        ("/o/invoice/new", "Total"),
        ("/o/invoice/new?count=7&date=2026-03-03", 'value="7"'),
        ("/", "By format"),
    ],
)
def test_pages_show_them(invoices: Client, address: str, shown: str) -> None:
    page = invoices.call("GET", address)
    assert page.status == 200, page.text[-500:]
    assert shown in page.text


def test_links_of_a_page_lead_to_the_records_that_they_name(invoices: Client) -> None:
    customer = invoices.rows("/api/records/customer")[0]["id"]
    for name in ("invoices", "copies", "views"):
        page = unescape(invoices.get(f"/o/customer/{customer}", related=name).text)
        listed = re.search(r'href="(/o/invoice\?view=all[^"]+)"', page)
        assert listed is not None
        assert "Rope" in invoices.call("GET", listed[1]).text, name
        new = re.search(r'href="(/o/invoice/new\?[^"]+)"', page)
        assert new is not None
        form = invoices.call("GET", new[1])
        assert (form.status, f'value="{customer}" selected' in form.text) == (200, True), name


def test_a_list_that_is_filtered_by_one_is_exported_so(invoices: Client) -> None:
    page = unescape(invoices.call("GET", "/o/invoice?format=pdf&limit=7").text)
    address = re.search(r'href="(/api/records/invoice/export\?[^"]*format=csv[^"]*)"', page)
    assert address is not None
    exported = invoices.call("GET", address[1])
    assert exported.status == 200, exported.text
    assert "Salt" in exported.text
    assert "Tea" not in exported.text
    assert "Rope" not in exported.text


def test_they_are_imported_and_exported(invoices: Client) -> None:
    fields = "text,total,date,hours,count,limit,sort,format"
    made = invoices.get("/api/records/invoice/export", format="csv", fields=fields)
    assert made.status == 200
    assert "limit" in made.text.lower()


def test_a_form_saves_them(invoices: Client) -> None:
    record = invoices.rows("/api/records/invoice", where="count == 1")[0]
    address = f"/o/invoice/{record['id']}"
    values = {"rev": str(record["rev"]), "count": "9", "hours": "2", "limit": "5", "text": "Tea",
              "total": "7.00", "date": "2026-05-01", "sort": "x", "format": "pdf"}  # fmt: skip
    saved = posted(invoices, f"{address}/edit", values)
    assert saved.status == 303, saved.text
    after = invoices.get(f"/api/records/invoice/{record['id']}").json()
    assert (after["count"], after["limit"], after["date"]) == ("9", "5", "2026-05-01")
    assert after["total"]["amount"] == "7.00"
    short = posted(invoices, f"{address}/edit", {**values, "rev": str(after["rev"]), "count": "-1"})
    assert (short.status, "Count is below zero." in short.text) == (422, True)


def test_every_function_and_every_parameter_may_be_a_field(client: Client) -> None:
    names = sorted({*FUNCTIONS, *PARAMETERS, "believed_on", "ids"})
    fields = [{"name": name, "kind": "number", "scale": 0} for name in names]
    for at in range(0, len(names), 10):
        formula = " + ".join(f"{name} + coalesce({name}, 0)" for name in names[at : at + 10])
        fields.append({"name": f"all_{at}", "kind": "calculated", "result": "number", "scale": 0,
                       "formula": formula})  # fmt: skip
    client.define({"kind": "object", "name": "thing", "title": "{count}", "fields": fields})
    client.made("thing", **dict.fromkeys(names, "1"))
    row = client.rows("/api/records/thing", where=" and ".join(f"{n} == 1" for n in names[:40]))[0]
    assert (row["all_0"], row["all_20"]) == ("20", "20")
    for name in names:
        assert client.rows("/api/records/thing", sort=f"-{name}", fields=name)[0][name] == "1"
    assert client.call("GET", "/o/thing/new").status == 200
    assert client.call("GET", f"/o/thing/{row['id']}").status == 200
