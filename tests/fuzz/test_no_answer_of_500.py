"""Whatever is asked, written or defined, the answer is no fault of the server."""

import os
from collections.abc import Callable
from random import Random

import pytest

from tests.app import Client, Documents

from .fuzzed_requests import DEFINING, READING, WRITING, Fuzz
from .fuzzed_world import WORLD, settle

# A long search: FUZZ_SEEDS=2,3 FUZZ_REQUESTS=20000 pytest tests/fuzz
SEEDS = [int(seed) for seed in os.environ.get("FUZZ_SEEDS", "1").split(",")]
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "400"))

Ways = tuple[Callable[[Fuzz], None], ...]


@pytest.fixture
def documents() -> Documents:
    return WORLD


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("ways", "share"),
    [(READING, 1.0), (WRITING, 0.6), (DEFINING, 0.08)],
    ids=["reading", "writing", "defining"],
)
def test_no_request_is_answered_with_500(
    client: Client, seed: int, ways: Ways, share: float
) -> None:
    fuzz = Fuzz(client, settle(client), Random(seed).randrange(2**32))
    fuzz.run(int(REQUESTS * share), ways)
    assert not fuzz.faults, "\n".join(fuzz.faults)
    # A search that is refused everywhere finds nothing.
    assert fuzz.taken > REQUESTS * share * 0.2, fuzz.statuses
