"""The matrix: every face of every kind, also of one from elsewhere, on both databases.

A kind is a row of `examples`: options and values of its fields. The faces are the tests here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from python_calamine import CalamineWorkbook

from fluvial.auth.actors import SYSTEM
from fluvial.http.app import build_app
from fluvial.kernel.settings import load
from fluvial.pages.filter_sentences import sentence
from fluvial.pages.kind_options import COMMON
from fluvial.pages.presenters import face_of
from fluvial.pages.reader_format import format_of
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from fluvial.services.templates import Renderer, TemplateText
from metamodel.kinds import KINDS
from rules.template_data import template_data
from tests.app import Client, Prepared, environment
from tests.fluvial.tables import imported
from tests.forms.shapes import multipart
from tests.kinds.world import ROWS, Example, World, examples, filled

MAX_CARD = 12  # fields of a card
DOCS = Path(__file__).parents[2] / "docs" / "kinds.md"
EVERY = pytest.mark.parametrize("example", examples(), ids=lambda one: one.name[2:])
WRITTEN = pytest.mark.parametrize(
    "example", [one for one in examples() if not one.made], ids=lambda one: one.name[2:]
)

# What an operator of a kind asks, and which rows it finds. {v} is the low value, {h} the high one.
OPERATORS: dict[str, tuple[str, list[str]]] = {
    "is": ("{f} == {v}", ["low"]),
    "is_not": ("{f} != {v}", ["high", "empty"]),
    "empty": ("{f} == null", ["empty"]),
    "not_empty": ("{f} != null", ["low", "high"]),
    "contains": ("{v} in {f}", ["low"]),
    "not_contains": ("not ({v} in {f})", ["high", "empty"]),
    "starts_with": ("starts_with({f}, {v})", ["low"]),
    "above": ("{f} > {v}", ["high"]),
    "below": ("{f} < {h}", ["low"]),
    "after": ("{f} > {v}", ["high"]),
    "before": ("{f} < {h}", ["low"]),
    "between": ("{f} >= {v} and {f} < {h}", ["low"]),
    "within": ("{f} >= {v} and {f} < {h}", ["low"]),
    "any_of": ("{f} in [{v}]", ["low"]),
    "none_of": ("{f} not in [{v}]", ["high", "empty"]),
}
MANY: dict[str, tuple[str, list[str]]] = {
    "any_of": ("{v} in {f}", ["low"]),
    "all_of": ("{v} in {f}", ["low"]),
    "none_of": ("not ({v} in {f})", ["high", "empty"]),
    "is": ("{v} in {f}", ["low"]),
    "is_not": ("not ({v} in {f})", ["high", "empty"]),
}


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest,
    prepared: Prepared,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    databases = request.getfixturevalue("databases") if request.param == "postgresql" else None
    folder = tmp_path_factory.mktemp("kinds")
    address = prepared.copy(databases, folder)
    settings = {"kinds": "tests.kinds.rating:Rating", "now": "2026-11-21T10:00:00Z"}
    engine = Engine(load(environment(address, folder, **settings)))
    yield World(Client(build_app(engine), prepared.headers(address)))
    engine.close()
    KINDS.pop("rating")
    if databases is not None:
        databases.drop(address)


def words(html: str) -> str:
    """The text of a page on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@EVERY
def test_it_is_stored_and_read(world: World, example: Example) -> None:
    for row in ("low", "high"):
        read = world.rows[row][example.name]
        wanted = filled(example.spec[row], **world.places)
        if example.kind == "file":
            wanted, read = 1, len(read)
        assert read == wanted
        again = world.client.get(f"/api/records/item/{world.rows[row]['id']}").json()
        assert again[example.name] == world.rows[row][example.name]
    absent = world.field(example).kind.absent(world.field(example))
    if not example.get("never_empty"):
        assert world.rows["empty"][example.name] == absent


@EVERY
def test_schemas_describe_it(world: World, example: Example) -> None:
    read = world.openapi["item_read"]["properties"]
    assert example.name in read and example.name in world.schema["properties"]
    assert (example.name in world.openapi["item_create"]["properties"]) is not example.made
    for row in ROWS:
        Draft202012Validator(read[example.name]).validate(world.rows[row][example.name])


@WRITTEN
def test_forms_ask_for_it(world: World, example: Example) -> None:
    assert f'data-field="{example.name}"' in world.new_page
    assert f'name="{example.name}' in world.new_page
    assert same(example, world.by_page, world.rows["low"])


def same(example: Example, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two records have equal values; of files, alike ones."""
    values = [record[example.name] for record in (one, other)]
    if example.kind == "file":
        values = [[file["name"] for file in files] for files in values]
    return bool(values[0] == values[1])


@EVERY
def test_lists_and_pages_show_it(world: World, example: Example) -> None:
    assert example.cell in words(world.list_page)
    assert example.get("page", example.words) in words(world.record_page)


@EVERY
def test_each_of_its_operators_finds_the_records(world: World, example: Example) -> None:
    field = world.field(example)
    for operator in field.kind.operators:
        own = example.get("finds", {}).get(operator)
        template, rows = (MANY if field.many else {}).get(operator) or OPERATORS[operator]
        if own:
            template, rows = own["where"], own["rows"]
        elif example.get("never_empty"):
            rows = {"empty": [], "not_empty": list(ROWS)}.get(operator, rows)
        where = world.where(example, template)
        assert sorted(world.found(where=where)) == sorted(rows), where
    empty = [] if example.get("never_empty") else ["empty"]
    assert world.found(**{example.name: ""}) == empty


@EVERY
def test_filters_of_pages_read_it_back(world: World, example: Example) -> None:
    session = Session.begin(world.client.app.engine, SYSTEM)
    type_, field = session.catalog.objects["item"], world.field(example)
    fmt = format_of(session)
    for op in face_of(field).asks(field):
        if op.takes == "raw" or (example.get("asked") and op.takes == "value"):
            continue
        template = op.template.replace("{f}", example.name)
        where = world.where(example, template)
        terms = sentence(session.access, type_, where, fmt, clear="")["terms"]
        assert [term["field"] for term in terms] == [example.name], where


@EVERY
def test_lists_sort_by_it(world: World, example: Example) -> None:
    field = world.field(example)
    if not field.kind.sorts(field):
        assert world.client.get("/api/records/item", sort=example.name).status == 400
    elif example.get("sorts") is False:  # by the names of users, and it holds a role
        assert world.found(sort=example.name)[0] == "high"
    elif example.kind == "sequence":
        assert world.found(sort=example.name) == ["low", "high", "empty"]
    elif example.get("never_empty"):  # a boolean that is No
        assert set(world.found(sort=example.name)[:2]) == {"low", "empty"}
    else:
        assert world.found(sort=example.name) == ["low", "high", "empty"]
        assert world.found(sort=f"-{example.name}") == ["high", "low", "empty"]


@EVERY
def test_summaries_group_by_it(world: World, example: Example) -> None:
    path = "/api/records/item/summary"
    where = "label in ['low', 'high', 'empty']"
    reply = world.client.get(path, group=example.name, measure="count", where=where)
    if world.field(example).kind.linked:
        assert reply.status == 400
        return
    assert reply.status == 200, reply.text
    assert sum(group["count"] for group in reply.json()["data"]) == 3
    groups = [orjson.dumps(group[example.name]) for group in reply.json()["data"]]
    for row in ROWS:
        value = world.rows[row][example.name]
        assert orjson.dumps(None if value == [] else value) in groups


@pytest.fixture(scope="module")
def card(world: World) -> str:
    """The cards of the low record on boards that together show every field."""
    names, pages = [one.name for one in world.examples], []
    for at in range(0, len(names), MAX_CARD):
        board = {
            "kind": "board", "name": f"cards_{at}", "object": "item", "columns": {"by": "f_choice"},
            "where": "label == 'low'",
            "card": {"title": "label", "fields": names[at:at + MAX_CARD]},
        }  # fmt: skip
        world.client.define(board)
        pages.append(words(world.client.get(f"/boards/cards_{at}").text))
    return " ".join(pages)


@EVERY
def test_boards_show_it_and_part_by_it(world: World, card: str, example: Example) -> None:
    if example.kind not in ("boolean", "multi_choice"):
        assert example.cell in card
    board = {
        "kind": "board", "name": f"by_{example.name}", "object": "item",
        "columns": {"by": example.name}, "where": "label in ['low', 'high']",
    }  # fmt: skip
    reply = world.client.post("/api/meta/changes?plan=true", {"documents": [board]})
    field = world.field(example)
    groups = field.type.name in ("choice", "record", "person") and example.kind != "any_lookup"
    assert reply.status == (200 if groups else 422), reply.text
    if groups:
        world.client.define(board)
        columns = world.client.get(f"/api/boards/by_{example.name}").json()["columns"]
        filled_ = [column for column in columns if column["count"]]
        assert [column["count"] for column in filled_] == [1, 1]


@EVERY
def test_rules_see_it(world: World, example: Example) -> None:
    if example.get("late"):  # numbers are given when nothing can refuse the record any more
        assert example.name not in world.marks["low"]
        return
    assert example.name in world.marks["low"] & world.marks["high"]
    assert (example.name in world.marks["empty"]) is bool(example.get("never_empty"))


@pytest.fixture(scope="module")
def rendered(world: World) -> Callable[[str], str]:
    """What a template with every field says of the low record, by field."""
    session = Session.begin(world.client.app.engine)
    type_ = session.catalog.objects["item"]
    values = load_row(session, "item", world.rows["low"]["id"], None)
    assert values is not None
    source = "".join(f"[{one.name}:{{{{ item.{one.name} }}}}]" for one in world.examples)
    renderer = Renderer("en_GB", "Europe/Berlin")
    try:
        (text,) = renderer.render(
            [TemplateText(source)], template_data(session, type_, values, source)
        )
    finally:
        renderer.close()
    return lambda name: unescape(text.split(f"[{name}:")[1].split("]")[0])


@EVERY
def test_templates_show_it(world: World, rendered: Callable[[str], str], example: Example) -> None:
    assert example.get("template", example.words) in rendered(example.name)


ASKED_OUTSIDE = [
    one
    for one in examples()
    if not one.made and "lookup" not in one.kind and one.kind != "person" and not one.get("inside")
]


@pytest.fixture(scope="module")
def outside(world: World) -> tuple[str, dict[str, Any]]:
    """The page of a web form that asks for every field it may, and the record that it made."""
    fields = [{"field": "label"}, *({"field": one.name} for one in ASKED_OUTSIDE)]
    form = {
        "kind": "webform", "name": "give", "object": "item", "slug": "give",
        "steps": [{"name": "all", "fields": fields}], "spam": {"min_seconds": 0},
    }  # fmt: skip
    world.client.define(form)
    anybody = Client(world.client.app)
    page = anybody.get("/forms/give").text
    values = dict(re.findall(r'<input type="hidden" name="(token|step)" value="([^"]*)"', page))
    values |= {"label": "outside", "press": "send"}
    for one in ASKED_OUTSIDE:
        values |= {} if one.kind == "file" else one.form
    parts = [(name, unescape(value)) for name, value in values.items()]
    body, headers = multipart(*parts, ("f_file", "one.txt", "text/plain", b"words"))
    reply = anybody.call("POST", "/forms/give", body=body, headers=headers)
    assert reply.status in (200, 201, 303), reply.text
    return page, world.latest("outside")


@pytest.mark.parametrize("example", ASKED_OUTSIDE, ids=lambda one: one.name[2:])
def test_web_forms_ask_for_it(
    world: World, outside: tuple[str, dict[str, Any]], example: Example
) -> None:
    page, record = outside
    assert f'name="{example.name}"' in page
    assert same(example, record, world.rows["low"])


def exported(world: World, format_: str) -> bytes:
    fields = ",".join(["label", *(one.name for one in world.examples)])
    reply = world.client.get(
        "/api/records/item/export", format=format_, fields=fields, sort="created_at",
        where="label in ['low', 'high', 'empty']",
    )  # fmt: skip
    assert reply.status == 200, reply.text
    return reply.body


def takes(example: Example) -> bool:
    """Whether a table brings it; files are uploaded."""
    return example.kind != "file" and not example.made


@pytest.fixture(scope="module", params=["csv", "xlsx", "jsonl"])
def copies(world: World, request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """The three records as they come back from an export of each format."""
    content = exported(world, request.param)
    mark = f"{request.param} of "
    if request.param == "csv":
        rows: list[list[Any]] = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    elif request.param == "xlsx":
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    else:
        left = [one.name for one in world.examples if not takes(one)]
        bodies = [orjson.loads(line) for line in content.splitlines()]
        for body in bodies:
            label = mark + body["label"]
            kept = {n: v for n, v in body.items() if n not in (*left, "id", "rev", "label")}
            world.client.made("item", label=label, **kept)
        return {row: world.latest(mark + row) for row in ROWS}
    name = f"table.{request.param}"
    done = imported_again(world, name, content, [str(head) for head in rows[0]], mark)
    assert (done["created"], done["errors"]) == (3, [])
    return {row: world.latest(mark + row) for row in ROWS}


def imported_again(
    world: World, name: str, content: bytes, heads: list[str], mark: str
) -> dict[str, Any]:
    left = [one.name for one in world.examples if not takes(one)]
    columns = {head: None if head in left else head for head in heads}
    values = {"label": {row: mark + row for row in ROWS}}
    return imported(world.client, "item", content, name=name, map=columns, values=values)


@EVERY
def test_exports_come_back_through_imports(
    world: World, copies: dict[str, dict[str, Any]], example: Example
) -> None:
    if takes(example):
        for row in ROWS:
            assert copies[row][example.name] == world.rows[row][example.name]


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_an_export_that_is_imported_untouched_changes_no_value_of_any_kind(
    world: World, format_: str
) -> None:
    rows = world.client.rows("/api/records/item", where="label in ['low', 'high', 'empty']")
    reply = world.client.get(
        "/api/records/item/export", format=format_, where="label in ['low', 'high', 'empty']"
    )
    done = imported(world.client, "item", reply.body, name=f"table.{format_}", key=["id"])
    assert (done["unchanged"], done["updated"], done["created"]) == (len(rows), 0, 0)
    made = {one.name for one in world.examples if one.kind in ("calculated", "file")}
    assert made <= set(done["left_out"])
    assert world.client.rows("/api/records/item", where="label in ['low', 'high', 'empty']") == rows


@EVERY
def test_search_looks_into_it(world: World, example: Example) -> None:
    if world.field(example).searchable:
        word = str(example.spec["low"]).split()[-1]
        assert world.found(search=word) == ["low"]


@WRITTEN
def test_history_says_what_it_was(world: World, example: Example) -> None:
    before, after = world.changed[example.name]
    if example.kind == "file":
        before, after = [before[0]["name"]], [after[0]["name"]]
        assert (before, after) == (["one.txt"], ["two.txt"])
        return
    assert before == world.rows["low"][example.name]
    assert after == world.rows["high"][example.name]


@EVERY
def test_the_studio_offers_it_with_its_options(world: World, example: Example) -> None:
    assert f'id="kind-{example.kind}"' in world.studio
    held = world.studio.split('id="kind-options">')[1].split("</script>")[0]
    names = [option["name"] for option in orjson.loads(held)[example.kind]]
    kind = KINDS[example.kind]
    assert set(kind.needs) <= set(names) <= {*kind.options, *COMMON}


@EVERY
def test_docs_describe_it_with_an_example(world: World, example: Example) -> None:
    kind = KINDS[example.kind]
    if kind.__module__.startswith("metamodel"):
        section = DOCS.read_text(encoding="utf-8").split(f"\n## {kind.label}\n")[1]
        assert kind.about in section and f"kind: {kind.name}" in section
