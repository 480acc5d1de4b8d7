"""Documents with a change set: contracts with covers, and amendments that change them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.app import Client, Reply

Json = dict[str, Any]

CONTRACT: Json = {
    "kind": "object", "name": "contract", "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "note", "kind": "text"},
        {"name": "price", "kind": "number", "scale": 2, "dated": True},
        {"name": "monthly", "kind": "calculated", "result": "number", "scale": 2,
         "formula": "count(covers) * price"},
    ],
}  # fmt: skip
COVER: Json = {
    "kind": "object", "name": "cover", "title": "{asset}",
    "fields": [
        {"name": "contract", "kind": "lookup", "to": "contract", "inverse": "covers",
         "required": True, "owned": True},
        {"name": "asset", "kind": "text", "required": True},
        {"name": "until", "kind": "date"},
        {"name": "state", "kind": "choice", "default": "active",
         "options": [{"name": one} for one in ("active", "ended")]},
        {"name": "secret", "kind": "text"},
    ],
    "keys": [{"fields": ["asset"], "unique": True}],
    "states": {"field": "state", "transitions": [
        {"name": "end", "from": ["active"], "to": "ended"},
    ]},
}  # fmt: skip
AMENDMENT: Json = {
    "kind": "object", "name": "amendment", "title": "{number}",
    "fields": [
        {"name": "number", "kind": "text", "required": True},
        {"name": "contract", "kind": "lookup", "to": "contract"},
        {"name": "effective", "kind": "date"},
        {"name": "status", "kind": "choice", "default": "draft",
         "options": [{"name": one} for one in ("draft", "scheduled", "reversed")]},
    ],
    "states": {"field": "status", "transitions": [
        {"name": "schedule", "from": ["draft"], "to": "scheduled"},
        {"name": "reverse", "from": ["scheduled"], "to": "reversed"},
    ]},
    "change_set": {
        "of": ["contract", "cover"],
        "effective": "effective",
        "applies": "status == 'scheduled'",
        "reverses": "status == 'reversed'",
        "preview": [{"field": "contract.monthly"}, {"view": "all_covers"}],
    },
}  # fmt: skip
COVERS: Json = {
    "kind": "view", "name": "all_covers", "label": "All covers", "object": "cover",
    "columns": ["asset", "until"], "sort": ["asset"],
}  # fmt: skip
DOCUMENTS = (CONTRACT, COVER, AMENDMENT, COVERS)


def soon(days: int) -> str:
    return (date.today() + timedelta(days=days)).isoformat()


class Amendment:
    """An amendment of a contract with some covers."""

    def __init__(self, client: Client, name: str = "A-1", covers: int = 2, **values: Any) -> None:
        self.client = client
        made = client.made("contract", name=f"Contract of {name}", price="10.00")
        self.contract = made["id"]
        self.contract_path = f"/api/records/contract/{self.contract}"
        self.covers = [
            client.made("cover", contract=self.contract, asset=f"{name} asset {at}")["id"]
            for at in range(covers)
        ]
        self.id = client.made("amendment", number=name, contract=self.contract, **values)["id"]
        self.path = f"/api/change-sets/{self.id}"
        self.query = f"?change_set={self.id}"

    def cover(self, at: int, inside: bool = False) -> str:
        return f"/api/records/cover/{self.covers[at]}{self.query if inside else ''}"

    def keep(self, at: int, **values: Any) -> Reply:
        reply = self.client.patch(self.cover(at, inside=True), values)
        assert reply.status == 202, reply.text
        return reply

    def made(self, asset: str, **values: Any) -> Json:
        """A cover that the amendment makes."""
        body = {"contract": self.contract, "asset": asset, **values}
        reply = self.client.post(f"/api/records/cover{self.query}", body)
        assert reply.status == 202, reply.text
        found: Json = reply.json()
        return found

    def told(self) -> Json:
        reply = self.client.get(self.path)
        assert reply.status == 200, reply.text
        found: Json = reply.json()
        return found

    def act(self, name: str) -> Reply:
        return self.client.post(f"/api/records/amendment/{self.id}/actions/{name}", {})

    def applied(self) -> Amendment:
        reply = self.act("schedule")
        assert reply.status == 200, reply.text
        return self

    def taken_back(self) -> Amendment:
        reply = self.act("reverse")
        assert reply.status == 200, reply.text
        return self
