"""Bytes of mails as text: by the charset that they name, or by what they can only be."""

from __future__ import annotations

import codecs

# What mails call a charset, and what they mean by it.
_MEANT = {
    "ascii": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "cp1252", "latin-1": "cp1252",
    "iso8859-1": "cp1252", "latin1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac-roman", "iso-8859-8-i": "iso-8859-8", "shift-jis": "cp932",
    "shift_jis": "cp932", "x-sjis": "cp932", "unicode-1-1-utf-8": "utf-8", "cp-850": "cp850",
}  # fmt: skip
# Codecs of Python that no mail is written in, and that take long or mean something else.
_NEVER = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_TRIED = ("utf-8", "cp1252")


def decoded(content: bytes, charset: str) -> str:
    """The text of bytes; never an error, and no character that a database refuses."""
    said = charset.strip().strip("\"'").lower()
    for name in (_MEANT.get(said, said), *_TRIED):
        try:
            if codecs.lookup(name).name.replace("_", "-") not in _NEVER:
                return _clean(content.decode(name))
        except (LookupError, ValueError, UnicodeError):
            continue
    return _clean(content.decode("latin-1"))


def _clean(text: str) -> str:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        text = text.replace("\x00", "")
    return text.encode("utf-8", "replace").decode("utf-8")
