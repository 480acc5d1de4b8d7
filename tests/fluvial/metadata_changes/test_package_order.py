"""Packages lie above those that they need, and else stay where they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.kernel.problems import NotFound
from fluvial.metadata_changes.package_order import (
    enter,
    forget,
    in_order,
    installed,
    known,
    needs_of,
    ordered,
    versions,
)
from fluvial.runtime.catalogs import Layers
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from metamodel.document import Document

NAMES = st.lists(st.sampled_from("abcdef"), unique=True)
NEEDS = st.dictionaries(
    st.sampled_from("abcdefg"),
    st.dictionaries(st.sampled_from("abcdefg"), st.just("1")),
    max_size=6,
)


@settings(deadline=None, max_examples=80)
@given(NAMES, NEEDS)
def test_none_is_lost_and_the_order_is_steady(
    names: list[str], needs: dict[str, dict[str, str]]
) -> None:
    found = ordered(names, needs)
    assert sorted(found) == sorted(names)
    assert ordered(names, {}) == names
    below = {name: {n for n in wanted if n < name} for name, wanted in needs.items()}
    found = ordered(names, {name: dict.fromkeys(wanted, "1") for name, wanted in below.items()})
    for name in names:  # these needs have no circle
        for other in below.get(name, set()) & set(names):
            assert found.index(other) < found.index(name)
    assert ordered(found, {n: dict.fromkeys(w, "1") for n, w in below.items()}) == found


def test_a_circle_ends_where_it_began() -> None:
    needs = {"a": {"b": "1"}, "b": {"c": "1"}, "c": {"a": "1"}}
    assert ordered(["a", "b", "c"], needs) == ["c", "b", "a"]
    assert ordered(["a"], {"a": {"a": "1"}}) == ["a"]


def layer(name: str, needs: object = None) -> dict[tuple[str, str], Document]:
    body = {"kind": "app", "name": name} | ({} if needs is None else {"needs": needs})
    return {("app", name): Document("app", name, body, name)}


def test_layers_keep_the_engine_first_and_the_site_last() -> None:
    layers: Layers = {
        "fluvial": {}, "over": layer("over", {"under": "1"}), "plain": {}, "under": layer("under"),
        "site": {},
    }  # fmt: skip
    assert [*in_order(layers)] == ["fluvial", "under", "over", "plain", "site"]
    assert needs_of(layers) == {"over": {"under": "1"}, "under": {}}
    assert needs_of({"odd": layer("odd", ["no", "mapping"])}) == {"odd": {}}


def test_packages_are_entered_moved_and_forgotten(engine: Engine) -> None:
    session = Session.begin(engine)
    connection = session.connection
    needs = {"over": {"under": "1"}}
    enter(session, "over", "1.0", {})
    enter(session, "other", "1.0", {})
    enter(session, "under", "2.0", needs)
    assert [one["name"] for one in installed(connection)] == ["under", "over", "other"]
    enter(session, "over", "1.1", needs)
    assert versions(connection) == {"under": "2.0", "over": "1.1", "other": "1.0"}
    assert known(connection, "over") == "1.1"
    forget(connection, "over")
    with pytest.raises(NotFound, match="The package `over` is not installed."):
        known(connection, "over")
    enter(session, "over", "3.0", {})
    assert [one["name"] for one in installed(connection)] == ["under", "other", "over"]
