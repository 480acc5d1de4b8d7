"""The tables of docs/metadata.md and docs/kinds.md, made from the code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from metamodel.documents import CORE_KINDS
from metamodel.folding import listed
from metamodel.kinds import KINDS, Kind
from metamodel.reserved_names import RESERVED
from metamodel.schemas.loading import load_schema

DOCS = Path(__file__).parent.parent / "docs"
PAGES = (DOCS / "metadata.md", DOCS / "kinds.md")
SLOT = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.S)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def document_kinds() -> str:
    rows = (
        [f"`{kind.name}`", f"`{kind.folder}/`" if kind.folder else "`app.yaml`", kind.about]
        for kind in CORE_KINDS.values()
    )
    return table(["Kind", "Folder", "Description"], rows)


def document_members() -> str:
    """For each kind of document its members and an example."""
    parts = []
    for kind in CORE_KINDS.values():
        schema = kind.full_schema
        rows = _members(schema["properties"], schema["required"], schema["$defs"])
        heads = table(["Member", "Description"], rows)
        parts.append(f"### {kind.name}\n\n{kind.about}\n\n{heads}\n\n{_example(kind.example)}")
    return "\n\n".join(parts)


def field_kinds() -> str:
    rows = ([f"`{kind.name}`", kind.label, kind.group, kind.about] for kind in KINDS.values())
    return table(["Kind", "Label", "Group", "Description"], rows)


def common_options() -> str:
    return table(
        ["Option", "Description"], _members(load_schema("field"), ("name", "kind"), _defs())
    )


def kind_sections() -> str:
    """For each kind of field what it does, its own options and an example."""
    return "\n\n".join(map(_kind_section, KINDS.values()))


def _kind_section(kind: Kind) -> str:
    rows = list(_members(kind.options, kind.needs, _defs()))
    options = table(["Option", "Description"], rows) if rows else "It has no options of its own."
    written = json.dumps(kind.sample, ensure_ascii=False)
    filters = ", ".join(name.replace("_", " ") for name in kind.operators)
    facts = [f"A value in JSON: `{written}`.", f"Filters: {filters}.", _powers(kind)]
    return (
        f"## {kind.label}\n\n`{kind.name}`. {kind.about}\n\n{_example(kind.example)}\n\n"
        f"{' '.join(facts)}\n\n{options}"
    )


def _powers(kind: Kind) -> str:
    can = [
        word
        for word, able in (
            ("be edited by people", kind.editable),
            ("be used for sorting", kind.sortable),
            ("be searched", kind.searchable),
            ("be unique and part of keys", kind.indexable),
        )
        if able
    ]
    return f"It can {listed(can)}.".replace("`", "") if can else ""


def reserved_names() -> str:
    meanings: dict[str, list[str]] = {}
    for name, meaning in RESERVED.items():
        meanings.setdefault(meaning, []).append(name)
    rows = (
        [meaning[0].upper() + meaning[1:], ", ".join(f"`{name}`" for name in names)]
        for meaning, names in meanings.items()
    )
    return table(["Meaning", "Names"], rows)


def _defs() -> Mapping[str, Any]:
    return load_schema("common")


def _members(
    properties: Mapping[str, Any], needed: Iterable[str], defs: Mapping[str, Any]
) -> Iterable[list[str]]:
    needed = set(needed)
    for name, schema in properties.items():
        about = schema.get("description") or _referred(schema, defs)
        choices = ", ".join(f"`{one}`" for one in schema.get("enum", ()))
        said = " ".join(part for part in (about, f"One of {choices}." if choices else "") if part)
        yield [f"`{name}`{' (required)' if name in needed else ''}", said]


def _referred(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return str(defs.get(name, {}).get("description", "")) if name else ""


def _example(example: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(
        dict(example), sort_keys=False, allow_unicode=True, default_flow_style=None, width=90
    )
    return f"```yaml\n{text}```"


TABLES: Mapping[str, Callable[[], str]] = {
    "document_kinds": document_kinds,
    "document_members": document_members,
    "field_kinds": field_kinds,
    "common_options": common_options,
    "kind_sections": kind_sections,
    "reserved_names": reserved_names,
}


def filled(page: str) -> str:
    """The page with its tables made anew."""
    return SLOT.sub(lambda slot: f"<!-- {slot[1]} -->\n{TABLES[slot[1]]()}\n<!-- end -->", page)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
