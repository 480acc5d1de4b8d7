"""What a layer says is the least that makes the document as wanted, whatever is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metamodel.layers import merge
from metamodel.site_part import says_nothing, site_part

NAMES = st.sampled_from(["a", "b", "c", "d"])
PLAIN = st.sampled_from(["x", "y", 1, 2, True, False])
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(PLAIN, max_size=3),
        st.lists(
            st.builds(lambda name, more: {**more, "name": name}, NAMES,
                      st.dictionaries(st.sampled_from(["p", "q"]), inner, max_size=2)),
            max_size=3, unique_by=lambda item: item["name"],
        ),
    ),
    max_leaves=12,
)  # fmt: skip
BODIES = st.dictionaries(st.sampled_from(["label", "fields", "more", "list"]), VALUES, max_size=4)


def ordered(value: Any) -> Any:
    """With lists of named things by name: layers keep the order of those below."""
    if isinstance(value, Mapping):
        return {name: ordered(one) for name, one in value.items()}
    if isinstance(value, list):
        items = [ordered(one) for one in value]
        if items and all(isinstance(one, Mapping) and "name" in one for one in items):
            return sorted(items, key=lambda one: str(one["name"]))
        return items
    return value


@given(BODIES, BODIES)
def test_a_part_over_what_is_below_makes_what_is_wanted(
    base: dict[str, Any], wanted: dict[str, Any]
) -> None:
    part = site_part(base, wanted, None)
    assert ordered(merge(base, part)) == ordered(merge(None, wanted))


@given(BODIES)
def test_what_is_as_the_package_says_needs_no_words(body: dict[str, Any]) -> None:
    assert says_nothing(site_part(body, body, {"kind": "view", "name": "a"}))


BASE: dict[str, Any] = {
    "kind": "view", "name": "open", "label": "Open", "columns": ["title", "due"],
    "filters": [{"name": "mine", "label": "Mine"}, {"name": "late", "label": "Late"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"label": "Waiting"}, {"label": "Waiting"}),
        ({"columns": ["due"]}, {"columns": ["due"]}),
        ({"columns": []}, {"columns": []}),
        ({"sort": ["due"]}, {"sort": ["due"]}),
        ({"filters": []}, {"filters": [{"name": "mine", "$delete": True},
                                       {"name": "late", "$delete": True}]}),
        ({"filters": [{"name": "mine", "label": "Own"}, BASE["filters"][1]]},
         {"filters": [{"name": "mine", "label": "Own"}]}),
        ({"filters": [*BASE["filters"], {"name": "new", "label": "New"}]},
         {"filters": [{"name": "new", "label": "New"}]}),
        ({"filters": [{"name": "mine"}, BASE["filters"][1]]},
         {"filters": [{"name": "mine", "label": None}]}),
    ],
)  # fmt: skip
def test_only_what_differs_is_said(change: dict[str, Any], part: dict[str, Any]) -> None:
    assert site_part(BASE, {**BASE, **change}, None) == part
    without = {name: value for name, value in BASE.items() if name != "label"}
    assert site_part(BASE, without, None) == {"label": None}


def test_what_waits_for_the_package_goes_on_waiting() -> None:
    said: dict[str, Any] = {
        "kind": "view", "name": "open", "label": "Open here",
        "filters": [{"name": "gone", "label": "Gone", "$over": True}],
        "card": {"title": "due", "$over": True},
    }  # fmt: skip
    part = site_part(BASE, {**BASE, "label": "Other"}, said)
    assert part["card"] == said["card"]
    part = site_part(BASE, {**BASE, "filters": [{"name": "mine", "label": "x"}]}, said)
    assert said["filters"][0] in part["filters"]
