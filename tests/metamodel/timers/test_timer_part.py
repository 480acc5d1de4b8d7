"""Timers of documents: every fault has its place and says what would be right."""

from __future__ import annotations

import pytest

from metamodel.document_reach import reach_of
from metamodel.documents import OBJECT
from metamodel.errors import Fault, MetadataError
from metamodel.timers.timer_part import TIMERS
from metamodel.uses import uses_of
from tests.metamodel.catalogs import catalog

DESK = """
{kind: calendar, name: office, zone: Europe/London, hours: {mon-fri: ["09:00-17:30"]}}
---
kind: object
name: promise
fields:
  - {name: finish, kind: duration}
  - {name: hours, kind: text}
  - {name: moves, kind: calculated, result: duration, formula: "finish if today() > '2026-01-01' else null"}
---
kind: object
name: repair
fields:
  - {name: asked_at, kind: datetime}
  - {name: answered, kind: boolean}
  - {name: promise, kind: lookup, to: promise}
  - {name: status, kind: choice, options: [{name: open}, {name: waiting}, {name: ready}]}
  - {name: late, kind: calculated, result: boolean, formula: "finish_state == 'missed'"}
states: {field: status, transitions: [{name: finish, from: [open], to: ready}]}
timers:
  - name: finish
    starts: asked_at
    stops: {states: [ready]}
    pauses: {states: [waiting]}
    target: promise.finish
    calendar: promise.hours
    thresholds: [75, 100]
"""  # noqa: E501


def _faults(was: str, now: str) -> list[Fault]:
    assert was in DESK
    with pytest.raises(MetadataError) as caught:
        catalog(DESK.replace(was, now, 1))
    return list(caught.value.faults)


def test_a_timer_says_what_it_is_calculated_from() -> None:
    built = catalog(DESK)
    (timer,) = TIMERS.of(built.objects["repair"]) or ()
    due = built.objects["repair"].fields["finish_due"]
    assert (*timer.stops, *timer.pauses, *timer.thresholds) == ("ready", "waiting", 75, 100)
    read = {f"{object}.{name}" for one in due.worked for object, name in one.uses}
    assert read == {
        "repair.asked_at", "repair.promise", "repair.status", "promise.finish", "promise.hours",
    }  # fmt: skip
    assert "object/repair#/timers/0/target" in uses_of(built, "promise.finish")
    reached = reach_of(built.of("object")["repair"], built, OBJECT)
    assert {one.target for one in reached if one.pointer == "/timers/0/calendar"} >= {
        "promise.hours"
    }


@pytest.mark.parametrize(
    ("was", "now", "pointer", "code"),
    [
        ("calendar: promise.hours", "calendar: \"'offices'\"", "calendar", "unknown_calendar"),
        ("calendar: promise.hours", "calendar: \"promise.hours if answered else 'x'\"",
         "calendar", "unknown_calendar"),
        ("calendar: promise.hours", "calendar: coalesce(promise.hours, 'offise')",
         "calendar", "unknown_calendar"),
        ("calendar: promise.hours", "calendar: answered", "calendar", "not_a_calendar"),
        ("calendar: promise.hours", "calendar: status", "calendar", "unknown_calendar"),
        ("target: promise.finish", "target: hours(-4)", "target", "not_a_target"),
        ("target: promise.finish", "target: days(-1)", "target", "not_a_target"),
        ("target: promise.finish", "target: asked_at", "target", "not_a_duration"),
        ("target: promise.finish", "target: '4'", "target", "not_a_duration"),
        ("target: promise.finish", "target: ''", "target", "out_of_range"),
        ("    target: promise.finish\n", "", "", "missing"),
        ("target: promise.finish", "target: promise.moves", "", "not_lasting"),
        ("target: promise.finish", "target: promise.finnish", "target", "expression"),
        ("starts: asked_at", "starts: now()", "starts", "not_lasting"),
        ("starts: asked_at", "starts: answered", "starts", "expression"),
        ("starts: asked_at", "starts: finish_due", "", "circle"),
        ("states: [ready]", "states: [redy]", "stops/states/0", "not_an_option"),
        ("states: [ready]", "states: []", "stops/states", "out_of_range"),
        ("stops: {states: [ready]}", "stops: {}", "stops", "out_of_range"),
        ("stops: {states: [ready]}", "stops: {when: \"me == null\"}", "stops/when", "not_lasting"),
        ("states: [waiting]", "states: [ready]", "pauses/states", "overlap"),
        ("thresholds: [75, 100]", "thresholds: [0]", "thresholds/0", "out_of_range"),
        ("thresholds: [75, 100]", "thresholds: [75, 75]", "thresholds", "duplicate"),
        ("states: {field: status, transitions: [{name: finish, from: [open], to: ready}]}\n", "",
         "stops/states", "no_states"),
    ],
)  # fmt: skip
def test_faults_have_their_places(was: str, now: str, pointer: str, code: str) -> None:
    place = f"/timers/0/{pointer}".rstrip("/")
    found = _faults(was, now)
    assert (place, code) in [(one.pointer, one.code) for one in found]
    assert all(one.pointer.startswith("/timers") for one in found), found


def test_two_timers_of_one_name_are_one_fault() -> None:
    again = "  - {name: finish, starts: asked_at, stops: {when: answered}, target: hours(1)}\n"
    found = _faults("    thresholds: [75, 100]\n", f"    thresholds: [75, 100]\n{again}")
    assert [(one.pointer, one.code) for one in found] == [("/timers/1/name", "duplicate_name")]


def test_fields_of_a_timer_and_of_the_object_share_no_name() -> None:
    found = _faults("name: answered,", "name: finish_met,")
    assert ("/timers/0/name", "reserved_name") in [(one.pointer, one.code) for one in found]
