"""Rules hear of calculated fields, also where only another record was written."""

from __future__ import annotations

from fluvial.events.jobs import run_pending
from tests.app import Client
from tests.fluvial.shelves import SHELVES
from tests.rules.house import rule


def test_rules_hear_of_roll_ups(client: Client) -> None:
    noted = {
        "kind": "object",
        "name": "note",
        "title": "{words}",
        "fields": [{"name": "words", "kind": "text"}],
    }
    says = {"words": "title & ': ' & text(was(out)) & ' ' & text(out)"}
    client.define(
        *SHELVES,
        noted,
        rule(
            "lent",
            {"object": "book", "event": "updated", "fields": ["out"]},
            {"create": "note", "set": says},
            when="increased(out, 1)",
        ),
        rule(
            "earns",
            {"object": "author", "event": "updated", "fields": ["earned"]},
            {"create": "note", "set": {"words": "'earned ' & text(earned)"}},
            when="changed(earned) and not changed(name)",
        ),
    )
    author = client.made("author", name="Ada")
    book = client.made("book", name="Emma", author=author["id"])
    copy = client.made("copy", mark="C", book=book["id"])
    before = client.get(f"/api/records/book/{book['id']}").json()
    loans = [client.made("loan", copy=copy["id"], fee=fee) for fee in ("0", "2.50")]
    client.patch(f"/api/records/loan/{loans[0]['id']}", {"returned": "2026-01-05"})
    after = client.get(f"/api/records/book/{book['id']}").json()
    assert [after[n] for n in ("out", "earned", "lent", "title")] == [
        "1", "2.50", True, "Emma by Ada (1)",
    ]  # fmt: skip
    assert (before["rev"], before["updated_at"]) == (after["rev"], after["updated_at"])
    engine = client.app.engine
    while engine.database.call(lambda: run_pending(engine)):
        pass
    texts = [row["words"] for row in client.rows("/api/records/note?sort=words")]
    assert texts == ["earned 2.50", "Emma by Ada (1): 0 1", "Emma by Ada (1): 1 2"]
    (first,) = client.get(f"/api/records/book/{book['id']}/history").json()["data"]
    assert "out" not in first["changes"]
