"""Whether a text says words of a language: what bytes give in an encoding that is not theirs
has signs within words, capitals after small letters, or letters that no language has together.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# The letters beyond ASCII of the languages that are written in Latin letters.
ALPHABETS = [
    frozenset(letters)
    for letters in (
        "àâæçéèêëîïôœùûüÿ", "äöüßéàô", "áéíñóúüç", "àáâãçéêíóôõúü", "àèéìíîòóùú", "áäçèéêëíïóöúüû",
        "æøåéèêóòôâäöü", "åäöéüàáæøè", "åäöšžé", "áéíóúýðþæö", "áíóúýðæø", "àçéèíïóòúü·",
        "âêîôûŵŷäëïö", "çë", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű",
        "čćđšž", "ăâîșțşţ", "çğıöşüâîûi̇", "ąčęėįšųūž", "āčēģīķļņšūžōŗ", "äõöüšž", "ċġħżà", "ĉĝĥĵŝŭ",
    )
]  # fmt: skip
SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI")
EAST = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH")
OPENING, CLOSING = "“„‘‚«‹¿¡•–—·", "”“’‘»›…®™–—°ªº²³"
PAIRS = (("‹", "›"), ("«", "»"))
WITHIN = "’·–-"  # marks between two letters
TOKEN = re.compile(r"[^\s\x00-\x40\x5b-\x60\x7b-\x7f]+")
INITIAL = re.compile(r"(?<!\w)[^\W\d_\x00-\x7f]\. ?[A-Z]")
MOST = 1_000  # words that are looked at


def share_of_words(text: str) -> float:
    """The share of the words with characters beyond ASCII that may be some."""
    words: dict[str, bool] = {}
    for line in text.splitlines():
        if line.isascii():
            continue
        paired = all(line.count(a) == line.count(b) for a, b in PAIRS)
        for token in TOKEN.findall(line):
            if not token.isascii() and token not in words:
                quoted = any(sign in token for pair in PAIRS for sign in pair)
                words[token] = (paired or not quoted) and _is_word(token)
        if len(words) >= MOST:
            break
    return sum(words.values()) / len(words) if words else 1.0


def is_evidence(text: str) -> bool:
    """Whether it has words, not only signs and single letters, that speak for an encoding."""
    return INITIAL.search(text) is not None or any(
        not char.isascii() and char.isalpha() and (len(token) > 1 or _script(char) == "EAST")
        for token in TOKEN.findall(text)
        for char in token
    )


def _is_word(token: str) -> bool:
    word = token.lstrip(OPENING).rstrip(CLOSING)
    if not word:
        # Signs alone are all right, such as a bullet, a euro or a degree.
        return all(unicodedata.category(c)[0] in "PS" or c in "ªº²³" for c in token)
    scripts = {_script(c) for c in word if c not in WITHIN}
    if scripts == {"SIGN"}:
        return all(unicodedata.category(c)[0] in "PS" and not "─" <= c <= "◿" for c in word)
    if scripts <= {"EAST", "LATIN"} and "EAST" in scripts:
        return _is_eastern(word)
    if len(scripts) != 1 or "SIGN" in scripts or "" in scripts:
        return False
    if not _is_cased(word) or _has_dash_between_small_letters(word):
        return False
    return scripts != {"LATIN"} or _is_latin(word)


@lru_cache(maxsize=20_000)
def _script(char: str) -> str:
    """The script of a letter, or SIGN; "" of what is in no text."""
    category = unicodedata.category(char)
    if category[0] == "C":
        return "SIGN" if char in "\u200b\u200c\u200d\u200e\u200f\xad" else ""
    name = unicodedata.name(char, "")
    if name.startswith("HALFWIDTH"):
        return "HALFWIDTH"
    if name.startswith(EAST):
        return "EAST"
    if category[0] not in "LM":
        return "SIGN"
    return next((script for script in SCRIPTS if name.startswith(script)), "OTHER")


def _is_cased(word: str) -> bool:
    """No capital beyond ASCII follows a small letter, or stands before one within a word."""
    letters = [c for c in word if c not in WITHIN]
    parts = re.split(f"[{WITHIN}]", word)
    starts = {part[0] for part in parts if part}
    for at, char in enumerate(letters):
        if char.isascii() or char == "ß":
            continue
        before, after = letters[at - 1] if at else "", letters[at + 1 : at + 2]
        if char.isupper() and before and char not in starts:
            if before.islower() or (after and after[0].islower()):
                return False
        if char.islower() and after and after[0].isupper():
            return False
        if char.islower() and before.isupper() and at > 1 and letters[at - 2].isupper():
            return False
    return True


def _has_dash_between_small_letters(word: str) -> bool:
    return re.search(r"[^\W\d_A-Z][–][^\W\d_A-Z]", word) is not None


def _is_latin(word: str) -> bool:
    small = {c for c in word.lower() if not c.isascii() and c not in WITHIN}
    if len(word) > 3 and sum(not c.isascii() for c in word) * 2 > len(word):
        return False
    return any(small <= alphabet for alphabet in ALPHABETS)


def _is_eastern(word: str) -> bool:
    """Frequent characters, and none alone beside Latin letters."""
    if re.search(r"[A-Za-z][^\x00-\x7f]([A-Za-z]|$)|^[^\x00-\x7f][A-Za-z]", word):
        return False
    return all(c.isascii() or _script(c) != "EAST" or _is_frequent(c) for c in word)


@lru_cache(maxsize=20_000)
def _is_frequent(char: str) -> bool:
    if not "\u3400" <= char <= "\ud7ff":
        return True
    for encoding, last in (("gb2312", 0xD7), ("big5", 0xC8), ("cp932", 0x97), ("euc_kr", 0xC8)):
        try:
            if char.encode(encoding)[0] <= last:
                return True
        except UnicodeEncodeError:
            continue
    return False
