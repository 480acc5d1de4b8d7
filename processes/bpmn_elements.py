"""BPMN 2.0 files as elements: read without entities and without anything from outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from fluvial.kernel.problems import Unprocessable, fault

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
OWN = "urn:fluvial:bpmn"  # what only this product says, in extension elements
MOST_BYTES, MOST_ELEMENTS, MOST_DEPTH = 1_000_000, 20_000, 60


@dataclass
class Element:
    """An element with its attributes: of its own by their names, of others with their namespace."""

    space: str
    name: str
    line: int
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces).strip()

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def said(self, name: str) -> str:
        """An attribute in whatever namespace: those of Camunda, Flowable and Activiti are alike."""
        for key, value in self.attributes.items():
            if key.rpartition(" ")[2] == name:
                return value
        return ""

    def all(self, *names: str) -> Iterator[Element]:
        """The children of BPMN with these names."""
        return (one for one in self.children if one.space == MODEL and one.name in names)

    def first(self, *names: str) -> Element | None:
        return next(self.all(*names), None)

    def own(self, name: str) -> str:
        """What this product has written into the extension elements; empty where it has not."""
        held = self.first("extensionElements")
        found = (o for o in (held.children if held else ()) if (o.space, o.name) == (OWN, name))
        return next((one.text for one in found), "")

    def below(self) -> Iterator[Element]:
        for one in self.children:
            yield one
            yield from one.below()


def refuse(message: str, code: str = "not_bpmn") -> NoReturn:
    raise Unprocessable(message, errors=[fault("/bpmn", code, message)])


class _Reader:
    """What the parser calls."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser, self.open, self.count = parser, list[Element](), 0
        self.root: Element | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > MOST_ELEMENTS or len(self.open) >= MOST_DEPTH:
            refuse("The file has too many elements, or they are too deep.", "too_large")
        space, _, local = name.rpartition(" ")
        made = Element(space, local, self.parser.CurrentLineNumber, attributes)
        if self.open:
            self.open[-1].children.append(made)
        else:
            self.root = made
        self.open.append(made)

    def end(self, name: str) -> None:
        self.open.pop()

    def text(self, words: str) -> None:
        self.open[-1].pieces.append(words)

    def doctype(self, *told: object) -> None:
        refuse("The file has a DOCTYPE, which is not read. Remove it.", "doctype")


def read(text: str) -> Element:
    """The definitions of a file."""
    content = text.removeprefix("\ufeff").encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        refuse(f"The file has more than {MOST_BYTES // 1_000_000} MB.", "too_large")
    parser = expat.ParserCreate("utf-8", " ")
    reader = _Reader(parser)
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        refuse(f"The file is not XML: {expat.ErrorString(error.code)} in line {error.lineno}.")
    root = reader.root
    if root is None or (root.space, root.name) != (MODEL, "definitions"):
        refuse(f"The file is not BPMN 2.0: its first element is not `definitions` of {MODEL}.")
    return root
