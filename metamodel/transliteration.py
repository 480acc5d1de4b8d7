"""Text of any script in letters of the Latin alphabet, for technical names.

Close enough to be read again, not to be translated back. Han characters have no reading of their
own and are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Letters that keep no base when their marks are taken away, and those that are written out.
LATIN: Mapping[str, str] = {
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "ł": "l",
    "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "ng", "ə": "e", "ſ": "s",
}  # fmt: skip
CYRILLIC: Mapping[str, str] = dict(
    zip("абвгдезийклмнопрстуфыэіїєґјљњћђџ", "abvgdeziyklmnoprstufyeiyegjlnhdd", strict=True)
) | {
    "ё": "yo", "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "",
    "ь": "", "ю": "yu", "я": "ya", "є": "ye", "ї": "yi", "љ": "lj", "њ": "nj", "џ": "dz",
    "ђ": "dj", "ў": "u",
}  # fmt: skip
GREEK: Mapping[str, str] = dict(
    zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)
) | {"θ": "th", "χ": "ch", "ψ": "ps"}
WRITTEN: Mapping[str, str] = {**LATIN, **CYRILLIC, **GREEK}

SYLLABARIES = ("HIRAGANA", "KATAKANA", "HANGUL")
_SIGN = re.compile(r".*? (LETTER|SYLLABLE|CHARACTER|VOWEL SIGN|SIGN) ?(.*)")
_SOUND = re.compile(r"[aeiouy]+|[^aeiou]+")


def latin(text: str) -> str:
    """Small Latin letters, digits, and whatever is between words as it is."""
    written = "".join(WRITTEN.get(c, c) for c in unicodedata.normalize("NFC", text.casefold()))
    made = ""
    for one in written:
        syllable = unicodedata.name(one, "").startswith("HANGUL SYLLABLE")
        for c in one if syllable else unicodedata.normalize("NFKD", one):
            made = made + c if c.isascii() else _added(made, c)
    return made


def _added(made: str, c: str) -> str:
    if c in WRITTEN:
        return made + WRITTEN[c]
    digit = unicodedata.digit(c, None)
    if digit is not None:
        return f"{made}{digit}"
    kind = unicodedata.category(c)[0]
    if kind not in "LM":
        return f"{made} "
    named = _SIGN.fullmatch(unicodedata.name(c, ""))
    if named is None:
        return made if kind == "M" else f"{made} "
    return _sounded(made, c, named[1], named[2].lower())


def _sounded(made: str, c: str, what: str, name: str) -> str:
    """What is written so far, with the sound that a character's name gives."""
    if "VIRAMA" in unicodedata.name(c):
        return made.removesuffix("a")
    if what == "VOWEL SIGN":
        return made.removesuffix("a") + name.partition(" ")[0]
    if what == "SIGN" or not name:
        return made
    word = name.rpartition(" ")[2]
    if unicodedata.name(c).startswith(SYLLABARIES) or what == "SYLLABLE":
        return made + word
    if _of_india(c):
        return made + name.partition(" ")[0]
    sound = _SOUND.match(word)
    return made + (sound[0] if sound else "")


def _of_india(c: str) -> bool:
    """Whether a letter's script writes a vowel with each consonant, as those of India do."""
    return 0x0900 <= ord(c) < 0x0E00
