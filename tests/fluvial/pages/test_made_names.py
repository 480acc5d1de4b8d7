"""Any label in any script gets a technical name in the studio, one of its own."""

import re

import pytest

from metamodel.folding import free_name, name_of
from metamodel.reserved_names import NAME
from tests.app import Client, Documents
from tests.fluvial.library import LIBRARY
from tests.fluvial.pages.posting import posted

NAMES = {
    "Größe": "groesse",
    "Straße": "strasse",
    "Имя": "imya",
    "Щука": "shchuka",
    "Ελληνικά": "ellinika",
    "Łódź": "lodz",
    "Smørrebrød": "smoerrebroed",
    "Điện thoại": "dien_thoai",
    "カタカナ": "katakana",
    "이름": "ireum",
    "नाम": "naama",
    "სახელი": "saxeli",
    "שם": "shm",
    "E-Mail": "e_mail",
    "O'Neill & Sons": "oneill_sons",
    "2. Anschrift": "n_2_anschrift",
    "Ｆｕｌｌ　ｗｉｄｔｈ": "full_width",
    "🚀 Launch": "launch",
    "日付": "",
    "🚀": "",
    "...": "",
}


@pytest.fixture
def documents() -> Documents:
    return LIBRARY


@pytest.mark.parametrize("label", NAMES)
def test_a_label_is_written_in_latin_letters(label: str) -> None:
    assert name_of(label) == NAMES[label]


@pytest.mark.parametrize("label", [*NAMES, "a" * 90, "名" * 90, "Ä" * 39, "_", "1"])
def test_every_label_gets_a_name_that_is_free(label: str) -> None:
    taken: set[str] = set()
    for _ in range(12):
        name = free_name(label, taken, "date")
        assert NAME.fullmatch(name), name
        assert "__" not in name
        assert not name.endswith("_")
        taken.add(name)
    assert len(taken) == 12


def added(client: Client, label: str, kind: str = "text") -> str:
    """The name of a field that is added by its label, in a form without scripts."""
    before = {f["name"] for f in client.get("/api/meta/object/branch").json()["fields"]}
    asked = client.get("/studio/names", object="branch", label=label, kind=kind).json()
    reply = posted(client, "/studio/objects/branch", {"label": label, "kind": kind})
    assert reply.status == 303, reply.text
    fields = client.get("/api/meta/object/branch").json()["fields"]
    (made,) = [f for f in fields if f["name"] not in before]
    assert (made["label"], made["name"]) == (label, asked["name"])
    return str(made["name"])


def test_fields_of_any_label_are_added(client: Client) -> None:
    assert added(client, "日付", "date") == "date"
    assert added(client, "日期", "date") == "date_2"
    assert added(client, "Имя") == "imya"
    assert added(client, "E-Mail") == "e_mail"
    assert added(client, "E-Mail") == "e_mail_2"
    assert added(client, "Title") == "branch_title"
    assert added(client, "Class") == "branch_class"
    assert added(client, "Name") == "name_2"
    assert added(client, "Total", "number") == "total"
    assert added(client, "Members") == "members_2"  # the members of the branch


def test_object_types_of_any_label_are_added(client: Client) -> None:
    for label, name in (("Größe", "groesse"), ("日付", "object"), ("上海", "object_2")):
        assert client.get("/studio/names", label=label).json()["name"] == name
        made = posted(client, "/studio/objects", {"label": label})
        assert (made.status, made.headers.get("location")) == (303, f"/studio/objects/{name}")
    again = posted(client, "/studio/objects", {"label": "Größe"})
    assert (again.status, "already exists" in again.text) == (422, True)
    assert posted(client, "/studio/objects", {"label": "branch"}).status in (303, 422)


def test_options_of_any_label_get_names_of_their_own(client: Client) -> None:
    made = client.get("/studio/names", label="Größe", options="Groß, gross, 大, 小, Größer, Groß")
    options = [(one["name"], one["label"]) for one in made.json()["options"]]
    assert options == [
        ("gross", "Groß"), ("gross_2", "gross"), ("option", "大"), ("option_2", "小"),
        ("groesser", "Größer"),
    ]  # fmt: skip
    field = {"name": "size", "label": "Größe", "kind": "choice", "options": made.json()["options"]}
    assert client.patch("/api/meta/object/branch", {"fields": [field]}).status == 200


@pytest.mark.parametrize(
    ("kind", "body", "name"),
    [
        ("role", "label: Bücherei\ngrants: []", "buecherei"),
        ("role", "label: 司書\ngrants: []", "role"),
        ("view", "label: Мои книги\nobject: book", "moi_knigi"),
        ("board", "label: 本\nobject: book\ncolumns: {by: status}", "board"),
    ],
)
def test_documents_without_a_name_get_one_from_their_label(
    client: Client, kind: str, body: str, name: str
) -> None:
    made = posted(client, f"/studio/{kind}/new", {"yaml": f"kind: {kind}\n{body}", "press": "save"})
    assert made.status == 303, re.sub(r"<[^>]+>", " ", made.text)[-600:]
    assert made.headers["location"] == f"/studio/{kind}/{name}"
    again = posted(
        client, f"/studio/{kind}/new", {"yaml": f"kind: {kind}\n{body}", "press": "save"}
    )
    assert again.headers["location"] == f"/studio/{kind}/{name}_2"


def test_views_of_any_label_are_kept(client: Client) -> None:
    for label in ("Überfällig", "延滞", "Просрочено"):
        saved = client.post("/o/book/views", {"label": label, "shared": False, "query": {}})
        assert saved.status == 201
        assert label in client.call("GET", saved.json()["href"]).text
