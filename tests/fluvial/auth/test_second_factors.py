"""A second factor: codes of an app as RFC 6238 says, once each, and codes for when it is lost."""

import base64
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fluvial.auth import one_time_codes
from fluvial.cli import main
from fluvial.http.second_steps import CODES
from fluvial.kernel.clock import Clock
from fluvial.runtime.engine import Engine
from tests.app import EMAIL, PASSWORD, Client, Reply, environment

FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    step = seconds // one_time_codes.SECONDS
    assert one_time_codes.code_at(b"12345678901234567890", step, 8) == code


def test_a_code_is_good_for_its_neighbours_and_not_again() -> None:
    secret, now = b"12345678901234567890", datetime.fromtimestamp(1111111109, UTC)
    step = 1111111109 // 30
    for near in (-1, 0, 1):
        assert one_time_codes.step_of(secret, one_time_codes.code_at(secret, step + near), now)
    for far in (-2, 2):
        code = one_time_codes.code_at(secret, step + far)
        assert one_time_codes.step_of(secret, code, now) is None
    code = one_time_codes.code_at(secret, step)
    assert one_time_codes.step_of(secret, code, now, after=step) is None
    for wrong in ("", "12345", "abcdef", code + "0", "٠٨١٨٠٤", " "):
        assert one_time_codes.step_of(secret, wrong, now) is None


class App:
    """An authenticator app with a clock of its own, so that each code is a new one."""

    def __init__(self, letters: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secret = base64.b32decode(letters + "=" * (-len(letters) % 8))
        self.later = 0
        now = Clock.now
        from_now = lambda clock: datetime.fromtimestamp(  # noqa: E731
            now(clock).timestamp() + self.later, UTC
        )
        monkeypatch.setattr(Clock, "now", from_now)

    def code(self) -> str:
        """The next code: half a minute later, the one before is used up."""
        self.later += 30
        step = int(datetime.now(UTC).timestamp() + self.later) // 30
        return one_time_codes.code_at(self.secret, step)


def posted(client: Client, path: str, **form: str) -> Reply:
    headers = FORM | client.headers
    body = {"csrf": client.headers.get("x-csrf-token", ""), **form}
    return client.call("POST", path, body=urlencode(body).encode(), headers=headers)


def set_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> tuple[App, list[str]]:
    begun = client.post("/api/second-factor", {"password": PASSWORD})
    assert begun.status == 201 and begun.json()["address"].startswith("otpauth://totp/")
    app = App(begun.json()["secret"], monkeypatch)
    confirmed = client.post("/api/second-factor/confirm", {"code": app.code()})
    assert confirmed.status == 200, confirmed.text
    return app, confirmed.json()["recovery"]


def test_a_password_alone_signs_nobody_in_who_has_a_second_factor(
    client: Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/api/second-factor").json() == {"on": False}
    assert client.post("/api/second-factor", {"password": "wrong"}).status == 401
    app, recovery = set_up(client, monkeypatch)
    assert len(set(recovery)) == 10 and client.get("/api/second-factor").json()["on"]
    assert client.post("/api/second-factor", {"password": PASSWORD}).status == 409
    anybody = Client(client.app)
    who = {"email": EMAIL, "password": PASSWORD}
    alone = anybody.post("/api/login", who)
    assert alone.status == 401 and alone.json()["code_needed"] and "set-cookie" not in alone.headers
    assert anybody.post("/api/login", {**who, "code": "000000"}).status == 401
    assert anybody.post("/api/login", {**who, "password": "x", "code": app.code()}).status == 401
    code = app.code()
    assert anybody.post("/api/login", {**who, "code": code}).status == 200
    assert anybody.post("/api/login", {**who, "code": code}).status == 401  # once
    lost = f" {recovery[0].upper()} "
    assert anybody.post("/api/login", {**who, "code": lost}).status == 200
    assert anybody.post("/api/login", {**who, "code": lost}).status == 401
    assert client.get("/api/second-factor").json()["recovery_left"] == 9
    stored = engine.database.call(
        lambda: str(engine.database.connection().query("SELECT * FROM fluvial_second_factor", []))
    )
    assert not any(one in stored for one in (*recovery, *(r.replace("-", "") for r in recovery)))
    assert one_time_codes.in_letters(app.secret) not in stored


def test_the_pages_ask_for_the_code(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    page = posted(client, "/profile/second-factor/begin", password="wrong")
    assert page.status == 422 and "password is wrong" in page.text
    page = posted(client, "/profile/second-factor/begin", password=PASSWORD)
    assert "<svg" in page.text
    found = re.search(r'<p class="mono">([A-Z2-7 ]+)</p>', page.text)
    assert found is not None
    app = App(found[1].replace(" ", ""), monkeypatch)
    again = posted(client, "/profile/second-factor/confirm", code="000000")
    assert again.status == 422 and "<svg" in again.text
    done = posted(client, "/profile/second-factor/confirm", code=app.code())
    codes = re.findall(r"<li>([a-z0-9]{4}-[a-z0-9]{4}-[a-z0-9]{4})</li>", done.text)
    assert len(codes) == 10 and ">On<" in client.get("/profile").text
    anybody = Client(client.app)
    step = posted(anybody, "/signin", email=EMAIL, password=PASSWORD, next="/work")
    assert "set-cookie" not in step.headers and "Your code" in step.text
    halfway = re.search(r'name="halfway" value="([^"]+)"', step.text)
    assert halfway is not None
    for wrong in ("", "x", "x.1.y", halfway[1] + "x", halfway[1].replace(".", ".1", 1)):
        late = posted(anybody, "/signin/code", halfway=wrong, code=app.code())
        assert late.status == 401 and "set-cookie" not in late.headers
    assert posted(anybody, "/signin/code", halfway=halfway[1], code="000000").status == 401
    form = {"halfway": halfway[1], "next": "/work"}
    signed = posted(anybody, "/signin/code", code=app.code(), **form)
    assert signed.status == 303 and signed.headers["location"] == "/work"
    assert "fluvial=" in signed.headers["set-cookie"]
    elsewhere = posted(anybody, "/signin/code", code=app.code(), **form | {"next": "//evil.org"})
    assert elsewhere.headers["location"] == "/"
    new = posted(client, "/profile/second-factor/codes", code=app.code())
    assert codes[0] not in new.text and len(re.findall(r"<li>[a-z0-9-]{14}</li>", new.text)) == 10
    assert posted(client, "/profile/second-factor/off", code=codes[0]).status == 422
    assert posted(client, "/profile/second-factor/off", code=app.code()).status == 303
    assert posted(anybody, "/signin", email=EMAIL, password=PASSWORD).status == 303
    app.later += 3600
    assert posted(anybody, "/signin/code", code=app.code(), **form).status == 401  # too late


def test_codes_are_limited_and_others_help_who_lost_the_app(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    emma = client.person("emma@example.com")
    set_up(emma, monkeypatch)
    who = {"email": "emma@example.com", "password": PASSWORD, "code": "000000"}
    anybody = Client(client.app)
    tries = [anybody.post("/api/login", who).status for _ in range(CODES.most + 1)]
    assert tries[0] == 401 and tries[-1] == 429
    ids = {row["email"]: row["id"] for row in client.rows("/api/records/user")}
    path = f"/api/people/{ids['emma@example.com']}/second-factor"
    assert "End the second factor" in client.get("/studio/people").text
    assert emma.delete(path).status in (403, 404)
    assert client.delete(path).status == 204
    assert emma.get("/api/me").status == 401  # her sessions have ended
    assert anybody.post("/api/login", who).status == 200
    assert client.delete(path).status == 204  # nothing to end is no fault
    assert "End the second factor" not in client.get("/studio/people").text
    page = posted(client, f"/studio/people/{ids['emma@example.com']}/second-factor")
    assert page.status == 200 and "password alone" in page.text


def test_the_command_line_helps_who_lost_the_app_and_administers(
    client: Client,
    engine_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    set_up(client, monkeypatch)
    for name, value in environment(engine_url, tmp_path).items():
        monkeypatch.setenv(name, value)
    assert main(["user", "second-factor-off", EMAIL]) == 0
    assert "password alone" in capsys.readouterr().out
    assert Client(client.app).signed_in(EMAIL, PASSWORD).get("/api/me").status == 200
    assert main(["user", "second-factor-off", "nobody@example.com"]) != 0
