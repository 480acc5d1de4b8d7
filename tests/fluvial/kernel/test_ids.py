"""New ids are UUIDs of version 7 that sort as they were made."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from fluvial.kernel import ids
from fluvial.kernel.ids import is_id, new_id


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before - 1 <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


def test_later_ids_sort_later_also_while_the_clock_stands_or_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.time_ns() + 10**9
    moments = iter([*[now] * 3_000, *(now - 10**6 * at for at in range(3_000))])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    monkeypatch.setattr(ids, "_last", ids._last)
    made = [new_id() for _ in range(6_000)]
    assert made == sorted(made)
    assert len({one[:18] for one in made}) == len(made)  # by their time alone


def test_threads_never_get_the_same_time() -> None:
    def some(_: int) -> list[str]:
        return [new_id() for _ in range(200)]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(some, range(8)))
    assert all(made == sorted(made) for made in found)
    assert len({one[:18] for made in found for one in made}) == 1_600


@pytest.mark.parametrize(
    "text",
    ["", "x", None, 7, b"0190", str(uuid.UUID(int=1)).upper().replace("0", "A"),
     uuid.UUID(int=1).hex, f" {uuid.UUID(int=1)}", f"{uuid.UUID(int=1)}\n",
     "{00000000-0000-0000-0000-000000000001}", "0000000g-0000-0000-0000-000000000001"],
)  # fmt: skip
def test_what_is_no_id(text: object) -> None:
    assert not is_id(text)


def test_any_uuid_in_lower_case_is_an_id() -> None:
    assert is_id(new_id())
    assert is_id(str(uuid.uuid4()))
