"""Assistants over MCP, with the official client against a real server: they do what their person
may do, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import httpx2
import pytest
from mcp.client.client import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from fluvial.database.rate_limits import Rate
from fluvial.http import assistants
from fluvial.http.assistant_tools import TOOLS
from tests.app import PASSWORD, Client, Prepared
from tests.fluvial.processes import Product

CANARY = "c4n4ry-7f3a"
BOOKING: dict[str, Any] = {
    "kind": "object",
    "name": "room_booking",
    "label": "Room booking",
    "plural": "Room bookings",
    "title": "{name}",
    "fields": [
        {"name": "name", "kind": "text", "required": True, "searchable": True},
        {"name": "room", "kind": "choice", "options": [{"name": "garden"}, {"name": "reading"}]},
        {"name": "held_on", "kind": "date"},
        {"name": "seats", "kind": "number", "scale": 0},
        {"name": "secret", "kind": "text"},
        {"name": "status", "kind": "choice", "default": "asked",
         "options": [{"name": "asked"}, {"name": "confirmed"}, {"name": "over"}]},
        {"name": "double", "kind": "calculated", "result": "number", "scale": 0,
         "formula": "seats * 2"},
    ],
    "states": {
        "field": "status",
        "transitions": [
            {"name": "confirm", "label": "Confirm", "from": ["asked"], "to": "confirmed"}
        ],
    },
}  # fmt: skip
BOARD: dict[str, Any] = {
    "kind": "board",
    "name": "bookings",
    "label": "Bookings",
    "object": "room_booking",
    "columns": {"by": "status"},
    "card": {"title": "name", "fields": ["room", "held_on", "seats"]},
}
CLERK: dict[str, Any] = {
    "kind": "role",
    "name": "clerk",
    "grants": [
        {"object": "room_booking", "can": ["read", "create", "update"], "where": "seats < 50",
         "fields": {"secret": "none"}}
    ],
}  # fmt: skip

Use = Callable[[McpClient], Awaitable[None]]


@pytest.fixture(scope="module")
def product(prepared: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("assistants")
    address = prepared.copy(None, folder)
    found = Product(folder, address, {})
    found.serve()
    headers = prepared.headers(address)
    found.clients.append(httpx.Client(base_url=found.url, headers=headers))
    yield found
    found.end()


def api(product: Product) -> httpx.Client:
    """The administrator's."""
    return product.clients[-1]


def token(client: httpx.Client, *scopes: str) -> str:
    body = {"name": "assistant", "scopes": list(scopes)}
    reply = client.post("/api/tokens", json=body)
    assert reply.status_code == 201, reply.text
    return str(reply.json()["token"])


def connected(product: Product, secret: str, use: Use, **headers: str) -> None:
    async def work() -> None:
        sent = {"authorization": f"Bearer {secret}", **headers}
        async with httpx2.AsyncClient(headers=sent, timeout=60) as http:
            transport = streamable_http_client(f"{product.url}/mcp", http_client=http)
            async with McpClient(transport, read_timeout_seconds=60) as client:
                await use(client)

    asyncio.run(work())


async def told(client: McpClient, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: McpClient, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    problem: dict[str, Any] = result.structured_content or {}
    return problem


ALL = ("records:read", "records:write", "meta:read", "meta:write")


def test_an_assistant_builds_an_app_by_plan_and_apply(product: Product) -> None:
    async def use(client: McpClient) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert tools.keys() == {tool.name for tool in TOOLS}
        assert tools["read_record"].input_schema["required"] == ["object", "id"]
        schema = await told(client, "document_schema", kind="object")
        assert "fields" in str(schema)
        wrong = {**BOOKING, "fields": [{"name": "name", "kind": "txt"}]}
        problem = await refused(client, "plan_change", documents=[wrong])
        assert "txt" in str(problem)
        plan = await told(client, "plan_change", documents=[BOOKING, BOARD])
        assert {one["target"] for one in plan["operations"]} >= {"room_booking"}
        model = await told(client, "describe_model")
        assert "room_booking" not in {one["name"] for one in model["objects"]}
        done = await told(client, "apply_change", documents=[BOOKING, BOARD, CLERK], note="Rooms")
        assert done["revision"]
        described = await told(client, "describe_object", object="room_booking")
        assert described["actions"] == ["confirm"]
        assert set(described["create"]["properties"]) >= {"name", "room", "seats"}
        made = await told(client, "create_record", object="room_booking",
                          values={"name": "Chess club", "room": "reading", "seats": "12",
                                  "held_on": "2030-05-14", "secret": CANARY})  # fmt: skip
        id_ = made["id"]
        await told(client, "create_record", object="room_booking",
                   values={"name": f"Gala {CANARY}", "seats": "500"})  # fmt: skip
        pressed = await told(client, "press", object="room_booking", id=id_, action="confirm")
        assert pressed["status"] == "confirmed"
        changed = await told(client, "change_record", object="room_booking", id=id_,
                             values={"seats": "20"}, rev=pressed["rev"])  # fmt: skip
        assert changed["seats"] == "20"
        late = await refused(client, "change_record", object="room_booking", id=id_,
                             values={"seats": "21"}, rev=made["rev"])  # fmt: skip
        assert late["status"] in (409, 412)
        for word in ("export", "summary", "import", "..", ""):  # other calls of the API
            nothing = await refused(client, "read_record", object="room_booking", id=word)
            assert nothing["status"] == 422
        page = await told(client, "list_records", object="room_booking", where="seats > 10",
                          sort="-seats", fields="name,seats", limit=1)  # fmt: skip
        assert CANARY in page["data"][0]["name"] and page["next"]
        found = await told(client, "search_records", object="room_booking", words="chess")
        assert [one["id"] for one in found["data"]] == [id_]
        assert "12" in str(await told(client, "record_history", object="room_booking", id=id_))
        sums = await told(client, "summarise_records", object="room_booking", group="status",
                          measure="count,sum(seats)")  # fmt: skip
        assert "confirmed" in str(sums)
        why = await told(client, "explain_value", object="room_booking", id=id_, field="double")
        assert "seats" in str(why)
        assert (await told(client, "read_document", kind="board", name="bookings"))["label"]

    connected(product, token(api(product), *ALL), use)
    assert "Bookings" in api(product).get("/").text


@pytest.fixture(scope="module")
def clerk(product: Product) -> httpx.Client:
    """Somebody who may not see large bookings, nor what is secret."""
    documents = [BOOKING, BOARD, CLERK]
    reply = api(product).post("/api/meta/changes", json={"documents": documents})
    assert reply.status_code == 200, reply.text
    for name, seats in (("Chess club", "12"), (f"Gala {CANARY}", "500")):
        body = {"name": name, "seats": seats, "secret": CANARY}
        assert api(product).post("/api/records/room_booking", json=body).status_code == 201
    email = "clerk@example.com"
    person: dict[str, Any] = {"email": email, "name": "Clerk", "password": PASSWORD}
    person["roles"] = ["clerk"]
    assert api(product).post("/api/records/user", json=person).status_code == 201
    client = httpx.Client(base_url=product.url)
    signed = client.post("/api/login", json={"email": email, "password": PASSWORD})
    client.headers["x-csrf-token"] = signed.json()["csrf"]
    product.clients.insert(0, client)
    return client


def test_nobody_sees_or_does_through_an_assistant_what_they_may_not(
    product: Product, clerk: httpx.Client
) -> None:
    gala = api(product).get("/api/records/room_booking", params={"where": "seats > 100"})
    hidden = gala.json()["data"][0]["id"]

    async def use(client: McpClient) -> None:
        heard = []
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert not tools & {"apply_change", "plan_change", "document_schema", "read_document"}
        for name, arguments in (
            ("describe_model", {}),
            ("describe_object", {"object": "room_booking"}),
            ("list_records", {"object": "room_booking"}),
            ("list_records", {"object": "room_booking", "fields": "name,secret"}),
            ("list_records", {"object": "room_booking", "where": "secret != null"}),
            ("search_records", {"object": "room_booking", "words": "gala"}),
            ("summarise_records", {"object": "room_booking", "measure": "sum(seats)"}),
            (
                "summarise_records",
                {"object": "room_booking", "measure": "count", "group": "secret"},
            ),
            ("read_record", {"object": "room_booking", "id": hidden}),
            ("record_history", {"object": "room_booking", "id": hidden}),
            ("explain_value", {"object": "room_booking", "id": hidden, "field": "double"}),
            ("change_record", {"object": "room_booking", "id": hidden, "values": {"name": "x"}}),
            ("press", {"object": "room_booking", "id": hidden, "action": "confirm"}),
            ("list_records", {"object": "user/../room_booking"}),
            ("read_record", {"object": "room_booking", "id": "../../tokens"}),
            ("read_document", {"kind": "role", "name": "clerk"}),
            ("plan_change", {"documents": [BOARD]}),
            ("apply_change", {"documents": [BOARD]}),
            ("no_such_tool", {}),
        ):
            result = await client.call_tool(name, arguments)
            heard.append(str(result.content))
            if hidden in str(arguments) or "document" in str(name) or "_change" in name:
                assert result.is_error, name
        said = "\n".join(heard)
        assert [w for w in (CANARY, '"500"', "512", '"secret"') if w in said] == []

    connected(product, token(clerk), use)
    kept = api(product).get(f"/api/records/room_booking/{hidden}").json()
    assert kept["name"] == f"Gala {CANARY}" and kept["status"] == "asked"


def test_a_token_that_reads_does_not_write_and_only_one_that_says_so_applies(
    product: Product, clerk: httpx.Client
) -> None:
    async def reads(client: McpClient) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "list_records" in names and not names & {"create_record", "press", "apply_change"}
        await refused(client, "create_record", object="room_booking", values={"name": "x"})

    async def all_rights(client: McpClient) -> None:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert "plan_change" in names and "apply_change" not in names
        problem = await refused(client, "apply_change", documents=[BOARD])
        assert problem["status"] == 403 and "meta:write" in problem["detail"]

    connected(product, token(api(product), "records:read"), reads)
    connected(product, token(api(product)), all_rights)


INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {},
               "clientInfo": {"name": "t", "version": "1"}},
}  # fmt: skip
ACCEPT = {"accept": "application/json, text/event-stream"}


def test_the_door_is_shut_for_those_without_a_token_and_for_web_pages(product: Product) -> None:
    administrator = api(product)
    secret = {"authorization": f"Bearer {token(administrator)}", **ACCEPT}
    with httpx.Client(base_url=product.url) as anybody:
        assert anybody.post("/mcp", json=INITIALIZE, headers=secret).status_code == 200
        reply = anybody.post("/mcp", json=INITIALIZE, headers=ACCEPT)
        assert reply.status_code == 401 and reply.headers["www-authenticate"] == "Bearer"
        wrong = {**secret, "authorization": "Bearer wrong"}
        assert anybody.post("/mcp", json=INITIALIZE, headers=wrong).status_code == 401
        for origin in ("https://evil.example", "null", product.url + ".evil.example"):
            sent = {**secret, "origin": origin}
            assert anybody.post("/mcp", json=INITIALIZE, headers=sent).status_code == 403
        large = {**INITIALIZE, "padding": "x" * 2_100_000}
        assert anybody.post("/mcp", json=large, headers=secret).status_code == 413
        assert anybody.get("/mcp", headers=secret).status_code == 405
        assert anybody.delete("/mcp", headers=secret).status_code == 405
        for broken in (b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff"):
            sent = {**secret, "content-type": "application/json"}
            status = anybody.post("/mcp", content=broken, headers=sent).status_code
            assert 400 <= status < 500, broken
    # The cookie of a browser opens nothing, whatever page sends it.
    assert administrator.post("/mcp", json=INITIALIZE, headers=ACCEPT).status_code == 401


def test_so_many_calls_and_no_more(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assistants, "CALLS", Rate(2, 60))
    secret = client.post("/api/tokens", {"name": "a", "scopes": []}).json()["token"]
    sent = {"authorization": f"Bearer {secret}", "origin": "https://evil.example"}
    assert client.call("POST", "/mcp", {}, headers=sent).status == 403  # and is not counted
    admitted = client.app.assistants.admitted
    sent = {"authorization": f"Bearer {secret}"}

    def status() -> int:
        call = client.app.assistants._call("POST", "/mcp", sent)
        answer = asyncio.run(admitted(call))
        return answer.status if answer else 200

    assert [status() for _ in range(3)] == [200, 200, 429]


def test_the_profile_page_makes_a_token_for_an_assistant(client: Client) -> None:
    page = client.get("/profile").text
    assert "/mcp</code>" in page and "plan and apply changes" in page
    reader = client.person("reader@example.com")
    assert "plan and apply changes" not in reader.get("/profile").text
    form = {"content-type": "application/x-www-form-urlencoded"}
    body = b"name=Assistant&days=90&scopes=records:read,records:write,root"
    made = client.call("POST", "/profile/tokens", body=body, headers=form)
    assert made.status == 200 and "Copy the token now" in made.text
    (token,) = client.rows("/api/tokens")
    assert token["scopes"] == ["records:read", "records:write"]
