"""Authors of metadata with few rights, trying to read a hidden field or to gain a right.

Each way is closed when the document is saved: the answer names the document, the place in it and
what goes beyond, and nothing changes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.app import Client
from tests.fluvial.metadata_changes.workshop import (
    DEAL,
    DEPT,
    NOTICE,
    ROLES,
    WORKER,
    WORKSHOP,
    Body,
    calculated,
    refused,
    rule,
    sent,
    with_fields,
    without_fields,
)

SALARY = "worker.salary"
PURSE: Body = {"kind": "object", "name": "purse", "title": "{name} {amount}", "fields": [
    {"name": "name", "kind": "text"}, {"name": "amount", "kind": "number"}]}  # fmt: skip


@pytest.fixture
def documents() -> list[Body]:
    return [*WORKSHOP, PURSE, role("signer")]


@pytest.fixture
def author(client: Client) -> Client:
    return client.person("author@example.com", "writer")


@pytest.fixture
def granter(client: Client) -> Client:
    """Who may change roles and `run_as`, and still has few rights on records."""
    return client.person("granter@example.com", "granter")


def role(name: str, *grants: Body, **more: Any) -> Body:
    return {"kind": "role", "name": name, "grants": list(grants), **more}


WRITER = ROLES[0]
WORKERS = {"object": "worker", "can": ["read"]}

READING: dict[str, tuple[Body, str, str]] = {
    "a formula": (
        with_fields(WORKER, calculated("pay", "number", "salary * 2")),
        "object/worker/fields/6/formula", SALARY),
    "a formula through a look-up": (
        with_fields(NOTICE, calculated("pay", "number", "worker.salary")),
        "object/notice/fields/3/formula", SALARY),
    "a sum over a collection": (
        with_fields(DEPT, calculated("pay", "number", "sum(workers, salary)")),
        "object/dept/fields/2/formula", SALARY),
    "a count that asks it": (
        with_fields(DEPT, calculated("rich", "number", "count(workers, salary > 100)")),
        "object/dept/fields/2/formula", SALARY),
    "records of others": (
        with_fields(WORKER, calculated("sold", "number", "sum(deals, amount)")),
        "object/worker/fields/6/formula", "deal.amount"),
    "a default": (
        with_fields(NOTICE, {"name": "pay", "kind": "number", "default": "worker.salary"}),
        "object/notice/fields/3/default", SALARY),
    "what a look-up fills in": (
        with_fields(NOTICE, {"name": "pay", "kind": "number"},
                    {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "notices",
                     "pull": {"pay": "salary"}}),
        "object/notice/fields/3/pull/pay", SALARY),
    "a title": (
        {**WORKER, "title": "{name} {salary}"}, "object/worker/title", SALARY),
    "the titles that a title shows": (
        {**NOTICE, "title": "{name} {paid}", "fields": [
            *NOTICE["fields"], {"name": "paid", "kind": "lookup", "to": "purse"}]},
        "object/notice/title", "purse.amount"),
    "a web form that asks about what it sets": (
        {"kind": "webform", "name": "w", "object": "notice", "slug": "w",
         "fixed": {"worker": "00000000-0000-0000-0000-000000000000"},
         "steps": [{"name": "s", "fields": [
             {"field": "name"}, {"field": "body", "visible": "worker.salary > 100"}]}]},
        "webform/w/steps/0/fields/1/visible", SALARY),
    "when a hidden field changes": (
        rule("leak", {"create": "notice", "set": {"name": "name"}},
             on={"object": "worker", "event": "updated", "fields": ["salary"]}),
        "rule/leak/on/fields/0", SALARY),
    "addresses of people": (
        rule("leak", {"create": "notice", "set": {"name": "created_by.email"}}),
        "rule/leak/do/0/set/name", "user.email"),
    "a path of several steps": (
        with_fields(DEAL, calculated("b", "number", "worker.dept.budget")),
        "object/deal/fields/5/formula", "dept.budget"),
    "records behind the reader": (
        with_fields(NOTICE, calculated("pay", "number",
                                       "max(record.worker.dept.workers, salary)")),
        "object/notice/fields/3/formula", SALARY),
    "the condition of a look-up": (
        with_fields(NOTICE, {"name": "worker", "kind": "lookup", "to": "worker",
                             "inverse": "notices", "where": "salary > 100"}),
        "object/notice/fields/2/where", SALARY),
    "a check that answers questions": (
        {**WORKER, "checks": [{"name": "c", "expect": "salary < 100", "message": "More."}]},
        "object/worker/checks/0/expect", SALARY),
    "the logic of a form": (
        {**WORKER, "logic": [{"field": "notes", "visible": "salary > 100"}]},
        "object/worker/logic/0/visible", SALARY),
    "a required field": (
        with_fields(WORKER, {"name": "more", "kind": "text", "required": "salary > 100"}),
        "object/worker/fields/6/required", SALARY),
    "a key": (
        {**WORKER, "keys": [{"fields": ["salary"], "unique": True}]},
        "object/worker/keys/0/fields/0", SALARY),
    "the condition of a transition": (
        {**DEAL, "states": {"field": "stage", "transitions": [
            *DEAL["states"]["transitions"],
            {"name": "win", "from": ["open"], "to": "lost", "when": "worker.salary > 1"}]}},
        "object/deal/states/transitions/2/when", SALARY),
    "a protected value": (
        with_fields(WORKER, calculated("open", "text", "secret")),
        "object/worker/fields/6/formula", "worker.secret"),
    "a rule before the save": (
        rule("leak", {"set": {"notes": "'' & salary"}}, phase="before_save"),
        "rule/leak/do/0/set/notes", SALARY),
    "a record that a rule makes": (
        rule("leak", {"create": "notice", "set": {"name": "'' & salary"}}),
        "rule/leak/do/0/set/name", SALARY),
    "a notice to oneself": (
        rule("leak", {"notify": {"to": ["'author@example.com'"], "subject": "'' & salary"}}),
        "rule/leak/do/0/notify/subject", SALARY),
    "the condition of a rule": (
        rule("leak", {"create": "notice", "set": {"name": "name"}}, when="salary > 100"),
        "rule/leak/when", SALARY),
    "a template of somebody else": (
        rule("leak", {"notify": {"to": ["'author@example.com'"], "template": "slip"}}),
        "rule/leak/do/0/notify/template", SALARY),
    "a webhook": (
        rule("leak", {"webhook": {"to": "bank", "body": {"x": {"y": ["salary"]}}}}),
        "rule/leak/do/0/webhook/body/x/y/0", SALARY),
    "the address of an endpoint": (
        {"kind": "endpoint", "name": "bank", "url": "https://evil.example.com/in",
         "secret": {"env": "BANK_SECRET"}},
        "endpoint/bank/url", SALARY),
    "a template": (
        {"kind": "template", "name": "mine", "for": "notice", "subject": "x",
         "body": "<p>{{ notice.worker.salary }}</p>"},
        "template/mine/body", SALARY),
    "records of others in a template": (
        {"kind": "template", "name": "mine", "for": "worker", "subject": "x",
         "body": "{% for d in worker.deals %}{{ d.name }}{% endfor %}"},
        "template/mine/body", "deal.name"),
    "a schedule": (
        rule("leak", {"create": "notice", "set": {"name": "name"}},
             on={"schedule": "0 7 * * 1-5", "object": "worker", "where": "salary > 100"}),
        "rule/leak/on/where", SALARY),
    "a view": (
        {"kind": "view", "name": "v", "object": "worker", "columns": ["name", "salary"]},
        "view/v/columns/1", SALARY),
    "the condition of a view": (
        {"kind": "view", "name": "v", "object": "worker", "where": "salary > 1"},
        "view/v/where", SALARY),
    "a board's totals": (
        {"kind": "board", "name": "b", "object": "worker", "columns": {"by": "grade"},
         "totals": ["sum(salary)"]},
        "board/b/totals/0", SALARY),
    "a pin": (
        {"kind": "pin", "name": "p", "object": "worker", "measure": "sum(salary)"},
        "pin/p/measure", SALARY),
    "a layout": (
        {"kind": "form", "name": "f", "object": "worker",
         "sections": [{"name": "a", "fields": ["salary"]}]},
        "form/f/sections/0/fields/0", SALARY),
    "the thanks of a web form": (
        {"kind": "webform", "name": "w", "object": "worker", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}]}],
         "done": {"message": "You get {salary}."}},
        "webform/w/done/message", SALARY),
}  # fmt: skip

WRITING: dict[str, tuple[Body, str, str]] = {
    "a rule that writes a hidden field": (
        rule("give", {"update": {"set": {"salary": "1000000"}}}),
        "rule/give/do/0/update/set/salary", SALARY),
    "a rule that writes what one may only read": (
        rule("give", {"set": {"grade": "'high'"}}, phase="before_save"),
        "rule/give/do/0/set/grade", "worker.grade"),
    "a rule that deletes": (
        rule("give", {"delete": {"each": "deals"}}),
        "rule/give/do/0/delete", "deal"),
    "a rule that changes records of others": (
        rule("give", {"update": {"each": "deals", "set": {"name": "'x'"}}}),
        "rule/give/do/0/update", "deal"),
    "a rule that makes an administrator": (
        rule("give", {"update": {"each": "created_by", "set": {"roles": "['administrator']"}}}),
        "rule/give/do/0/update", "user"),
    "a rule that joins a group": (
        rule("give", {"create": "group", "set": {"name": "'mine'"}}),
        "rule/give/do/0/create", "group"),
    "a default that makes administrators": (
        {"kind": "object", "name": "user", "fields": [
            {"name": "roles", "default": ["administrator"]}]},
        "object/user/fields/2/default", "user.roles"),
    "a default for a hidden field": (
        with_fields(WORKER, {"name": "salary", "kind": "number", "default": 1000000}),
        "object/worker/fields/5/default", SALARY),
    "a look-up that fills in what one may only read": (
        with_fields(WORKER, {"name": "dept", "kind": "lookup", "to": "dept", "inverse": "workers",
                             "pull": {"grade": "'high'"}}),
        "object/worker/fields/5/pull/grade", "worker.grade"),
    "records that go with others": (
        with_fields(DEAL, {"name": "worker", "kind": "lookup", "to": "worker", "inverse": "deals",
                           "on_delete": "cascade"}),
        "object/deal/fields/4/on_delete", "deal"),
    "a button": (
        rule("give", {"update": {"set": {"salary": "1"}}},
             on={"object": "worker", "button": "Give"}),
        "rule/give/do/0/update/set/salary", SALARY),
    "the set values of a web form": (
        {"kind": "webform", "name": "w", "object": "worker", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}]}], "fixed": {"salary": "9"}},
        "webform/w/fixed/salary", SALARY),
    "a question of a web form": (
        {"kind": "webform", "name": "w", "object": "worker", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}, {"field": "salary"}]}]},
        "webform/w/steps/0/fields/1/field", SALARY),
    "a web form for records that one may not make": (
        {"kind": "webform", "name": "w", "object": "deal", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}]}]},
        "webform/w/object", "deal"),
    "a hook with a token that one knows": (
        {"kind": "hook", "name": "h", "auth": "token", "secret": {"env": "HOME"},
         "object": "worker", "map": {"name": "body.name", "salary": "body.pay"}, "key": ["name"]},
        "hook/h/map/salary", SALARY),
    "a way past an approval": (
        {**DEAL, "states": {"field": "stage", "transitions": [
            *DEAL["states"]["transitions"],
            {"name": "skip", "from": ["open"], "to": "signed"}]}},
        "object/deal/states/transitions/0", "deal.stage"),
    "oneself among those who approve": (
        {**DEAL, "states": {"field": "stage", "transitions": [
            {"name": "sign", "from": ["open"], "to": "signed", "allow": ["chief", "writer"]},
            DEAL["states"]["transitions"][1]]}},
        "object/deal/states/transitions/0", "deal.stage"),
    "no states any more": (
        {name: value for name, value in DEAL.items() if name != "states"},
        "object/deal/states", "deal.stage"),
    "options that change their names": (
        with_fields(WORKER, {"name": "grade", "kind": "choice", "options": [
            {"name": "low"}, {"name": "top", "was": "high"}]}),
        "object/worker/fields", "worker.grade"),
    "another kind for a hidden field": (
        with_fields(WORKER, {"name": "salary", "kind": "text"}),
        "object/worker/fields", SALARY),
}  # fmt: skip

GRANTS: dict[str, tuple[Body, str]] = {
    "an administrator": ({**WRITER, "admin": True}, "administrator"),
    "a role that is one": (role("boss", inherits=["administrator"]), "administrator"),
    "a chain of roles": ({**WRITER, "inherits": ["chief"]}, "worker.salary"),
    "a role for everything": (role("all", {"object": "*", "can": ["read"]}), "*"),
    "a hidden field in a new role": (role("pay", WORKERS), SALARY),
    "a hidden field in one's own": ({**WRITER, "grants": [WORKERS]}, SALARY),
    "all records instead of one's own": (
        role("d", {"object": "deal", "can": ["read"]}), "deal"),
    "other records than one's own": (
        role("d", {"object": "deal", "can": ["read"], "where": "amount > 1"}), "deal"),
    "an action that one may not": (
        role("d", {"object": "worker", "can": ["read", "delete"], "fields": {"salary": "none"}}),
        "worker"),
    "a field to write": (
        role("d", {"object": "worker", "can": ["read", "update"], "fields": {"salary": "none"}}),
        "worker.grade"),
    "a right on metadata": (role("m", meta=["users"]), "meta:users"),
    "a role that decides by its name": (role("s", inherits=["signer"]), "role/signer"),
    "an oracle in a condition": (
        role("d", {**WORKERS, "fields": {"salary": "none"}, "where": "salary > 100"}), SALARY),
}  # fmt: skip


# Refused by what the documents say: no database has a part in it.
refused_unasked = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@refused_unasked
@pytest.mark.parametrize("way", READING)
def test_a_hidden_field_is_not_read_by(client: Client, author: Client, way: str) -> None:
    document, place, reach = READING[way]
    before = client.get("/api/meta").json()["version"]
    assert (place, reach) in refused(sent(author, document))
    assert client.get("/api/meta").json()["version"] == before


@refused_unasked
@pytest.mark.parametrize("way", WRITING)
def test_nothing_is_written_by(author: Client, way: str) -> None:
    document, place, reach = WRITING[way]
    assert (place, reach) in refused(sent(author, document))


@refused_unasked
@pytest.mark.parametrize("way", GRANTS)
def test_nobody_grants_themselves(granter: Client, author: Client, way: str) -> None:
    document, reach = GRANTS[way]
    assert reach in [found for _, found in refused(sent(granter, document))]
    place = f"role/{document['name']}"
    assert (place, place) in refused(sent(author, document))  # needs a right of its own


def test_grants_are_not_widened_by_what_their_conditions_read(author: Client) -> None:
    wide = with_fields(DEAL, calculated("mine", "boolean", "true"))
    assert ("object/deal", "deal") in refused(sent(author, wide))


def test_parts_are_not_let_go_from_their_owners(client: Client, granter: Client) -> None:
    line = {"kind": "object", "name": "line", "fields": [
        {"name": "name", "kind": "text"},
        {"name": "deal", "kind": "lookup", "to": "deal", "owned": True}]}  # fmt: skip
    client.define(line, role("liner", {"object": "line", "can": ["read"]}))
    free = with_fields(line, {"name": "deal", "kind": "lookup", "to": "deal"})
    assert ("object/line", "line") in refused(sent(granter, free))


def test_whose_rights_a_rule_has_is_a_right_of_its_own(author: Client, granter: Client) -> None:
    plain = {"create": "notice", "set": {"name": "name"}}
    assert ("rule/r/run_as", "role/chief") in refused(
        sent(author, rule("r", plain, run_as="chief"))
    )
    leak = {"create": "notice", "set": {"name": "'' & salary"}}
    assert ("rule/r/do/0/set/name", SALARY) in refused(
        sent(granter, rule("r", leak, run_as="chief"))
    )
    assert sent(granter, rule("r", plain, run_as="chief")).status == 200


def test_what_people_are_is_a_right_of_its_own(client: Client, author: Client) -> None:
    part = {"fields": [{"name": "nick", "kind": "text"}]}
    assert ("object/user", "object/user") in refused(author.patch("/api/meta/object/user", part))
    client.define(role("keeper", inherits=["writer"], meta=["users"]))
    keeper = client.person("keeper@example.com", "keeper")
    assert keeper.patch("/api/meta/object/user", part).status == 200


def test_packages_bring_no_rights(author: Client, client: Client) -> None:
    leak = READING["a notice to oneself"][0]
    package = {"documents": [{"kind": "app", "name": "gift", "version": "1.0.0"}, leak]}
    assert ("rule/leak/do/0/notify/subject", SALARY) in refused(
        author.post("/api/packages", package)
    )
    planned = author.post("/api/packages?plan=true", package)
    assert planned.status == 200, planned.text
    assert planned.json()["beyond"][0]["reach"] == SALARY
    assert not client.rows("/api/packages")


def test_the_way_back_brings_no_rights(client: Client, author: Client) -> None:
    client.define(role("writer", *({**g, "fields": {}} for g in WRITER["grants"])))
    wide = client.rows("/api/meta/revisions")[0]["number"]
    client.define(WRITER)
    assert author.get("/api/records/worker", fields="salary").status == 400
    found = refused(author.post(f"/api/meta/revisions/{wide}/rollback"))
    assert ("role/writer/grants/0", SALARY) in found
    path = "/api/meta/role/writer/rollback"
    assert ("role/writer/grants/0", SALARY) in refused(author.post(path, {"to": wide}))


def test_a_hidden_field_does_not_come_back_as_an_open_one(
    client: Client, author: Client, granter: Client
) -> None:
    client.made("worker", name="Ada", salary="100")
    path = "/api/meta/object/worker?force=true"
    gone = without_fields(WORKER, "salary")
    assert author.patch("/api/meta/object/worker?force=true", {"fields": [
        {"name": "grade", "$delete": True}]}).status == 403  # fmt: skip
    # An administrator takes it out, with the grants that have kept it from others.
    client.delete("/api/meta/rule/payday")
    client.delete("/api/meta/template/slip")
    assert ("object/worker/fields", SALARY) in refused(granter.put(path, gone))
    assert client.put(path, gone).status == 200
    assert ("object/worker/fields", SALARY) in refused(sent(author, WORKER))
    # Under another name there is nothing of it.
    other = with_fields(gone, {"name": "salary_2", "kind": "number", "was": "salary"})
    assert sent(author, other).status in (200, 422)
    if author.get("/api/meta/object/worker").json() == other:
        assert author.rows("/api/records/worker")[0]["salary_2"] is None


def test_a_whole_object_does_not_come_back_as_an_open_one(client: Client, author: Client) -> None:
    vault = {"kind": "object", "name": "vault", "fields": [{"name": "code", "kind": "text"}]}
    star = role("reader", {"object": "*", "can": ["read"]}, meta=["read", "write"])
    client.define(vault, star)
    client.made("vault", code="1234")
    assert client.delete("/api/meta/object/vault").status == 200
    assert "vault.code" in [reach for _, reach in refused(sent(author, vault))]


def test_protection_is_not_taken_off(client: Client) -> None:
    client.define(role("plain", WORKERS, meta=["read", "write"]))
    author = client.person("plain@example.com", "plain")
    bare = with_fields(WORKER, {"name": "secret", "kind": "text"})
    assert ("object/worker", "worker.secret") in refused(sent(author, bare))


def test_views_for_everybody_and_the_studio_are_no_way_round(author: Client) -> None:
    page = author.post("/studio/rule/new", None)
    assert page.status in (400, 403, 422)
    text = "kind: rule\nname: leak\non: {object: worker, event: updated}\n"
    text += "do: [{create: notice, set: {name: \"'' & salary\"}}]\n"
    reply = author.call(
        "POST", "/studio/rule/new", body=f"yaml={quote(text)}".encode(),
        headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
    )  # fmt: skip
    assert ("rule/leak/do/0/set/name", SALARY) in refused(reply)


def test_a_token_reaches_no_further_than_its_owner(author: Client) -> None:
    body = {"name": "t", "scopes": ["meta:read", "meta:write", "records:read"]}
    token = author.post("/api/tokens", body).json()["token"]
    other = Client(author.app, {"authorization": f"Bearer {token}"})
    document, place, reach = READING["a formula"]
    assert (place, reach) in refused(sent(other, document))


def test_a_hidden_field_is_not_found_by_searching(client: Client) -> None:
    client.define(
        with_fields(WORKER, {"name": "past", "kind": "text"}),
        role("plain", {"object": "worker", "can": ["read"], "fields": {"past": "none"}},
             meta=["read", "write"]),
    )  # fmt: skip
    client.made("worker", name="Ada", past="Xylophonist")
    author = client.person("plain@example.com", "plain")
    open_ = with_fields(WORKER, {"name": "past", "kind": "text", "searchable": True})
    sent(author, open_)  # that it can be searched is no right to find it
    assert not author.rows("/api/records/worker", search="Xylophonist")
    assert client.rows("/api/records/worker", search="Ada")


def test_an_approval_covers_nothing_that_comes_later(client: Client, author: Client) -> None:
    endpoint = {"kind": "endpoint", "name": "own", "url": "https://own.example.com/in"}
    template = {"kind": "template", "name": "own", "for": "worker", "subject": "x", "body": "y"}
    tells = rule(
        "tells", {"webhook": {"to": "own", "body": {"pay": "salary"}}},
        {"notify": {"to": ["created_by"], "template": "own"}},
    )  # fmt: skip
    assert sent(author, endpoint, template).status == 200
    id = sent(author, tells, query="?ask=true").json()["approval"]
    assert client.post(f"/api/meta/approvals/{id}/approve").status == 200
    for later, place in (
        ({**endpoint, "url": "https://other.example.com/in"}, "endpoint/own/url"),
        ({**template, "body": "{{ worker.salary }}"}, "template/own/body"),
        ({**tells, "on": {"object": "worker", "event": "created"}},
         "rule/tells/do/0/webhook/body/pay"),
    ):  # fmt: skip
        assert (place, SALARY) in refused(sent(author, later))


def test_managers_of_people_let_no_document_give_rights(client: Client) -> None:
    client.define(
        role("manager", {"object": "user", "can": ["*"]}, meta=["read", "write", "users"])
    )
    manager = client.person("m@example.com", "manager")
    gives = [
        rule("give", {"update": {"set": {"roles": "['administrator']"}}},
             on={"object": "user", "event": "updated"}),
        {"kind": "object", "name": "user",
         "fields": [{"name": "roles", "default": ["administrator"]}]},
        {"kind": "hook", "name": "h", "auth": "token", "secret": {"env": "HOME"},
         "object": "user", "map": {"name": "body.name", "email": "body.email"}},
    ]  # fmt: skip
    for document in gives:
        reaches = [reach for _, reach in refused(sent(manager, document))]
        assert {"user.roles", "user.email"} & set(reaches)


def test_layers_in_another_order_bring_no_rights(client: Client) -> None:
    """A package that comes to stand above another one does not undo what that one hides."""
    base = {"documents": [{"kind": "app", "name": "base", "version": "1.0.0"},
                          role("shared", {"name": "w", **WORKERS})]}  # fmt: skip
    hides = {"documents": [
        {"kind": "app", "name": "hides", "version": "1.0.0", "needs": {"base": ">=1.0"}},
        {"kind": "role", "name": "shared", "extends": "base",
         "grants": [{"name": "w", "fields": {"salary": "none"}}]}]}  # fmt: skip
    for package in (base, hides):
        reply = client.post("/api/packages", package)
        assert reply.status == 201, reply.text
    client.define(role("builder", inherits=["writer"], meta=["roles"]))
    builder = client.person("builder@example.com", "builder")
    reply = builder.delete("/api/packages/hides")
    assert SALARY in [reach for _, reach in refused(reply)]
