"""Packages over HTTP: install, upgrade, downgrade, uninstall, export."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from fluvial.kernel.problems import NotFound, Problem, TooLarge
from fluvial.packages import archive, registry, source
from tests.app import Client

Body = dict[str, Any]


def app(version: str, **more: Any) -> Body:
    return {"kind": "app", "name": "lending", "label": "Lending", "version": version, **more}


def book(*fields: Body, **more: Any) -> Body:
    name = {"name": "name", "kind": "text", "required": True}
    return {"kind": "object", "name": "book", "title": "{name}", "fields": [name, *fields], **more}


FEE = {"name": "fee", "kind": "number", "scale": 2, "min": 0, "label": "Fee"}
SHELF = {"name": "shelf", "kind": "text"}
PHONE = {"kind": "object", "name": "user", "extends": "fluvial",
         "fields": [{"name": "card", "kind": "text"}]}  # fmt: skip
LIST = {"kind": "view", "name": "all_books", "object": "book", "columns": ["name", "fee"]}
FIRST: list[Body] = [LIST, PHONE, app("1.0.0", needs={"fluvial": ">=0.1"}), book(FEE, SHELF)]
SECOND: list[Body] = [app("1.1.0"), book({**FEE, "min": 1, "label": "Charge"}), PHONE,
          {**LIST, "columns": ["name", "fee", "created_at"]}]  # fmt: skip


def put(client: Client, documents: list[Body], query: str = "", **more: Any) -> Body:
    reply = client.post(f"/api/packages{query}", {"documents": documents, **more})
    assert reply.status in (200, 201), reply.text
    answer: Body = reply.json()
    return answer


def zipped(files: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for path, text in files.items():
            made.writestr(path, text)
    return target.getvalue()


def test_an_upgrade_keeps_what_the_site_says_and_a_downgrade_brings_all_back(
    client: Client,
) -> None:
    assert sorted(put(client, FIRST)["added"]) == ["app/lending", "object/book", "view/all_books"]
    made = client.made("book", name="Emma", fee="3.50", shelf="A1")
    fee = {"name": "fee", "min": 2, "label": "Price"}
    own = {"fields": [fee, {"name": "shelf", "help": "Where"}, {"name": "loud", "kind": "boolean"}]}
    assert client.patch("/api/meta/object/book", own).status == 200
    client.patch("/api/meta/view/all_books", {"columns": ["fee", "name", "loud"]})

    planned = put(client, SECOND, "?plan=true")
    assert client.post("/api/packages/lending/plan", {"documents": SECOND}).json() == planned
    assert (planned["from"], planned["to"], planned["revision"]) == ("1.0.0", "1.1.0", None)
    conflict = {"document": "object/book", "pointer": "/fields/fee/min", "old": 0, "new": 1,
                "site": 2, "policy": "package", "outcome": "conflict"}  # fmt: skip
    assert planned["conflicts"] == [conflict]
    kept = {(k["pointer"], k["outcome"]) for k in planned["kept"]}
    assert {("/fields/fee/label", "kept"), ("/fields/shelf", "parked"), ("/columns", "merged"),
            ("/fields/loud", "kept")} == kept  # fmt: skip
    assert [o["op"] for o in planned["operations"]] == ["retire_field"]
    assert client.rows("/api/packages")[0]["version"] == "1.0.0"

    put(client, SECOND)
    fields = {f["name"]: f for f in client.get("/api/meta/object/book").json()["fields"]}
    assert (fields["fee"]["label"], fields["fee"]["min"]) == ("Price", 2) and "shelf" not in fields
    columns = client.get("/api/meta/view/all_books").json()["columns"]
    assert columns == ["fee", "name", "loud", "created_at"]
    package = client.get("/api/packages/lending").json()
    assert package["version"] == "1.1.0" and package["changed_by_site"] == 2
    said = {(c["document"], c["pointer"]): (c["package"], c["site"]) for c in package["site"]}
    assert said["object/book", "/fields/fee/min"] == (1, 2)

    back = put(client, FIRST)
    assert (back["from"], back["to"]) == ("1.1.0", "1.0.0")
    fields = {f["name"]: f for f in client.get("/api/meta/object/book").json()["fields"]}
    assert fields["shelf"]["help"] == "Where" and fields["fee"]["label"] == "Price"
    assert client.get(f"/api/records/book/{made['id']}").json()["shelf"] == "A1"

    taken = put(client, SECOND, take=["object/book#/fields/fee/min"])
    assert taken["conflicts"] == []
    assert client.get("/api/meta/object/book").json()["fields"][1]["min"] == 1
    stray = client.post("/api/packages", {"documents": FIRST, "take": ["object/book#/label"]})
    assert stray.status == 422 and "no conflict" in stray.json()["detail"]


def test_needs_are_checked_in_both_directions(client: Client) -> None:
    def refused(*documents: Body) -> str:
        reply = client.post("/api/packages", {"documents": list(documents)})
        assert reply.status in (409, 422), reply.text
        return str(reply.json()["detail"])

    reading = {
        "kind": "app",
        "name": "reading",
        "version": "1.0.0",
        "needs": {"lending": ">=1.1,<2"},
    }
    assert "which is not installed" in refused(reading)
    assert "fluvial" in refused(app("1.0.0", needs={"fluvial": ">=99"}), book())
    put(client, FIRST)
    assert "1.0.0 is installed" in refused(reading)
    put(client, SECOND)
    put(client, [reading, {"kind": "object", "name": "book", "extends": "lending",
                           "fields": [{"name": "read", "kind": "boolean"}]}])  # fmt: skip
    assert "reading needs lending" in refused(*FIRST)
    gone = client.delete("/api/packages/lending")
    assert gone.status == 409 and gone.json()["needed_by"] == ["reading"]
    listed = {p["name"]: p for p in client.rows("/api/packages")}
    assert listed["lending"]["needed_by"] == ["reading"] and listed["reading"]["needs"]
    assert "this one has 2" in refused(reading, reading)
    assert "2 documents object/book" in refused(app("1.2.0"), book(), book())
    assert client.post("/api/packages", {"app": "../psa"}).status == 422
    assert client.post("/api/packages", {"documents": [book()]}).status == 422
    assert client.get("/api/packages/nothing").status == 404


def test_what_is_uninstalled_leaves_its_values(client: Client) -> None:
    put(client, FIRST)
    made = client.made("book", name="Emma", fee="3.50")
    client.patch("/api/meta/object/book", {"fields": [{"name": "fee", "label": "Price"}]})
    planned = client.delete("/api/packages/lending?plan=true").json()
    assert planned["objects"] == [{"name": "book", "label": "Book", "records": 1}]
    assert planned["fields"] == ["user.card"] and planned["documents"] == ["view/all_books"]
    assert planned["waiting"] == ["object/book"] and planned["uses"] == []
    assert client.delete("/api/packages/lending").status == 200
    assert client.get("/api/records/book").status == 404
    assert client.rows("/api/packages") == []
    put(client, FIRST)
    assert client.get(f"/api/records/book/{made['id']}").json()["fee"] == "3.50"
    assert client.get("/api/meta/object/book").json()["fields"][1]["label"] == "Price"


def test_what_needs_an_uninstalled_package_goes_only_with_force(client: Client) -> None:
    put(client, FIRST)
    fields = [{"name": "book", "kind": "lookup", "to": "book"}, {"name": "due", "kind": "date"}]
    loan = {"kind": "object", "name": "loan", "fields": fields}
    client.define(loan, {"kind": "view", "name": "dear", "object": "book", "columns": ["fee"]})
    refused = client.delete("/api/packages/lending")
    assert refused.status == 409
    assert {u.partition("#")[0] for u in refused.json()["uses"]} == {"object/loan", "view/dear"}
    planned = client.delete("/api/packages/lending?plan=true")
    assert planned.status == 200 and planned.json()["uses"] == refused.json()["uses"]
    assert client.delete("/api/packages/lending?force=true").status == 200
    fields = client.get("/api/meta/object/loan").json()["fields"]
    assert [f["name"] for f in fields] == ["due"]
    assert client.get("/api/meta/view/dear").status == 404


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"../app.yaml": "app: x"}, "leads outside"),
        ({"/app.yaml": "app: x"}, "leads outside"),
        ({"a/..\\b": "app: x"}, "leads outside"),
        (
            {"app.yaml": "app: x\nversion: 1.0.0", "objects": "a", "objects/a.yaml": "b"},
            "conflicts",
        ),
        ({"app.yaml": b"x" * (archive.MAX_FILE + 1)}, "larger than"),
        ({"readme.txt": "x"}, "no app.yaml"),
    ],
)
def test_zip_files_stay_in_their_folder_and_their_limits(
    files: dict[str, str | bytes], words: str
) -> None:
    with pytest.raises((Problem, TooLarge), match=words):
        source.from_zip(zipped(files), {})


def test_other_things_are_no_packages() -> None:
    link = zipfile.ZipInfo("objects/a.yaml")
    link.external_attr = 0o120777 << 16
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("app.yaml", "app: lending\nversion: 1.0.0\n")
        made.writestr(link, "/etc/passwd")
    with pytest.raises(Problem, match="link"):
        source.from_zip(target.getvalue(), {})
    with pytest.raises(Problem, match="not a valid zip file"):
        source.from_zip(b"PK\x03\x04 and nothing else", {})
    sound = zipped({"app.yaml": b"app: lending\n" + b"# \x00\xff" * 500})
    for at in range(30, len(sound), 7):  # bytes that were lost on the way
        with pytest.raises(Problem):
            source.from_zip(sound[:at] + b"\xff\xff\xff" + sound[at + 3 :], {})
    for name in ("../psa", "/etc", "psa/..", "."):
        with pytest.raises(NotFound):
            registry.shipped(name)
