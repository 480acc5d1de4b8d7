"""Calendars as documents: what is read, what is refused and where, and how layers add up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from metamodel.build import build_catalog
from metamodel.document_files import document_of, read_package
from metamodel.documents import SITE, with_kinds
from metamodel.errors import MetadataError
from metamodel.expressions.python import evaluate
from metamodel.kinds.kind import TextFormat
from metamodel.layers import merge
from metamodel.uses import uses_of
from tests.metamodel.calendars.samples import UK, london
from tests.metamodel.catalogs import CORE_DOCUMENTS, catalog, documents

OFFICE = """
kind: calendar
name: office
zone: Europe/London
default: true
hours: {mon-fri: ["09:00-17:30"]}
holidays:
  - {date: 2026-12-25, name: Christmas Day}
  - {date: 2026-12-28, name: Boxing Day}
  - {date: 2027-01-01, name: New Year}
"""
REQUEST = """
kind: object
name: request
title: "{asked_at}"
fields:
  - {name: asked_at, kind: datetime}
  - {name: answer_by, kind: calculated, result: datetime,
     formula: "add_working_time(asked_at, hours(4))"}
"""


def faults(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(MetadataError) as caught:
        catalog(text)
    return [(fault.pointer, fault.message, fault.hint) for fault in caught.value.faults]


def test_documents_become_calendars() -> None:
    made = catalog(OFFICE, "{kind: calendar, name: always, hours: {mon-sun: ['00:00-24:00']}}")
    office = made.calendars.named["office"]
    assert (office.week, office.special) == (UK.week, UK.special)
    assert made.calendars.default is office
    assert made.calendars.named["always"].zone == "UTC"


@pytest.mark.parametrize(
    ("written", "pointer", "said", "hint"),
    [
        ("hours: {mon-fir: ['09:00-17:00']}", "/hours/mon-fir", "not a weekday", "`fri`"),
        ("hours: {mon: ['9-5']}", "/hours/mon", "not a range of hours", "09:00-17:30"),
        ("hours: {mon: ['22:00-06:00']}", "/hours/mon", "before it starts", "22:00-24:00, and"),
        ("hours: {mon: ['09:00-12:00', "
         "'11:00-13:00']}", "/hours/mon", "before 12:00", "Start each"),
        ("hours: {mon-fri: ['09:00-12:00'], fri: []}", "/hours/fri", "same day", "once"),
        ("hours: {mon: []}", "/hours", "no hours", "mon-fri"),
        ("{zone: Europe/Lodnon, hours: {mon: ['09:00-12:00']}}", "/zone", "no time zone", "London"),
        (
            "{hours: {mon: ['09:00-12:00']}, holidays: [{date: 25 Dec}]}",
            "/holidays/0", "not a date", "2026-12-25",
        ),
        (
            "{hours: {mon: ['09:00-12:00']}, holidays: 'day,name\n2026-12-25,x'}",
            "/holidays", "first line", "date,name,hours",
        ),
        (
            '{hours: {mon: ["09:00-12:00"]}, holidays: "date,hours\\n2026-12-25,9"}',
            "/holidays", "not a range of hours", "09:00-17:30",
        ),
        ("{hourz: {}}", "/hourz", "not known", "hours"),
    ],
)  # fmt: skip
def test_faults_name_the_place_and_the_remedy(
    written: str, pointer: str, said: str, hint: str
) -> None:
    members = written if written.startswith("{") else f"{{{written}}}"
    found = faults(f"{{kind: calendar, name: office, {members[1:]}")
    assert any(one == pointer and said in m and hint in h for one, m, h in found), found


def test_one_calendar_is_the_business_s() -> None:
    other = OFFICE.replace("office", "depot")
    assert [pointer for pointer, _, _ in faults(f"{OFFICE}---{other}")] == ["/default"]
    ((pointer, said, hint),) = faults(f"{OFFICE.replace('true', 'false')}---{REQUEST}")
    assert pointer == "/fields/1/formula"
    assert "no default calendar" in said and "office" in hint
    (_, said, hint) = faults(REQUEST.replace("hours(4)", "hours(4), 'ofice'") + "---" + OFFICE)[0]
    assert "no calendar `ofice`" in said and "`office`" in hint


def test_formulas_follow_their_calendar() -> None:
    before = catalog(OFFICE, REQUEST)
    assert uses_of(before, "calendar/office") == ["object/request#/fields/1/formula"]
    later = documents(OFFICE.replace("09:00", "10:00")) + documents(REQUEST)
    after = build_catalog([*CORE_DOCUMENTS, *later], with_kinds([]), previous=before)
    found = []
    for made in (before, after):
        formula = made.objects["request"].fields["answer_by"].formula
        assert formula is not None

        class Asked:
            values = {"asked_at": london(2026, 12, 24, 15, 30)}

        found.append(evaluate(formula, Asked()))  # type: ignore[arg-type]
    assert found[0] == london(2026, 12, 29, 11)
    assert found[1] == found[0] + timedelta(hours=1)


def test_layers_add_holidays_and_change_hours() -> None:
    site = {
        "kind": "calendar",
        "name": "office",
        "hours": {"mon-fri": None, "mon-thu": ["09:00-17:30"]},
        "holidays": [
            {"date": "2026-12-25", "hours": ["09:00-12:00"]},
            {"date": "2027-12-27", "name": "Christmas Day"},
            {"date": "2027-01-01", "$delete": True},
        ],
    }
    made = catalog(OFFICE, extra=[document_of(site, layer=SITE)])
    office = made.calendars.named["office"]
    assert [bool(spans) for spans in office.week] == [True] * 4 + [False] * 3
    assert [bool(one.spans) for one in office.special] == [True, False, False]
    assert len(office.special) == 3


def test_holidays_may_stand_in_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("app: library\nversion: 1.0.0\n")
    folder = tmp_path / "calendars"
    folder.mkdir()
    listed = OFFICE[: OFFICE.index("holidays")] + "holidays: uk.csv\n"
    (folder / "office.yaml").write_text(listed)
    (folder / "uk.csv").write_text(
        "date,name,hours\n2026-12-24,Christmas Eve,09:00-11:00 11:30-12:30\n2026-12-25,Day,\n"
    )
    kinds = with_kinds([])
    made = build_catalog([*CORE_DOCUMENTS, *read_package(tmp_path, kinds)], kinds)
    eve, day = made.calendars.named["office"].special
    assert len(eve.spans) == 2 and not day.spans


TASK = """
kind: object
name: task
fields:
  - {name: effort, kind: duration, clock: business}
  - {name: spent, kind: calculated, result: duration, clock: business, formula: "effort * 2"}
  - {name: wait, kind: duration}
"""


def test_durations_of_working_time_are_told_in_days_of_the_calendar() -> None:
    fields = catalog(OFFICE, TASK).objects["task"].fields
    effort, spent = fields["effort"], fields["spent"]
    assert effort.kind.parse_text(effort, "2d 4h", TextFormat()) == 21 * 3600
    for seconds, said in ((75600, "2d 4h"), (30600, "1d"), (1800, "30m"), (0, "0m"), (61, "1m 1s")):
        assert effort.kind.show(effort, seconds) == spent.kind.show(spent, seconds) == said
    assert fields["wait"].kind.show(fields["wait"], 75600) == "21:00"
    assert fields["wait"].kind.parse_text(fields["wait"], "2d", TextFormat()) == 172_800
    for written, said in (
        ("clock: business, calendar: ofice", "no calendar `ofice`"),
        ("calendar: office", "Elapsed time does not use a calendar"),
    ):
        task = TASK.replace("kind: duration, clock: business", f"kind: duration, {written}")
        assert said in faults(f"{OFFICE}---{task}")[0][1]
    assert "no default calendar" in faults(TASK)[0][1]


def test_holidays_may_be_plain_dates() -> None:
    hours = "kind: calendar, name: office, hours: {mon-fri: ['09:00-17:30']}"
    plain = catalog(
        f"{{{hours}, holidays: ['2026-12-25', {{date: 2026-12-28, name: Boxing Day}}]}}"
    )
    named = catalog(f"{{{hours}, holidays: [{{date: 2026-12-25}}, {{date: 2026-12-28}}]}}")
    assert plain.calendars.named["office"].special == named.calendars.named["office"].special


@pytest.mark.parametrize(
    ("written", "said"),
    [("['25.12.2026']", "`25.12.2026` is not a date"), ("['2026-02-30']", "is not a date"),
     ("[20261225]", "is not"), ("['2026-12-25', '2026-12-25']", "appears twice")],
)  # fmt: skip
def test_holidays_that_are_no_dates_are_told_in_words(written: str, said: str) -> None:
    hours = "kind: calendar, name: office, hours: {mon-fri: ['09:00-17:30']}"
    ((pointer, message, hint),) = faults(f"{{{hours}, holidays: {written}}}")
    assert pointer.startswith("/holidays") and said in message and hint


def test_plain_holidays_of_a_site_join_those_of_a_package() -> None:
    base = [{"date": "2026-12-25", "name": "Christmas Day"}]
    assert merge({"holidays": base}, {"holidays": ["2026-12-25", "2026-12-28"]}) == {
        "holidays": [*base, {"date": "2026-12-28"}]
    }
    assert merge({"holidays": ["2026-12-25"]}, {"holidays": ["2026-12-28"]}) == {
        "holidays": [{"date": "2026-12-25"}, {"date": "2026-12-28"}]
    }
    assert merge({"tags": ["a"]}, {"tags": ["b"]}) == {"tags": ["b"]}
