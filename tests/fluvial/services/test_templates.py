"""Templates: what they read, what they show, and what they cannot do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from fluvial.services.templates import Need, Renderer, TemplateFault, TemplateText, needs


@pytest.fixture(scope="module")
def renderer() -> Iterator[Renderer]:
    made = Renderer("en_GB", "Europe/London")
    yield made
    made.close()


def record(**values: Any) -> dict[str, Any]:
    return {"$": "record", "v": values}


BOOK = record(
    id="1",
    title="Emma & co",
    due={"$": "day", "v": "2026-06-15"},
    bought={"$": "moment", "v": "2026-06-15T08:30:00Z"},
    price={"$": "amount", "v": {"amount": "1250.00", "currency": "GBP"}},
    pages={"$": "decimal", "v": "1320"},
    status={"$": "option", "v": "out", "l": "Lent"},
    lendable=True,
    blurb=None,
    author=record(id="2", title="Jane", name="Jane"),
    items="Ann",
    copy=record(id="5", title="One"),
    keeper=record(id=None, title=None, name=None),
    loans=[record(id="3", title="a"), record(id="4", title="b")],
)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ book }}", "Emma &amp; co"),
        ("{{ book.due }} {{ book.due | date }}", "15 Jun 2026 15 Jun 2026"),
        ("{{ book.bought }} {{ book.bought | datetime }}", "15 Jun 2026, 09:30 15 Jun 2026, 09:30"),
        ("{{ book.bought | date }}", "15 Jun 2026"),
        ("{{ book.price }} {{ book.price | money }}", "£1,250.00 £1,250.00"),
        ("{{ book.pages | number }} {{ book.pages + 1 }}", "1,320 1321"),
        ("{{ book.status }}{% if book.status == 'out' %}!{% endif %}", "Lent!"),
        ("{{ book.lendable }}{{ book.blurb }}", "Yes"),
        ("{{ book.author }} {{ book.author.name }}", "Jane Jane"),
        ("{{ book.keeper }}{{ book.keeper.name or 'nobody' }}", "nobody"),
        ("{% if book.keeper %}x{% else %}y{% endif %}", "y"),
        ("{% for loan in book.loans %}{{ loop.index }}{{ loan.title }} {% endfor %}", "1a 2b "),
        ("{{ book.loans | length }} {{ book.loans }}", "2 a, b"),
        ("{{ '<b>' }}{{ book.blurb | date }}", "&lt;b&gt;"),
        ("{{ book.items }} {{ book.copy }}", "Ann One"),
    ],
)
def test_values_are_shown_to_people(renderer: Renderer, source: str, text: str) -> None:
    assert renderer.render([TemplateText(source)], {"book": BOOK}) == [text]


def test_a_subject_is_not_escaped(renderer: Renderer) -> None:
    parts = [TemplateText("{{ book }}", escape=False), TemplateText("{{ book }}")]
    assert renderer.render(parts, {"book": BOOK}) == ["Emma & co", "Emma &amp; co"]


@pytest.mark.parametrize(
    "source",
    [
        "{{ book.missing.x }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ book.__init__.__globals__ }}",
        "{{ '{0.__class__}'.format(book) }}",
        "{{ book.update({'a': 1}) }}",
        "{{ book.loans.append(1) }}",
        "{{ 1 / 0 }}",
        "{{ 'a' * 300000000 }}",
        "{{ 'a'.ljust(10 ** 9) }}",
        "{{ '%99999999999d' % 1 }}",
        "{{ range(100001) | list }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    ],
)
def test_what_a_template_cannot_do(renderer: Renderer, source: str) -> None:
    with pytest.raises(TemplateFault):
        renderer.render([TemplateText(source)], {"book": BOOK})


def test_a_template_that_never_ends_dies_alone(renderer: Renderer) -> None:
    started = time.monotonic()
    with pytest.raises(TemplateFault, match="too much time or memory"):
        renderer.render([TemplateText("{{ [[1]*9999]*9999 }}")], {"book": BOOK})
    assert time.monotonic() - started < 10
    assert renderer.render([TemplateText("{{ book }}")], {"book": BOOK}) == ["Emma &amp; co"]


def test_the_process_knows_no_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LIBRARY_SECRET", "hidden")
    fresh = Renderer()
    fresh.render([TemplateText("x")], {})
    process = fresh._helper._process
    assert process is not None
    with open(f"/proc/{process.pid}/environ", "rb") as file:
        assert b"LIBRARY_SECRET" not in file.read()
    fresh.close()


def names(need: Need) -> dict[str, Any]:
    return {name: names(inner) for name, inner in need.members.items()}


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("{{ book.name }}", {"book": {"name": {}}}),
        ("{{ book['name'] }}", {"book": {"name": {}}}),
        ("{{ (book.author.name or 'x') | upper }}", {"book": {"author": {"name": {}}}}),
        (
            "{% for l in book.loans if l.due %}{{ l.member.name }}"
            "{% else %}{{ book.name }}{% endfor %}",
            {"book": {"loans": {"due": {}, "member": {"name": {}}}, "name": {}}},
        ),
        ("{% set a = book.author %}{{ a.name }}", {"book": {"author": {"name": {}}}}),
        ("{% with a = book.author %}{{ a.name }}{% endwith %}", {"book": {"author": {"name": {}}}}),
        ("{{ book.loans[0].due }}", {"book": {"loans": {"due": {}}}}),
        ("{% macro m(x) %}{{ x.y }}{% endmacro %}{{ m(book.name) }}", {"book": {"name": {}}}),
    ],
)
def test_what_a_template_reads(source: str, wanted: dict[str, Any]) -> None:
    assert names(needs(source, ["book"])) == wanted


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ other }}", "Line 1: `other` is not known here. Available: `book`."),
        ("\n{{ book | safe }}", "Line 2: There is no filter `safe`."),
        ("{{ book | attr('x') }}", "Line 1: There is no filter `attr`."),
        ("{{ book is funny }}", "Line 1: There is no test `funny`."),
        ("{% include 'x' %}", "Line 1: `include` is not allowed in templates."),
        ("{% import 'x' as y %}", "Line 1: `import` is not allowed in templates."),
        ("{% extends 'x' %}", "Line 1: `extends` is not allowed in templates."),
        (
            "{% autoescape false %}{{ book }}{% endautoescape %}",
            "Line 1: `autoescape` is not allowed in templates.",
        ),
        ("{% if %}", "Line 1: Expected an expression"),
        ("{{ " + "(" * 3000, "The template is nested too deeply."),
        ("x" * 200_001, "more than 200,000 characters"),
    ],
)
def test_what_is_refused_before_it_is_rendered(source: str, message: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        needs(source, ["book"])
    assert message in str(caught.value)
