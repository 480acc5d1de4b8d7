"""A sentence becomes an expression in the browser, and that the same sentence on the server."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fluvial.pages.asked_fields import askable, asked_of_all
from fluvial.pages.filter_sentences import sentence
from fluvial.pages.reader_format import format_of
from fluvial.records.writing.writer import create
from fluvial.runtime.session import Session
from metamodel.catalog import ObjectType
from scripts.assets import system_node, wheel_node
from tests.app import Documents, OpenEngine
from tests.fluvial.pages.test_filter_sentences import BOOK, VALUES

MODULE = Path(__file__).parents[3] / "front" / "sentences.js"
PROGRAM = f"""
globalThis.document = {{ documentElement: {{ dataset: {{}} }} }};
import {{ createInterface }} from "node:readline";
const {{ expression }} = await import({json.dumps(MODULE.as_uri())});
for await (const line of createInterface({{ input: process.stdin }})) {{
  console.log(JSON.stringify(expression(JSON.parse(line))));
}}
"""
RAW = {
    "printed": "today() + days(3)", "seen": "start_of(today(), 'month')", "state": "'new', 'worn'",
    "series": "me.groups",
}  # fmt: skip
TEXTS = ("length(name) > 3", "pages * 2 > weight + 1", "not (lent or pages < 0)")
SAID = ("joint", "field", "collection", "op", "value", "text")
Sentence = dict[str, Any]


@pytest.fixture
def documents() -> Documents:
    return [BOOK]


@pytest.fixture
def session(open_engine: OpenEngine) -> Session:
    return Session.begin(open_engine(zone="Europe/Berlin"))


class Writer:
    """Makes sentences of all that can be asked, one in another."""

    def __init__(self, session: Session, seed: int) -> None:
        self.random = random.Random(seed)
        self.type: ObjectType = session.catalog.objects["book"]
        self.asked = askable(session.access, self.type)
        book = create(session, "book", {"name": "Emma"})["id"]
        self.values = VALUES | {"series": book, "helpers": book}

    def term(self) -> Sentence:
        while True:
            asked = self.random.choice(self.asked)
            op = self.random.choice(asked["ops"])
            value = (RAW if op["takes"] == "raw" else self.values).get(asked["name"], "")
            if op["takes"] == "raw" and asked["name"] == "series":
                continue  # books have no groups
            if op["takes"] == "none" or value:
                value = "" if op["takes"] == "none" else value
                return {"field": asked["name"], "op": op["name"], "value": value, "asked": asked}

    def gathered(self, levels: int) -> Sentence:
        asked = asked_of_all(self.type.inverses["books"], "books", "Books")
        op = self.random.choice(asked["ops"])
        value = str(self.random.randint(0, 9)) if op["takes"] == "value" else ""
        few = self.random.randint(0, 2) if levels else 0
        inner = self.level(levels - 1, few)
        return {"collection": "books", "op": op["name"], "value": value, "asked": asked, **inner}

    def level(self, levels: int, many: int) -> Sentence:
        joint = self.random.choice(("and", "or")) if many > 1 else "and"
        return {"joint": joint, "terms": [self.any(levels) for _ in range(many)]}

    def any(self, levels: int) -> Sentence:
        chance = self.random.random()
        if levels > 0 and chance < 0.25:
            return self.level(levels - 1, self.random.randint(2, 3))
        if levels > 0 and chance < 0.5:
            return self.gathered(levels - 1)
        if chance < 0.55:
            return {"text": self.random.choice(TEXTS)}
        return self.term()

    def whole(self) -> Sentence:
        """With a first term that words can say, without which it is no sentence."""
        made = self.level(2, self.random.randint(1, 4))
        made["terms"][0] = self.term()
        return made


def said(made: Sentence) -> Sentence:
    """What a sentence says, without its labels."""
    plain = {name: made[name] for name in SAID if name in made}
    if "terms" in made:
        plain["terms"] = [said(term) for term in made["terms"]]
    return plain


def texts(sentences: list[Sentence]) -> list[str]:
    (node,), _ = system_node() or wheel_node()
    lines = "".join(f"{json.dumps(one)}\n" for one in sentences)
    ran = subprocess.run(
        [node, "--input-type=module", "-e", PROGRAM], input=lines, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("engine_url", ["sqlite"], indirect=True)
def test_sentence_text_sentence_is_the_same(session: Session) -> None:
    writer = Writer(session, seed=11)
    made = [writer.whole() for _ in range(300)]
    fmt = format_of(session)
    checked = 0
    for one, text in zip(made, texts(made), strict=True):
        if len(text) > 1000:
            continue
        read = sentence(session.access, writer.type, text, fmt, clear="")
        assert read["readable"], text
        assert said(read) == said(one), text
        checked += 1
    assert checked > 250
