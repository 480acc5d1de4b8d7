"""Folding of text for sorting and searching, names, and words for people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from metamodel.transliteration import latin

LONGEST = 40  # of a name
SIBILANTS = ("s", "x", "z", "ch", "sh")


def normal(text: str) -> str:
    """NFC, the form in which text is stored and compared."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """The sort key: case-folded and without accents. Ties are broken by the exact text."""
    if text.isascii():
        return text.lower()
    # Twice: letters such as 𝕬 are capitals only once they are decomposed.
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    decomposed = unicodedata.normalize("NFKD", decomposed.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def humanise(name: str) -> str:
    """The label of what has none: `due_back` is "Due back"."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def name_of(label: str) -> str:
    """A name from a label: "Reading room" is reading_room, Größe groesse, Имя imya.

    Nothing where a label has no letters that can be written in Latin ones, as 日付 has none.
    """
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"['’]", "", latin(label))).strip("_")
    return (f"n_{plain}" if plain[:1].isdigit() else plain)[:LONGEST].rstrip("_")


def free_name(label: str, taken: Container[str], otherwise: str) -> str:
    """A name from a label that is not taken, if need be with a number behind it.

    `otherwise` is the name of what has a label without letters.
    """
    base = name_of(label) or otherwise
    name, number = base, 2
    while name in taken:
        name, number = f"{base[: LONGEST - 4].rstrip('_')}_{number}", number + 1
    return name


def plural(label: str) -> str:
    """The English plural of a label, good enough until somebody writes a better one."""
    if label.endswith("y") and label[-2:-1].lower() not in ("a", "e", "i", "o", "u", ""):
        return f"{label[:-1]}ies"
    return f"{label}es" if label.endswith(SIBILANTS) else f"{label}s"


def label_text(label: Any, locale: str = "en") -> str:
    """A label in a language: the text itself, or the nearest of `{en: ..., de: ...}`."""
    if not isinstance(label, Mapping):
        return str(label)
    for key in (locale, locale[:2], "en", *label):
        if key in label:
            return str(label[key])
    return ""


def nearest(name: object, names: Iterable[str]) -> str:
    """The hint that a mistyped name deserves: "Did you mean `title`?", or nothing."""
    found = get_close_matches(str(name), list(names), n=1, cutoff=0.6)
    return f"Did you mean `{found[0]}`?" if found else ""


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Names in a sentence: "`a`, `b` and `c`"."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > limit:
        quoted = [*quoted[:limit], "others"]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
