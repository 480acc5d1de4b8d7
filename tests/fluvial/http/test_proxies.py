"""Proxies in front: headers count where a trusted proxy sends them, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from fluvial.database.rate_limits import Rate
from fluvial.http import people_api
from fluvial.http.app import build_app
from fluvial.http.proxies import Proxies
from fluvial.kernel.problems import Problem
from tests.app import EMAIL, PASSWORD, Client, OpenEngine, Reply

SELF = "127.0.0.1"  # from where the tests' requests come


def scope(client: str, *headers: tuple[str, str]) -> dict[str, Any]:
    return {
        "type": "http", "client": (client, 5), "scheme": "http",
        "headers": [(b"host", b"inner:8000"), *((k.encode(), v.encode()) for k, v in headers)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        (["203.0.113.9"], "203.0.113.9"),
        (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),  # whatever the client wrote before it
        (["6.6.6.6", "203.0.113.9, 10.1.2.3"], "203.0.113.9"),  # two proxies, two headers
        (["203.0.113.9:41000"], "203.0.113.9"),
        (["[2001:db8::7]:41000"], "2001:db8::7"),
        (["2001:db8::7"], "2001:db8::7"),
        (["::ffff:203.0.113.9"], "203.0.113.9"),
        (["10.1.2.3"], "10.1.2.3"),  # a client inside the network of proxies
        (["unknown"], "10.0.0.1"),
        (["6.6.6.6, unknown, 10.1.2.3"], "10.1.2.3"),  # nothing before what is no address
        ([], "10.0.0.1"),
        ([" , "], "10.0.0.1"),
    ],
)
def test_the_client_is_the_last_one_that_is_no_proxy(chain: list[str], client: str) -> None:
    proxies = Proxies(["10.0.0.0/8", "2001:db8:ffff::/48"])
    seen = proxies.seen(scope("10.0.0.1", *(("x-forwarded-for", text) for text in chain)))
    assert seen["client"][0] == client


@pytest.mark.parametrize("sender", ["203.0.113.9", "127.0.0.1", "11.0.0.1", "::1", "", "x"])
@pytest.mark.parametrize("trusted", [[], ["10.0.0.0/8"]])
def test_headers_from_elsewhere_do_not_count(sender: str, trusted: list[str]) -> None:
    given = scope(
        sender,
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "evil.example.org"),
    )
    assert Proxies(trusted).seen(given) is given


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ([("x-forwarded-proto", "https"), ("x-forwarded-host", "a.org")], "https", "a.org"),
        ([("x-forwarded-proto", "http, https")], "https", "inner:8000"),
        ([("x-forwarded-proto", "javascript")], "http", "inner:8000"),
        ([("x-forwarded-host", "a.example.org:8443")], "http", "a.example.org:8443"),
        ([("x-forwarded-host", "evil/\" onclick")], "http", "inner:8000"),
        ([("x-forwarded-host", "bücher.example")], "http", "inner:8000"),
    ],
)  # fmt: skip
def test_scheme_and_host_are_the_proxys(
    headers: list[tuple[str, str]], scheme: str, host: str
) -> None:
    seen = Proxies(["10.0.0.1"]).seen(scope("10.0.0.1", *headers))
    assert seen["scheme"] == scheme
    assert [value for name, value in seen["headers"] if name == b"host"] == [host.encode()]


@pytest.mark.parametrize("text", ["proxy.example.org", "*", "10.0.0.0/99", "10.0.0"])
def test_a_proxy_that_is_no_address_is_told(text: str) -> None:
    with pytest.raises(Problem, match="FLUVIAL_PROXIES"):
        Proxies(["10.0.0.1", text])


def client_of(open_engine: OpenEngine, **settings: str) -> Client:
    return Client(build_app(open_engine(**settings)))


def attempt(client: Client, sender: str, password: str = "wrong") -> int:
    body = {"email": EMAIL, "password": password}
    return client.post("/api/login", body, x_forwarded_for=sender).status


def test_limits_count_clients_behind_a_trusted_proxy(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_api, "SIGN_INS", Rate.read("2/hour"))
    client = client_of(open_engine, proxies=SELF)
    assert [attempt(client, "203.0.113.9") for _ in range(3)] == [401, 401, 429]
    assert attempt(client, "6.6.6.6, 203.0.113.9") == 429  # no name of one's own choice
    assert attempt(client, "203.0.113.10", PASSWORD) == 200


def test_limits_count_the_sender_where_no_proxy_is_trusted(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people_api, "SIGN_INS", Rate.read("2/hour"))
    client = client_of(open_engine)
    assert [attempt(client, f"203.0.113.{n}") for n in range(3)][-1] == 429


def signed_in(client: Client, **headers: str) -> Reply:
    return client.post("/api/login", {"email": EMAIL, "password": PASSWORD}, **headers)


def test_the_cookie_is_for_tls_where_the_client_uses_it(open_engine: OpenEngine) -> None:
    tls = {"x_forwarded_proto": "https", "x_forwarded_host": "desk.example.org"}
    behind, direct = client_of(open_engine, proxies=SELF), client_of(open_engine)
    assert "; Secure" in signed_in(behind, **tls).headers["set-cookie"]
    assert "; Secure" not in signed_in(behind, x_forwarded_proto="http").headers["set-cookie"]
    assert "; Secure" not in signed_in(direct, **tls).headers["set-cookie"]


def test_pages_of_the_proxys_host_are_our_own(open_engine: OpenEngine) -> None:
    origin = {"origin": "https://desk.example.org"}
    behind, direct = client_of(open_engine, proxies=SELF), client_of(open_engine)
    assert signed_in(behind, x_forwarded_host="desk.example.org", **origin).status == 200
    assert signed_in(direct, x_forwarded_host="desk.example.org", **origin).status == 403
