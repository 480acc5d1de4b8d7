"""The pages of a change set, and records and forms that are opened inside one."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.app import Client, Documents, Reply
from tests.fluvial.records.change_sets.covers import DOCUMENTS, Amendment, soon

pytestmark = pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)


@pytest.fixture
def documents() -> Documents:
    return DOCUMENTS


def posted(client: Client, path: str, **values: str) -> Reply:
    body = urlencode({"csrf": client.headers["x-csrf-token"], **values}).encode()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return client.call("POST", path, body=body, headers=kind)


def words(reply: Reply) -> str:
    assert reply.status == 200, reply.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.text))


def test_a_form_inside_a_set_is_kept_and_its_page_shows_it(client: Client) -> None:
    amendment = Amendment(client, effective=soon(20))
    cover = f"/o/cover/{amendment.covers[0]}"
    inside = amendment.query
    form = client.get(f"{cover}/edit{inside}")
    assert "Part of amendment A-1" in words(form)
    assert f'action="{cover}/edit{inside}"' in form.text
    rev = str(client.get(amendment.cover(0)).json()["rev"])
    reply = posted(client, f"{cover}/edit{inside}", until="2031-01-01", rev=rev)
    assert (reply.status, reply.headers["location"]) == (303, f"{cover}{inside}"), reply.text
    shown = words(client.get(f"{cover}{inside}"))
    assert "Part of amendment A-1" in shown and "1 Jan 2031" in shown
    assert "Nothing of it has happened yet" in shown
    assert "1 Jan 2031" not in words(client.get(cover))
    # A form with a fault comes back inside the set, and keeps nothing.
    reply = posted(client, f"{cover}/edit{inside}", asset="", rev="2")
    assert (reply.status, f'action="{cover}/edit{inside}"' in reply.text) == (422, True)
    assert len(amendment.told()["edits"]) == 1


def test_dated_values_are_edited_as_of_the_effective_day(client: Client) -> None:
    amendment = Amendment(client, effective=soon(20))
    page = f"/o/contract/{amendment.contract}"
    reply = posted(client, f"{page}/edit{amendment.query}", price="12.00", rev="1")
    assert reply.status == 303, reply.text
    form = client.get(f"{page}/edit{amendment.query}").text
    assert 'value="12.00"' in form
    # What was left alone is no other change.
    reply = posted(client, f"{page}/edit{amendment.query}", price="12.00", note="x", rev="2")
    assert reply.status == 303, reply.text
    assert [list(one["changes"]) for one in amendment.told()["edits"]] == [["price"], ["note"]]


def test_new_and_deleted_records_by_pages(client: Client) -> None:
    amendment = Amendment(client)
    start = f"/o/cover/new{amendment.query}&contract={amendment.contract}"
    assert "Part of amendment A-1" in words(client.get(start))
    reply = posted(
        client, f"/o/cover/new{amendment.query}", contract=amendment.contract, asset="by a page"
    )
    assert reply.status == 303, reply.text
    assert "by a page" in words(client.get(reply.headers["location"]))
    cover = f"/o/cover/{amendment.covers[1]}"
    reply = posted(client, f"{cover}/delete{amendment.query}")
    assert reply.headers["location"] == (
        f"/o/amendment/{amendment.id}?related=changes&change_set={amendment.id}"
    )
    assert client.get(cover).status == 200
    assert client.get(f"{cover}{amendment.query}").status == 404


def test_the_tab_lists_edits_and_conflicts_and_lets_go_of_them(client: Client) -> None:
    amendment = Amendment(client)
    tab = f"/o/amendment/{amendment.id}?related=changes"
    assert "Nothing is kept in this amendment yet" in words(client.get(tab))
    amendment.keep(0, until="2031-01-01")
    amendment.made("new asset")
    assert client.patch(amendment.cover(0), {"until": "2030-02-02"}).status == 200
    shown = words(client.get(tab))
    for said in ("Preview", "New cover", "A-1 asset 0", "1 Jan 2031", "new asset",
                 "1 of these records has been changed since", "Until is now 2 Feb 2030",
                 "Let mine hold", "Withdraw"):  # fmt: skip
        assert said in shown, said
    first, second = (one["id"] for one in amendment.told()["edits"])
    path = f"/change-sets/{amendment.id}/edits"
    assert posted(client, f"{path}/{first}/accept").status == 303
    assert amendment.told()["conflicts"] == []
    assert posted(client, f"{path}/{second}/withdraw").status == 303
    assert [one["id"] for one in amendment.told()["edits"]] == [first]
    amendment.applied()
    assert "Applied" in words(client.get(tab))
    assert "By A-1" in words(client.get(f"/o/cover/{amendment.covers[0]}"))


def test_the_preview_is_a_table_before_and_after(client: Client) -> None:
    amendment = Amendment(client, effective=soon(20))
    client.patch(f"{amendment.contract_path}{amendment.query}", {"price": "12.00"})
    amendment.keep(0, until="2031-01-01")
    amendment.made("new asset")
    shown = words(client.get(f"/change-sets/{amendment.id}/preview"))
    for said in ("3 changes were carried out and rolled back", "Monthly, Contract", "20.00",
                 "36.00", "16.00", "All covers", "2 before, 3 after", "new asset"):  # fmt: skip
        assert said in shown, said


def test_a_record_leads_to_the_sets_that_may_change_it(client: Client) -> None:
    amendment = Amendment(client)
    done = Amendment(client, "A-2").applied()
    cover = f"/o/cover/{amendment.covers[0]}"
    assert "Change by amendment" in words(client.get(cover))
    page = client.get(f"{cover}/change-sets")
    assert f"{cover}/edit{amendment.query}" in page.text
    assert done.id not in page.text
    assert client.get(f"/o/amendment/{amendment.id}/change-sets").status == 400
