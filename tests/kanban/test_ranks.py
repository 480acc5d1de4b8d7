"""Ranks: there is always room between two."""

import random

from kanban.ranks import behind, between


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
