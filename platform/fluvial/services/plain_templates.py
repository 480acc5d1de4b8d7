"""Templates written as plain text, as HTML: words are escaped, and what stands in places is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .mail import as_html
from .templates import TemplateFault

_LEXER = ImmutableSandboxedEnvironment(keep_trailing_newline=True)
_TAGS = (
    "a|abbr|article|b|blockquote|body|br|caption|center|code|col|colgroup|dd|div|dl|dt|em|font"
    "|footer|h[1-6]|head|header|hr|html|i|img|li|link|main|meta|ol|p|pre|s|section|small|span"
    "|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|u|ul"
)
_TAG = re.compile(rf"<!doctype\b|<!--|</?(?:{_TAGS})(?=[\s/>])", re.IGNORECASE)
# A place while the words around it become HTML: no text of a template has these characters.
_MARK = re.compile("\ue000([0-9]+)\ue001")


def as_html_source(source: str) -> str:
    """The source of a template as one of HTML; raises TemplateFault.

    It is HTML already where a tag stands in its words, not where `<` stands in one of its places.
    """
    parts = list(_parts(source))
    if any(_TAG.search(text) for text, place in parts if not place):
        return source
    places = [text for text, place in parts if place]
    numbers = iter(range(len(places)))
    marked = "".join(
        f"\ue000{next(numbers)}\ue001" if place else _MARK.sub("", text) for text, place in parts
    )
    return _MARK.sub(lambda mark: places[int(mark[1])], as_html(marked))


def _parts(source: str) -> Iterator[tuple[str, bool]]:
    """Words and places in their order, each as it is written; whether it is a place."""
    place = ""
    try:
        for _, kind, text in _LEXER.lex(source):
            if kind != "data":
                place += text
                continue
            if place:
                yield place, True
            place = ""
            yield text, False
    except TemplateSyntaxError as error:
        raise TemplateFault(error.message or "It is not valid.", error.lineno) from error
    if place:
        yield place, True
