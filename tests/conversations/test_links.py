"""A link lets somebody who does not sign in take one action on one record, and nothing else."""

import re
import threading
from datetime import datetime, timedelta

import pytest

from conversations.links import link_pages
from conversations.links.action_links import ActionLink
from conversations.links.link_making import state_of
from conversations.links.link_passes import LinkPass
from fluvial.kernel.clock import Clock
from tests.app import Client, Documents
from tests.conversations.offers import OFFER, OFFERS, link, offer, press, read


@pytest.fixture
def documents() -> Documents:
    return OFFERS


def test_a_press_takes_the_action_once_and_says_so_afterwards(
    client: Client, anybody: Client
) -> None:
    record = offer(client)
    path = link(client, record, to="Ada")
    page = anybody.get(path)
    assert page.status == 200 and page.headers["referrer-policy"] == "no-referrer"
    for shown in ("Accept our offer", "Hill Traders", "OF-001", "1,250.50", "Ada Byron",
                  "I accept", "Your name", "Delivery", "/forms/look/aa3300.css"):  # fmt: skip
        assert shown in page.text, shown
    assert "secret" not in page.told and "poor" not in page.told  # nothing but what it shows
    assert "http-equiv" not in page.text and 'name="csrf"' not in page.text
    for _ in range(3):  # mail programs look at links
        assert anybody.get(path).status == 200
    assert anybody.call("HEAD", path).status in (200, 405)
    assert read(client, record)["state"] == "sent"
    wrong = press(anybody, path, delivery="not a day", remark="Please ring")
    assert wrong.status == 422 and "Your name is required." in wrong.text
    assert "Please ring" in wrong.text and "not a day" in wrong.text
    assert read(client, record)["state"] == "sent"
    done = press(
        anybody, path, {"user-agent": "Phone"}, delivery="2031-05-06", signer="Ada B",
        order_number="A-7", margin="mine", state="draft",
    )  # fmt: skip
    assert done.status == 200 and "We begin at once." in done.text
    after = read(client, record)
    assert (after["state"], after["delivery"], after["signer"]) == (
        "accepted", "2031-05-06", "Ada B",
    )  # fmt: skip
    assert after["margin"] == "secret margin" and after["remark"] is None
    again = press(anybody, path, delivery="2031-05-07", signer="Eve")
    assert again.status == 200 and "This is done already" in again.text
    assert "It was done on" in anybody.get(path).text and "OF-001" not in anybody.get(path).text
    assert read(client, record)["signer"] == "Ada B"
    (told,) = client.rows(f"/api/records/offer/{record}/links")
    assert (told["state"], told["to"], told["link"]) == ("used", "Ada", "accept_offer")
    (use,) = told["uses"]
    assert use["address"] == "127.0.0.1" and use["agent"] == "Phone"
    assert use["answers"] == {"Your order number": "A-7"}
    assert "href" not in told
    history = client.rows(f"/api/records/offer/{record}/history")
    assert history[0]["rule"] == "link:accept_offer" and history[0]["by"] is None


def test_a_link_to_a_button_asks_what_the_button_asks(client: Client, anybody: Client) -> None:
    record = offer(client)
    path = link(client, record, "decline_offer")
    page = anybody.get(path)
    assert "Decline" in page.text and "secret margin" not in page.text
    assert "Why is required." in press(anybody, path, more="x").text
    assert press(anybody, path, why="price", more="too dear").status == 200
    assert read(client, record)["reason"] == "price too dear"
    assert press(anybody, path, why="time").status == 200  # as often as one likes
    assert len(client.rows(f"/api/records/offer/{record}/links")[0]["uses"]) == 2
    assert client.post(
        f"/api/records/offer/{record}/actions/accept", {"delivery": "2031-01-01"}
    ).status == 200  # fmt: skip
    late = anybody.get(path)
    assert late.status == 409 and "Call us on 555." in late.text and "OF-001" not in late.text
    assert press(anybody, path, why="price").status == 409
    assert client.delete(f"/api/records/offer/{record}").status == 204
    assert anybody.get(path).status == 410


def test_what_is_cut_off_forged_expired_or_revoked_opens_nothing(
    client: Client, anybody: Client
) -> None:
    record = offer(client)
    path = link(client, record)
    other = link(client, offer(client))
    id, _, signature = path.rpartition("/")[2].partition(".")
    for wrong in (
        "/l/nothing", "/l/.", f"/l/{id}", f"/l/{id}.", f"/l/{id}.{signature[:-1]}",
        f"/l/{id}.{other.rpartition('.')[2]}", f"/l/~{id}~", f"{path}x", f"/l/{id}.%C3%A9",
        "/l/" + "a" * 500,
    ):  # fmt: skip
        for reply in (anybody.get(wrong), press(anybody, wrong, signer="Eve")):
            assert reply.status == 404, wrong
            assert "OF-" not in reply.text
    (told,) = client.rows(f"/api/records/offer/{record}/links")
    assert client.delete(f"/api/links/{told['id']}").status == 204
    page = anybody.get(path)
    assert page.status == 410 and "no longer valid" in page.text and "OF-" not in page.text
    assert press(anybody, path, delivery="2031-05-06", signer="Eve").status == 410
    assert read(client, record)["state"] == "sent"
    assert client.delete(f"/api/links/{told['id']}").status == 204  # and it stays revoked


def test_a_link_ends_after_its_time(
    client: Client, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = offer(client)
    path, short = link(client, record), link(client, record, "decline_offer")
    soon = client.post(
        f"/api/records/offer/{record}/links",
        {"link": "accept_offer", "expires": "2020-01-01T00:00:00Z"},
    )
    assert soon.status == 422 and "future" in soon.json()["detail"]
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda self: now(self) + timedelta(days=3))
    assert anybody.get(path).status == 200
    late = anybody.get(short)
    assert late.status == 410 and "expired" in late.text and "new one" in late.text
    monkeypatch.setattr(Clock, "now", lambda self: now(self) + timedelta(days=31))
    assert press(anybody, path, delivery="2031-05-06", signer="Ada").status == 410
    monkeypatch.undo()
    assert read(client, record)["state"] == "sent"


def test_links_are_made_and_revoked_by_those_who_may_take_the_action(client: Client) -> None:
    record = offer(client)
    seller, looker = (
        client.person("s@example.com", "seller"),
        client.person("l@example.com", "looker"),
    )
    link(seller, record)
    link(seller, record, "decline_offer")
    path = f"/api/records/offer/{record}/links"
    for name in ("accept_offer", "decline_offer"):
        assert looker.post(path, {"link": name}).status == 403
    assert looker.get(path).json()["data"] == []
    (first, second) = seller.rows(path)
    assert looker.delete(f"/api/links/{first['id']}").status == 404
    assert Client(client.app).get(path).status == 401
    assert client.post(path, {"link": "nothing"}).status == 422
    assert client.post(path, {"link": "accept_offer", "to": 7}).status == 422
    assert client.post(path, {"link": "accept_offer", "when": 7}).status == 400
    assert client.post(f"/api/records/buyer/{record}/links", {"link": "accept_offer"}).status == 404
    assert seller.delete(f"/api/links/{second['id']}").status == 204
    assert [one["state"] for one in seller.rows(path)] == ["open", "revoked"]


def test_the_record_shows_its_links_and_makes_new_ones(client: Client) -> None:
    record = offer(client)
    seller, looker = (
        client.person("s@example.com", "seller"),
        client.person("l@example.com", "looker"),
    )
    page = seller.get(f"/o/offer/{record}", related="links")
    assert "Make the link" in page.text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert csrf is not None
    made = press(seller, f"/o/offer/{record}/links", csrf=csrf[1], link="accept_offer", to="Ada")
    assert made.status == 200 and "shown only now" in made.text
    address = re.search(r'value="(http[^"]+/l/[^"]+)"', made.text)
    assert address is not None
    assert Client(client.app).get(re.sub(r"^https?://[^/]+", "", address[1])).status == 200
    page = seller.get(f"/o/offer/{record}", related="links")
    assert "Ada" in page.text and address[1] not in page.text
    revoke = re.search(r'action="(/o/offer/[^"]+/revoke)"', page.text)
    assert revoke is not None
    assert press(seller, revoke[1], csrf=csrf[1]).status == 303
    assert "Revoked" in seller.get(f"/o/offer/{record}", related="links").text
    assert "Make the link" not in looker.get(f"/o/offer/{record}", related="links").text
    assert press(looker, f"/o/offer/{record}/links", link="accept_offer").status == 403


def test_presses_of_one_link_are_limited(client: Client, anybody: Client) -> None:
    path = link(client, offer(client))
    replies = [press(anybody, path, signer="").status for _ in range(32)]
    assert set(replies) == {422, 429}


def test_two_presses_at_once_act_once(client: Client, anybody: Client) -> None:
    record = offer(client)
    path = link(client, record)
    ready, answers = threading.Barrier(4), []

    def go(name: str) -> None:
        ready.wait()
        answers.append(press(anybody, path, delivery="2031-05-06", signer=name))

    threads = [threading.Thread(target=go, args=(f"Ada {at}",)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [reply.status for reply in answers] == [200] * 4, [r.text[-300:] for r in answers]
    assert sum("We begin at once." in r.text and "already" not in r.text for r in answers) == 1
    (told,) = client.rows(f"/api/records/offer/{record}/links")
    assert len(told["uses"]) == 1
    history = client.rows(f"/api/records/offer/{record}/history")
    assert [entry["event"] for entry in history] == ["updated", "created"]


def test_a_press_that_read_the_link_before_another_acted_says_what_happened(
    client: Client, anybody: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client.app.engine.database.dialect != "postgresql":
        pytest.skip("SQLite lets presses follow one another from their first statement on.")
    path = link(client, offer(client))

    def slow(found: LinkPass, link: ActionLink | None, now: datetime) -> str:
        state = state_of(found, link, now)
        monkeypatch.setattr(link_pages, "state_of", state_of)
        first = press(anybody, path, delivery="2031-05-06", signer="Ada")
        assert first.status == 200 and "We begin at once." in first.text
        return state

    monkeypatch.setattr(link_pages, "state_of", slow)
    late = press(Client(client.app), path, delivery="2031-05-06", signer="Eve")
    assert late.status == 200 and "This is done already" in late.text


def test_a_field_that_goes_takes_its_place_in_the_link_with_it(client: Client) -> None:
    uses = client.get("/api/meta/object/offer/uses")
    if uses.status == 200:
        assert "link/accept_offer" in uses.text
    smaller = {**OFFER, "fields": [f for f in OFFER["fields"] if f["name"] != "price"]}
    states = {**OFFER["states"], "transitions": [
        {n: v for n, v in t.items() if n not in ("when", "message")}
        for t in OFFER["states"]["transitions"]
    ]}  # fmt: skip
    document = {**smaller, "states": states}
    kept = client.post("/api/meta/changes", {"documents": [document]})
    assert kept.status == 409 and "link/accept_offer#/shows/1" in kept.text, kept.text
    gone = client.post("/api/meta/changes?force=true", {"documents": [document]})
    assert gone.status == 200, gone.text
    shown = client.get("/api/meta/link/accept_offer").json()
    assert "price" not in str(shown.get("body", shown)["shows"])
