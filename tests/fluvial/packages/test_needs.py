"""What packages need of one another: ranges of versions, and refusals that say what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial import __version__
from fluvial.kernel.problems import Conflict, Unprocessable
from fluvial.packages.needs import check, check_others, dependents, is_older, meets

NUMBERS = st.tuples(*[st.integers(0, 30)] * 3)


def text(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


@settings(deadline=None, max_examples=60)
@given(NUMBERS, NUMBERS)
def test_versions_are_ordered_by_their_numbers(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    assert is_older("a", text(one), text(other)) is (one < other)
    assert meets("a", text(one), text(other)) is (one >= other)  # a bare version: or later
    assert meets("a", text(one), f"<{text(other)}") is (one < other)


@pytest.mark.parametrize(
    ("version", "wanted", "met"),
    [
        ("1.10", "1.9", True),
        ("1.2", "1.2.0", True),
        ("2.0", ">=1.2,<2", False),
        ("2.0rc1", ">=1.2", True),
        ("2.0rc1", "2.0", False),
        ("1.4.9", "~=1.4.2", True),
        ("1.5", "~=1.4.2", False),
        ("1.2", "==1.2", True),
    ],
)
def test_ranges(version: str, wanted: str, met: bool) -> None:
    assert meets("a", version, wanted) is met


@pytest.mark.parametrize("wanted", ["<>1", ">=x", "latest", "=1", ">"])
def test_what_is_no_range(wanted: str) -> None:
    with pytest.raises(Unprocessable, match="is not a range of versions. Write >=1.2,<2.") as no:
        meets("tools", "1.0", wanted)
    assert f"`{wanted}` for tools" in str(no.value)


def test_what_is_no_version() -> None:
    with pytest.raises(Unprocessable, match="`one` of tools is not a version. Write 1.4.0"):
        is_older("tools", "one", "1.0")


def test_needs_that_are_met_say_nothing() -> None:
    check("a", {"fluvial": f">={__version__}", "b": "1"}, {"b": "1.5", "c": "1"}, ())
    check("a", {}, {}, ())


def test_every_need_that_is_not_met_is_told() -> None:
    needs = {"fluvial": ">=99", "b": "2", "c": ">=1", "d": "1"}
    with pytest.raises(Unprocessable) as refused:
        check("a", needs, {"b": "1.5"}, {"c"})
    errors = {e["pointer"]: (e["code"], e["message"]) for e in refused.value.errors}
    assert errors == {
        "/app/needs/fluvial": (
            "other_version",
            f"a needs fluvial >=99, but {__version__} is installed. Upgrade fluvial.",
        ),
        "/app/needs/b": ("other_version", "a needs b 2, but 1.5 is installed. Upgrade b."),
        "/app/needs/c": (
            "not_installed",
            "a needs c >=1, which is not installed. Install it first: fluvial app install c.",
        ),
        "/app/needs/d": ("not_installed", "a needs d 1, which is not installed."),
    }
    assert all(message in str(refused.value) for _, message in errors.values())


def test_a_version_that_others_could_not_do_with() -> None:
    needs = {"x": {"a": "<2"}, "y": {"a": ">=1"}, "z": {"b": "1"}}
    check_others("a", "1.9", needs)
    with pytest.raises(Conflict, match="a 2.0 is not compatible: x needs a <2. Upgrade it first."):
        check_others("a", "2.0", needs)


def test_who_needs_a_package() -> None:
    assert dependents("a", {"y": ["a"], "x": ["a", "b"], "z": ["b"]}) == ["x", "y"]
    assert dependents("c", {"y": ["a"]}) == []
