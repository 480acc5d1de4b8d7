"""The way in: invitations, forgotten passwords, links to hand over, and sessions."""

from __future__ import annotations

import re

import pytest

from fluvial.http.app import build_app
from tests.app import EMAIL, PASSWORD, Client, OpenEngine
from tests.mailbox import Mailbox
from tests.rules.house import House, documents, house

__all__ = ["documents", "house"]

NEW = "a brand new password"
LINK = re.compile(r"https://library\.example\.org(/signin/link/\S+)")


def link_in(house: House, count: int = 1) -> str:
    """The path of the link in the last of so many mails."""
    house.work()
    mails = house.smtp.wait(count)
    assert len(mails) == count
    body = mails[-1].message.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found is not None
    return found[1].rstrip(")")


def person(house: House, **values: object) -> str:
    made = house.client.made("user", name="Zoë Ünal", email="zoe@example.org", **values)
    return str(made["id"])


def stranger(house: House) -> Client:
    return Client(house.client.app)


def signs_in(house: House, password: str) -> bool:
    body = {"email": "zoe@example.org", "password": password}
    return stranger(house).post("/api/login", body).status == 200


def test_somebody_who_is_invited_chooses_a_password_and_is_signed_in(house: House) -> None:
    user = person(house)
    assert house.client.post(f"/api/people/{user}/invitation").status == 202
    path = link_in(house)
    page = stranger(house).get(path)
    assert page.status == 200 and "Zoë Ünal" in page.text
    form = {"content-type": "application/x-www-form-urlencoded"}
    short = stranger(house).call("POST", path, body=b"password=short", headers=form)
    assert short.status == 422 and "10 to 256 characters" in short.text
    sent = stranger(house).call("POST", path, body=f"password={NEW}".encode(), headers=form)
    assert (sent.status, sent.headers["location"]) == (303, "/")
    assert "fluvial=" in sent.headers["set-cookie"]
    assert signs_in(house, NEW)
    assert stranger(house).get(path).status == 404
    again = stranger(house).call("POST", path, body=f"password={NEW}x".encode(), headers=form)
    assert again.status == 404 and "not valid any more" in again.text
    assert signs_in(house, NEW)


def test_a_link_is_kept_nowhere_but_in_the_mail(house: House) -> None:
    house.client.post(f"/api/people/{person(house)}/invitation")
    secret = link_in(house).rpartition("/")[2]
    for table in ("fluvial_effect", "fluvial_sign_in_link", "fluvial_run", "fluvial_history"):
        assert secret not in str(house.sql(f"SELECT * FROM {table}"))
    (delivery,) = house.deliveries(state="done")
    told = house.client.get(f"/api/deliveries/{delivery['id']}").text
    assert secret not in told and "zoe@example.org" in told


def test_a_retry_sends_another_link_and_the_first_one_ends(house: House) -> None:
    house.smtp.replies.append("451 4.3.0 later")
    house.client.post(f"/api/people/{person(house)}/invitation")
    first = link_in(house)
    house.hasten()
    second = link_in(house, 2)
    assert first != second
    assert stranger(house).get(first).status == 404
    assert stranger(house).get(second).status == 200


def test_a_forgotten_password_is_replaced_and_all_sessions_end(house: House) -> None:
    person(house, password=PASSWORD)
    there = Client(house.client.app).signed_in("zoe@example.org", PASSWORD)
    asked = stranger(house).post("/api/password/forgotten", {"email": " ZOE@example.org "})
    assert (asked.status, asked.body) == (202, b"")
    link = link_in(house)
    assert there.get("/api/me").status == 200  # a mail that nobody asked for changes nothing
    body = {"link": f"https://library.example.org{link}", "password": NEW}
    assert stranger(house).post("/api/password", body).status == 204
    assert there.get("/api/me").status == 401
    assert signs_in(house, NEW) and not signs_in(house, PASSWORD)
    assert stranger(house).post("/api/password", body).status == 404


@pytest.mark.parametrize("email", ["nobody@example.org", "gone@example.org", "x" * 300, "%", ""])
def test_nobody_learns_who_has_an_account(house: House, email: str) -> None:
    house.client.made("user", name="Gone", email="gone@example.org", active=False)
    asked = stranger(house).post("/api/password/forgotten", {"email": email})
    assert (asked.status, asked.body) == (202, b"")
    house.work()
    assert house.smtp.mails == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example.org"},
        {"x-forwarded-host": "evil.example.org"},
        {"host": "evil.example.org:443", "x-forwarded-proto": "https"},
        {"forwarded": "host=evil.example.org", "origin": ""},
    ],
    ids=str,
)
def test_links_in_mails_lead_to_the_configured_address_alone(
    house: House, headers: dict[str, str]
) -> None:
    user = person(house, password=PASSWORD)
    asked = stranger(house).call(
        "POST", "/api/password/forgotten", {"email": "zoe@example.org"}, headers=headers
    )
    assert asked.status in (202, 403)
    invited = house.client.call("POST", f"/api/people/{user}/invitation", {}, headers=headers)
    assert invited.status == 202, invited.text
    house.work()
    assert house.smtp.mails
    for mail in house.smtp.mails:
        assert b"https://library.example.org/signin/link/" in mail.raw.replace(b"=\r\n", b"")
        assert b"evil" not in mail.raw


def test_links_are_asked_for_so_often(house: House) -> None:
    person(house, password=PASSWORD)
    for _ in range(5):
        stranger(house).post("/api/password/forgotten", {"email": "zoe@example.org"})
    sixth = stranger(house).post("/api/password/forgotten", {"email": "zoe@example.org"})
    assert sixth.status == 429 and "retry-after" in sixth.headers
    other = stranger(house).post("/api/password/forgotten", {"email": "other@example.org"})
    assert other.status == 202


def test_a_link_ends_after_its_time_with_its_person_and_with_the_next_one(house: House) -> None:
    user = person(house)

    def link() -> str:
        answer = house.client.post(f"/api/people/{user}/invitation", {"mail": False}).json()
        return str(answer["link"]).removeprefix("https://library.example.org")

    first = link()
    second = link()
    assert [stranger(house).get(one).status for one in (first, second)] == [404, 200]
    house.client.patch(f"/api/records/user/{user}", {"active": False})
    assert stranger(house).get(second).status == 404
    house.client.patch(f"/api/records/user/{user}", {"active": True})
    house.move_clock(days=8)
    assert stranger(house).get(second).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ({"link": 1}, 400), ({"link": "x", "password": NEW}, 404), ({"x": 1}, 400),
     ({"link": "x", "password": None}, 422), ({"link": "", "password": "y" * 300}, 422)],
)  # fmt: skip
def test_links_that_are_none_are_refused(house: House, body: object, status: int) -> None:
    assert stranger(house).post("/api/password", body).status == status


def test_forms_of_other_sites_choose_no_password(house: House) -> None:
    headers = {"sec_fetch_site": "cross-site"}
    for path in ("/api/password", "/api/password/forgotten"):
        assert stranger(house).post(path, {"email": "x", "link": "x"}, **headers).status == 403


def test_only_who_may_change_somebody_helps_them_in(house: House) -> None:
    """And nobody without the roles of the person, who would take them over."""
    user = person(house, roles=["administrator"])
    house.define(
        {
            "kind": "role",
            "name": "helper",
            "grants": [{"object": "user", "can": ["read", "update"]}],
        },
        {"kind": "role", "name": "reader", "grants": [{"object": "user", "can": ["read"]}]},
    )
    for role, status in (("helper", 403), ("reader", 403)):
        client = house.client.person(f"{role}@example.org", role)
        path = f"/api/people/{user}"
        assert client.post(f"{path}/invitation", {"mail": False}).status == status
        assert client.delete(f"{path}/sessions").status == status
    equal = house.client.made("user", name="Cy", email="cy@example.org", roles=["helper"])
    helper = house.client.person("other@example.org", "helper")
    path = f"/api/people/{equal['id']}/invitation"
    assert "link" in helper.post(path, {"mail": False}).json()
    assert house.client.post("/api/people/nobody/invitation").status == 404
    token = house.client.post("/api/tokens", {"name": "t", "scopes": ["records:write"]}).json()
    narrow = Client(house.client.app, {"authorization": f"Bearer {token['token']}"})
    assert narrow.post(path, {"mail": False}).status == 403


def test_without_mail_a_link_is_handed_over(open_engine: OpenEngine) -> None:
    client = Client(build_app(open_engine())).signed_in(EMAIL, PASSWORD)
    user = client.made("user", name="Ann", email="ann@example.org")["id"]
    refused = client.post(f"/api/people/{user}/invitation")
    assert refused.status == 422 and "FLUVIAL_SMTP_URL" in refused.json()["detail"]
    page = client.get("/studio/people")
    assert "Cannot sign in yet" in page.text and "Mail a link" not in page.text
    asked = Client(client.app).post("/api/password/forgotten", {"email": "ann@example.org"})
    assert asked.status == 422 and "administrator" in asked.json()["detail"]


def test_people_see_and_end_their_sessions(house: House) -> None:
    user = person(house, password=PASSWORD)
    first = Client(house.client.app).signed_in("zoe@example.org", PASSWORD)
    second = Client(house.client.app).signed_in("zoe@example.org", PASSWORD)
    rows = second.rows("/api/sessions")
    assert [row["current"] for row in rows].count(True) == 1 and len(rows) == 2
    other = next(row["id"] for row in rows if not row["current"])
    assert house.client.delete(f"/api/sessions/{other}").status == 404  # not one of theirs
    assert second.delete(f"/api/sessions/{other}").status == 204
    assert (first.get("/api/me").status, second.get("/api/me").status) == (401, 200)
    assert "Where you are signed in" in second.get("/profile").text
    assert house.client.delete(f"/api/people/{user}/sessions").status == 204
    assert second.get("/api/me").status == 401


def test_the_page_of_people_says_how_each_signs_in(house: House, smtp: Mailbox) -> None:
    user = person(house)
    house.client.made("user", name="Off", email="off@example.org", active=False)
    page = house.client.get("/studio/people").text
    assert "Cannot sign in yet" in page and "Not active" in page
    house.client.post(f"/api/people/{user}/invitation", {"mail": False})
    assert "Invited" in house.client.get("/studio/people").text
