"""Rules that gather rows and make records of them: groups, lines, sums, rows written back."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.database.connection import Connection
from rules import gathering, making_actions
from tests.app import Documents
from tests.rules.house import House, rule

Json = dict[str, Any]

SHOP: Json = {
    "kind": "object",
    "name": "shop",
    "label": "Shop",
    "plural": "Shops",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "terms", "kind": "number", "scale": 0, "default": 14},
        {"name": "opened", "kind": "date"},
        {"name": "closed", "kind": "date"},
    ],
}
CHARGE: Json = {
    "kind": "object",
    "name": "fee",
    "label": "Fee",
    "plural": "Fees",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "shop", "kind": "lookup", "to": "shop", "inverse": "fees", "required": True},
        {"name": "day", "kind": "date"},
        {"name": "of", "kind": "choice", "options": [{"name": "rent"}, {"name": "water"}]},
        {"name": "amount", "kind": "money"},
        {"name": "entry", "kind": "lookup", "to": "entry", "inverse": "fees"},
    ],
}
BILL: Json = {
    "kind": "object",
    "name": "bill",
    "label": "Bill",
    "plural": "Bills",
    "title": "{number}",
    "fields": [
        {"name": "number", "kind": "sequence", "pattern": "B-{000}"},
        {"name": "shop", "kind": "lookup", "to": "shop", "inverse": "bills"},
        {"name": "coin", "kind": "text"},
        {"name": "first", "kind": "date"},
        {"name": "due", "kind": "date"},
        {"name": "total", "kind": "money"},
        {"name": "note", "kind": "text"},
    ],
}
ENTRY: Json = {
    "kind": "object",
    "name": "entry",
    "label": "Entry",
    "plural": "Entries",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "bill", "kind": "lookup", "to": "bill", "inverse": "entries", "owned": True},
        {"name": "of", "kind": "choice", "options": [{"name": "rent"}, {"name": "water"}]},
        {"name": "net", "kind": "money"},
        {"name": "count", "kind": "number", "scale": 0},
        {"name": "share", "kind": "number", "scale": 2},
    ],
}

MAKE: Json = {
    "create": "bill",
    "as": "made",
    "each": {
        "of": "fees",
        "where": "entry == null and amount != null",
        "group": ["amount.currency"],
    },
    "set": {
        "shop": "record",
        "coin": "group.amount.currency",
        "first": "min(rows, day)",
        "due": "today() + days(terms)",
        "total": "sum(rows, amount)",
    },
    "lines": [
        {
            "create": "entry",
            "each": "rows",
            "group": ["of"],
            "set": {
                "name": "made.number & ' ' & text(group.of)",
                "bill": "made",
                "of": "group.of",
                "net": "sum(rows, amount)",
                "count": "count(rows)",
            },
            "back": {"entry": "line"},
        }
    ],
}
PRESS: Json = {"object": "shop", "button": "Bill it"}
BILLING = rule("billing", PRESS, MAKE)


@pytest.fixture
def documents() -> Documents:
    return (SHOP, CHARGE, BILL, ENTRY)


def money(amount: str, currency: str = "EUR") -> Json:
    return {"amount": amount, "currency": currency}


def fees(house: House, shop: str) -> list[str]:
    rows = [
        ("a", "2026-06-03", "rent", money("100.10")),
        ("b", "2026-06-01", "rent", money("50.20")),
        ("c", "2026-06-02", "water", money("7.00")),
        ("d", "2026-06-05", "water", money("9.99", "GBP")),
        ("e", None, "water", None),
    ]
    return [
        house.client.made("fee", name=name, shop=shop, day=day, of=of, amount=amount)["id"]
        for name, day, of, amount in rows
    ]


def press(house: House, shop: str, name: str = "billing") -> Any:
    return house.client.post(f"/api/records/shop/{shop}/actions/{name}", {})


def test_groups_become_records_with_lines_and_rows_know_their_line(house: House) -> None:
    house.define(BILLING)
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    assert press(house, shop).status == 200
    bills = house.client.rows("/api/records/bill", sort="number")
    assert [(one["coin"], one["first"], one["total"]) for one in bills] == [
        ("EUR", "2026-06-01", money("157.30")),
        ("GBP", "2026-06-05", money("9.99", "GBP")),
    ]
    assert {one["due"] for one in bills} == {"2026-06-24"}
    entries = house.client.rows("/api/records/entry", sort="name")
    assert [(one["name"], one["net"]["amount"], one["count"]) for one in entries] == [
        ("B-001 rent", "150.30", "2"),
        ("B-001 water", "7.00", "1"),
        ("B-002 water", "9.99", "1"),
    ]
    rows = house.client.rows("/api/records/fee", sort="name")
    by_id = {one["id"]: one["name"] for one in entries}
    linked = [by_id.get(row["entry"]) for row in rows]
    assert linked == ["B-001 rent", "B-001 rent", "B-001 water", "B-002 water", None]
    assert press(house, shop).status == 200
    assert len(house.client.rows("/api/records/bill")) == 2
    assert "It found no fees" in house.runs("billing")[0]["trace"]["lines"][-1]


def test_each_row_alone_makes_one_record(house: House) -> None:
    each = {
        "create": "entry",
        "each": {"of": "fees", "where": "of == 'rent'"},
        "set": {"name": "name & ' of ' & record.name", "net": "amount", "of": "of"},
        "back": {"entry": "copy"},
        "as": "copy",
    }
    house.define(rule("copies", PRESS, each))
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    assert press(house, shop, "copies").status == 200
    made = house.client.rows("/api/records/entry", sort="name")
    assert [one["name"] for one in made] == ["a of Corner", "b of Corner"]
    taken = press(house, shop, "copies")
    assert taken.status == 409
    assert "2 fees are taken already: Entry has a value." in taken.json()["detail"]
    assert "Add `entry == null` to `where`." in taken.json()["detail"]
    assert len(house.client.rows("/api/records/entry")) == 2


def test_what_was_made_has_a_name_for_later_actions(house: House) -> None:
    note = {"update": {"each": "made", "set": {"note": "'Sent to ' & record.name"}}}
    tell = {"create": "entry", "set": {"name": "'For ' & made.number", "bill": "made"}}
    lines = {"update": {"each": "made.entries", "set": {"share": "net.amount / made.total.amount"}}}
    house.define(rule("billing", PRESS, MAKE, note, lines, tell))
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    assert press(house, shop).status == 200
    bills = house.client.rows("/api/records/bill")
    assert [one["note"] for one in bills] == ["Sent to Corner"] * 2
    entries = house.client.rows("/api/records/entry", sort="name")
    assert [one["name"] for one in entries][3:] == ["For B-001", "For B-002"]
    assert [one["share"] for one in entries[:3]] == ["0.96", "0.04", "1.00"]


def test_one_record_of_all_rows_and_fixed_lines(house: House) -> None:
    alone = {"create": "entry", "set": {"name": "'Base'", "bill": "made", "count": 1}}
    make = {
        "create": "bill",
        "as": "made",
        "each": {"of": "fees", "where": "amount.currency == 'EUR'", "group": []},
        "set": {"total": "sum(rows, amount)", "shop": "record"},
        "lines": [
            alone,
            {
                "create": "entry",
                "each": "rows",
                "set": {"name": "name", "bill": "made", "share": "amount / sum(rows, amount)"},
            },
        ],
    }
    house.define(rule("billing", PRESS, make))
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    assert press(house, shop).status == 200
    (bill,) = house.client.rows("/api/records/bill")
    assert bill["total"] == money("157.30")
    entries = house.client.rows("/api/records/entry", sort="name")
    assert [one["name"] for one in entries] == ["a", "b", "Base", "c"]
    assert [one["share"] for one in entries if one["share"]] == ["0.64", "0.32", "0.04"]
    assert all(one["bill"] == bill["id"] for one in entries)


def test_a_rule_about_no_record_gathers_over_an_object(house: House) -> None:
    make = {
        "create": "bill",
        "each": {"of": "fee", "where": "entry == null and amount != null", "group": ["shop"]},
        "set": {"shop": "group.shop", "note": "group.shop.name", "coin": "text(count(rows))"},
    }
    house.define(rule("nightly", {"schedule": "0 3 * * *"}, make))
    for name in ("One", "Two"):
        fees(house, house.client.made("shop", name=name)["id"])
    house.move_clock(days=1)
    house.work()
    assert house.outcomes("nightly") == ["done"], house.runs("nightly")
    bills = house.client.rows("/api/records/bill", sort="note")
    assert [(one["note"], one["coin"]) for one in bills] == [("One", "4"), ("Two", "4")]


def test_a_run_that_would_make_too_many_stops_with_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.define(BILLING)
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    monkeypatch.setattr(making_actions, "MAX_MADE", 4)
    refused = press(house, shop)
    assert refused.status == 409
    assert "more than 4 records in one run" in refused.json()["detail"]
    assert house.client.rows("/api/records/bill") == []
    monkeypatch.setattr(gathering, "MAX_GATHERED", 3)
    assert "more than 3 fees. Narrow `where`." in press(house, shop).json()["detail"]
    (_, run) = house.runs("billing")
    assert run["outcome"] == "failed"
    assert run["trace"]["effects"] == []


def test_the_number_of_statements_does_not_grow_with_the_rows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.define(BILLING)
    shops = [house.client.made("shop", name=name)["id"] for name in ("Small", "Large")]
    for count, shop in zip((4, 120), shops, strict=True):
        rows = [
            {"name": str(at), "shop": shop, "of": "rent", "amount": money("1")}
            for at in range(count)
        ]
        assert house.client.post("/api/records/fee", rows).status in (200, 201)
    assert press(house, shops[0]).status == 200  # plans are made

    counted = 0
    ask, do = Connection.query, Connection.execute

    def query(self: Connection, *given: Any, **more: Any) -> Any:
        nonlocal counted
        counted += 1
        return ask(self, *given, **more)

    def execute(self: Connection, *given: Any, **more: Any) -> Any:
        nonlocal counted
        counted += 1
        return do(self, *given, **more)

    monkeypatch.setattr(Connection, "query", query)
    monkeypatch.setattr(Connection, "execute", execute)
    used = []
    for shop in (*shops[:0], shops[1]):
        counted = 0
        assert press(house, shop).status == 200
        used.append(counted)
    assert used[0] < 90, used
    (large,) = [b for b in house.client.rows("/api/records/bill") if b["shop"] == shops[1]]
    assert large["total"] == money("120.00")


@pytest.mark.parametrize(
    ("change", "pointer", "words"),
    [
        ({"as": "fees"}, "/do/0/as", "has a field or a collection `fees`"),
        ({"each": "name"}, "/do/0/each", "is not a collection of records"),
        ({"each": {"of": "feess"}}, "/do/0/each/of", "`feess` is not a field of shop"),
        ({"each": {"of": "fees", "where": "amoun > 1"}}, "/do/0/each/where", "`amoun`"),
        ({"each": {"of": "fees", "group": ["nam"]}}, "/do/0/each/group/0", "`nam`"),
        (
            {"each": {"of": "fees", "group": []}, "set": {"note": "group.x"}},
            "/do/0/set/note",
            "`group`",
        ),
        ({"set": {"number": "'1'"}}, "/do/0/set/number", "is set by the system"),
        ({"set": {"total": "sum(rows, name)"}}, "/do/0/set/total", "no sum()"),
        ({"set": {"total": "find(rows, true)"}}, "/do/0/set/total", "a collection of a record"),
        (
            {
                "each": {"of": "fees"},
                "as": "entry",
                "set": {"note": "name"},
                "lines": [{"create": "entry", "set": {"name": "name"}}],
                "back": {"entry": "entry"},
            },
            "/do/0/back/entry",
            "is a field here, and the name of what is made",
        ),
        ({"back": {"nam": "made"}}, "/do/0/back/nam", "no field `nam`"),
        ({"back": {"entry": "made"}}, "/do/0/back/entry", "bill"),
        (
            {"lines": [{"create": "entry", "each": "fees", "set": {"name": "name"}}]},
            "/do/0/lines/0/each",
            "made of its rows",
        ),
        (
            {"lines": [{"create": "entri", "set": {"name": "name"}}]},
            "/do/0/lines/0/create",
            "There is no object `entri`",
        ),
    ],
)
def test_faults_are_told_when_it_is_saved(
    house: House, change: Json, pointer: str, words: str
) -> None:
    answer = house.client.call("PUT", "/api/meta/rule/r", rule("r", PRESS, {**MAKE, **change}))
    assert answer.status == 422, answer.text
    told = [one for one in answer.json()["errors"] if one["pointer"].endswith(pointer)]
    assert told, answer.text
    assert words in told[0]["message"]


def test_trials_and_runs_list_what_is_made_with_lines_and_sums(house: House) -> None:
    house.define(BILLING)
    shop = house.client.made("shop", name="Corner")["id"]
    fees(house, shop)
    asked = {"object": "shop", "id": shop}
    tried = house.client.post("/api/rules/billing/dry-run", asked).json()
    assert [one["title"] for one in tried["effects"]] == ["B-001", "B-002"]
    (lines,) = tried["effects"][0]["lines"]
    assert (lines["object"], lines["count"]) == ("entry", 2)
    assert lines["sums"]["net"] == [money("157.30")]
    assert [one["title"] for one in lines["first"]] == ["B-001 rent", "B-001 water"]
    assert house.client.rows("/api/records/bill") == []

    document = {name: value for name, value in BILLING.items() if name not in ("kind", "name")}
    page = house.client.post("/studio/rules/try", {"body": document, "record": shop}).json()
    first, second = page["effects"]
    assert first["text"] == "Creates the bill B-001"
    (told,) = first["lines"]
    assert told["text"] == "with 2 entries: Net €157.30, Count 3"
    assert told["head"] == ["Entry", "Net", "Count"]
    assert told["rows"][0] == ["B-001 rent", "€150.30", "2"]
    assert second["lines"][0]["text"] == "with 1 entry"

    assert press(house, shop).status == 200
    (run,) = house.runs("billing")
    assert "It created 2 bills of 4 fees." in run["trace"]["lines"]
    shown = house.client.get(f"/studio/runs/{run['id']}").text
    assert "with 2 entries: Net €157.30, Count 3" in shown
    assert "B-001 rent" in shown
