"""What a layer says is the least that makes the document as wanted, whatever is changed."""

from __future__ import annotations

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


@given(BODIES, BODIES)
def test_a_part_over_what_is_below_makes_what_is_wanted(
    base: dict[str, Any], wanted: dict[str, Any]
) -> None:
    part = site_part(base, wanted, None)
    assert merge(base, part) == merge(None, wanted)


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
        ({"filters": BASE["filters"][::-1]}, {"$order": {"filters": ["late", "mine"]}}),
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


def test_what_a_package_adds_stays_behind_what_it_came_after() -> None:
    said = {"$order": {"filters": ["late", "mine"]}}
    new = {"name": "new"}
    mine, late = BASE["filters"]
    for items, names in (
        ([new, mine, late], ["new", "late", "mine"]),
        ([mine, new, late], ["late", "mine", "new"]),
        ([mine, late, new], ["late", "new", "mine"]),
    ):
        merged = merge({**BASE, "filters": items}, said)
        assert [one["name"] for one in merged["filters"]] == names
        assert "$order" not in merged
