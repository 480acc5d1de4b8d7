"""Words by which records are found: what is indexed, and what a search asks for."""

from __future__ import annotations

import re

from metamodel.folding import fold
from metamodel.storage import POSTGRESQL

MAX_WORDS = 8
TELLING = 3  # letters
MARK = "\ue000"  # parts no words on SQLite, and is in none

# The databases part text differently at hyphens, dots and @; here all of them part words.
_WORD = re.compile(r"[^\W_]+")
_PARTED = "".join(c if c.isalnum() else " " for c in map(chr, range(128)))  # the same for ASCII


def mark_of(object_name: str) -> str:
    """The word by which the index of SQLite tells the records of an object; nobody can type it."""
    return MARK + object_name.replace("_", MARK)


def indexed(text: str) -> str:
    """The folded words of a text, each once, with spaces between."""
    folded = fold(text)
    words = folded.translate(_PARTED).split() if folded.isascii() else _WORD.findall(folded)
    return " ".join(dict.fromkeys(words))


def words_of(search: str) -> list[str]:
    """The words that are searched for."""
    return list(dict.fromkeys(_WORD.findall(fold(search))))[:MAX_WORDS]


def telling(words: list[str]) -> list[str]:
    """Those by which an index finds few records: one letter begins words in most of them."""
    return [word for word in words if len(word) >= TELLING] or words


def wanted(search: str, dialect: str) -> str:
    """The words of a search as prefixes that must all be there; without words it finds nothing."""
    words = words_of(search)
    if dialect == POSTGRESQL:
        return " & ".join(f"'{word}':*" for word in words)
    return " ".join(f'"{word}"*' for word in telling(words)) or '""'


def holds(text: str | None, query: str) -> bool:
    """Whether words of a text begin with each word of a query, whatever stands between these."""
    there, starts = indexed(text or "").split(), _WORD.findall(query)
    return bool(starts) and all(any(word.startswith(start) for word in there) for start in starts)
