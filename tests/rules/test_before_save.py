"""Rules before a save: they set fields or refuse."""

from __future__ import annotations

from tests.rules.house import House, rule


def test_a_rule_sets_a_field_of_a_new_record(house: House) -> None:
    house.define(
        rule(
            "first_level",
            {"object": "loan", "event": "created"},
            {"set": {"level": "coalesce(level, 0) + 1", "name": "name & '!'"}},
            phase="before_save",
            when="status == 'open'",
        )
    )
    loan = house.client.made("loan", name="Emma")
    assert (loan["level"], loan["name"], loan["title"]) == ("1", "Emma!", "Emma!")
    assert house.client.made("loan", name="Late", status="late")["level"] is None


def test_fields_say_which_updates_count(house: House) -> None:
    house.define(
        rule(
            "count_changes",
            {"object": "loan", "event": ["updated"], "fields": ["status"]},
            {"set": {"level": "coalesce(level, 0) + 1"}},
            phase="before_save",
            when="was(status) == 'open'",
        )
    )
    loan = house.client.made("loan", name="Emma")
    path = f"/api/records/loan/{loan['id']}"
    assert house.client.patch(path, {"name": "Other"}).json()["level"] is None
    assert house.client.patch(path, {"status": "late"}).json()["level"] == "1"
    assert house.client.patch(path, {"status": "returned"}).json()["level"] == "1"


def test_a_rule_refuses_with_its_message(house: House) -> None:
    house.define(
        rule(
            "no_loans_for_the_barred",
            {"object": "loan", "event": ["created", "updated"]},
            {
                "refuse": {
                    "message": "This member is barred. Settle the fees first.",
                    "field": "member",
                }
            },
            phase="before_save",
            when="member.standing == 'barred'",
        )
    )
    member = house.client.made("member", name="Ada", standing="barred")
    reply = house.client.post("/api/records/loan", {"name": "Emma", "member": member["id"]})
    assert reply.status == 422
    assert reply.json()["errors"] == [
        {
            "pointer": "/member",
            "code": "no_loans_for_the_barred",
            "message": "This member is barred. Settle the fees first.",
        }
    ]
    assert house.client.rows("/api/records/loan") == []


def test_order_decides_who_comes_first(house: House) -> None:
    on = {"object": "loan", "event": "created"}
    house.define(
        rule("a", on, {"set": {"name": "name & 'a'"}}, phase="before_save", order=2),
        rule("b", on, {"set": {"name": "name & 'b'"}}, phase="before_save", order=1),
    )
    assert house.client.made("loan", name="x")["name"] == "xba"


def test_what_a_rule_sets_is_checked_like_what_a_person_writes(house: House) -> None:
    house.define(
        rule(
            "empties",
            {"object": "loan", "event": "created"},
            {"set": {"name": "null"}},
            phase="before_save",
        )
    )
    reply = house.client.post("/api/records/loan", {"name": "Emma"})
    assert reply.status == 422
    assert reply.json()["errors"][0]["code"] == "required"


def test_a_rule_stores_the_row_of_a_decision(house: House) -> None:
    """Rules are compiled apart from the catalog, and know its decisions nevertheless."""
    tier = {"name": "tier", "kind": "object", "title": "{name}", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "level", "kind": "number", "scale": 0},
        {"name": "worth", "kind": "number", "scale": 0},
    ]}  # fmt: skip
    decision = {"kind": "decision", "name": "tiers", "object": "tier", "inputs": ["level"],
                "for": {"loan": {"level": "level"}}}  # fmt: skip
    house.define(
        tier,
        decision,
        rule(
            "tier",
            {"object": "loan", "event": ["created", "updated"]},
            {"set": {"name": "decide(tiers).name"}},
            phase="before_save",
            when="decide(tiers).worth > 1",
        ),
    )
    house.client.made("tier", name="usual", worth=1)
    house.client.made("tier", name="high", level=7, worth=9)
    assert house.client.made("loan", name="Emma", level=7)["name"] == "high"
    assert house.client.made("loan", name="Emma", level=6)["name"] == "Emma"


def test_a_sum_of_money_is_an_amount_while_a_record_is_saved(house: House) -> None:
    """It was a pair of values that no function knew, so fields stayed empty."""
    bill = {
        "kind": "object", "name": "bill", "fields": [
            {"name": "sent", "kind": "boolean"},
            {"name": "total", "kind": "money"},
            {"name": "said", "kind": "text"},
            {"name": "net", "kind": "calculated", "result": "money", "formula": "sum(lines, net)"},
        ],
    }  # fmt: skip
    line = {
        "kind": "object", "name": "bill_line", "fields": [
            {"name": "bill", "kind": "lookup", "to": "bill", "inverse": "lines", "owned": True},
            {"name": "net", "kind": "money"},
        ],
    }  # fmt: skip
    house.define(
        bill, line,
        rule(
            "sum_up",
            {"object": "bill", "event": ["updated"]},
            {"set": {"total": "net + max(lines, net)", "said": "text(sum(lines, net).amount)"}},
            phase="before_save",
        ),
    )  # fmt: skip
    made = house.client.made("bill")["id"]
    for amount in ("10.50", "4.50"):
        house.client.made("bill_line", bill=made, net={"amount": amount, "currency": "EUR"})
    saved = house.client.patch(f"/api/records/bill/{made}", {"sent": True}).json()
    assert saved["total"] == {"amount": "25.50", "currency": "EUR"}
    assert saved["said"].startswith("15")


def test_a_rule_finds_records_for_people_who_may_not_read_them(house: House) -> None:
    """Who saves gets what the rule says, and no other record by the way of the rule."""
    grants = [{"object": "loan", "can": ["read", "create", "update"]}]
    house.define({"kind": "role", "name": "clerk", "label": "Clerk", "grants": grants})
    clerk = house.client.person("kim@example.org", "clerk")
    ada, ben = (house.client.made("member", name=name)["id"] for name in ("Ada", "Ben"))
    usual = {"name": "usual", "kind": "lookup", "to": "member"}
    house.define(
        {"kind": "object", "name": "desk", "title": "{name}",
         "fields": [{"name": "name", "kind": "text"}, usual]},
        {"kind": "role", "name": "clerk", "label": "Clerk", "grants": [
            *grants, {"object": "desk", "can": ["read"], "fields": {"usual": "none"}}]},
    )  # fmt: skip
    at = {"name": "desk", "kind": "lookup", "to": "desk", "inverse": "loans"}
    assert house.client.patch("/api/meta/object/loan", {"fields": [at]}).status == 200
    on = {"object": "loan", "event": ["created", "updated"]}
    found = {"set": {"member": "coalesce(member, desk.usual)"}}
    house.define(rule("usual_member", on, found, phase="before_save"))
    desk = house.client.made("desk", name="North", usual=ada)["id"]
    assert clerk.get(f"/api/records/member/{ada}").status == 404
    made = clerk.post("/api/records/loan", {"name": "Emma", "desk": desk})
    assert made.status == 201, made.text
    whole = house.client.get(f"/api/records/loan/{made.json()['id']}").json()
    assert whole["member"] == ada
    refused = clerk.post("/api/records/loan", {"name": "Dune", "desk": desk, "member": ben})
    assert refused.status == 422 and "There is no record" in refused.text
    path = f"/api/records/loan/{made.json()['id']}"
    assert clerk.patch(path, {"member": ben}).status == 422
    assert clerk.patch(path, {"name": "Emma again"}).status == 200
