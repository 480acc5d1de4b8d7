"""Words by which records are found: what is indexed, and what a search asks for.

A word is found by its beginning, and by any three or more of its letters: the index holds what is
left of it from each letter on. Scripts without spaces are cut into short runs from each character
on. Numbers that are written with blanks are there as one number too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from metamodel.folding import fold
from metamodel.storage import POSTGRESQL

from .phone_digits import joined_numbers, national

VERSION = 2  # of what is indexed: databases of another one are indexed anew

MAX_WORDS = 8
TELLING = 3  # letters
MARK = "\ue000"  # parts no words on SQLite, and is in none

LONG_NUMBER = 6  # digits: such a number is found by the last two as well
RUN = 6  # characters of a script without spaces that are looked for together
MAX_PARTS = 4_000  # of one record: a text of thousands of words is found by whole words
MAX_WORD = 200  # characters

# The databases part text differently at hyphens, dots and @; here all of them part words.
_WORD = re.compile(r"[^\W_]+")
_PARTED = "".join(c if c.isalnum() else " " for c in map(chr, range(128)))  # the same for ASCII
# Han, Kana, Hangul, Thai, Lao, Tibetan, Burmese and Khmer put no space between words, or put
# what matters within them.
_SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
# What is left of a word from each letter but the first, so long as it has three.
_INSIDE = re.compile(r"(?<=\S)(?=(\S{3,40}))")
_APOSTROPHES = re.compile(r"(?<=\w)['\u2019\u02bc\u00b4`](?=\w)")
# Letters whose strokes and ligatures no decomposition takes away.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe",
     "þ": "th", "ŋ": "n", "ƒ": "f", "ǥ": "g", "ɨ": "i"}
)  # fmt: skip


def mark_of(object_name: str) -> str:
    """The word by which the index of SQLite tells the records of an object; nobody can type it."""
    return MARK + object_name.replace("_", MARK)


def plain(text: str) -> str:
    """A text as words of it are compared: folded, without strokes and apostrophes."""
    folded = fold(text)
    if folded.isascii():
        return _APOSTROPHES.sub("", folded) if "'" in folded or "`" in folded else folded
    folded = unicodedata.normalize("NFC", folded).translate(_PLAIN)
    return _APOSTROPHES.sub("", folded)


def indexed(text: str) -> str:
    """What a text is found by, each once, with spaces between: its words, then their parts."""
    folded = plain(text)
    words = [*dict.fromkeys([*_words(folded), *joined_numbers(folded)])]
    whole = " ".join(words)
    if whole.isascii():
        parts = _INSIDE.findall(whole)
    else:
        runs = [word for word in words if not word.isascii() and _SPACELESS.match(word)]
        spaced = " ".join(word for word in words if word not in runs)
        parts = [word[at : at + RUN] for word in runs for at in range(1, len(word))]
        parts += _INSIDE.findall(spaced)
    ends = [word[-2:] for word in words if len(word) >= LONG_NUMBER and word.isdigit()]
    return " ".join(dict.fromkeys([*words, *parts[:MAX_PARTS], *ends]))


def _words(folded: str) -> list[str]:
    if folded.isascii():
        found = folded.translate(_PARTED).split()
    else:
        found = [piece for word in _WORD.findall(folded) for piece in _pieces(word)]
    return [word[:MAX_WORD] for word in found]


def _pieces(word: str) -> Iterator[str]:
    """A word where scripts with and without spaces meet in it."""
    start = 0
    for match in _SPACELESS.finditer(word):
        if match.start() > start:
            yield word[start : match.start()]
        yield match[0]
        start = match.end()
    if start < len(word):
        yield word[start:]


def words_of(search: str) -> list[str]:
    """The words that are searched for."""
    found: list[str] = []
    for word in _words(national(plain(search))):
        spaceless = len(word) > RUN and not word.isascii() and _SPACELESS.match(word)
        found += _runs(word) if spaceless else [word]
    return list(dict.fromkeys(found))[:MAX_WORDS]


def _runs(word: str) -> list[str]:
    """A word of a script without spaces as the runs that cover it."""
    starts = [*range(0, len(word) - RUN, RUN), len(word) - RUN]
    return [word[at : at + RUN] for at in starts]


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
