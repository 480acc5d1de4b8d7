"""Syntax trees are built whole, whatever other threads build at that moment."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import get_ident

import pytest

from fluvial.kernel.generated_code import Code
from metamodel.expressions.syntax import parse

PARTS = " + ".join(f"(a{n} * b{n})" for n in range(20))


def expression() -> None:
    parse(PARTS)


def function() -> None:
    Code("read book").function("r", f"[{PARTS.replace('+', ',')}]")


def procedure() -> None:
    Code("read book").procedure("r", [f"x = r[{n}]" for n in range(20)])


@pytest.fixture
def eager() -> Iterator[None]:
    """The collector looks for garbage all the time, in the middle of a tree too."""
    before = gc.get_threshold()
    gc.set_threshold(5)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("other", [expression, function, procedure])
@pytest.mark.parametrize("build", [expression, function, procedure])
def test_a_tree_is_built_while_another_thread_builds_one(
    build: Callable[[], None], other: Callable[[], None]
) -> None:
    begun: list[Future[None]] = []
    mine = get_ident()
    with ThreadPoolExecutor(1) as pool:

        def let_the_other_build(phase: str, _: object) -> None:
            if phase == "stop" and get_ident() == mine and len(begun) < 20:
                begun.append(pool.submit(other))
                wait(begun[-1:], timeout=0.02)  # it may have to await its turn

        gc.callbacks.append(let_the_other_build)
        try:
            build()
        finally:
            gc.callbacks.remove(let_the_other_build)
    assert begun
    for future in begun:
        future.result()
