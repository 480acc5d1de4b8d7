"""Two fields that somebody adds while the product runs are everywhere at once."""

from __future__ import annotations

from typing import Any

from tests.rules.house import House, endpoint, rule

BACKUP = {"name": "backup", "label": "Backup", "kind": "person", "accepts": ["user"]}
RISK = {
    "name": "risk", "label": "Risk score", "kind": "number", "scale": 0, "min": 0, "max": 100,
    "dated": True,
}  # fmt: skip
FACE: tuple[dict[str, Any], ...] = (
    {"kind": "view", "name": "risks", "object": "loan", "columns": ["name", "backup", "risk"],
     "where": "risk > 30 and backup != null", "sort": ["-risk"]},
    {"kind": "board", "name": "loans", "object": "loan", "columns": {"by": "status"},
     "card": {"title": "name", "fields": ["backup", "risk"]}, "totals": ["sum(risk)"]},
    {"kind": "webform", "name": "hand_in", "object": "loan", "slug": "hand-in",
     "steps": [{"name": "one", "fields": [{"field": "name"}, {"field": "risk"}]}],
     "spam": {"min_seconds": 0, "api": True}},
    {"kind": "template", "name": "riskier", "for": "loan", "subject": "{{ loan.name }} risks",
     "body": "<p>{{ loan.backup.name }}: {{ loan.risk }}</p>"},
    {"kind": "template", "name": "before", "for": "loan", "as_of": "today() - days(1)",
     "subject": "Before", "body": "<p>{{ loan.name }} had {{ loan.risk or 'no risk' }}</p>"},
)  # fmt: skip


def test_fields_added_at_run_time_are_everywhere(house: House) -> None:
    client = house.client
    grants = [{"object": "loan", "can": ["read"]}]
    house.define({"kind": "role", "name": "reader", "label": "Reader", "grants": grants})
    ann = house.person("ann@example.org", "reader")
    made = client.made("loan", name="Emma", level=3, picked_at="2026-06-09T08:00:00Z")
    loan = {"kind": "object", "name": "loan", "fields": [BACKUP, RISK]}
    reply = client.call("PATCH", "/api/meta/object/loan", loan)
    assert reply.status == 200, reply.text
    house.define(
        *FACE,
        endpoint("watch", house.sink),
        rule(
            "riskier",
            {"object": "loan", "event": "updated", "fields": ["risk"]},
            {"notify": {"to": ["backup"], "by": ["email"], "template": "riskier"}},
            {"notify": {"to": ["backup"], "by": ["email"], "template": "before"}},
            {"webhook": {"to": "watch", "body": {"who": "backup", "risk": "risk"}}},
            when="increased(risk, 10)",
        ),
    )
    path = f"/api/records/loan/{made['id']}"
    values = {"backup": {"user": ann}, "risk": "40"}
    changed = client.patch(path, values).json()  # API
    assert {name: changed[name] for name in values} == values
    client.made("loan", name="Calm", backup={"user": ann}, risk=10, level=3)
    # Form and grid.
    form = client.get(f"/o/loan/{made['id']}/edit").text
    assert 'name="backup"' in form and 'name="risk"' in form
    grid = client.get("/o/loan", view="risks").text
    assert "Risk score" in grid and ">40<" in grid and ">10<" not in grid
    # Filter, with two other fields in one query; summary, board, export.
    loans = "/api/records/loan"
    where = "risk >= 40 and backup.email == 'ann@example.org' and level == 3"
    found = client.rows(loans, where=where, status="open", fields="name,backup.name")
    assert [(r["name"], r["backup"]["name"]) for r in found] == [("Emma", "Ann")]
    summary = client.rows(f"{loans}/summary", group="backup", measure="count,sum(risk),max(risk)")
    assert summary == [{"backup": {"user": ann}, "count": 2, "sum(risk)": "50", "max(risk)": "40"}]
    (column,) = (c for c in client.get("/api/boards/loans").json()["columns"] if c["count"])
    assert column["totals"] == {"sum(risk)": "50"}
    cards = {card["name"]: (card["backup"], card["risk"]) for card in column["records"]}
    assert cards["Emma"] == ({"user": ann}, "40")
    exported = client.get(f"{loans}/export", format="csv", fields="name,backup,risk", sort="-risk")
    assert exported.text.splitlines()[1] == f"Emma,{ann},40"
    schema = client.get("/api/schema/records/loan").json()["properties"]
    assert {"backup", "risk"} <= schema.keys()
    # The web form asks for it, with its limits.
    assert client.post("/forms/hand-in", {"name": "Sense", "risk": "101"}).status == 422
    assert client.post("/forms/hand-in", {"name": "Sense", "risk": "77"}).status == 201
    assert client.rows(loans, risk="77")[0]["name"] == "Sense"
    # Increased by 10: not at 40 to 49, but at 40 to 50.
    client.patch(path, {"risk": 49})
    house.work()
    assert house.outcomes("riskier")[-1] == "not_met"
    client.patch(path, {"risk": 40})
    client.patch(path, {"risk": 50})
    house.work()
    mails = house.smtp.wait(2)
    assert [mail.recipients for mail in mails] == [["ann@example.org"]] * 2
    bodies = [mail.message.get_body(("html",)) for mail in mails]
    said = " ".join(body.get_content() for body in bodies if body is not None)
    assert "Ann: 50" in said and "Emma had no risk" in said
    (delivery,) = house.sink.wait(1)
    assert delivery.json()["data"] == {"who": {"user": ann}, "risk": "50"}  # type: ignore[index]
    # A rise that is planned sets the rule off on its day, and not before.
    assert client.call("PATCH", f"{path}?as_of=2026-06-16", {"risk": 65}).status == 200
    house.work()
    assert len(house.sink.deliveries) == 1
    house.move_clock(days=6)
    house.work()
    house.work()
    assert house.sink.wait(2)[1].json()["data"]["risk"] == "65"  # type: ignore[index]
    assert len(house.sink.deliveries) == 2
    runs = house.runs("riskier")
    assert [run["outcome"] for run in runs][:1] == ["done"]
