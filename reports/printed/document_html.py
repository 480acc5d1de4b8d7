"""The HTML of a printed document: its text within its page layout, with styles and pictures."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from fluvial.kernel.problems import Unprocessable
from fluvial.records.drafts.attachments import find_file
from fluvial.runtime.engine import Engine
from fluvial.runtime.per_engine import PerEngine
from fluvial.runtime.session import Session
from fluvial.services.plain_templates import as_html_source
from fluvial.services.templates import Renderer, TemplateFault, TemplateText
from fluvial.transfer.files import base_name, read_parts

from .document_channel import PLACE
from .document_data import DocumentData, Subject, gathered, language_for, layout_of
from .page_layouts import CONTENT
from .print_words import PICTURE

MAX_PICTURE = 8_000_000  # bytes of one
MAX_PICTURES = 24_000_000  # and of all in one document
STYLE = (Path(__file__).parent / "print.css").read_text(encoding="utf-8")
# What stands across a page that is not final, by language.
DRAFTS = {
    "cs": "Koncept", "da": "Kladde", "de": "Entwurf", "es": "Borrador", "fi": "Luonnos",
    "fr": "Brouillon", "hu": "Tervezet", "it": "Bozza", "nb": "Kladd", "nl": "Concept",
    "pl": "Szkic", "pt": "Rascunho", "ro": "Ciornă", "sv": "Utkast", "tr": "Taslak",
}  # fmt: skip
_SHOWN = re.compile(re.escape(PICTURE) + r"([0-9a-f-]{36})")


@dataclass
class WrittenDocument:
    """A document in words, before it is printed: HTML, its pictures and its tables."""

    name: str  # of the file, without its ending
    html: str
    language: str
    draft: bool
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def alone(self) -> str:
        """The HTML with its pictures in it."""

        def inside(match: re.Match[str]) -> str:
            picture = self.pictures.get(match[1])
            if picture is None:
                return match[0]
            return f"data:{picture['type']};base64,{picture['content']}"

        return _SHOWN.sub(inside, self.html)


def _opened(engine: Engine) -> Renderer:
    found = Renderer(engine.settings.locale, engine.settings.zone)
    engine.closers.append(found.close)
    return found


_renderer_of: PerEngine[Renderer] = PerEngine(_opened)


def written_document(
    session: Session, subject: Subject, asked: str = "", *, draft: bool
) -> WrittenDocument:
    """A document as the session's actor may read it; `draft` marks it as not final."""
    language = language_for(session, subject, asked)
    data = gathered(session, subject, language)
    return worded(session, subject, data, language, draft=draft)


def worded(
    session: Session, subject: Subject, data: DocumentData, language: str, *, draft: bool
) -> WrittenDocument:
    """The HTML of data; its pictures are those that stand in the data."""
    template, engine = subject.template, session.engine
    name = PLACE.sub(
        lambda match: f"{{{{ {template.object}.{match[1]} }}}}",
        template.body.get("file", "").removesuffix(".pdf"),
    )
    try:
        body, name = _render(
            engine, data.text, language,
            TemplateText(as_html_source(data.words.body)), TemplateText(name, escape=False),
        )  # fmt: skip
        layout = layout_of(session.catalog, template.body, language)
        if layout is not None:
            inside = data.frame | {CONTENT: {"$": "html", "v": body}}
            (body,) = _render(engine, inside, language, TemplateText(layout.body))
    except TemplateFault as problem:
        raise Unprocessable(
            f"The document {template.label} cannot be made. {problem} Fix the template."
        ) from problem
    title = base_name(name) if name.strip() else template.name
    styles = [STYLE, layout.css if layout is not None else "", template.body.get("css", "")]
    html = _page(title, language, styles, body, draft=draft)
    pictures = _pictures(session, html, (data.text, data.frame))
    return WrittenDocument(title, html, language, draft, pictures, data.tables)


def _render(
    engine: Engine, data: Mapping[str, Any], language: str, *parts: TemplateText
) -> list[str]:
    return _renderer_of(engine).render(parts, data, locale=language, printed=True)


def _page(title: str, language: str, styles: list[str], body: str, *, draft: bool) -> str:
    said = DRAFTS.get(language[:2], "Draft")
    mark = Markup('<div class="draft-mark">{}</div>').format(said) if draft else ""
    css = "".join(f"<style>{_style(one)}</style>" for one in styles if one)
    return (
        f'<!doctype html><html lang="{escape(language.replace("_", "-"))}"><head>'
        f'<meta charset="utf-8"><title>{escape(title)}</title>{css}</head>'
        f"<body>{mark}{body}</body></html>"
    )


def _style(css: str) -> str:
    """A style sheet that cannot end its element."""
    return css.replace("</", "<\\/")


def _pictures(session: Session, html: str, data: Any) -> dict[str, dict[str, str]]:
    """The pictures that the HTML shows, of those that its reader was given."""
    given = set(_files(data))
    found: dict[str, dict[str, str]] = {}
    size = 0
    for id in dict.fromkeys(_SHOWN.findall(html)):
        row = find_file(session, id) if id in given else None
        if row is None:
            continue  # the printer says that it is none of this record
        size += row["size"]
        if row["size"] > MAX_PICTURE or size > MAX_PICTURES:
            message = (
                f"The picture {row['name']} is too large to print: a picture has at most"
                f" {MAX_PICTURE // 1_000_000} MB, all of a document {MAX_PICTURES // 1_000_000} MB."
            )
            raise Unprocessable(message)
        content = b"".join(read_parts(session.engine, row))
        found[id] = {
            "name": row["name"],
            "type": row["media_type"],
            "content": base64.b64encode(content).decode(),
        }
    return found


def _files(data: Any) -> Iterator[str]:
    """The ids of the files among the values of a document."""
    if isinstance(data, Mapping):
        if data.get("$") == "attached":
            yield data["id"]
        for value in data.values():
            yield from _files(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _files(value)
