"""Export of a layer as a package: what is installed elsewhere is the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.packages import exporting, install_core
from fluvial.packages.installation import first_administrator
from fluvial.packages.registry import CORE_FOLDER
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.document_files import UNFIT, document_of, read_package
from metamodel.documents import CORE_KINDS, DocumentKind
from tests.app import EMAIL, PASSWORD, Client, environment
from tests.fluvial.library import BRANCH
from tests.fluvial.packages.test_installing import FIRST, put

WELCOME = {"kind": "template", "name": "welcome", "for": "branch", "subject": "{{ branch.name }}",
           "body": "<p>Welcome to {{ branch.name }}.</p>\n<p>Come in.</p>\n"}  # fmt: skip
LETTER = DocumentKind("letter", "letters", {"properties": {"body": {}}}, beside=("body",))
KINDS = {**CORE_KINDS, "letter": LETTER}

texts = st.text(max_size=40).map(lambda text: UNFIT.sub("", text)) | st.sampled_from(
    [
        "1e5",
        "on",
        "~",
        "010",
        "a.html",
        "17:30",
        "a\r\nb",
        "a\nb",
        "<p>\n",
        "=",
        "\u2028",
        "- x",
        "{",
    ]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts
    | st.floats(-1e9, 1e9, allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(
    bodies=st.lists(st.dictionaries(st.sampled_from(["label", "body", "x"]), values), max_size=3)
)
@settings(max_examples=60, deadline=None)
def test_what_is_exported_reads_back_the_same(bodies: list[dict[str, Any]]) -> None:
    head = document_of({"kind": "app", "name": "lending", "version": "1.0.0", "label": "Lending"})
    documents = [head]
    for at, body in enumerate(bodies):
        documents.append(document_of({"kind": "letter", "name": f"letter_{at}", **body}))
    with tempfile.TemporaryDirectory() as made:
        for path, text in exporting.texts_of(documents, KINDS).items():
            (Path(made) / path).parent.mkdir(exist_ok=True)
            (Path(made) / path).write_bytes(text.encode())
        again = read_package(Path(made), KINDS)
    assert {d.name: d.body for d in again} == {d.name: d.body for d in documents}


def test_the_engines_own_documents_export_tidily() -> None:
    documents = read_package(CORE_FOLDER, CORE_KINDS)
    files = exporting.texts_of(documents, CORE_KINDS)
    assert {"app.yaml", "objects/user.yaml", "roles/administrator.yaml"} <= files.keys()
    assert files["objects/team.yaml"].startswith("kind: object\nname: team\n")


def test_the_sites_layer_installed_elsewhere_makes_the_same_catalog(
    client: Client, tmp_path: Path
) -> None:
    put(client, FIRST)
    client.define(BRANCH, WELCOME, {"kind": "role", "name": "clerk", "grants": [
        {"name": "books", "object": "book", "can": ["read"]}]})  # fmt: skip
    client.patch("/api/meta/object/book", {"fields": [
        {"name": "fee", "label": "Price"}, {"name": "shelf", "$delete": True},
        {"name": "loud", "kind": "boolean"}]})  # fmt: skip
    client.delete("/api/meta/view/all_books")
    hash_here = client.get("/api/meta").json()["hash"]
    exported = client.get("/api/packages/site/export?name=our_desk&label=Our+desk&version=2.0.0")
    assert exported.status == 200 and exported.headers["content-type"] == "application/zip"
    assert exported.body == client.get(
        "/api/packages/site/export?name=our_desk&label=Our+desk&version=2.0.0").body  # fmt: skip
    lending = client.get("/api/packages/lending/export").body

    engine = Engine(load(environment(f"sqlite:///{tmp_path}/elsewhere.db", tmp_path)))
    engine.open()
    install_core(Session.begin(engine))
    first_administrator(engine)
    there = Client(build_app(engine)).signed_in(EMAIL, PASSWORD)
    early = there.call("POST", "/api/packages", body=exported.body)
    assert early.status == 422 and "lending" in early.json()["detail"]
    for body in (lending, exported.body):
        done = there.call("POST", "/api/packages", body=body)
        assert done.status == 201, done.text
    assert there.get("/api/meta").json()["hash"] == hash_here
    assert there.get("/api/packages/site/export").status == 422
    assert there.get("/api/packages/site/export?name=lending").status == 422
    assert there.get("/api/packages/nothing/export").status == 404
    engine.close()
