"""Reads that take long are noted, with what they asked."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from fluvial.kernel.slow_questions import SlowQuestion
from fluvial.runtime.session import Session

from .query import Query

log = logging.getLogger("fluvial.slow")

_TEXT = re.compile(r"'[^']*'|\"[^\"]*\"")


@contextmanager
def watched(session: Session, query: Query, read: str) -> Iterator[None]:
    """Note what is asked where it takes longer than the setting, also where it is stopped."""
    began = time.perf_counter()
    try:
        yield
    finally:
        seconds, slow = time.perf_counter() - began, session.engine.slow
        if 0 < slow.limit <= seconds:
            question = question_of(query, read)
            slow.add(question, seconds, session.now)
            log.warning("%s took %d ms: %s", read, seconds * 1000, question)


def question_of(query: Query, read: str) -> SlowQuestion:
    """What is asked; texts in a condition are somebody's, and stay out."""
    return SlowQuestion(
        query.object,
        read,
        _TEXT.sub("'…'", query.where),
        tuple(name for name, text in query.equals if text),
        tuple(f"{'-' * key.descending}{'.'.join(key.path)}" for key in query.sort),
        bool(query.search),
    )
