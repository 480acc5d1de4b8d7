"""A record's page says how long it was in its states, and features bring tabs of their own."""

from __future__ import annotations

import pytest

from fluvial.kernel.features import Feature
from fluvial.pages.clock_words import length
from fluvial.pages.record_tabs import RECORD_TAB, RecordTab, ShownOn
from fluvial.runtime.engine import Engine
from tests.app import Client, Documents
from tests.fluvial.records.drafts.test_state_log import LOAN, Still, clock
from tests.forms.test_record_pages import text_of

__all__ = ["clock"]


@pytest.fixture
def documents() -> Documents:
    fields = [
        {**f, "options": [{"name": "new", "colour": "plum"}, {"name": "waiting", "label": "On hold",
                                                              "colour": "amber"}, {"name": "done"}]}
        if f["name"] == "status" else f for f in LOAN["fields"]
    ]  # fmt: skip
    return ({**LOAN, "fields": fields},)


def _moved(client: Client, clock: Still) -> str:
    """A loan that was new, on hold, new again and is done."""
    loan: str = client.made("loan", name="a")["id"]
    for name, minutes in (("wait", 5), ("resume", 60 * 26), ("finish", 90)):
        clock.later(minutes)
        assert client.post(f"/api/records/loan/{loan}/actions/{name}").status == 200
    clock.later(3)
    return loan


def test_a_strip_tells_the_time_in_each_state(client: Client, clock: Still) -> None:
    loan = _moved(client, clock)
    page = client.get(f"/o/loan/{loan}").text
    assert "New 1 h 35 min (2 times) On hold 1 d 2 h Done 3 min, since 12:35" in text_of(page)
    assert 'aria-label="Status: New 1 h 35 min (2 times), On hold 1 d 2 h, Done 3 min' in page
    assert page.count('<rect class="stay ') == 4 and '<rect class="stay warn"' in page
    then = client.get(f"/o/loan/{loan}", as_of="2026-06-01T09:06:00Z").text
    assert "New 5 min On hold 1 min, since Mon 09:05" in text_of(then)


def test_a_tab_lists_the_stays(client: Client, clock: Still) -> None:
    loan = _moved(client, clock)
    client.patch(f"/api/records/loan/{loan}", {"mood": "new"})
    page = client.get(f"/o/loan/{loan}", related="time_in_states").text
    assert "Time in states 5" in text_of(page)
    said = text_of(page.partition('id="related"')[2])
    assert said.index("Mood") < said.index("Done") < said.index("On hold")
    assert "1 d 2 h" in said and "Administrator" in said and "now" in said


def test_a_state_of_no_field_that_is_shown_leaves_nothing_on_the_page(
    client: Client, clock: Still
) -> None:
    role = {
        "kind": "role",
        "name": "clerk",
        "grants": [{"object": "loan", "can": ["read"], "fields": {"status": "none"}}],
    }
    client.define(role)
    loan = _moved(client, clock)
    clerk = client.person("c@example.com", "clerk")
    for query in ({}, {"related": "time_in_states"}):
        page = clerk.get(f"/o/loan/{loan}", **query)
        assert page.status == 200
        assert 'id="states"' not in page.text and "Time in states" not in page.text


def test_features_bring_tabs_that_are_asked_when_they_are_shown(
    client: Client, engine: Engine
) -> None:
    asked = []

    def tabs(shown: ShownOn) -> list[RecordTab]:
        def panel() -> dict[str, object]:
            asked.append(shown.id)
            return {"several": False, "rows": [{"state": f"All about {shown.type.label}"}]}

        return [RecordTab("more", "More of it", "_stays.html", panel)]

    engine.features += Feature("more", brings=[RECORD_TAB(tabs)])
    client.define(
        {"kind": "object", "name": "line", "title": "{name}", "fields": [
            {"name": "name", "kind": "text"},
            {"name": "loan", "kind": "lookup", "to": "loan", "inverse": "lines"}]}
    )  # fmt: skip
    loan = client.made("loan", name="a")["id"]
    client.made("line", name="first line", loan=loan)
    page = text_of(client.get(f"/o/loan/{loan}").text)
    assert "More of it" in page and "first line" in page and asked == []
    page = text_of(client.get(f"/o/loan/{loan}", related="more").text)
    assert "All about Loan" in page and "first line" not in page and asked == [loan]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than 1 min"), (59, "less than 1 min"), (60, "1 min"), (3_599, "59 min"),
     (3_600, "1 h"), (90_000, "1 d 1 h"), (86_460, "1 d 1 min"), (10**8, "1,157 d 9 h")],
)  # fmt: skip
def test_lengths_are_told_in_their_two_largest_units(seconds: int, words: str) -> None:
    assert length(seconds) == words
