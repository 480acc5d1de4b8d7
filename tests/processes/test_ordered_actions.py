"""Main actions that others carry out: a task is completed once they have succeeded, not before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Prepared, environment
from tests.processes.desk import DOCUMENTS, SELLER, Desk, Json, process, stages, task_of, ways
from tests.webhooks import WebhookSink

PAPER: Json = {
    "kind": "template",
    "name": "paper",
    "label": "Paper",
    "for": "deal",
    "channel": "document",
    "body": "<h1>{{ deal.name }}</h1>",
    "file": "{name}.pdf",
}
DEAL: Json = {**DOCUMENTS[1], "fields": [*DOCUMENTS[1]["fields"], {"name": "pdf", "kind": "file"}]}
POOR: Json = {
    **SELLER,
    "name": "poor",
    "grants": [{**SELLER["grants"][0], "fields": {"amount": "none"}}],
}
BUYER: Json = {
    "kind": "role",
    "name": "buyer",
    "grants": [{"object": "deal", "can": ["read"]}],
}


@pytest.fixture(scope="module")
def sink() -> Iterator[WebhookSink]:
    found = WebhookSink()
    yield found
    found.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest, prepared: Prepared, tmp_path_factory: pytest.TempPathFactory,
    sink: WebhookSink,
) -> Iterator[Desk]:  # fmt: skip
    folder = tmp_path_factory.mktemp("orders")
    databases = request.getfixturevalue("databases") if request.param == "postgresql" else None
    books: Json = {"kind": "endpoint", "name": "books", "label": "The books",
                   "url": f"{sink.url}/books"}  # fmt: skip
    documents = (DOCUMENTS[0], DEAL, *DOCUMENTS[2:], BUYER, POOR, PAPER)
    address = prepared.copy(databases, folder, (), documents)
    allow = f"127.0.0.1:{sink.port}"
    settings = environment(address, folder, zone="Europe/London", outbound_allow=allow)
    engine = Engine(load(settings))
    found = Desk(engine, Client(build_app(engine)).signed_in(EMAIL, PASSWORD))
    found.admin.define(books)
    yield found
    engine.close()
    if databases is not None:
        databases.drop(address)


def acting(name: str, **action: Any) -> Json:
    roles = [{"role": one} for one in ("seller", "buyer", "poor")]
    stage = {"name": "work", "performers": roles,
             "main_action": {**action, "must": True}}  # fmt: skip
    return process(name, [stage], ways("start > work"))


def test_a_call_has_to_be_taken_before_its_task_is_completed(desk: Desk, sink: WebhookSink) -> None:
    told: Json = {"to": "books", "body": {"deal": "name", "lines": ["amount"], "made": 1}}
    desk.admin.define(acting("hand_over", call=told))
    seller = desk.admin.person("sue@example.com", "seller")
    run = desk.start("hand_over", desk.deal("Boat", amount="12.5"), by=seller)
    task = task_of(run, "work")["id"]
    early = desk.step(task, by=seller)
    assert (early.status, early.json()["errors"][0]["message"]) == (
        422, "Call The books from this task.",
    )  # fmt: skip
    assert desk.step(task, "action", seller, more="x").status == 422
    sink.replies.append(400)
    made = desk.step(task, "action", seller)
    assert made.status == 201, made.text
    assert (made.json()["state"], made.json()["target"]) == ("pending", "books")
    assert desk.step(task, "action", seller).status == 409  # it is under way
    waiting = desk.step(task, by=seller)
    assert waiting.status == 422 and "is still under way" in waiting.text
    desk.work()
    assert sink.deliveries[-1].json() == {"deal": "Boat", "lines": ["12.50"], "made": "1"}
    refused = desk.step(task, by=seller)
    assert refused.status == 422 and "It answered 400." in refused.json()["detail"]
    page = seller.get(f"/processes/tasks/{task}").text
    assert "Call The books" in page and "Call again" in page and "failed" in page
    body = urlencode({"csrf": seller.headers["x-csrf-token"]}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/processes/tasks/{task}/action"
    assert seller.call("POST", path, body=body, headers=kind).status == 303
    desk.work()
    shown = seller.get(f"/api/processes/tasks/{task}").json()
    assert [one["state"] for one in shown["made"]] == ["failed", "done"]
    assert desk.step(task, by=seller).status == 200


def test_a_record_is_sent_as_its_sender_reads_it(desk: Desk, sink: WebhookSink) -> None:
    desk.admin.define(acting("show", call={"to": "books"}))
    seller = desk.admin.person("sam@example.com", "poor")
    run = desk.start("show", desk.deal("Car", amount="9"), by=seller)
    assert desk.step(task_of(run, "work")["id"], "action", seller).status == 201
    desk.work()
    sent = sink.deliveries[-1].json()
    assert isinstance(sent, dict) and sent["name"] == "Car" and "amount" not in sent


def test_a_document_is_made_from_the_task_by_those_who_may_write_its_field(desk: Desk) -> None:
    desk.admin.define(acting("print", document={"template": "paper", "to": "pdf"}))
    seller = desk.admin.person("sid@example.com", "seller")
    buyer = desk.admin.person("bea@example.com", "buyer")
    deal = desk.deal("Tram")
    run = desk.start("print", deal, by=seller)
    task = task_of(run, "work")["id"]
    assert "You may not write Pdf" in desk.step(task, "action", buyer).text
    early = desk.step(task, by=seller)
    assert early.json()["errors"][0]["message"] == "Make Paper from this task."
    assert desk.step(task, "action", seller).status == 201
    assert desk.step(task, by=seller).status == 422
    desk.work()
    (file,) = desk.admin.get(f"/api/records/deal/{deal}").json()["pdf"]
    assert file["name"] == "Tram.pdf"
    assert desk.admin.patch(f"/api/records/deal/{deal}", {"pdf": []}).status == 200
    assert "holds no document any more" in desk.step(task, by=seller).text
    assert desk.step(task, "action", seller).status == 201
    desk.work()
    assert desk.step(task, by=seller).status == 200


def test_main_actions_that_cannot_work_are_refused_where_they_stand(desk: Desk) -> None:
    faults: Json = {
        "/stages/0/main_action/call/to": {"call": {"to": "nowhere"}},
        "/stages/0/main_action/call/body/a": {"call": {"to": "books", "body": {"a": "moon"}}},
        "/stages/0/main_action/document/template": {
            "document": {"template": "poster", "to": "pdf"}
        },
        "/stages/0/main_action/document/to": {"document": {"template": "paper", "to": "name"}},
        "/stages/0/main_action/document": {"document": {"template": "paper"}},
        "/stages/0/main_action": {"call": {"to": "books"}, "approve": True},
        "/stages/0/main_action/set": {"call": {"to": "books"}, "set": {"name": "name"}},
    }
    for pointer, action in faults.items():
        refused = desk.admin.put("/api/meta/process/wrong", acting("wrong", **action))
        assert refused.status == 422, (pointer, refused.text)
        found = [one["pointer"] for one in refused.json()["errors"]]
        assert any(one.endswith(pointer) for one in found), (pointer, refused.text)


def test_a_task_is_given_to_others_on_its_page(desk: Desk) -> None:
    desk.admin.define(
        process("chain", [*stages("one", performers=[{"role": "seller"}]), *stages("two", "three")],
                ways("start > one", "one > two", "two > three", "three > end"))
    )  # fmt: skip
    ann, bob = (desk.admin.person(f"{one}@example.com", "seller") for one in ("ann", "bob"))
    ids = {one["email"]: one["id"] for one in desk.admin.rows("/api/records/user")}
    run = desk.start("chain", desk.deal("Rope"), by=ann)["id"]
    task = task_of(desk.run(run), "one")["id"]
    kind = {"content-type": "application/x-www-form-urlencoded"}

    def posted(client: Client, path: str, **fields: str) -> Any:
        body = urlencode({"csrf": client.headers["x-csrf-token"], **fields}).encode()
        return client.call("POST", path, body=body, headers=kind)

    path = f"/processes/tasks/{task}/step"
    page = ann.get(f"/processes/tasks/{task}").text
    assert "Give it to somebody else, or skip it" in page and "Technical specialist" not in page
    assert posted(ann, path, step="reassign").status == 422
    assert posted(ann, path, step="reassign", to="user:moon").status == 422
    assert posted(ann, path, step="delegate", role="seller").status == 422
    to = f"user:{ids['bob@example.com']}"
    assert posted(ann, path, step="delegate", to=to, note="You know it").status == 303
    held = task_of(desk.run(run), "one")
    assert held["performer"] == {"user": ids["bob@example.com"]}
    assert posted(bob, path, step="release").status == 303
    assert task_of(desk.run(run), "one")["performer"] == {"role": "seller"}
    assert posted(ann, path, step="reassign", to=to).status == 303
    assert "or skip it" not in bob.get(f"/processes/tasks/{task}").text
    assert posted(ann, path, step="skip", to="three").status == 422  # why?
    assert posted(ann, path, step="skip", to="three", note="Not needed").status == 303
    found = desk.run(run)
    assert (task_of(found, "one")["status"], task_of(found, "three")["status"]) == (
        "skipped", "open",
    )  # fmt: skip
    cancel = f"/processes/runs/{run}/cancel"
    assert "Cancel the run" in ann.get(f"/processes?run={run}").text
    assert posted(bob, cancel, reason="No").status in (403, 404)
    assert posted(ann, cancel, reason=" ").status == 422
    assert posted(ann, cancel, reason="Sold elsewhere").status == 303
    assert (desk.run(run)["status"], desk.run(run)["reason"]) == ("cancelled", "Sold elsewhere")
