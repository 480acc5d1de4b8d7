"""HTML of mails: what is safe to show of it. Nothing is loaded from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable

import nh3

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "center", "code", "dd", "del", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q",
    "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot",
    "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
_GONE = {"script", "style", "title", "head", "noscript", "template", "iframe", "object", "svg",
         "math", "form", "textarea", "select", "button"}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt", "width", "height"}, "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"}, "ol": {"start"},
}  # fmt: skip
CID = re.compile(r"cid:([^\"'<>\s]{1,200})", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,4}%?")


# By these attributes mail programs mark what they quote; they go once it is found.
_MARKING = {"*": {"class", "id", "style"}, "blockquote": {"type"}}


class MailPage:
    """The HTML of a mail, well formed and with the marks of quoted parts, but not yet to be shown.

    Whatever reads HTML after this is given tags that end: some parsers take for ever over others.
    """

    def __init__(self, html: str) -> None:
        self.remote = False  # whether it wants to load images from elsewhere
        attributes = {**_ATTRIBUTES, **_MARKING, "blockquote": {"type"}}
        self.html = _cleaned(html, attributes, self._kept) if html else ""

    def _kept(self, tag: str, name: str, value: str) -> str | None:
        if tag == "img" and name == "src":
            self.remote = self.remote or value.strip().lower().startswith(("http:", "https:", "//"))
        return _kept(tag, name, value)


def _kept(tag: str, name: str, value: str) -> str | None:
    """An attribute as it may stay: images only of the mail itself."""
    if tag == "img" and name == "src":
        return value if CID.fullmatch(value.strip()) else None
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return value if _NUMBER.fullmatch(value.strip()) else None
    return value


def safe_html(html: str) -> str:
    """A page of a mail without anything that acts, loads or leads astray."""
    if not html:
        return ""
    cleaned = _cleaned(html, _ATTRIBUTES, _kept)
    return re.sub(r"<img(?![^>]*\bsrc=)[^>]*>", _placeholder, cleaned).strip()


def _cleaned(
    html: str,
    attributes: dict[str, set[str]],
    kept: Callable[[str, str, str], str | None],
) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=attributes,
        attribute_filter=kept,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel="noopener noreferrer nofollow",
    )


def _placeholder(match: re.Match[str]) -> str:
    alt = re.search(r'alt="([^"]*)"', match[0])
    words = alt[1].strip() if alt else ""
    return f"<i>[{words}]</i>" if words else ""
