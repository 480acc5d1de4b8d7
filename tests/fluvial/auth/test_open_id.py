"""Sign-in by OpenID Connect, against a provider that is a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from fluvial.http.app import build_app
from fluvial.services.open_id import AGAIN_SECONDS, provider_of
from tests.app import PASSWORD, Client, OpenEngine, Prepared, Reply

PROGRAM = Path(__file__).parents[2] / "open_id_provider.py"
ANN = {"sub": "ann-1", "email": "Ann@example.com", "email_verified": True}


@dataclass
class Company:
    """The provider of the tests."""

    address: str

    def says(self, claims: dict[str, Any] | None = None, **said: Any) -> None:
        body = {"claims": ANN if claims is None else claims, **said}
        httpx.post(f"{self.address}/set", json=body).raise_for_status()

    def asked(self, path: str) -> int:
        found: list[str] = httpx.get(f"{self.address}/asked").json()
        return found.count(path)


@pytest.fixture(scope="module")
def company() -> Iterator[Company]:
    with subprocess.Popen(
        [sys.executable, str(PROGRAM), "fluvial", "a:secret/ %"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Company(process.stdout.readline().strip())
        process.kill()


@pytest.fixture
def product(
    open_engine: OpenEngine, company: Company, engine_url: str, prepared: Prepared
) -> Client:
    engine = open_engine(
        oidc_issuer=company.address, oidc_client_id="fluvial", oidc_client_secret="a:secret/ %",
        oidc_label="Company account", base_url="http://desk.example.org",
    )  # fmt: skip
    return Client(build_app(engine), prepared.headers(engine_url))


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def left(client: Client, next: str = "/work") -> tuple[str, str]:
    """The address at the provider, and the cookie of the browser that leaves."""
    reply = client.call(
        "GET", "/signin/oidc", query={"next": next}, headers={"host": "evil.example.org"}
    )
    assert reply.status == 303, reply.text
    return reply.headers["location"], reply.headers["set-cookie"].partition(";")[0]


def came_back(client: Client, next: str = "/work", cookie: str | None = None) -> Reply:
    address, kept = left(client, next)
    back = httpx.get(address).headers["location"]
    assert back.startswith("http://desk.example.org/signin/oidc/back?")
    return client.call("GET", path_of(back), headers={"cookie": kept if cookie is None else cookie})


def test_people_sign_in_by_their_company(product: Client, company: Company) -> None:
    company.says()
    described = "/.well-known/openid-configuration"
    before = company.asked(described)
    product.made("user", email="ann@example.com", name="Ann")
    anybody = Client(product.app)
    page = anybody.get("/signin", next="/work").text
    assert "Company account" in page and "/signin/oidc?next=%2Fwork" in page
    address, cookie = left(anybody)
    asked = parse_qs(urlsplit(address).query)
    assert asked["redirect_uri"] == ["http://desk.example.org/signin/oidc/back"]
    assert asked["code_challenge_method"] == ["S256"]
    done = came_back(anybody)
    assert done.status == 303 and done.headers["location"] == "/work", done.text
    assert "fluvial=" in done.headers["set-cookie"]
    session = done.headers["set-cookie"].partition(";")[0]
    assert Client(product.app, {"cookie": session}).get("/api/me").json()["name"] == "Ann"
    assert came_back(anybody, "//evil.example.org").headers["location"] == "/"
    company.says({"sub": "ann-1"}, rotate=True)  # the address is asked for once
    assert came_back(anybody).status == 401  # new keys are looked for once in a minute
    provider_of(product.app.engine)._keys_at -= AGAIN_SECONDS
    assert came_back(anybody).status == 303
    assert company.asked(described) == before + 1


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "x", "email": "nobody@example.com", "email_verified": True},
        {"sub": "x", "email": "ann@example.com"},
        {"sub": "x", "email": "ann@example.com", "email_verified": "false"},
        {"sub": "x", "email": ["ann@example.com"], "email_verified": True},
        {"sub": "x"},
    ],
)
def test_whom_the_provider_does_not_vouch_for_gets_no_account(
    product: Client, company: Company, claims: dict[str, Any]
) -> None:
    company.says(claims)
    product.made("user", email="ann@example.com", name="Ann")
    reply = came_back(Client(product.app))
    assert reply.status == 403 and "fluvial=" not in reply.headers["set-cookie"]
    assert "administrator" in reply.text or "yours" in reply.text


def test_an_account_belongs_to_one_sign_in_and_ends_with_the_person(
    product: Client, company: Company
) -> None:
    company.says()
    user = product.made("user", email="ann@example.com", name="Ann")["id"]
    anybody = Client(product.app)
    assert came_back(anybody).status == 303
    company.says({**ANN, "sub": "ann-2"})
    other = came_back(anybody)
    assert other.status == 403 and "belongs to another sign-in" in other.text
    assert product.delete(f"/api/people/{user}/open-id").status == 204
    assert came_back(anybody).status == 303
    assert product.patch(f"/api/records/user/{user}", {"active": False}).status == 200
    assert came_back(anybody).status == 403


@pytest.mark.parametrize(
    "faults",
    [
        {"claims": {"iss": "https://evil.example.org"}},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": ["fluvial", "another"]}},
        {"claims": {"aud": ["fluvial", "another"], "azp": "another"}},
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"exp": 1}},
        {"claims": {"exp": None}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"key": True},
        {"token": "nothing"},
        {"token": 7},
        {"refuses": True},
        {"state": "another"},
    ],
    ids=str,
)
def test_what_proves_nothing_opens_nothing(
    product: Client, company: Company, faults: dict[str, Any]
) -> None:
    product.made("user", email="ann@example.com", name="Ann")
    company.says(faults=faults)
    reply = came_back(Client(product.app))
    assert reply.status == 401 and "fluvial=" not in reply.headers["set-cookie"], reply.text
    assert "Try again" in reply.text


def test_a_code_is_good_for_the_browser_that_left(product: Client, company: Company) -> None:
    company.says()
    product.made("user", email="ann@example.com", name="Ann")
    anybody = Client(product.app)
    _, other = left(anybody)
    for cookie in ("", other, "fluvial_oidc=x", "fluvial_oidc=e30.x"):
        assert came_back(anybody, cookie=cookie).status == 401
    address, cookie = left(anybody)
    back = path_of(httpx.get(address).headers["location"])
    assert anybody.call("GET", back, headers={"cookie": cookie}).status == 303
    assert anybody.call("GET", back, headers={"cookie": cookie}).status == 401  # once
    for missing in ("/signin/oidc/back", "/signin/oidc/back?code=x"):
        assert anybody.call("GET", missing, headers={"cookie": cookie}).status == 401


def test_a_provider_that_is_away_or_another_one_keeps_the_password_working(
    product: Client, company: Company
) -> None:
    product.person("ann@example.com")
    provider = provider_of(product.app.engine)
    company.says(faults={"called": "https://evil.example.org"})
    reply = Client(product.app).get("/signin/oidc")
    assert reply.status == 503 and "with your password" in reply.text
    assert not provider._about
    assert Client(product.app).signed_in("ann@example.com", PASSWORD)


def test_without_a_provider_there_is_no_button(client: Client) -> None:
    anybody = Client(client.app)
    assert "/signin/oidc" not in anybody.get("/signin").text
    for path in ("/signin/oidc", "/signin/oidc/back"):
        assert anybody.get(path).status == 404
