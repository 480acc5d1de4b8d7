"""Ranks: there is always room between two."""

import random

from kanban.ranks import behind, between, last_id


def test_a_rank_lies_between_its_neighbours() -> None:
    choice = random.Random(7)
    ranks = ["019a" + "0" * 27 + "1", "019b" + "f" * 28]
    for _ in range(400):
        at = choice.randrange(len(ranks) + 1)
        low = ranks[at - 1] if at else ""
        high = ranks[at] if at < len(ranks) else ""
        ranks.insert(at, between(low, high))
    assert ranks == sorted(set(ranks))


def test_the_end_comes_before_what_is_still_to_be_made() -> None:
    last = "019a" + "0" * 28
    later = "019a" + "0" * 27 + "1"
    for _ in range(10):
        following = behind(last)
        assert last < following < later
        last = following


def test_ids_that_may_stand_before_a_rank_end_at_one() -> None:
    id = "019a2b3c-0000-7000-8000-00000000000a"
    rank = id.replace("-", "")
    assert last_id(rank) == last_id(rank + "i") == id
    assert last_id("019a2b3ci") == "019a2b3c-ffff-ffff-ffff-ffffffffffff"
    assert last_id("019a2b3c") == "019a2b3c-0000-0000-0000-000000000000"
    assert last_id("i") == "ffffffff-ffff-ffff-ffff-ffffffffffff"
