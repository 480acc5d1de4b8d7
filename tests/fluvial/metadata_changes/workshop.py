"""A workshop whose authors of metadata may not read what people earn."""

from __future__ import annotations

from typing import Any

from tests.app import Client, Reply

Body = dict[str, Any]

DEPT: Body = {
    "kind": "object", "name": "dept", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "budget", "kind": "number"},
    ],
}  # fmt: skip
WORKER: Body = {
    "kind": "object", "name": "worker", "title": "{name}", "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "salary", "kind": "number"},
        {"name": "secret", "kind": "text", "protected": True},
        {"name": "grade", "kind": "choice", "options": [{"name": "low"}, {"name": "high"}]},
        {"name": "dept", "kind": "lookup", "to": "dept", "inverse": "workers"},
        {"name": "notes", "kind": "text"},
    ],
}  # fmt: skip
NOTICE: Body = {
    "kind": "object", "name": "notice", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "body", "kind": "long_text"},
        {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "notices"},
    ],
}  # fmt: skip
DEAL: Body = {
    "kind": "object", "name": "deal", "fields": [
        {"name": "name", "kind": "text", "required": True},
        {"name": "amount", "kind": "number"},
        {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "deals"},
        {"name": "mine", "kind": "calculated", "result": "boolean", "formula": "amount > 100"},
        {"name": "stage", "kind": "choice", "default": "open",
         "options": [{"name": "open"}, {"name": "signed"}, {"name": "lost"}]},
    ],
    "states": {"field": "stage", "transitions": [
        {"name": "sign", "from": ["open"], "to": "signed", "allow": ["chief"]},
        {"name": "lose", "from": ["open"], "to": "lost"},
    ]},
    "change_set": {"of": ["notice"], "applies": "stage == 'signed'"},
}  # fmt: skip
ROLES: list[Body] = [
    {"kind": "role", "name": "writer", "meta": ["read", "write"], "grants": [
        {"object": "worker", "can": ["read", "create", "update"],
         "fields": {"salary": "none", "grade": "read"}},
        {"object": "notice", "can": ["*"]},
        {"object": "dept", "can": ["read"], "fields": {"budget": "none"}},
        {"object": "deal", "can": ["read", "update"], "where": "created_by == me"},
    ]},
    {"kind": "role", "name": "granter", "inherits": ["writer"], "meta": ["roles", "run_as"]},
    {"kind": "role", "name": "chief", "grants": [
        {"object": "worker", "can": ["*"]}, {"object": "deal", "can": ["*"]},
        {"object": "dept", "can": ["*"]},
    ]},
    {"kind": "role", "name": "guest", "grants": [
        {"object": "deal", "can": ["read"], "where": "mine"},
    ]},
]  # fmt: skip
PAYROLL: list[Body] = [
    {"kind": "endpoint", "name": "bank", "url": "https://bank.example.com/in",
     "secret": {"env": "BANK_SECRET"}},
    {"kind": "template", "name": "slip", "for": "worker", "subject": "Your pay",
     "body": "<p>{{ worker.salary }}</p>"},
    {"kind": "rule", "name": "payday", "on": {"object": "worker", "event": "updated"},
     "do": [{"webhook": {"to": "bank", "body": {"pay": "salary"}}}]},
    {"kind": "form", "name": "worker_main", "object": "worker", "sections": [
        {"name": "facts", "fields": ["name", "salary", "notes"]}]},
]  # fmt: skip
WORKSHOP = [DEPT, WORKER, NOTICE, DEAL, *ROLES, *PAYROLL]


def with_fields(body: Body, *fields: Body, **members: Any) -> Body:
    """An object with further fields, or other ones of the same names."""
    names = [field["name"] for field in fields]
    kept = [field for field in body["fields"] if field["name"] not in names]
    return {**body, "fields": [*kept, *fields], **members}


def without_fields(body: Body, *names: str) -> Body:
    return {**body, "fields": [one for one in body["fields"] if one["name"] not in names]}


def calculated(name: str, result: str, formula: str, **more: Any) -> Body:
    return {"name": name, "kind": "calculated", "result": result, "formula": formula, **more}


def rule(name: str, *do: Body, on: Body | None = None, **more: Any) -> Body:
    on = on or {"object": "worker", "event": "updated"}
    return {"kind": "rule", "name": name, "on": on, "do": list(do), **more}


def sent(client: Client, *documents: Body, query: str = "", delete: Any = ()) -> Reply:
    body: Body = {"documents": list(documents)}
    if delete:
        body["delete"] = list(delete)
    return client.post(f"/api/meta/changes{query}", body)


def refused(reply: Reply) -> list[tuple[str, str]]:
    """The places of a refusal, with what goes beyond."""
    assert reply.status == 403, reply.text
    problem = reply.json()
    assert problem["title"] == "Beyond your own rights" and "administrator" in problem["detail"]
    assert problem["errors"][0]["code"] == "beyond_rights"
    return [(f"{one['document']}{one['pointer']}", one["reach"]) for one in problem["beyond"]]
