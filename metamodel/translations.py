"""Words in several languages: what a package says in `translations/de.yaml`.

A translation names documents and follows them by the names of their parts:

    object/book:
      label: Buch
      fields:
        state: {label: Zustand, options: {lent: {label: verliehen}}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from metamodel.documents import Document, DocumentKind
from metamodel.errors import Fault
from metamodel.folding import humanise, label_text, nearest, plural
from metamodel.policies import Shape, labels

FOLDER = "translations"
BASE = "en"  # the language of words that are plain text
LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
IMPLIED = ("label", "plural")  # what is shown where it is not written

Path = tuple[str, ...]
Kinds = Mapping[str, "DocumentKind"]


@dataclass(frozen=True)
class Translation:
    """The words of one language, by document and path."""

    language: str
    file: str
    words: Mapping[str, Any]


def translated(
    documents: Iterable[Document], translations: Iterable[Translation], kinds: Kinds
) -> tuple[list[Document], list[Fault]]:
    """The documents with the words of all languages, and the faults of the translations."""
    found = list(documents)
    places = {document.place: at for at, document in enumerate(found)}
    faults: list[Fault] = []
    for translation in translations:
        for place, tree in translation.words.items():
            document = found[places[place]] if place in places else None
            if document is None or document.kind not in kinds:
                hint = nearest(place, places)
                message = f"There is no document {place} here."
                faults.append(_fault(translation, place, message, hint))
                continue
            body = _copy(document.body)
            for path, text in _flat(tree, ()):
                problem = _put(kinds[document.kind].shape, body, path, translation.language, text)
                if problem:
                    faults.append(_fault(translation, "/".join((place, *path)), problem, ""))
            found[places[place]] = replace(document, body=body)
    return found, faults


def _fault(translation: Translation, place: str, message: str, hint: str) -> Fault:
    pointer = f"/{place}"
    return Fault(translation.file, pointer, "translation", message, hint, translation.file)


def _flat(tree: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield from _flat(value, (*path, str(name)))
    else:
        yield path, tree if isinstance(tree, str) else ""


def _put(shape: Shape, body: Any, path: Path, language: str, text: str) -> str:
    """Put a text in its place; what is wrong where there is no such place."""
    if not text:
        return "A translation is a text."
    above: Any = None
    for step in path[:-1]:
        above = body
        if isinstance(body, list):
            body = _item(body, step)
            shape = shape.item(body)
        elif isinstance(body, dict):
            body, shape = body.get(step), shape.of(body).member(step)
        if body is None:
            known = _steps(above)
            return f"There is no `{step}`. {nearest(step, known)}".strip()
    last = path[-1] if path else ""
    if not isinstance(body, dict) or not shape.of(body).member(last).is_label:
        return f"`{last}` is not a translatable text."
    said = body.get(last)
    if said is None and last not in IMPLIED:
        return f"There is no `{last}` to translate. Add it to the document first."
    said = _implied(body, last) if said is None else said
    body[last] = {**(said if isinstance(said, dict) else {BASE: said}), language: text}
    return ""


def _item(items: list[Any], step: str) -> Any:
    """The item of a list by its name; by its place, from 0, where it has none."""
    named = next((i for i in items if isinstance(i, dict) and i.get("name") == step), None)
    if named is not None or not step.isdecimal() or int(step) >= len(items):
        return named
    item = items[int(step)]
    return item if isinstance(item, dict) and "name" not in item else None


def _steps(body: Any) -> list[str]:
    if isinstance(body, list):
        return [str(item.get("name")) for item in body if isinstance(item, dict)]
    return list(body) if isinstance(body, dict) else []


def _implied(body: Mapping[str, Any], member: str) -> str:
    label = label_text(body.get("label", humanise(str(body.get("name", "")))))
    return label if member == "label" else plural(label)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(one) for name, one in value.items()}
    return [_copy(one) for one in value] if isinstance(value, list) else value


def missing(documents: Iterable[Document], kinds: Kinds, language: str) -> Iterator[str]:
    """The places whose words, written or implied, have no text in a language."""
    for document in documents:
        if document.kind not in kinds:
            continue
        for path, words in (
            *labels(kinds[document.kind].shape, document.body),
            *_unwritten(kinds[document.kind].shape, document.body, ()),
        ):
            if not isinstance(words, Mapping) or language not in words:
                yield f"{document.place}#/{'/'.join(_named(document.body, path))}"


def _unwritten(shape: Shape, body: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, str]]:
    """Named parts that show their name because they have no label."""
    if isinstance(body, Mapping):
        inner = shape.of(body)
        if "name" in body and "label" not in body and inner.member("label").is_label:
            yield (*path, "label"), str(body["name"])
        for name, value in body.items():
            if not inner.member(name).is_label:
                yield from _unwritten(inner.member(name), value, (*path, name))
    elif isinstance(body, list):
        for at, value in enumerate(body):
            yield from _unwritten(shape.item(value), value, (*path, at))


def _named(body: Any, path: tuple[Any, ...]) -> Iterator[str]:
    for step in path:
        inner = body[step] if not isinstance(body, Mapping) else body.get(step)
        name = inner.get("name") if isinstance(inner, Mapping) else None
        yield str(name) if isinstance(step, int) and name else str(step)
        body = inner


def languages(documents: Iterable[Document], kinds: Kinds) -> set[str]:
    """The languages beside the plain one in which any words are written."""
    return {
        language
        for document in documents
        if document.kind in kinds
        for _, words in labels(kinds[document.kind].shape, document.body)
        if isinstance(words, Mapping)
        for language in words
    } - {BASE}


def localised(document: Document, kind: DocumentKind, locale: str) -> Document:
    """The document with its words in one language; `written` keeps those of all."""
    locale = locale.replace("-", "_")
    several = [
        (path, words) for path, words in labels(kind.shape, document.body)
        if isinstance(words, Mapping)
    ]  # fmt: skip
    if not several:
        return document
    body = _copy(document.body)
    for path, words in several:
        inner = body
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = label_text(words, locale)
    return replace(document, body=body, written=document.body)


@dataclass(frozen=True)
class Wording:
    """Words for people at one place of a document, in the languages in which they are written."""

    document: Document
    path: Path  # by the names of parts: fields, state, options, lent, label
    words: Any  # a text, a text per language; None where a label is only implied
    implied: str = ""  # what is shown where nothing is written

    @property
    def key(self) -> str:
        """What stands for the place in a table: object/book#/fields/state/label."""
        return f"{self.document.place}#/{'/'.join(self.path)}"

    @property
    def base(self) -> str:
        """The words in the plain language."""
        return label_text(self.words, BASE) if self.words is not None else self.implied

    def text(self, language: str) -> str:
        """The words in a language; "" where there are none."""
        if isinstance(self.words, Mapping):
            return str(self.words.get(language, ""))
        return self.base if language == BASE else ""

    def part(self, language: str, text: str) -> dict[str, Any] | None:
        """The part of a document that says these words in a language; None where it cannot."""
        known = dict(self.words) if isinstance(self.words, Mapping) else {BASE: self.base}
        said: Any = {language: text or None} if isinstance(self.words, Mapping) else known
        if not isinstance(self.words, Mapping):
            known[language] = text
            said = text if language == BASE else known
        part: Any = {self.path[-1]: said}
        body = self.document.source
        steps: list[tuple[bool, str]] = []  # whether the step leads into a list
        for step in self.path[:-1]:
            listed = isinstance(body, list)
            steps.append((listed, step))
            body = _inside(body, step)
        for listed, step in reversed(steps):
            part = [{"name": step, **part}] if listed else {step: part}
        return part if isinstance(part, dict) else None


def _inside(body: Any, step: str) -> Any:
    if isinstance(body, list):
        return next(
            (one for one in body if isinstance(one, Mapping) and one.get("name") == step), {}
        )
    return body.get(step, {}) if isinstance(body, Mapping) else {}


def wordings(document: Document, kind: DocumentKind) -> Iterator[Wording]:
    """All words of a document that have a place by names, written ones and implied labels."""
    whole = replace(document, body=document.source)
    for path, words in labels(kind.shape, whole.body):
        if named := _by_names(whole.body, path):
            yield Wording(document, named, words)
    for path, name in _unwritten(kind.shape, whole.body, ()):
        if named := _by_names(whole.body, path):
            yield Wording(document, named, None, humanise(name))


def _by_names(body: Any, path: tuple[Any, ...]) -> Path:
    """A path by the names of parts; nothing where a part has none."""
    found: list[str] = []
    for step in path:
        inner = body[step] if not isinstance(body, Mapping) else body.get(step)
        if isinstance(step, int):
            name = inner.get("name") if isinstance(inner, Mapping) else None
            if not isinstance(name, str):
                return ()
            found.append(name)
        else:
            found.append(str(step))
        body = inner
    return tuple(found)
