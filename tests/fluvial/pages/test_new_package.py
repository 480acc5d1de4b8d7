"""What a site has made becomes a package: downloaded, or in the place of the site's own changes."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.app import Client, Documents
from tests.fluvial.pages.posting import posted

PATH = "/studio/packages/new"
DESK: Documents = [
    {"kind": "object", "name": "wish", "label": "Wish", "title": "{name}",
     "fields": [{"name": "name", "kind": "text", "required": True}]},
    {"kind": "view", "name": "all_wishes", "label": "All wishes", "object": "wish"},
    {"kind": "object", "name": "user", "fields": [{"name": "desk", "kind": "text"}]},
    {"kind": "role", "name": "wisher", "grants": [{"object": "wish", "can": ["read"]}]},
]  # fmt: skip
CHOSEN = ["object/wish", "view/all_wishes", "object/user"]


@pytest.fixture
def documents() -> Documents:
    return DESK


def test_the_page_lists_what_was_made_here(client: Client) -> None:
    text = client.get(PATH).text
    for value in (*CHOSEN, "role/wisher"):
        assert f'value="{value}" checked' in text
    assert "Changes what fluvial brings" in text
    assert 'href="/studio/packages/new"' in client.get("/studio/packages").text


def test_chosen_documents_are_downloaded_as_a_package(client: Client) -> None:
    form = {"label": "Our wishes", "version": "1.2.0", "document": CHOSEN, "press": "download"}
    reply = posted(client, PATH, form)
    assert reply.status == 200 and reply.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.body)) as packed:
        names = set(packed.namelist())
        head = packed.read("app.yaml").decode()
    assert names == {"app.yaml", "objects/wish.yaml", "objects/user.yaml", "views/all_wishes.yaml"}
    assert "app: our_wishes" in head and "version: 1.2.0" in head


def test_the_package_takes_the_place_of_the_changes(client: Client) -> None:
    wish = client.made("wish", name="More tea")["id"]
    form = {"label": "Our wishes", "version": "1.0.0", "document": CHOSEN, "press": "adopt"}
    done = posted(client, PATH, form)
    assert (done.status, done.headers["location"]) == (303, "/studio/packages/our_wishes"), (
        done.text
    )
    layers = client.get("/api/meta/object/wish", layers="true").json()["layers"]
    assert set(layers) == {"our_wishes"}
    assert client.get(f"/api/records/wish/{wish}").json()["name"] == "More tea"
    assert set(client.get("/api/meta/role/wisher", layers="true").json()["layers"]) == {"site"}
    assert "everything is as delivered" in client.get("/studio/packages/our_wishes").text


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"document": []}, "at least one"),
        ({"name": "site"}, "taken"),
        ({"version": "x"}, "version"),
    ],
)
def test_what_cannot_be_a_package_is_told(
    client: Client, changed: dict[str, str | list[str]], told: str
) -> None:
    form: dict[str, str | list[str]] = {"label": "Our wishes", "name": "", "version": "1.0.0"}
    form |= {"document": CHOSEN, "press": "adopt", **changed}
    refused = posted(client, PATH, form)
    assert refused.status == 422 and told in refused.text
