"""Sessions: which moment and day a unit of work is about, and in whose name it is done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from fluvial.auth.actors import SYSTEM, Actor
from fluvial.kernel.causes import Cause
from fluvial.kernel.problems import Forbidden, NotFound
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session
from tests.app import OpenEngine

NOW = "2026-06-15T23:30:00+00:00"  # in Berlin it is half past one already
DAY = date(2026, 3, 29)


@pytest.fixture
def engine(open_engine: OpenEngine) -> Engine:
    return open_engine(now=NOW, zone="Europe/Berlin")


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session.begin(engine)


def test_today_is_the_day_of_the_business(session: Session) -> None:
    assert session.today == date(2026, 6, 16)
    assert session.moment == session.now
    assert (session.asked_day, session.asked_text) == (None, "")


def test_of_another_day_it_is_the_first_moment(session: Session) -> None:
    then = session.at(DAY)
    assert (then.today, then.asked_day, then.asked_text) == (DAY, DAY, "2026-03-29")
    assert then.moment == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert then.now == session.now


def test_today_as_a_day_that_is_asked_for_is_now(session: Session) -> None:
    assert session.at(session.today).moment == session.now


def test_of_a_moment_it_is_that_moment(session: Session) -> None:
    moment = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    then = session.at(moment)
    assert (then.moment, then.asked_day) == (moment, moment)
    assert then.today == then.as_of == date(2026, 3, 30)
    assert then.asked_text.startswith("2026-03-29T22:30:00")
    assert then.at(DAY).moment == session.at(DAY).moment  # the day replaces the moment


def test_binds_are_those_of_the_day_and_of_the_actor(session: Session) -> None:
    actor = Actor("0190", "Emma", ("clerk",), sets={"groups": ("a", "b")})
    before, then = dict(session.binds), session.as_actor(actor).at(DAY).binds
    assert (before["me"], then["me"]) == (None, "0190")
    assert "a" in then["me_groups"] and "b" in then["me_groups"]
    assert then["today"] == "2026-03-29" and before["today"] == "2026-06-16"
    assert session.binds == before


def test_somebody_elses_name_keeps_day_and_cause(session: Session) -> None:
    cause = Cause((("rule", "1"),))
    then = session.at(DAY).as_actor(Actor("1", "A", ()), cause)
    again = then.as_actor(SYSTEM)
    assert (again.as_of, again.cause, again.actor) == (DAY, cause, SYSTEM)
    assert then.as_actor(SYSTEM, Cause()).cause == Cause()


def test_reading_ahead_begins_once_and_anew_for_another_day(session: Session) -> None:
    assert session.ahead is None and session.at(DAY).ahead is None
    ahead = session.reading_ahead()
    assert ahead.reading_ahead() is ahead
    other = ahead.at(DAY)
    assert other.ahead is not None and other.ahead is not ahead.ahead


def test_objects_as_far_as_one_may(session: Session) -> None:
    assert session.object("user", "delete").name == "user"
    with pytest.raises(NotFound, match="There is no object `usr`."):
        session.object("usr")
    nobody = session.as_actor(Actor("1", "A", ()))
    with pytest.raises((NotFound, Forbidden)):
        nobody.object("user", "delete")


def test_a_session_takes_the_moment_of_its_beginning(engine: Engine) -> None:
    first, second = Session.begin(engine), Session.begin(engine)
    assert timedelta() <= second.now - first.now < timedelta(minutes=5)
