"""Every kind is complete: table, schema, example, words and icon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from metamodel.documents import CORE_KINDS, OBJECT
from metamodel.kinds import KINDS, Kind, register_kind
from metamodel.record_schema import field_schema
from tests.metamodel.catalogs import catalog, field

GROUPS = ["Text and numbers", "Choices", "Time", "Links", "Set by the system", "Files"]
FOLDER = Path(__file__).parents[3] / "metamodel" / "kinds"
NO_KINDS = {
    "working_days",
    "link_fields",
    "__init__",
    "kind",
    "system",
    "conversion",
    "held_results",
    "cell_kinds",
}

OTHERS = """
{kind: object, name: author, fields: [{name: name, kind: text}]}
---
{kind: object, name: member, fields: [{name: name, kind: text}]}
---
{kind: object, name: subject, fields: [{name: name, kind: text}]}
---
kind: object
name: loan
fields:
  - {name: member, kind: lookup, to: member}
  - {name: book, kind: lookup, to: book, inverse: loans}
  - {name: returned, kind: date}
"""


def test_there_are_seventeen_and_one_file_each() -> None:
    assert len(KINDS) == 17
    assert {path.stem for path in FOLDER.glob("*.py")} - NO_KINDS == set(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kind_says_what_it_is(kind: Kind) -> None:
    assert KINDS[kind.name] is kind
    assert kind.group in GROUPS
    assert kind.label and kind.icon and kind.about.endswith(".") and kind.operators
    for name, option in kind.options.items():
        assert option.get("description") or option.get("$ref"), name


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_example_of_a_kind_builds(kind: Kind) -> None:
    book = "kind: object\nname: book\nfields: []"
    built = catalog(OTHERS, book.replace("[]", f"[{_flow(dict(kind.example))}]"))
    made = built.objects["book"].fields[kind.example["name"]]
    assert made.kind is kind
    assert all(column.storage.type("sqlite") for column in made.columns)
    Draft202012Validator.check_schema(field_schema(made, "read"))


@pytest.mark.parametrize("name", CORE_KINDS)
def test_the_schemas_of_documents_are_json_schema(name: str) -> None:
    kind = CORE_KINDS[name]
    Draft202012Validator.check_schema(kind.full_schema)
    assert not list(kind.validator.iter_errors(kind.example))


def test_an_object_with_every_kind_is_valid() -> None:
    body: dict[str, Any] = {
        "kind": "object",
        "name": "book",
        "fields": [{**kind.example, "name": f"f_{kind.name}"} for kind in KINDS.values()],
    }
    assert not list(OBJECT.validator.iter_errors(body))


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="already"):
        register_kind(KINDS["text"])


def test_empty_fields_read_as_null_as_no_or_as_an_empty_list() -> None:
    absent = {name: kind.absent(field({**kind.example})) for name, kind in KINDS.items()}
    lists = {name for name, value in absent.items() if value == []}
    assert lists == {"multi_choice", "multi_lookup", "file"}
    assert absent["boolean"] is False
    assert (
        field({"kind": "boolean", "three_state": True}).kind.absent(
            field({"kind": "boolean", "three_state": True})
        )
        is None
    )


def _flow(value: object) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value).lower()
