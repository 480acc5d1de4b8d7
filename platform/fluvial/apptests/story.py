"""The story of an app's sample: what people did with it, carried out by the real code.

`sample/story.yaml` holds steps in the language of the tests of apps. Each is done under the clock
of its own moment, as the person who did it, together with the note of how far the story is: a start
that was cut off goes on behind the last step. What rules would send is not sent: it is the past.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from fluvial.auth.actors import SYSTEM
from fluvial.kernel.features import Seam
from fluvial.kernel.problems import Problem
from fluvial.packages.sample import keep_place, place_of, sample_of
from fluvial.records.reading.query import MAX_LIMIT, Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

from .playing import Play, Wrong, step_of
from .stage import StoppedClock

FILE = "story.yaml"
STORY = "story"
VERBS = ("update", "delete", "restore", "act")
ONE = "the record of the step"
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = re.compile(
    rf"(?P<past>-?\d+)(?P<unit>[dmw])(?: (?P<day>\d\d|{'|'.join(WEEK)}))? (?P<time>\d\d:\d\d)"
)
_DAY = re.compile(r"(-?\d+)d")

# Session and moment: takes back what waits to be sent since then.
UNSENT: Seam[Callable[[Session, datetime], None]] = Seam("to send nothing of a story")


@dataclass
class Tale(Play):
    """A story on the site's own engine: people are named by their e-mail addresses."""

    known: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    began: str = ""  # when its first start was, of which all moments are counted

    def session(self, name: str = "") -> Session:
        if not name:
            return Session.begin(self.engine, SYSTEM)
        session = Session.begin(self.engine, SYSTEM)
        found = self.found({"object": "user", "where": f"email == '{name}'"})
        actor = self.engine.people.actor(session.connection, found[0]) if found else None
        if actor is None:
            raise Problem(f"Nobody here has the e-mail address {name}.")
        return Session.begin(self.engine, actor)

    def ref(self, name: str, *path: str | int) -> tuple[str, str]:
        self.meet(name)
        if name not in self.refs:
            raise Problem(f"There is no record `{name}` in the story. Add it under `known`.")
        return self.refs[name]

    def meet(self, name: Any) -> None:
        """Look up a record that was there before the story."""
        asked = self.known.get(name) if isinstance(name, str) else None
        if asked is not None and name not in self.refs:
            found = self.found(asked)
            if len(found) != 1:
                raise Problem(f"`{name}` in `known` is {len(found)} records. Name one of them.")
            self.refs[name] = (asked["object"], found[0])

    def found(self, asked: Mapping[str, Any]) -> list[str]:
        """The ids of records, the oldest first; no more than `most`."""
        query = Query(
            self.type(asked["object"]).name,
            where=asked.get("where", ""),
            fields=(("id",),),
            sort=(SortKey(("created_at",)), SortKey(("id",))),
            limit=min(int(asked.get("most", MAX_LIMIT)), MAX_LIMIT),
        )
        return [row["id"] for row in read_page(self.session(), query)["data"]]


def tell(engine: Engine, app: str) -> int:
    """Go on with the story of an app's sample that was loaded; how many steps were done."""
    folder = sample_of(app)
    place = place_of(Session.begin(engine), STORY, app)
    if folder is None or place is None or place.get("done"):
        return 0
    began = str(place.get("began") or engine.clock.now().isoformat())
    now = datetime.fromisoformat(began)  # of the first start, for one that goes on
    told = read_story(folder / FILE, now, engine)
    tale = Tale(None, engine, known=told.known, began=began)  # type: ignore[arg-type]
    tale.refs = {name: (made[0], made[1]) for name, made in place.get("refs", {}).items()}
    for at in range(place["step"], len(told.steps)):
        moment, step = told.steps[at]
        with _standing(engine, moment):
            try:
                _do(tale, app, at, step)
            except (Problem, Wrong) as wrong:
                raise Problem(f"{FILE} of {app}, step {at + 1}: {_words(wrong)}") from wrong
            tale.work()
            session = Session.begin(engine)
            for take_back in engine.brought(UNSENT):
                take_back(session, moment)
    keep_place(Session.begin(engine), STORY, app, {"done": True})
    return len(told.steps) - int(place["step"])


def _words(wrong: Problem | Wrong) -> str:
    told = wrong.errors if isinstance(wrong, Problem) else []
    return " ".join([str(wrong), *(f"{one['pointer']}: {one['message']}" for one in told)])


@dataclass(frozen=True)
class _Told:
    known: Mapping[str, Mapping[str, str]]
    steps: Sequence[tuple[datetime, Mapping[str, Any]]]


def read_story(path: Path, now: datetime, engine: Engine) -> _Told:
    """The steps in their order, each with its moment; those `for` several months once for each."""
    body = yaml.safe_load(path.read_text(encoding="utf-8"))
    steps: list[tuple[datetime, Mapping[str, Any]]] = []
    at, latest = now, None
    for entry in _repeated(body["steps"]):
        if "fields" in entry:
            entry = {**entry, "fields": _dated(entry["fields"], now, engine)}
        if "at" in entry:
            at = moment_of(str(entry["at"]), now, engine)
            if not _of_week(entry):
                if latest is not None and at < latest:
                    words = f"{entry['at']} is before the step that stands in front of it."
                    raise Problem(f"{FILE}: {words}")
                latest = at
        if len(entry) > ("at" in entry):
            steps.append((at, {name: entry[name] for name in entry if name != "at"}))
    # Days of a week come before or after days that are counted from today.
    told = sorted((one for one in steps if one[0] <= now), key=lambda one: one[0])
    return _Told(body.get("known", {}), told)


def _of_week(entry: Mapping[str, Any]) -> bool:
    return "w" in str(entry["at"]).partition(" ")[0]


def _dated(fields: Mapping[str, Any], now: datetime, engine: Engine) -> dict[str, Any]:
    """Values with their days: `-40d` is so many days before the day of loading."""
    today = engine.clock.day_of(now)

    def day(value: Any) -> Any:
        found = _DAY.fullmatch(value) if isinstance(value, str) else None
        return (today + timedelta(days=int(found[1]))).isoformat() if found else value

    return {name: day(value) for name, value in fields.items()}


def _repeated(entries: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for entry in entries:
        if "weekdays" in entry:
            for day in entry["weekdays"]:
                for step in entry["steps"]:
                    yield {**step, **({"at": f"0w {day} {step['at']}"} if "at" in step else {})}
            continue
        if "months" not in entry:
            yield entry
            continue
        first, last = entry["months"]
        for month in range(first, last + 1):
            for step in entry["steps"]:
                own = {"at": f"{month}m {step['at']}"} if "at" in step else {}
                yield {**step, **own}


def moment_of(text: str, now: datetime, engine: Engine) -> datetime:
    """`-40d 09:12` is so many days ago, `-2m 01 09:12` the first of the month before the last, and
    `0w mon 09:12` the Monday of this week."""
    found = _MOMENT.fullmatch(text)
    if found is None or found["unit"] != _unit_of(found["day"]):
        ways = "-40d 09:12, -2m 01 09:12 or 0w mon 09:12"
        raise Problem(f"{FILE}: `{text}` is not a moment. Write {ways}.")
    today, back = engine.clock.day_of(now), int(found["past"])
    if found["unit"] == "w":
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(weeks=back, days=WEEK.index(found["day"]))
    elif found["unit"] == "d":
        day = today + timedelta(days=back)
    else:
        years, month = divmod(today.year * 12 + today.month - 1 + back, 12)
        day = date(years, month + 1, int(found["day"]))
    return datetime.combine(day, time.fromisoformat(found["time"]), engine.clock.zone).astimezone(
        UTC
    )


def _unit_of(day: str | None) -> str:
    return "d" if day is None else "w" if day in WEEK else "m"


@contextmanager
def _standing(engine: Engine, moment: datetime) -> Iterator[None]:
    clock = engine.clock
    engine.clock = StoppedClock(clock.zone.key, moment)
    try:
        yield
    finally:
        engine.clock = clock


def _do(tale: Tale, app: str, at: int, step: Mapping[str, Any]) -> None:
    """A step, and in the same transaction the note that it is done."""
    with tale.session().connection.transaction():
        for name in step.get("fields", {}).values():
            tale.meet(name)
        for one in _each(tale, step):
            step_of(tale, one, ("when", at))
        kept = {name: list(made) for name, made in tale.refs.items() if name != ONE}
        place = {"step": at + 1, "refs": kept, "began": tale.began}
        keep_place(tale.session(), STORY, app, place)


def _each(tale: Tale, step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A step for each record that it names by a condition."""
    verb = next((verb for verb in VERBS if isinstance(step.get(verb), Mapping)), None)
    if verb is None:
        yield step
        return
    asked = step[verb]
    for record in tale.found(asked):
        tale.refs[ONE] = (asked["object"], record)
        yield {**step, verb: ONE}
