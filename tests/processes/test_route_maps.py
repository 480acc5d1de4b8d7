"""Route maps: every stage has a place of its own, and no arrow is lost, whatever the process."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processes.definition import END, START, Process, read_process
from processes.route_layout import Arrow, RouteLayout, lay_out
from processes.route_map import CURRENT, Mark, draw
from tests.processes.desk import Json, process, stages, ways

WORDS = st.sampled_from(["", "Yes", "More <work> & care", "a\x07b", "Prüfung der Lösung " * 5])


def read(body: Json) -> Process:
    return read_process(body["name"], body, lambda *_: None)


@st.composite
def processes(drawn: st.DrawFn) -> Process:
    names = [f"stage_{at}" for at in range(drawn(st.integers(1, 12)))]
    routes = [{"from": START, "to": names[0]}]
    for at, name in enumerate(names):
        targets = drawn(st.lists(st.sampled_from([*names, END]), max_size=3))
        routes += [{"from": name, "to": to, "outcome": drawn(WORDS)} for to in targets]
        routes.append({"from": name, "to": names[at + 1] if at + 1 < len(names) else END})
    specs: list[Any] = [
        {"name": name, "label": drawn(WORDS),
         **({"timeout": {"to": drawn(st.sampled_from([*names, END]))}} if drawn(st.booleans())
            else {})}
        for name in names
    ]  # fmt: skip
    return read(process("drawn", specs, routes))


def through(arrow: Arrow, layout: RouteLayout) -> list[str]:
    """The stages that a way runs through, other than those that it connects."""
    others = [box for name, box in layout.boxes.items() if name not in (arrow.source, arrow.to)]
    found = []
    for (x, y), (to_x, to_y) in pairwise(arrow.points):
        for part in range(6):
            at_x, at_y = x + (to_x - x) * part / 5, y + (to_y - y) * part / 5
            found += [
                box.name
                for box in others
                if abs(at_x - box.x) < box.width / 2 and box.y < at_y < box.y + box.height
            ]
    return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(processes())
def test_stages_do_not_touch_and_every_route_is_drawn(drawn: Process) -> None:
    layout = lay_out(drawn)
    assert {START, *drawn.stages} <= layout.boxes.keys()
    for one, other in combinations(layout.boxes.values(), 2):
        apart = abs(one.x - other.x) >= (one.width + other.width) / 2 or one.row != other.row
        assert apart, (one, other)
    for box in layout.boxes.values():
        assert 0 <= box.x - box.width / 2 and box.x + box.width / 2 <= layout.width
        assert 0 <= box.y and box.y + box.height <= layout.height
    pairs = {(one.source, one.to) for one in layout.arrows}
    assert {(route.source, route.to) for route in drawn.routes} <= pairs
    for arrow in layout.arrows:
        assert len(arrow.points) > 1
        assert not through(arrow, layout), arrow
        if not arrow.back:
            assert layout.boxes[arrow.source].row < layout.boxes[arrow.to].row
    marks = {name: Mark(CURRENT, "due") for name in drawn.stages}
    tree = ElementTree.fromstring(draw(drawn, marks, alone=True))
    assert len([g for g in tree.iter() if g.get("data-stage")]) == len(layout.boxes)


def test_parallel_branches_stand_side_by_side_and_do_not_cross() -> None:
    body = process("p", stages("a", "b", "c", "d"), ways(
        "start > a", "a > b", "a > c", "b > d", "c > d", "d > end"))  # fmt: skip
    boxes = lay_out(read(body)).boxes
    assert boxes["b"].row == boxes["c"].row
    assert abs(boxes["a"].x - (boxes["b"].x + boxes["c"].x) / 2) < 1
    assert abs(boxes["d"].x - boxes["a"].x) < 1


def test_loops_go_round_the_free_side_and_those_of_one_stage_stay_beside_it() -> None:
    body = process("p", stages("a", "b", "c"), ways(
        "start > a", "a > b", "b > c", "c > end", "b > end: Off", "c > b: Again", "b > b: Once more"
    ))  # fmt: skip
    layout = lay_out(read(body))
    back = {(one.source, one.to): one for one in layout.arrows if one.back}
    boxes = layout.boxes
    assert max(x for x, _ in back["b", "b"].points) < boxes["b"].x + boxes["b"].width / 2 + 20
    # The way from b to the end passes c on one side, so what leads back goes round the other.
    passing = next(one for one in layout.arrows if (one.source, one.to) == ("b", "end"))
    side = passing.points[1][0] > boxes["c"].x
    assert (back["c", "b"].points[0][0] < boxes["c"].x) == side
    # A route that is also taken when the time is up is one line, which says so.
    body["stages"][0]["timeout"] = {"to": "b"}
    (both,) = (one for one in lay_out(read(body)).arrows if (one.source, one.to) == ("a", "b"))
    assert both.words == ["or when time is up"] and not both.by_time
