"""What `change_set` of an object document may say, and what is told where it is not valid."""

from __future__ import annotations

from typing import Any

import pytest

from metamodel.build import build_catalog
from metamodel.catalog import Catalog
from metamodel.change_sets.change_set_part import CHANGE_SET
from metamodel.document_files import document_of
from metamodel.documents import with_kinds
from metamodel.errors import Fault, MetadataError
from metamodel.uses import uses_of
from tests.metamodel.catalogs import CORE_DOCUMENTS

Json = dict[str, Any]

LINE: Json = {
    "kind": "object", "name": "line", "fields": [{"name": "name", "kind": "text"}],
}  # fmt: skip
VIEW: Json = {
    "kind": "view", "name": "lines", "label": "Lines", "object": "line", "columns": ["name"],
}  # fmt: skip
SAID: Json = {"of": ["line"], "effective": "day", "applies": "done"}


def _body(**change_set: Any) -> Json:
    return {
        "kind": "object", "name": "amendment", "title": "{number}",
        "fields": [
            {"name": "number", "kind": "text"},
            {"name": "line", "kind": "lookup", "to": "line"},
            {"name": "day", "kind": "date"},
            {"name": "done", "kind": "boolean"},
            {"name": "back", "kind": "boolean"},
        ],
        "change_set": change_set,
    }  # fmt: skip


def _built(**change_set: Any) -> Catalog:
    made = (document_of(one, layer="site") for one in (LINE, VIEW, _body(**change_set)))
    return build_catalog([*CORE_DOCUMENTS, *made], with_kinds([]))


def _faults(**change_set: Any) -> list[Fault]:
    with pytest.raises(MetadataError) as error:
        _built(**change_set)
    return list(error.value.faults)


def test_it_is_compiled_with_all_that_it_names() -> None:
    preview = [{"field": "line.name"}, {"view": "lines"}]
    catalog = _built(**SAID, reverses="back", preview=preview)
    found = CHANGE_SET.of(catalog.objects["amendment"])
    assert found is not None
    assert (found.of, found.effective) == (frozenset({"line"}), "day")
    assert [one.name for one in found.preview] == ["field", "view"]
    assert CHANGE_SET.of(catalog.objects["line"]) is None
    assert "object/amendment#/change_set/of/0" in uses_of(catalog, "line")
    assert "object/amendment#/change_set/preview/1/view" in uses_of(catalog, "view/lines")


@pytest.mark.parametrize(
    ("said", "pointer", "code", "words"),
    [
        ({"of": ["lines"]}, "/change_set/of/0", "unknown_object", "`lines`"),
        ({"of": ["line", "amendment"]}, "/change_set/of/1", "own_object", "of its own"),
        ({"of": ["user"]}, "/change_set/of/0", "not_kept", "Users"),
        ({"effective": "number"}, "/change_set/effective", "not_a_date", "not a date"),
        ({"effective": "days"}, "/change_set/effective", "unknown_field", "`days`"),
        ({"applies": "number"}, "/change_set/applies", "expression", "number"),
        ({"applies": "day <= today()"}, "/change_set/applies", "not_lasting", "Nobody saves"),
        ({"applies": "created_by == me"}, "/change_set/applies", "personal", "everybody"),
        ({"reverses": "gone"}, "/change_set/reverses", "expression", "gone"),
        ({"reverses": "done"}, "/change_set/reverses", "same_condition", "moment"),
        ({"preview": [{"chart": "x"}]}, "/change_set/preview/0", "unknown_preview", "`chart`"),
        (
            {"preview": [{"field": "line.names"}]}, "/change_set/preview/0/field",
            "unknown_field", "`names`",
        ),
        ({"preview": [{"view": "line"}]}, "/change_set/preview/0/view", "unknown_view", "`line`"),
        (
            {"preview": [{"field": "day", "view": "lines"}]}, "/change_set/preview/0",
            "several_previews", "`field` and `view`",
        ),
        (
            {"preview": [{"field": "day", "periods": 3}]}, "/change_set/preview/0/periods",
            "unknown_member", "`periods`",
        ),
    ],
)  # fmt: skip
def test_what_is_not_valid_is_told_with_its_place(
    said: Json, pointer: str, code: str, words: str
) -> None:
    (fault,) = _faults(**{**SAID, **said})
    assert (fault.pointer, fault.code) == (pointer, code)
    assert words in fault.message
    assert fault.hint
