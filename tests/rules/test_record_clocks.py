"""The clocks of a record on its page: what is left, why, and each time they were planned anew."""

from __future__ import annotations

import re

from tests.rules.house import House
from tests.rules.test_timers import Bench


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def _page(house: House, id: str) -> str:
    reply = house.client.get(f"/o/repair/{id}")
    assert reply.status == 200, reply.text
    return reply.text


def test_the_page_shows_what_is_left_of_each_timer(house: House) -> None:
    bench = Bench(house)
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 1, 8)
    bench.at("2026-06-15T11:00:00Z")
    house.work()
    page = _page(house, repair["id"])
    assert page.count('<progress class="progress') == 2
    text = _text(page)
    assert "6 h left, due Tue 16 Jun 9:30" in text or "left, due" in text
    assert "1 h over, due" in text
    bench.take(repair, status="waiting")
    assert "left when it goes on" in _text(_page(house, repair["id"]))
    bench.take(repair, status="ready")
    assert "Done" in _text(_page(house, repair["id"]))
    # Nothing runs: no clock.
    idle = house.client.made("repair", name="Bell")
    assert "<progress" not in _page(house, idle["id"])


def test_why_tells_spans_people_and_plans(house: House) -> None:
    bench = Bench(house)
    bench.at("2026-06-15T09:00:00Z")
    repair = bench.ask("2026-06-15T09:00:00Z", 4, 8)
    bench.at("2026-06-15T11:00:00Z")
    bench.take(repair, status="waiting")
    bench.at("2026-06-15T12:00:00Z")
    bench.take(repair, status="open", promise=bench.promise(1, 4, None))
    why = house.client.get(f"/o/repair/{repair['id']}/why/finish_due")
    assert why.status == 200
    text = _text(why.text)
    assert "Waiting" in text and "paused" in text and "2 h used" in text
    assert "target 8 h → 4 h" in text
    for name in ("answer_due", "answer_state", "finish_met", "finish_state"):
        assert house.client.get(f"/o/repair/{repair['id']}/why/{name}").status == 200
    assert "is due" in _text(_page(house, repair["id"]))


def test_lists_boards_and_forms_show_what_timers_make(house: House) -> None:
    bench = Bench(house)
    repair = bench.ask("2026-06-15T09:00:00Z", 4, 8)
    view = {"kind": "view", "name": "clocks", "object": "repair", "label": "Clocks"}
    house.define({**view, "columns": ["name", "finish_state", "finish_due"]})
    shown = house.client.get("/o/repair?view=clocks")
    assert shown.status == 200 and "Running" in shown.text
    board = {"kind": "board", "name": "desk", "object": "repair", "label": "Desk"}
    card = {"title": "name", "fields": ["answer_state", "finish_state"]}
    house.define({**board, "columns": {"by": "status"}, "card": card})
    for at, percent, words in (
        ("2026-06-15T09:01:00Z", 0, r"7 h 5\d min left"),
        ("2026-06-15T15:01:00Z", 75, r"1 h 5\d min left"),
        ("2026-06-16T10:31:00Z", 100, r"2 h \d+ min over"),
    ):
        bench.at(at)
        house.work()
        for page in ("/o/repair?view=clocks", "/boards/desk"):
            text = house.client.get(page).text
            bar = f'value="{percent}" aria-label="Finish: {percent} % of the time used"'
            assert re.search(words, _text(text)), page
            assert bar in text, page
    stayed = bench.ask("2026-06-16T10:00:00Z", 4, 8)
    bench.take(stayed, status="waiting")
    for page in ("/o/repair?view=clocks", "/boards/desk"):
        text = _text(house.client.get(page).text)
        assert re.search(r"Paused Finish: 7 h 2\d min left", text), page
    for one in (repair, stayed):  # what has ended is its state alone
        bench.take(one, status="ready")
    assert "<progress" not in house.client.get("/o/repair?view=clocks").text
    earlier = house.client.get("/o/repair?view=clocks&as_of=2026-06-15")
    assert earlier.status == 200 and "<progress" not in earlier.text
    assert house.client.get(f"/o/repair/{repair['id']}/edit").status == 200
    assert house.client.get("/o/repair/new").status == 200
    assert house.client.get("/studio/objects/repair").status == 200
