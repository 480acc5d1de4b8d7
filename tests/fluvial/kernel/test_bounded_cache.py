"""What is asked for again outlives what comes by once."""

from __future__ import annotations

from fluvial.kernel.bounded_cache import BoundedCache


def test_what_comes_by_once_drives_out_its_like() -> None:
    left: list[str] = []
    kept: BoundedCache[str] = BoundedCache(2, 3, left.append)
    for name in ("hot", "warm"):
        kept.put(name, name)
        assert kept.get(name) == name
    for number in range(100):
        kept.put(number, f"once {number}")
    assert kept.get("hot") == "hot" and kept.get("warm") == "warm"
    assert len(kept) == 5 and len(left) == 97
    assert kept.get(0) is None and kept.get(99) == "once 99"


def test_of_those_in_use_the_one_that_is_not_asked_for_leaves() -> None:
    left: list[str] = []
    kept: BoundedCache[str] = BoundedCache(2, 1, left.append)
    for name in ("a", "b", "c", "d"):
        kept.put(name, name)
        kept.get(name)
        kept.get("a")
    kept.put("e", "e")
    assert kept.get("a") == "a" and kept.get("d") == "d" and left == ["b", "c"]
    kept.clear()
    assert kept.get("a") is None and len(kept) == 0
