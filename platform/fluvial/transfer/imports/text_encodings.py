"""The encoding of a text file: found where only one can be meant, else a question.

Any file "is" Windows-1252, as almost any byte is a character of it; so a file that is not Unicode
is taken to be Western European only where no other encoding makes words of it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from fluvial.kernel.problems import Unprocessable, fault

from .plausible_words import is_evidence, share_of_words

# The names by which people know the encodings, the most frequent first.
LABELS = {
    "utf-8": "Unicode (UTF-8)",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1257": "Baltic (Windows-1257)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp1258": "Vietnamese (Windows-1258)",
    "cp874": "Thai (Windows-874)",
    "cp932": "Japanese (Shift-JIS)",
    "euc_jp": "Japanese (EUC-JP)",
    "iso2022_jp": "Japanese (ISO-2022-JP)",
    "gb18030": "Chinese, simplified (GB18030)",
    "big5hkscs": "Chinese, traditional (Big5)",
    "cp949": "Korean (EUC-KR)",
    "iso2022_kr": "Korean (ISO-2022-KR)",
    "mac_roman": "Western European (Macintosh)",
    "mac_latin2": "Central European (Macintosh)",
    "mac_cyrillic": "Cyrillic (Macintosh)",
    "mac_turkish": "Turkish (Macintosh)",
    "mac_greek": "Greek (Macintosh)",
    "iso8859_2": "Central European (ISO-8859-2)",
    "iso8859_5": "Cyrillic (ISO-8859-5)",
    "iso8859_7": "Greek (ISO-8859-7)",
    "iso8859_13": "Baltic (ISO-8859-13)",
    "iso8859_15": "Western European (ISO-8859-15)",
    "koi8_r": "Russian (KOI8-R)",
    "koi8_u": "Ukrainian (KOI8-U)",
    "cp850": "Western European (DOS 850)",
    "cp852": "Central European (DOS 852)",
    "cp866": "Cyrillic (DOS 866)",
    "cp437": "English (DOS 437)",
    "utf-16-le": "Unicode (UTF-16, little endian)",
    "utf-16-be": "Unicode (UTF-16, big endian)",
}
# What files that claim the first are in fact: the second has all of its characters, and more.
WIDER = {
    "shift_jis": "cp932", "euc_kr": "cp949", "gb2312": "gb18030", "gbk": "gb18030",
    "big5": "big5hkscs", "cp950": "big5hkscs", "iso8859-1": "cp1252", "ascii": "utf-8",
    "tis-620": "cp874",
}  # fmt: skip
NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs"}
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
WITHOUT_MARK = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# Whose files may look as if they were Western European. Those of DOS cannot: their letters stand
# where Windows has signs.
AGAINST = (
    "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
    "cp932", "euc_jp", "gb18030", "big5hkscs", "cp949", "mac_roman", "mac_cyrillic", "iso8859_2",
    "iso8859_5", "iso8859_7", "iso8859_13", "koi8_r", "koi8_u",
)  # fmt: skip
OF_SEVERAL_BYTES = ("utf-8", "cp932", "euc_jp", "gb18030", "big5hkscs", "cp949")
ESCAPES = re.compile(rb"\x1b[$(]")  # of encodings of seven bits
HIGH = re.compile(rb"[\x80-\xff]+")
MISFIT = re.compile("[\x00\udc00-\udcff]")  # what the handler below leaves, and what no text has
PIECE, SAMPLE = 65_536, 100_000  # bytes
LIKELY, CERTAIN = 0.8, 0.98  # shares of words that make sense
SHOWN = 8  # readings that a person is asked about
UNSAID = "encoding_unclear"
UNKNOWN = "encoding_unknown"


def _kept(error: UnicodeError) -> tuple[str, int]:
    """Bytes that do not fit stay in the text as marks that no text has, for the row's fault."""
    assert isinstance(error, UnicodeDecodeError)
    lost = error.object[error.start : error.end]
    return "".join(chr(0xDC00 + byte) for byte in lost), error.end


codecs.register_error("fluvial.misfit", _kept)


@dataclass(frozen=True)
class TextReading:
    """How a file would be read in one encoding."""

    encoding: str
    label: str
    lines: list[str]  # those with characters beyond ASCII


def known_encoding(said: str) -> str | None:
    """The encoding that a name stands for, as it is read here; None where there is none."""
    try:
        info = codecs.lookup(said.strip())
    except (LookupError, ValueError):
        return None
    if info.name.replace("-", "_") in NO_CHARSETS or not getattr(info, "_is_text_encoding", True):
        return None
    found = WIDER.get(info.name, info.name)
    return next((name for name in LABELS if codecs.lookup(name).name == found), found)


def encoding_of(source: IO[bytes], said: str = "") -> str:
    """The encoding of a file; Unprocessable where nobody can know it."""
    head = source.read(4)
    source.seek(0)
    marked = next((name for mark, name in MARKS if head.startswith(mark)), "")
    if said:
        known = known_encoding(said)
        if known is None:
            message = f"`{said[:40]}` is not an encoding of text. Use one such as utf-8 or cp1252."
            raise Unprocessable(message, errors=[fault("/options/encoding", UNKNOWN, message)])
        return _agreed(source, known, marked)
    if marked:
        return marked
    scan = _Scan(source)
    if scan.nul:
        return _without_mark(source)
    if not scan.misfits:
        if ESCAPES.search(scan.head):
            raise _unclear(scan, ["iso2022_jp", "iso2022_kr"])
        return "utf-8"
    fitting = scan.sample.decode("utf-8", "ignore")
    if scan.runs >= scan.misfits and is_evidence(fitting) and share_of_words(fitting) > LIKELY:
        return "utf-8"  # all but a few bytes, which are faults of their rows
    if _is_western(scan.sample):
        return "cp1252"
    raise _unclear(scan, [reading.encoding for reading in _readings(scan)])


def text_readings(source: IO[bytes]) -> list[TextReading]:
    """How a file that is not clear may be read, the most likely first."""
    scan = _Scan(source)
    if not scan.misfits and ESCAPES.search(scan.head):
        names = ("iso2022_jp", "iso2022_kr")
        return [TextReading(n, LABELS[n], _lines(scan.head, n)) for n in names]
    return _readings(scan)


def _agreed(source: IO[bytes], said: str, marked: str) -> str:
    family = re.sub("-(le|be|sig)$", "", said.replace("_", "-"))
    if marked and family != marked.removesuffix("-sig"):
        name = marked.removesuffix("-sig").upper()
        message = f"The file begins with the mark of {name}. Leave the option `encoding` out."
        raise Unprocessable(message, errors=[fault("/options/encoding", "other_encoding", message)])
    if marked:
        return marked
    return _without_mark(source) if said == "utf-16" or said == "utf-32" else said


def _without_mark(source: IO[bytes]) -> str:
    """UTF-16 or UTF-32 without their mark: the one in which every character is one."""
    head = source.read(PIECE)
    source.seek(0)
    for name in WITHOUT_MARK:
        width = 4 if "32" in name else 2
        try:
            text = head[: len(head) // width * width].decode(name, "strict")
        except UnicodeDecodeError as error:
            if error.end < len(head) - 4:
                continue
            text = head[: error.start].decode(name)
        sound = all(c.isprintable() or c in "\r\n\t\u3000\xa0\ufeff" for c in text)
        if sound and any(c in text for c in "\r\n\t,;|"):
            return name
    message = (
        "The file is not a table: it has bytes that no text has. Send CSV, or a workbook (.xlsx)."
    )
    raise Unprocessable(message, errors=[fault("/file", "does_not_read", message)])


class _Scan:
    """What one pass over all bytes tells."""

    def __init__(self, source: IO[bytes]) -> None:
        self.head = b""
        self.nul = False
        self.runs = 0  # of bytes beyond ASCII that are UTF-8
        self.misfits = 0  # those that are not
        self._parts: list[bytes] = []  # lines with such bytes
        self._size = 0
        self._seen = b""
        for line in _pieces(source):
            self._take(line)
        source.seek(0)

    @property
    def sample(self) -> bytes:
        return b"".join(self._parts)

    def _take(self, line: bytes) -> None:
        if len(self.head) < PIECE:
            self.head += line
            self.nul = self.nul or b"\0" in line
        if line.isascii():
            return
        try:
            line.decode()
            self.runs += 1
        except UnicodeDecodeError:
            for run in HIGH.findall(line):
                good = run.decode("utf-8", "ignore").encode() == run
                self.runs += good
                self.misfits += not good
        if self._size < SAMPLE or line.translate(None, self._seen + _ASCII):
            self._seen = bytes(sorted({*self._seen, *line}))
            self._parts.append(line if line.endswith((b"\n", b"\r")) else line + b"\n")
            self._size += len(line)


_ASCII = bytes(range(128))


def _pieces(source: IO[bytes]) -> Iterator[bytes]:
    """Lines, of a length that memory holds; none ends within a character of UTF-8."""
    rest = b""
    while part := source.readline(PIECE):
        line, rest = rest + part, b""
        if not line.endswith(b"\n"):
            cut = _whole(line)
            line, rest = line[:cut], line[cut:]
        yield line
    if rest:
        yield rest


def _whole(line: bytes) -> int:
    """Where the last character begins that may go on, or the end."""
    for back in range(1, min(3, len(line)) + 1):
        if line[-back] >= 0xC0:
            return len(line) - back
        if line[-back] < 0x80:
            break
    return len(line)


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_western(sample: bytes) -> bool:
    """Whether Windows-1252 makes words of it, and no other encoding makes others."""
    text = _decoded(sample, "cp1252")
    if text is None or share_of_words(text) < CERTAIN:
        return False
    for name in AGAINST:
        other = _decoded(sample, name)
        if other is None or other == text or not is_evidence(other):
            continue
        if share_of_words(other) >= LIKELY:
            return False
    return True


def _readings(scan: _Scan) -> list[TextReading]:
    """One reading for each text that the bytes may be, ordered by how many words make sense."""
    found: dict[str, tuple[float, str]] = {}
    for name in LABELS:
        text = None if name.startswith("utf-16") else _decoded(scan.sample, name)
        if text is not None and text not in found:
            share = share_of_words(text) if is_evidence(text) else 0.0
            # What fits an encoding of several bytes seldom does so by accident.
            found[text] = (share + (share == 1 and name in OF_SEVERAL_BYTES), name)
    ranked = sorted(found.items(), key=lambda item: -item[1][0])
    likely = [item for item in ranked if item[1][0] * 2 >= ranked[0][1][0] and _is_text(item[0])]
    shown = likely if len(likely) > 1 else ranked
    return [TextReading(name, LABELS[name], _shown(text)) for text, (_, name) in shown[:SHOWN]]


def _is_text(text: str) -> bool:
    return all(char.isprintable() or char in "\r\n\t\xa0\xad\u3000" for char in text)


def _lines(raw: bytes, encoding: str) -> list[str]:
    return _shown(raw.decode(encoding, "replace"))


def _shown(text: str) -> list[str]:
    return [line.strip()[:200] for line in text.splitlines() if not line.isascii()][:3]


def _unclear(scan: _Scan, likely: list[str]) -> Unprocessable:
    names = ", ".join(f"`{name}`" for name in likely[:4])
    first = LABELS.get(likely[0], likely[0]) if likely else ""
    sample = _decoded(scan.sample or scan.head, likely[0]) if likely else None
    shown = next(iter(_shown(sample or "")), "")
    example = f" As {first}, it says: {shown[:80]}." if shown else ""
    message = (
        "The file is not Unicode, and its encoding is not clear. Say it with the option "
        f"`encoding`{', such as ' + names if names else ''}, or save the file as UTF-8.{example}"
    )
    return Unprocessable(message, errors=[fault("/options/encoding", UNSAID, message)])
