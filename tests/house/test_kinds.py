"""What depends on a field's kind is asked of the kind, its type or its face, never of its name."""

from __future__ import annotations

import re

import pytest

from fluvial.pages.presenters import FACES
from metamodel.kinds import KINDS
from tests.house.field_kinds import NAMES, ROOT, files, in_python, in_text
from tests.house.sources import nodes_of

ASKS = """
field.kind.name == "file"
field.kind.name not in RARE
field.kind.name in ("text", "sequence")
w["kind"] == "file"
kind == "money"
kind.name != "boolean"
spec.get("kind") == "lookup"
field.type.name == "yes/no"
field.type.name in ("money", "record")
TABLE.get(field.kind.name)
TABLE[step.old.kind.name, step.new.kind.name]
field.kind.name.startswith("any")
BULK = ("choice", "lookup", "person")
BULK = frozenset({"choice", "lookup"})
SORTED = {"text": "A to Z", "number": "smallest first"}
"""
ASKS_LATER = """
name = field.kind.name
if name == "multi_choice":
    pass
"""
ASKS_BY_TYPE = """
kind = field.type.name
if kind in ("person", "persons"):
    pass
"""
ASKS_BY_CASES = """
match field.kind.name:
    case "file":
        pass
"""
ALLOWED = """
document.kind == "object"
trigger.kind == "date"
kind.name in kinds
source.kind.name != field.kind.name
field.type.name == NUMBER.name
field.kind.uploads
KINDS["text"]
types = {"string": "text", "number": "a number", "boolean": "true or false", "integer": "whole"}
{"kind": field.kind.name, "text": text}
FUNCTIONS = ("lower", "upper", "text", "round", "date", "year")
show(call, "object", "view", "board")
"""
SCRIPT_ASKS = """
if (field.kind === "boolean") run();
if ("money" === kind) run();
if (["choice", "multi_choice"].includes(made.kind)) run();
const type = { date: "date", datetime: "datetime-local" }[field.kind];
const WRITE = { number: digits, boolean: String };
select.closest("[data-kind=any_lookup]");
{% if w.many or w.kind == "multi_lookup" %}
<div data-field="day" data-kind="date">
{% if field.kind.name in ("text", "number") %}
"""
SCRIPT_ALLOWED = """
if (kind === "good") run();
const one = { date: when, label, href, title };
make("input", { type: "text", name: "file", class: "input" });
const READ = { plain: text, digits: text, amount };
<button data-kind="{{ kind.name }}" data-words="{{ kind.words }}">
{{ "Search" if step == "file" else "" }}
"""


def test_the_names_are_those_of_the_kinds() -> None:
    assert {
        name for name, kind in KINDS.items() if kind.__module__.startswith("metamodel")
    } == NAMES


def test_scripts_know_what_inputs_hold() -> None:
    """`holds` and `fills` of faces are words of the scripts that read and fill inputs."""
    reads, writes = _members("values.js", "READ"), _members("defaults.js", "WRITE")
    for name, face in FACES.items():
        assert face.holds in reads | {""}, name
        assert not face.fills or face.holds in writes, name


def _members(script: str, table: str) -> set[str]:
    source = (ROOT / "front" / script).read_text(encoding="utf-8")
    body = source.split(f"const {table} = {{\n")[1].split("\n};")[0]
    return set(re.findall(r"^  (\w+)[:,]", body, re.M))


def test_no_code_asks_which_kind_a_field_is_of() -> None:
    found = []
    for path in files():
        source = path.read_text(encoding="utf-8")
        python = path.suffix == ".py"
        told = in_python(source, nodes_of(path)) if python else in_text(source)
        place = path.relative_to(ROOT)
        found += [f"{place}:{line}: {text[:120]}" for line, text in told]
    hint = "Ask the kind (metamodel/kinds/kind.py), the type or the face instead:\n"
    assert not found, f"{len(found)} places. {hint}" + "\n".join(found)


@pytest.mark.parametrize("line", ASKS.strip().splitlines())
def test_it_sees_a_comparison_or_a_table(line: str) -> None:
    assert list(in_python(line))


@pytest.mark.parametrize("source", [ASKS_LATER, ASKS_BY_TYPE, ASKS_BY_CASES])
def test_it_sees_a_name_that_is_compared_later(source: str) -> None:
    assert list(in_python(source))


@pytest.mark.parametrize("line", ALLOWED.strip().splitlines())
def test_it_leaves_other_kinds_alone(line: str) -> None:
    assert not list(in_python(line))


@pytest.mark.parametrize("line", SCRIPT_ASKS.strip().splitlines())
def test_it_sees_scripts_and_templates(line: str) -> None:
    assert list(in_text(line))


@pytest.mark.parametrize("line", SCRIPT_ALLOWED.strip().splitlines())
def test_it_leaves_other_scripts_alone(line: str) -> None:
    assert not list(in_text(line))
