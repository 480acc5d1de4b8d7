"""The navigation: groups as the apps list them, and entries that one may read."""

from __future__ import annotations

import re

import pytest

from fluvial.auth.actors import Actor
from fluvial.pages.navigation import BUILD, OTHERS, navigation
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import Client, Documents


def thing(name: str, group: str = "", **more: object) -> dict[str, object]:
    fields = [{"name": "name", "kind": "text"}]
    body = {"kind": "object", "name": name, "title": "{name}", "fields": fields, **more}
    return body | ({"group": group} if group else {})


LENDING = {
    "kind": "app", "name": "lending", "label": "Lending", "version": "1.0.0",
    "groups": ["Lending", "Atelier", "Nothing"], "folded": ["Atelier"],
}  # fmt: skip
CLERK = {"kind": "role", "name": "clerk", "grants": [{"object": "loan", "can": ["read"]}]}


@pytest.fixture
def documents() -> Documents:
    return [
        LENDING, CLERK, thing("press", "Atelier"), thing("loan", "Lending"), thing("oddment"),
        thing("yarn", "Yarns"), thing("wool", "Basket"),
        thing("book", "Lending"), *(thing(f"shelf_{at:02}", "Rooms") for at in range(12)),
    ]  # fmt: skip


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def labels(session: Session, here: str = "/") -> dict[str, list[str]]:
    return {g["label"]: [i["label"] for i in g["items"]] for g in navigation(session, here)}


def rail(client: Client, here: str = "/") -> dict[str, tuple[bool, bool]]:
    """Of each part of the navigation that folds: whether it is open, and holds the page."""
    parts = re.findall(
        r'<details[^>]*data-fold="([^"]+)"( data-rest)?( open)?>\s*<summary( class="here")?>',
        client.get(here).text,
    )
    return {f"{name}{rest}": (bool(open_), bool(at)) for name, rest, open_, at in parts}


def test_groups_come_as_the_app_lists_them_then_by_name(session: Session) -> None:
    groups = [*labels(session)]
    assert groups[:6] == ["", "Lending", "Atelier", "Basket", "Rooms", "Yarns"]
    assert groups[-1] == BUILD and groups.index(OTHERS) > groups.index("Yarns")
    assert "Nothing" not in groups  # nobody fills it


def test_entries_of_one_weight_come_by_their_words(session: Session) -> None:
    found = labels(session)
    assert [one for one in found["Lending"] if one in ("Books", "Loans")] == ["Books", "Loans"]
    assert found[""][:2] == ["Home", "My work"]
    assert "Oddments" in found[OTHERS]


def test_only_what_one_may_read_is_there(session: Session) -> None:
    clerk = session.as_actor(Actor(None, "Clerk", ("clerk",)))
    found = labels(clerk)
    assert "Loans" in found["Lending"] and "Books" not in found["Lending"]
    assert "Atelier" not in found
    assert "Studio" not in found[BUILD] and "Studio" in labels(session)[BUILD]


def test_the_entry_of_the_page_is_marked_and_no_other_one(session: Session) -> None:
    for here, expected in (("/o/loan", ["Loans"]), ("/o/nothing", [])):
        items = [item for group in navigation(session, here) for item in group["items"]]
        assert [item["label"] for item in items if item["current"]] == expected


def test_objects_that_others_hang_on_come_first(session: Session, engine: Engine) -> None:
    order = labels(session)["People"]
    assert order.index("Users") < len(order)
    types = session.catalog.objects
    weights = [len(types[name].inverses) for name in ("user", "team")]
    assert (weights[0] >= weights[1]) is (order.index("Users") <= order.index("Teams"))


def test_long_groups_have_a_rest_and_apps_say_what_is_folded(client: Client) -> None:
    found = rail(client)
    assert found["Lending"] == (True, False) and found["Atelier"] == (False, False)
    assert found["Rooms data-rest"] == (False, False) and "Lending data-rest" not in found
    for at, beyond in ((2, False), (11, True)):  # eight stand in front of the rest
        here = rail(client, f"/o/shelf_{at:02}")
        assert here["Rooms"] == (True, True) and here["Rooms data-rest"] == (beyond, beyond)
    assert rail(client, "/o/press")["Atelier"] == (True, True)
    assert "4 more<span" in client.get("/").text


def test_what_somebody_folds_stays_so_for_them_alone(client: Client) -> None:
    def fold(group: str, state: str, rest: str = "") -> int:
        body = f"group={group}&state={state}{rest}".encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        return client.call("POST", "/navigation", body=body, headers=form).status

    other = client.person("kim@example.com", "administrator")
    assert fold("Lending", "folded") == fold("Atelier", "open") == 204
    assert fold("Rooms", "open", "&rest=1") == 204
    found = rail(client, "/o/book")
    assert (found["Lending"], found["Atelier"]) == ((False, True), (True, False))
    assert found["Rooms data-rest"] == (True, False)
    assert rail(other, "/o/book")["Lending"] == (True, True)
    assert fold("Lending", "open") == 204 and rail(client)["Lending"] == (True, False)
    assert fold("Lending", "ajar") == fold("", "open") == 422
    assert Client(client.app).post("/navigation").status in (303, 401, 403)
