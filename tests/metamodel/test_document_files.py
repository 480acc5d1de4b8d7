"""Documents in text and in the folders of packages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from metamodel.document_files import document_of, parse_documents, read_package
from metamodel.documents import DocumentKind, with_kinds
from metamodel.errors import MetadataError

LETTER = DocumentKind(
    name="letter",
    folder="letters",
    schema={"type": "object", "properties": {"body": {"type": "string"}}},
    beside=("body",),
)
KINDS = with_kinds([LETTER])


def test_plain_values_are_those_of_json() -> None:
    text = "on: {at: 17:30}\nday: 2026-01-01\nno: No\nten: 010\nhalf: .5\nyes: true\nnil: ~"
    assert parse_documents(text) == [
        {
            "on": {"at": "17:30"},
            "day": "2026-01-01",
            "no": "No",
            "ten": 10,
            "half": 0.5,
            "yes": True,
            "nil": None,
        }
    ]


def test_several_documents_are_parted_by_lines() -> None:
    assert parse_documents("a: 1\n---\nb: 2\n---\n") == [{"a": 1}, {"b": 2}]
    assert parse_documents('{"a": [1, 2.5]}') == [{"a": [1, 2.5]}]


BAD = {
    "a: 1\nb: 2\na: 3": "Line 3, column 1: `a` appears twice.",
    "a: &x 1\nb: *x": "Line 2, column 4: aliases",
    "a: !!python/object/apply:os.system [ls]": "could not determine a constructor",
    "a: !!binary aGk=": "could not determine a constructor",
    "? [a]\n: 1": "a name must be plain text",
    "a: [1": "Line 2, column 1",
    "a: 1e999": "too large",
    "- a": "A document consists of members and values.",
    "\x00": "It is not valid YAML.",
    "a: " + "[" * 50 + "]" * 50: "nested too deep",
    "a: " + "x" * 1_000_001: "The file is too large.",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_what_does_not_read_is_told_with_its_line(text: str) -> None:
    with pytest.raises(MetadataError) as caught:
        parse_documents(text, "objects/book.yaml")
    assert BAD[text] in str(caught.value)
    assert caught.value.faults[0].file == "objects/book.yaml"


def test_kind_and_name_are_in_the_body_or_given() -> None:
    document = document_of({"fields": []}, kind="object", name="book", layer="site")
    assert document.body == {"kind": "object", "name": "book", "fields": []}
    assert document_of({"app": "library", "version": "1.0"}).place == "app/library"
    assert document_of({"kind": "view", "name": "a", "x": Decimal("2.50")}).body["x"] == 2.5


def test_what_is_given_and_what_is_written_agree() -> None:
    with pytest.raises(MetadataError, match="differs from `book`") as caught:
        document_of({"kind": "object", "name": "loan"}, kind="object", name="book")
    assert caught.value.faults[0].pointer == "/name"
    for name in ("Book", "1st", "a" * 41, "", None, 5):
        with pytest.raises(MetadataError, match="lower-case letters"):
            document_of({"kind": "object", "name": name})


@pytest.mark.parametrize("value", [10**30, float("nan"), "a\x00b", "\ud800", [[[]]] * 3])
def test_what_no_database_takes_is_refused(value: object) -> None:
    if isinstance(value, list):
        for _ in range(60):
            value = [value]
    with pytest.raises(MetadataError):
        document_of({"kind": "view", "name": "a", "x": value})


def package(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_package_is_read_with_the_files_beside_its_documents(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        app_dot_yaml="app: library\nversion: 1.0.0",
        objects__all_dot_yaml="{kind: object, name: book}\n---\n{kind: object, name: loan}",
        letters__due_dot_yaml="{kind: letter, name: due, body: due.html, "
        "translations: {de: {subject: Zurück, body: due_de.html}}}",
        letters__due_dot_html="<p>Bring it back.</p>",
        letters__due_de_dot_html="<p>Bring es zurück.</p>",
        sample__books_dot_yaml="not: {a document",
    )
    found = read_package(folder, KINDS)
    assert [one.place for one in found] == [
        "app/library",
        "letter/due",
        "object/book",
        "object/loan",
    ]
    assert {one.layer for one in found} == {"library"}
    assert found[1].body["body"] == "<p>Bring it back.</p>"
    german = {"subject": "Zurück", "body": "<p>Bring es zurück.</p>"}
    assert found[1].body["translations"] == {"de": german}
    assert found[2].file == "objects/all.yaml"


def test_all_faults_of_a_package_are_told_at_once(tmp_path: Path) -> None:
    folder = package(
        tmp_path,
        app_dot_yaml="app: library\nversion: 1.0.0",
        objects__book_dot_yaml="a: [",
        objects__loan_dot_yaml="{kind: object}",
        objets__x_dot_yaml="{}",
        letters__due_dot_yaml="{kind: letter, name: due, body: duo.html, "
        "translations: {de: {body: duo_de.html}}}",
    )
    with pytest.raises(MetadataError) as caught:
        read_package(folder, KINDS)
    assert {fault.code for fault in caught.value.faults} == {
        "not_yaml", "no_name", "unknown_folder", "no_file",
    }  # fmt: skip
    assert "Did you mean `objects`?" in str(caught.value)
    missing = [one.pointer for one in caught.value.faults if one.code == "no_file"]
    assert missing == ["/body", "/translations/de/body"]


def test_a_folder_without_an_app_is_no_package(tmp_path: Path) -> None:
    with pytest.raises(MetadataError, match=r"app\.yaml"):
        read_package(tmp_path, KINDS)
