"""A small press that bills what it prints: bills with lines and portions, and its branches."""

from __future__ import annotations

import base64
from typing import Any

from tests.app import Client
from tests.forms.shapes import multipart

Json = dict[str, Any]

BRANCH: Json = {
    "kind": "object",
    "name": "branch",
    "label": {"en": "Branch", "de": "Filiale"},
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "address", "kind": "long_text"},
        {"name": "logo", "kind": "file"},
    ],
}
CLIENT: Json = {
    "kind": "object",
    "name": "client",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "email", "kind": "text", "format": "email"},
        {"name": "language", "kind": "text"},
        {"name": "bill_form", "kind": "text"},
    ],
}
BILL: Json = {
    "kind": "object",
    "name": "bill",
    "label": {"en": "Bill", "de": "Rechnung"},
    "title": "{number}",
    "fields": [
        {"name": "number", "kind": "text", "required": True},
        {"name": "client", "kind": "lookup", "to": "client", "inverse": "bills"},
        {"name": "branch", "kind": "lookup", "to": "branch"},
        {"name": "day", "kind": "date"},
        {"name": "settled", "kind": "boolean", "default": False},
        {"name": "net", "kind": "money", "currency": "EUR"},
        {"name": "note", "kind": "text"},
        {"name": "pdf", "kind": "file"},
        {
            "name": "status",
            "kind": "choice",
            "default": "open",
            "options": [{"name": "open"}, {"name": "issued"}],
        },
    ],
}
LINE: Json = {
    "kind": "object",
    "name": "bill_line",
    "title": "{what}",
    "fields": [
        {"name": "bill", "kind": "lookup", "to": "bill", "inverse": "lines", "owned": True},
        {"name": "what", "kind": "text", "label": {"en": "Work", "de": "Leistung"}},
        {"name": "net", "kind": "money", "currency": "EUR"},
    ],
}
PORTION: Json = {
    "kind": "object",
    "name": "portion",
    "title": "{item}",
    "fields": [
        {"name": "line", "kind": "lookup", "to": "bill_line", "inverse": "portions"},
        {"name": "item", "kind": "text", "label": {"en": "Item", "de": "Gegenstand"}},
        {"name": "starts", "kind": "date", "label": {"en": "From", "de": "Ab"}},
        {"name": "quantity", "kind": "number", "scale": 4, "label": {"en": "Qty", "de": "Menge"}},
        {"name": "cost", "kind": "money", "currency": "EUR"},
        {
            "name": "amount",
            "kind": "money",
            "currency": "EUR",
            "label": {"en": "Amount", "de": "Betrag"},
        },
    ],
}
LETTERHEAD: Json = {
    "kind": "page_layout",
    "name": "letterhead",
    "for": "branch",
    "body": "<header>{{ branch.logo | image }}<b>{{ branch.name }}</b></header>{{ content }}"
    "<footer>{{ branch.address }}</footer>",
    "css": "footer { position: running(foot) } @page { @bottom-left { content: element(foot) } }"
    " header img { height: 14mm; display: block }",
}
BACKING: Json = {
    "name": "backing",
    "label": {"en": "Backing sheet", "de": "Anlage"},
    "rows": "lines.portions",
    "group": ["line", "item"],
    "columns": ["starts", "quantity", "amount"],
    "sort": ["starts"],
    "sum": "amount",
    "equals": "net",
}
BODY = (
    "<h1>Bill {{ bill.number }}</h1><p>{{ bill.client.name }}, {{ bill.day }}</p>"
    "<p class='total'>Total {{ bill.net }}</p>"
    "<table>{% for line in bill.lines %}<tr><td>{{ line.what }}</td>"
    "<td>{{ line.net }}</td></tr>{% endfor %}</table>{{ tables.backing }}"
)
TEMPLATE: Json = {
    "kind": "template",
    "name": "bill",
    "label": "Bill",
    "for": "bill",
    "channel": "document",
    "body": BODY,
    "layout": "letterhead",
    "layout_of": "branch",
    "file": "{number}.pdf",
    "keep": "status == 'issued'",
    "language": "client.language",
    "chosen_by": "client.bill_form",
    "tables": [BACKING],
    "translations": {"de": {"body": BODY.replace("Bill ", "Rechnung ").replace("Total", "Summe")}},
}
PRESS = (BRANCH, CLIENT, BILL, LINE, PORTION, LETTERHEAD, TEMPLATE)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def uploaded(client: Client, name: str, content: bytes, type_: str) -> Json:
    body, headers = multipart(("file", name, type_, content))
    reply = client.call("POST", "/api/files", body=body, headers=headers)
    assert reply.status == 201, reply.text
    found: Json = reply.json()
    return found


def billed(desk: Client, number: str, *amounts: str, **values: Any) -> Json:
    """A bill with a line of portions with these amounts."""
    net = f"{sum(map(float, amounts)):.2f}"
    given = {"net": {"amount": net, "currency": "EUR"}, "day": "2026-06-03", **values}
    bill = desk.made("bill", number=number, **given)
    line = desk.made("bill_line", bill=bill["id"], what=f"Work of {number}", net=given["net"])
    for at, amount in enumerate(amounts):
        desk.made(
            "portion", line=line["id"], item=f"Item {at}", quantity="1.5",
            amount={"amount": amount, "currency": "EUR"}, starts=f"2026-06-{at % 28 + 1:02d}",
            cost={"amount": "3.33", "currency": "EUR"},
        )  # fmt: skip
    return bill
