"""What authors of metadata may do themselves, and what an administrator approves for them."""

from __future__ import annotations

import pytest

from fluvial.metadata_changes import apply, cutover
from tests.app import Client, Reply
from tests.fluvial.metadata_changes.workshop import (
    DEAL,
    NOTICE,
    PAYROLL,
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

LEAK = rule("leak", {"create": "notice", "set": {"name": "'' & salary"}})


@pytest.fixture
def documents() -> list[Body]:
    wish: Body = {
        "kind": "object", "name": "wish", "fields": [{"name": "name", "kind": "text"}]
    }  # fmt: skip
    grants = [*ROLES[0]["grants"], {"object": "wish", "can": ["create"]}]
    return [*WORKSHOP, wish, {**ROLES[0], "grants": grants}]


@pytest.fixture
def author(client: Client) -> Client:
    return client.person("author@example.com", "writer")


OWN: dict[str, list[Body]] = {
    "a formula over what one may read": [
        with_fields(WORKER, calculated("call", "text", "upper(name) & ': ' & notes"))],
    "a look-up to the right records": [
        with_fields(WORKER, calculated("where_to", "text", "dept.name"))],
    "a formula over one's own records of an object": [
        with_fields(DEAL, calculated("twice", "number", "amount * 2"))],
    "who asks": [
        {"kind": "view", "name": "mine", "object": "worker",
         "where": "created_by == me and count(me.groups) >= 0"}],
    "a rule between objects of one's own": [
        rule("tell", {"create": "notice", "set": {"name": "'New: ' & name", "worker": "record"}},
             {"notify": {"to": ["created_by"], "subject": "name & created_by.name"}})],
    "a rule before the save": [
        rule("tidy", {"set": {"notes": "trim(name)"}}, phase="before_save")],
    "a template": [
        {"kind": "template", "name": "t", "for": "notice", "subject": "{{ notice.name }}",
         "body": "<p>{{ notice.worker.name }}</p>"}],
    "a new object with all that belongs to it": [
        {"kind": "object", "name": "van", "fields": [
            {"name": "plate", "kind": "text"}, {"name": "km", "kind": "number"},
            {"name": "driver", "kind": "lookup", "to": "worker"}]},
        {"kind": "board", "name": "vans", "object": "van", "columns": {"by": "driver"}},
        {"kind": "pin", "name": "km", "object": "van", "measure": "sum(km)"},
        {"kind": "webform", "name": "vans", "object": "van", "slug": "vans",
         "steps": [{"name": "s", "fields": [{"field": "plate"}]}]},
        rule("far", {"update": {"set": {"plate": "plate & '!'"}}},
             on={"object": "van", "event": "created"})],
    "a web form": [
        {"kind": "webform", "name": "w", "object": "notice", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}]}], "fixed": {"body": "From the web"},
         "done": {"message": "Thank you for {name}."}}],
    "records that one may make and not read": [
        rule("ask", {"create": "wish", "set": {"name": "name"}}),
        {"kind": "webform", "name": "w", "object": "wish", "slug": "w",
         "steps": [{"name": "s", "fields": [{"field": "name"}]}]}],
    "a hook": [
        {"kind": "hook", "name": "h", "auth": "token", "secret": {"env": "HOOK"},
         "object": "notice", "map": {"name": "body.name"}, "key": ["name"]}],
    "words of fields that one may not read": [
        with_fields(WORKER, {"name": "salary", "label": "Pay", "help": "A year.",
                             "kind": "number"})],
    "a new field among hidden ones": [
        with_fields(WORKER, {"name": "phone", "kind": "text"})],
    "a way that everybody could go": [
        {**DEAL, "states": {"field": "stage", "transitions": [
            *DEAL["states"]["transitions"],
            {"name": "again", "from": ["lost"], "to": "open"}]}}],
}  # fmt: skip


@pytest.mark.parametrize("way", OWN)
def test_authors_do_by_themselves(author: Client, way: str) -> None:
    planned = sent(author, *OWN[way], query="?plan=true")
    assert planned.status == 200 and "beyond" not in planned.json(), planned.text
    reply = sent(author, *OWN[way])
    assert reply.status == 200, reply.text


def test_what_was_allowed_before_stays(client: Client, author: Client) -> None:
    """Only what a change adds is judged, wherever the old parts have moved to."""
    client.define(with_fields(WORKER, calculated("pay", "number", "salary * 2")))
    client.define(rule("old", {"create": "notice", "set": {"name": "'' & salary"}}))
    moved = {**WORKER, "fields": [
        {"name": "nick", "kind": "text"}, calculated("pay", "number", "salary * 2"),
        *reversed(WORKER["fields"])]}  # fmt: skip
    assert sent(author, moved).status == 200
    layout = {
        **PAYROLL[3],
        "sections": [
            {"name": "top", "fields": ["notes"]},
            {"name": "facts", "fields": ["name", "salary"]},
        ],
    }
    assert sent(author, layout).status == 200
    more = rule("old", {"notify": {"to": ["created_by"], "subject": "name"}},
                {"create": "notice", "set": {"name": "'' & salary"}}, label="Old")  # fmt: skip
    assert sent(author, more).status == 200
    assert sent(author, {**PAYROLL[1], "label": "Pay slip"}).status == 200
    # ... but not with other recipients, at other moments, or said otherwise.
    for other in (
        {**more, "do": [{**more["do"][1], "set": {"name": "'Pay ' & salary"}}]},
        {**more, "on": {"object": "worker", "event": "created"}},
        {**PAYROLL[1], "subject": "{{ worker.salary }}"},
        {**moved, "fields": [calculated("pay", "number", "salary * 3"), *moved["fields"][2:]]},
    ):
        assert "worker.salary" in [reach for _, reach in refused(sent(author, other))]


def test_a_rule_is_not_switched_on_again(client: Client, author: Client) -> None:
    client.define({**LEAK, "active": False})
    assert ("rule/leak/do/0/set/name", "worker.salary") in refused(sent(author, LEAK))
    client.define(LEAK)
    assert sent(author, {**LEAK, "active": False}).status == 200


def test_one_takes_out_what_is_ones_own_and_brings_it_back(author: Client) -> None:
    assert sent(author, without_fields(WORKER, "notes"), query="?force=true").status == 200
    reply = sent(author, WORKER)
    assert [o["op"] for o in reply.json()["operations"]] == ["restore_field"]


def test_one_purges_only_what_one_has_put_away(client: Client, author: Client) -> None:
    client.define(without_fields(DEAL, "amount", "mine"), {**ROLES[3], "grants": []})
    path, body = "/api/meta/retired/deal/amount/purge", {"confirm": "deal.amount"}
    refusal = author.post(path, body)
    assert refusal.status == 403 and "deal.amount" in refusal.json()["detail"]
    assert client.post(path, body).status == 409  # in a minute
    assert sent(author, without_fields(WORKER, "notes"), query="?force=true").status == 200
    path, body = "/api/meta/retired/worker/notes/purge", {"confirm": "worker.notes"}
    assert author.post(path, body).status == 409


def test_rights_are_given_within_ones_own(client: Client) -> None:
    client.define({"kind": "role", "name": "giver", "inherits": ["writer"], "meta": ["roles"]})
    giver = client.person("giver@example.com", "giver")
    own = {"kind": "role", "name": "reader", "meta": ["read"], "grants": [
        {"object": "worker", "can": ["read"], "fields": {"salary": "none", "secret": "none"}},
        {"object": "notice", "can": ["read", "update"], "fields": {"body": "read"}},
        {"object": "deal", "can": ["read"], "where": "created_by == me"}]}  # fmt: skip
    assert sent(giver, own).status == 200
    assert sent(giver, {**ROLES[0], "help": "People who write."}).status == 200
    fewer = {**ROLES[2], "grants": ROLES[2]["grants"][:1]}
    assert sent(giver, fewer).status == 200
    assert giver.delete("/api/meta/role/guest").status == 200


def test_a_refusal_names_the_document_the_place_and_what_goes_beyond(author: Client) -> None:
    reply = sent(author, LEAK)
    assert refused(reply) == [("rule/leak/do/0/set/name", "worker.salary")]
    problem = reply.json()
    assert problem["errors"] == [{
        "pointer": "/rule/leak/do/0/set/name", "code": "beyond_rights",
        "message": "It reads worker.salary, which you may not read."}]  # fmt: skip
    assert problem["detail"].startswith("rule/leak, /do/0/set/name: It reads worker.salary")
    assert "ask=true" in problem["detail"]
    planned = sent(author, LEAK, query="?plan=true").json()
    assert planned["beyond"] == [{
        "document": "rule/leak", "pointer": "/do/0/set/name", "reach": "worker.salary",
        "message": "It reads worker.salary, which you may not read."}]  # fmt: skip


def test_an_administrator_approves_what_goes_beyond(client: Client, author: Client) -> None:
    asked = sent(author, LEAK, query="?ask=true")
    assert asked.status == 202 and asked.json()["revision"] is None
    id = asked.json()["approval"]
    assert client.get("/api/meta/rule/leak").status == 404  # nothing has happened yet
    shown = client.get(f"/api/meta/approvals/{id}").json()
    assert shown["state"] == "waiting" and shown["documents"] == ["rule/leak"]
    assert shown["by"] == {"user": author.get("/api/me").json()["id"]}
    assert shown["beyond"][0]["reach"] == "worker.salary" and shown["diff"]
    assert [one["id"] for one in client.rows("/api/meta/approvals", state="waiting")] == [id]

    assert author.post(f"/api/meta/approvals/{id}/approve").status == 403
    done = client.post(f"/api/meta/approvals/{id}/approve", {"reason": "For the board."})
    assert done.status == 200, done.text
    body = done.json()
    assert body["state"] == "approved" and body["reason"] == "For the board."
    assert body["decided_by"] == {"user": client.get("/api/me").json()["id"]}
    assert body["decided_at"] and body["revision"]
    assert author.get("/api/meta/rule/leak").status == 200
    revision = client.get(f"/api/meta/revisions/{body['revision']}").json()
    assert revision["approval"]["asked_by"] == shown["by"]
    assert revision["approval"]["approved_by"] == body["decided_by"]
    assert client.rows("/api/meta/revisions")[0]["approval"]["id"] == id
    again = client.post(f"/api/meta/approvals/{id}/approve")
    assert again.status == 409 and "approved" in again.json()["detail"]
    # What is approved stays when its author goes on with other parts of the document.
    more = {**LEAK, "do": [*LEAK["do"], {"notify": {"to": ["created_by"], "subject": "name"}}]}
    assert sent(author, more).status == 200


def test_an_administrator_refuses_and_authors_withdraw(client: Client, author: Client) -> None:
    first = sent(author, LEAK, query="?ask=true").json()["approval"]
    second = author.put("/api/meta/rule/leak?ask=true", LEAK).json()["approval"]
    path = "/api/meta/approvals"
    assert client.post(f"{path}/{first}/withdraw").status == 403
    assert client.post(f"{path}/{first}/refuse", {"reason": "No."}).json()["state"] == "refused"
    assert author.get(f"{path}/{first}").json()["reason"] == "No."
    assert author.post(f"{path}/{second}/withdraw").json()["state"] == "withdrawn"
    assert client.post(f"{path}/{second}/approve").status == 409
    assert client.get("/api/meta/rule/leak").status == 404
    stranger = client.person("other@example.com", "writer")
    assert not stranger.rows(path) and stranger.get(f"{path}/{first}").status == 404
    assert client.get(f"{path}/x").status == 404
    assert client.get(path, state="x").status == 400
    assert client.post(f"{path}/{first}/refuse", {"reason": 3}).status == 400


def test_what_changed_meanwhile_is_not_approved_unseen(client: Client, author: Client) -> None:
    id = sent(author, LEAK, query="?ask=true").json()["approval"]
    client.define(rule("leak", {"create": "notice", "set": {"name": "name"}}))
    reply = client.post(f"/api/meta/approvals/{id}/approve")
    assert reply.status == 409 and "rule/leak" in reply.json()["detail"]
    assert client.get(f"/api/meta/approvals/{id}").json()["state"] == "waiting"


def test_packages_and_rollbacks_are_approved_in_the_same_way(
    client: Client, author: Client
) -> None:
    package = {"documents": [{"kind": "app", "name": "gift", "version": "1.0.0"}, LEAK]}
    asked = author.post("/api/packages?ask=true", package)
    assert asked.status == 202 and not client.rows("/api/packages")
    id = asked.json()["approval"]
    assert client.post(f"/api/meta/approvals/{id}/approve").status == 200
    assert [p["name"] for p in client.rows("/api/packages")] == ["gift"]
    there = client.rows("/api/meta/revisions")[0]["number"]
    assert client.delete("/api/packages/gift").status == 200
    assert author.post(f"/api/meta/revisions/{there}/rollback").status == 403
    asked = author.post(f"/api/meta/revisions/{there}/rollback?ask=true")
    assert asked.status == 202
    id = asked.json()["approval"]
    assert client.post(f"/api/meta/approvals/{id}/approve").status == 200
    assert client.get("/api/meta/rule/leak").status == 200


def test_administrators_are_asked_nothing(client: Client) -> None:
    client.define({"kind": "role", "name": "deputy", "inherits": ["administrator"]},
                  {"kind": "role", "name": "keeper", "admin": True})  # fmt: skip
    for name in ("deputy", "keeper"):
        person = client.person(f"{name}@example.com", name)
        assert sent(person, LEAK, query="?ask=true").status == 200
        assert person.delete("/api/meta/rule/leak").status == 200


def test_with_nothing_beyond_there_is_nothing_to_ask(author: Client) -> None:
    reply = sent(author, with_fields(NOTICE, {"name": "x", "kind": "text"}), query="?ask=true")
    assert reply.status == 200 and reply.json()["revision"]
    assert not author.rows("/api/meta/approvals")


def test_trials_and_traces_of_rules_show_no_more_than_one_may_read(
    client: Client, author: Client
) -> None:
    ada = client.made("worker", name="Ada", salary="424242")
    for path, body in (
        ("/api/rules/payday/dry-run", {"object": "worker", "id": ada["id"]}),
        ("/api/rules/payday/replay", {"days": 1}),
    ):
        assert client.post(path, body).status == 200
        reply = author.post(path, body)
        assert reply.status == 403 and "worker.salary" in reply.json()["detail"]
    assert author.get("/api/rules/payday/runs").status == 200
    client.define(rule("tidy", {"create": "notice", "set": {"name": "name"}}))
    body = {"object": "worker", "id": ada["id"]}
    assert author.post("/api/rules/tidy/dry-run", body).status == 200


def test_people_are_given_no_more_than_one_has(client: Client) -> None:
    client.define(
        {"kind": "role", "name": "manager", "inherits": ["writer"],
         "grants": [{"object": "user", "can": ["*"]}, {"object": "group", "can": ["read"]}]},
        {"kind": "role", "name": "head", "inherits": ["manager"], "meta": ["users"]},
    )  # fmt: skip
    mine = client.made("group", name="Mine")["id"]
    theirs = client.made("group", name="Theirs")["id"]
    manager = client.person("m@example.com", "manager", groups=[mine])
    head = client.person("h@example.com", "head")
    boss = client.made("user", name="Boss", email="boss@example.com", roles=["administrator"])
    path, me = "/api/records/user", manager.get("/api/me").json()["id"]
    body = {"name": "New", "password": "a long enough password"}

    def codes(reply: Reply) -> list[str]:
        assert reply.status == 422, reply.text
        return [one["code"] for one in reply.json()["errors"]]

    for roles in (["administrator"], ["chief"], ["writer", "head"]):
        made = manager.post(path, {**body, "email": "a@example.com", "roles": roles})
        assert codes(made) == ["beyond_rights"]
        assert codes(manager.patch(f"{path}/{me}", {"roles": ["manager", *roles]}))
    # Nobody takes over an administrator.
    changes: list[Body] = [{"password": "another long password"}, {"email": "x@example.com"},
                           {"active": False}, {"roles": []}]  # fmt: skip
    for change in changes:
        assert codes(manager.patch(f"{path}/{boss['id']}", change)) == ["beyond_rights"]
    assert manager.patch(f"{path}/{boss['id']}", {"name": "The boss"}).status == 200
    # Groups decide which records one sees.
    assert codes(manager.patch(f"{path}/{me}", {"groups": [mine, theirs]})) == ["beyond_rights"]
    new = {**body, "email": "b@example.com", "roles": ["writer"]}
    assert codes(manager.post(path, {**new, "groups": [theirs]})) == ["beyond_rights"]
    made = manager.post(path, {**new, "groups": [mine]})
    assert made.status == 201
    other = f"{path}/{made.json()['id']}"
    assert head.patch(other, {"groups": [mine, theirs]}).status == 200
    assert codes(head.patch(f"{path}/{head.get('/api/me').json()['id']}", {"groups": [theirs]}))
    assert manager.patch(other, {"groups": [], "password": "one more password"}).status == 200
    assert manager.patch(f"{path}/{me}", {"password": "my own long password"}).status == 200


def test_an_approved_change_of_a_large_table_names_its_revision(
    client: Client, author: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "SMALL_ROWS", 0)
    client.made("worker", name="Ada", salary="5")
    words = with_fields(WORKER, {"name": "salary", "kind": "text"})
    id = sent(author, words, query="?ask=true").json()["approval"]
    done = client.post(f"/api/meta/approvals/{id}/approve")
    assert done.status == 202 and done.json()["plan"] and done.json()["revision"] is None
    while cutover.run(client.app.engine):
        pass
    newest = client.rows("/api/meta/revisions")[0]
    assert newest["approval"]["id"] == id
    assert client.get(f"/api/meta/approvals/{id}").json()["revision"] == newest["number"]
