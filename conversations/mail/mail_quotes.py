"""Quoted text: where what somebody says ends, and what they answer to begins."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .mail_headers import one_line

# "On Monday, Ann wrote:" in the words of the usual programs, which break it into up to three lines.
_BEGINS = re.compile(r"(?:on|at|am|den|op|le|il|el|em|dnia|på|d\.)\b", re.IGNORECASE)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|schreef|a\s+écrit|ha\s+scritto|escribió|escreveu|napisał(?:\(a\))?"
    r"|skrev)\b[^:]{0,120}\s?:$",
    re.IGNORECASE,
)
MOST_WROTE = 400  # letters of such a line
_RULED = re.compile(
    r"^[ \t]*-{2,}\s*(?:original message|original appointment|ursprüngliche nachricht"
    r"|originalnachricht|original-nachricht|message d'origine|messaggio originale"
    r"|oorspronkelijk bericht|mensaje original|mensagem original)\s*-{2,}[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FROM = r"(?:from|von|de|da|van|od|från|fra)"
_NEXT = (
    r"(?:sent|date|gesendet|datum|envoyé|inviato|verzonden|enviado|wysłano|skickat|sendt|to|an|à"
    r"|subject|betreff|objet)"
)
# The head of a mail as Outlook quotes it, with the line that it draws above.
_HEAD = re.compile(
    rf"^(?:[ \t]*_{{5,}}[ \t]*\n+)?[ \t]*\*?{_FROM}\*?[ \t]*:\*?[^\n]+\n+"
    rf"[ \t]*\*?{_NEXT}\*?[ \t]*:\*?[^\n]+\n",
    re.IGNORECASE | re.MULTILINE,
)
_FORWARDED = re.compile(r"^\s*(?:fwd?|wg|tr|rv|vs|doorst|enc|i|fs)\s*:", re.IGNORECASE)
_PASSED_ON = re.compile(
    r"^[ \t]*(?:-{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré)"
    r"|begin forwarded message|anfang der weitergeleiteten)",
    re.IGNORECASE | re.MULTILINE,
)


def is_forward(subject: str, text: str) -> bool:
    """What is forwarded is what the mail has to say, and is not folded away."""
    return _FORWARDED.match(subject) is not None or _PASSED_ON.search(text) is not None


def split_text(text: str) -> tuple[str, str]:
    """What is said, and what is quoted behind it. Answers between quoted lines stay whole."""
    found = (_HEAD.search(text), _RULED.search(text))
    places = {match.start() for match in found if match}
    places |= {place for place in (_wrote(text), _last_quote(text)) if place is not None}
    for place in sorted(places):
        said, quoted = text[:place].strip(), text[place:].strip()
        if said and not _answered_below(quoted):
            return said, quoted
    return text.strip(), ""


def _wrote(text: str) -> int | None:
    """Such a line counts only with quoted lines behind it: people write it in sentences too."""
    lines = text.split("\n")
    place = 0
    for at, line in enumerate(lines):
        whole = line.strip()
        for more in range(3):
            if more and at + more < len(lines):
                whole = f"{whole} {lines[at + more].strip()}"
            if len(whole) > MOST_WROTE or not _BEGINS.match(whole) and more:
                break
            behind = at + more + 1
            if whole.endswith(":") and _WROTE.search(whole[-200:]) and _quotes(lines, behind):
                return place
        place += len(line) + 1
    return None


def _quotes(lines: list[str], at: int) -> bool:
    """Whether the next line that says something is quoted, or there is none."""
    for line in lines[at : at + 10]:
        if line.strip():
            return line.lstrip().startswith(">")
    return True


def _last_quote(text: str) -> int | None:
    """Where the quoted lines begin that end the text."""
    lines = text.rstrip().split("\n")
    at = len(lines)
    while at and (lines[at - 1].lstrip().startswith(">") or not lines[at - 1].strip()):
        at -= 1
    if at == len(lines) or not any(line.lstrip().startswith(">") for line in lines[at:]):
        return None
    return len("\n".join(lines[:at]))


def _answered_below(quoted: str) -> bool:
    """Whether people have written between the lines that they quote, or below them."""
    lines = [line for line in quoted.split("\n") if line.strip()]
    marked = [line.lstrip().startswith(">") for line in lines]
    if not any(marked):
        return False
    first = marked.index(True)
    behind = [line for line, mark in zip(lines[first:], marked[first:], strict=True) if not mark]
    own = [line for line in behind if line.strip() not in ("--", "-- ")]
    signature = "\n".join(lines[first:]).find("\n--")
    return bool(own) and signature < 0


# By what mail programs mark the quoted part in HTML: a tag with this class or id.
_MARKS = re.compile(
    r"\b(?:gmail_quote|gmail_quote_container|gmail_attr|moz-cite-prefix|yahoo_quoted"
    r"|OutlookMessageHeader|protonmail_quote|zmail_extra|tutanota_quote|AppleMailQuote)\b"
)
_IDS = {"appendonsend", "divRplyFwdMsg", "mail-editor-reference-message-container", "reply-intro",
        "OLK_SRC_BODY_SECTION", "ms-outlook-mobile-body-separator-line"}  # fmt: skip


class _QuoteFinder(HTMLParser):
    """Finds where the first quoted part begins, and whether anything is said before it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.place: tuple[int, int] | None = None
        self.said = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "head", "script", "title"):
            self._silent += 1
        if self.place is not None or not self.said:
            return
        found = {name: value or "" for name, value in attrs}
        cited = tag == "blockquote" and found.get("type", "").lower() == "cite"
        marked = _MARKS.search(found.get("class", "")) or found.get("id", "") in _IDS
        drawn = tag == "div" and "border-top:solid #e1e1e1" in found.get("style", "").lower()
        if cited or marked or drawn:
            self.place = self.getpos()

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "head", "script", "title"):
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        self.said = self.said or (not self._silent and bool(one_line(data)))


def split_html(html: str) -> tuple[str, str]:
    """The same of a page that is well formed: both parts are still to be made whole."""
    finder = _QuoteFinder()
    finder.feed(html)
    finder.close()
    if finder.place is None:
        return html, ""
    line, column = finder.place
    lines = html.split("\n")
    at = sum(len(one) + 1 for one in lines[: line - 1]) + column
    return html[:at], html[at:]
