"""The face of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.datastructures import FormData, UploadFile

from fluvial.http.assets import icon
from fluvial.kernel.media_types import IMAGES
from fluvial.pages import reader_format as marks
from fluvial.pages.reader_format import ReaderFormat
from metamodel.catalog import Field
from metamodel.kinds.kind import TextFormat

from .filter_questions import Op, empties
from .presenter import Cell, Face, texts_in


class FileFace(Face):
    wide = True
    rare = True
    holds = ""

    def text(self, field: Field, value: Any, fmt: ReaderFormat) -> str:
        return ", ".join(str(file.get("name", "a file")) for file in value)

    def cell(self, field: Field, fmt: ReaderFormat) -> Cell:
        clip = icon("paperclip", "faint")

        def show(value: Any) -> str:
            shown = next((_small(f, "thumb") for f in value if _is_image(f)), clip)
            return f'<span class="row nowrap">{shown} {len(value)}</span>'

        return show

    def full(self, field: Field, value: Any, fmt: ReaderFormat) -> Markup:
        return Markup(" ").join(_preview(f) for f in value)

    def widget(self, field: Field, value: Any, fmt: ReaderFormat) -> dict[str, Any]:
        files = [f for f in value or () if isinstance(f, Mapping)]
        return {
            "value": [],
            "many": field.option("many", False),
            "accept": ",".join(field.option("accept", ())),
            "hint": self.hint(field),
            "files": [
                {"id": f["id"], "name": f.get("name", ""), "size": file_size(f.get("size", 0)),
                 "href": f.get("url", f"/api/files/{f['id']}"),
                 "preview": preview_href(f)}
                for f in files
            ],
        }  # fmt: skip

    def hint(self, field: Field) -> str:
        size = field.option("max_size")
        return f"At most {size.replace('MB', ' MB')}" if size else ""

    def asks(self, field: Field) -> tuple[Op, ...]:
        return empties(field)

    def read(self, field: Field, form: FormData, how: TextFormat) -> Any:
        """The files that stay; the new ones are stored by the caller."""
        gone = set(texts_in(form, f"{field.name}.remove"))
        return [id for id in texts_in(form, f"{field.name}.keep") if id not in gone]


def _preview(file: Mapping[str, Any]) -> Markup:
    """An image as it is, small; other files by their name."""
    if not _is_image(file):
        return marks.link(file["url"], str(file.get("name", "a file")))
    return Markup('<a class="preview" href="{}">{}</a>').format(file["url"], _small(file))


def _is_image(file: Mapping[str, Any]) -> bool:
    return file.get("media_type") in IMAGES


def preview_href(file: Mapping[str, Any]) -> str:
    """The address of a small copy; nothing where there is none."""
    return f"/api/files/{file['id']}/thumbnail" if _is_image(file) else ""


def _small(file: Mapping[str, Any], class_: str = "") -> Markup:
    """What is no image after all, or too large a one, shows its name."""
    return Markup('<img class="{}" src="{}" alt="{}" loading="lazy">').format(
        class_, preview_href(file), file.get("name", "a file")
    )


def uploads(form: FormData, name: str) -> list[UploadFile]:
    """The files that were chosen in a form."""
    return [f for f in form.getlist(name) if isinstance(f, UploadFile) and f.filename]


def file_size(size: int) -> str:
    for unit, bytes_ in (("GB", 1024**3), ("MB", 1024**2), ("kB", 1024)):
        if size >= bytes_:
            return (
                f"{size / bytes_:.1f} {unit}" if size < 10 * bytes_ else f"{size // bytes_} {unit}"
            )
    return f"{size} bytes"
