"""Documents with locks: invoices that own lines that own details, and what refers to them."""

from __future__ import annotations

from typing import Any

from tests.app import Client

Json = dict[str, Any]

SAID = "An issued invoice is corrected by a credit note."

ACCOUNT: Json = {
    "kind": "object", "name": "account", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
TAG: Json = {
    "kind": "object", "name": "tag", "title": "{name}",
    "fields": [{"name": "name", "kind": "text", "required": True}],
}  # fmt: skip
INVOICE: Json = {
    "kind": "object", "name": "invoice", "title": "{number}",
    "fields": [
        {"name": "number", "kind": "text", "unique": True, "searchable": True},
        {"name": "account", "kind": "lookup", "to": "account", "on_delete": "clear",
         "inverse": "invoices"},
        {"name": "status", "kind": "choice", "default": "draft",
         "options": [{"name": one} for one in ("draft", "issued", "paid")]},
        {"name": "note", "kind": "text"},
        {"name": "dispute_note", "kind": "text"},
        {"name": "tariff", "kind": "text", "dated": True},
        {"name": "papers", "kind": "file", "many": True},
        {"name": "tags", "kind": "multi_lookup", "to": "tag"},
        {"name": "total", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "sum(lines, amount)"},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "issue", "from": ["draft"], "to": "issued"},
        {"name": "pay", "from": ["issued"], "to": "paid"},
        {"name": "reopen", "from": ["issued"], "to": "draft"},
    ]},
    "locked": {"when": "status != 'draft'", "except": ["status", "dispute_note"],
               "parts": True, "message": SAID},
}  # fmt: skip
LINE: Json = {
    "kind": "object", "name": "line", "title": "{name}",
    "fields": [
        {"name": "invoice", "kind": "lookup", "to": "invoice", "inverse": "lines", "owned": True},
        {"name": "name", "kind": "text"},
        {"name": "amount", "kind": "number", "scale": 2},
        {"name": "rate", "kind": "text", "dated": True},
    ],
}  # fmt: skip
DETAIL: Json = {
    "kind": "object", "name": "detail", "title": "{name}",
    "fields": [
        {"name": "line", "kind": "lookup", "to": "line", "inverse": "details", "owned": True},
        {"name": "name", "kind": "text"},
    ],
}  # fmt: skip
# A lock that others decide, and one that the time decides.
PROJECT: Json = {
    "kind": "object", "name": "project", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "paid", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "sum(payments, amount)"},
    ],
    "locked": {"when": "paid > 0"},
}  # fmt: skip
PAYMENT: Json = {
    "kind": "object", "name": "payment", "title": "{amount}",
    "fields": [
        {"name": "project", "kind": "lookup", "to": "project", "inverse": "payments"},
        {"name": "amount", "kind": "number", "scale": 2},
    ],
}  # fmt: skip
SHIFT: Json = {
    "kind": "object", "name": "shift", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text"},
        {"name": "day", "kind": "date"},
        {"name": "over", "kind": "calculated", "result": "boolean", "formula": "day < today()"},
    ],
    "locked": {"when": "over", "except": ["name"]},
}  # fmt: skip
DOCUMENTS = (ACCOUNT, TAG, INVOICE, LINE, DETAIL, PROJECT, PAYMENT, SHIFT)


class Invoice:
    """An invoice with a line and a detail, as everything that stands of them."""

    def __init__(self, client: Client, number: str = "A-1", **values: Any) -> None:
        self.client = client
        self.account = client.made("account", name=f"Account of {number}")["id"]
        self.tag = client.made("tag", name=number)["id"]
        made = client.made(
            "invoice", number=number, account=self.account, note="old", tags=[self.tag],
            tariff="normal", **values,
        )  # fmt: skip
        self.id = made["id"]
        self.line = client.made("line", invoice=self.id, name="Work", amount="10.00", rate="a")
        self.detail = client.made("detail", line=self.line["id"], name="Hour")
        self.path = f"/api/records/invoice/{self.id}"
        self.line_path = f"/api/records/line/{self.line['id']}"
        self.detail_path = f"/api/records/detail/{self.detail['id']}"

    def act(self, name: str) -> None:
        reply = self.client.post(f"{self.path}/actions/{name}", {})
        assert reply.status == 200, reply.text

    def issued(self) -> Invoice:
        self.act("issue")
        return self

    def stands(self, *, planned: bool = True) -> list[Any]:
        """The rows of it and of all its parts, with what is planned for them."""
        found: list[Any] = []
        for path in (self.path, self.line_path, self.detail_path):
            reply = self.client.get(path)
            found.append((reply.status, reply.json()))
            if reply.status == 200 and planned:
                found.append(self.client.get(f"{path}/planned").json())
        for name, owner in (
            ("line", f"invoice == '{self.id}'"),
            ("detail", f"line.invoice == '{self.id}'"),
        ):
            rows = self.client.rows(f"/api/records/{name}", sort="created_at", where=owner)
            found.append(rows)
        return found
