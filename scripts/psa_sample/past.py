"""When things happened: who saved records, and when they moved from state to state.

In the words of the option `past` of an import: steps with `;` between them, each with its moment,
who did it (`-` is nobody) and the state that it led to.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from scripts.psa_sample.parties import STAFF
from scripts.psa_sample.world import ANCHOR, MAIL, SEED, Row, World, moment_of

Step = tuple[datetime, str, str]  # when, who and the state
NOBODY = "-"
NINA = f"nina@{MAIL}"  # who sorts what comes in
AMARA, LENA, HELEN = (f"{name}@{MAIL}" for name in ("amara", "lena", "helen"))
LAST = moment_of(f"{ANCHOR}T07:00:00Z")
OPENS, CLOSES = time(9), time(17, 30)
LATE_ANSWERS, LATE_ENDS = 0.06, 0.08
STAGES = ("new", "qualified", "proposal", "negotiation")


def told(steps: Sequence[Step]) -> str:
    """The steps as a cell. A person who goes on is not named again."""
    words, last, at = [], NOBODY, steps[0][0]
    for moment, who, state in steps:
        at = max(at, moment)
        named = [] if who == last else [who]
        words.append(" ".join([at.strftime("%Y-%m-%dT%H:%MZ"), *named, *filter(None, [state])]))
        last = who
    return "; ".join(words)


def office(at: datetime) -> datetime:
    """The moment itself while the office is open, else some minutes after it opens again."""
    while at.weekday() > 4 or at.time() >= CLOSES:
        at = datetime.combine(at.date() + timedelta(days=1), OPENS, at.tzinfo)
    if at.time() < OPENS:
        at = at.replace(hour=9, minute=at.minute // 3)
    return at


def later(at: datetime, hours: float) -> datetime:
    return office(at + timedelta(hours=hours))


class Pasts:
    """Tells the past of what has been made; with dice of its own, so that nothing else moves."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.rng = random.Random(SEED + 1)
        self.steps: dict[str, list[Step]] = {}  # of tickets

    def tell_all(self, tables: dict[str, list[Row]]) -> None:
        for ticket in tables["ticket"]:
            steps = self.steps[ticket["number"]] = self.ticket(ticket)
            ticket["past"] = told(steps)
        for row in tables["opportunity"]:
            row["past"] = told(self.opportunity(row))
        for row in tables["timesheet"]:
            row["past"] = told(self.timesheet(row))
        people = {
            f"E-{at:03d}": f"{first.lower()}@{MAIL}" for at, (first, *_) in enumerate(STAFF, 1)
        }
        for row in tables["time_entry"]:
            row["past"] = told([self.day(row["worked_on"], people[row["resource.number"]], 17)])
        for row in tables["expense"]:
            row["past"] = told([self.day(row["spent_on"], people[row["resource.number"]], 18)])
        for name, day, who in (
            ("account", "since", "manager.email"),
            ("contract", "starts", ""),
            ("project", "starts", "manager.email"),
        ):
            for row in tables[name]:
                if row[day]:
                    row["past"] = told([self.day(row[day], row.get(who) or HELEN, 10)])

    def day(self, said: date | str, who: str, hour: int) -> Step:
        day = min(date.fromisoformat(str(said)), ANCHOR)
        at = datetime.combine(day, time(hour, self.rng.randint(0, 50)), LAST.tzinfo)
        return min(at, LAST), who, ""

    # ------------------------------------------------------------------------------- tickets

    def ticket(self, ticket: Row) -> list[Step]:
        opened = moment_of(ticket["opened"])
        who = ticket["assignee.email"] or NINA
        begins = NINA if ticket["source"] == "phone" else NOBODY
        steps: list[Step] = [(opened, begins, "new")]
        if ticket["status"] in ("resolved", "closed"):
            self.resolved(ticket, steps, who)
        else:
            self.open(ticket, steps, who)
        return steps

    def answered(self, ticket: Row, opened: datetime) -> datetime:
        """When somebody first took it on: within the hour mostly, and some much later."""
        urgent = ticket["priority"] == "critical"
        hours = self.rng.lognormvariate(-1.2 if urgent else -0.5, 0.7)
        if self.rng.random() < LATE_ANSWERS:
            hours = hours * 5 + (1 if urgent else 9)
        at = opened + timedelta(hours=hours)
        return at if urgent else office(at)

    def resolved(self, ticket: Row, steps: list[Step], who: str) -> None:
        opened, done = steps[0][0], moment_of(ticket["resolved_at"])
        if self.rng.random() < LATE_ENDS:
            done = min(opened + (done - opened) * 6 + timedelta(days=6), LAST)
            done = office(done) if done < LAST else done
        begun = min(self.answered(ticket, opened), opened + (done - opened) * 0.6)
        if self.rng.random() < 0.5:
            steps.append((opened + (begun - opened) * 0.5, NINA, "triaged"))
        steps.append((begun, who, "in_progress"))
        at = begun
        if self.rng.random() < 0.3:
            at = self.asks_back(steps, who, at, done)
        if ticket.get("reopen_count"):
            for share, state in ((0.3, "resolved"), (0.6, "in_progress")):
                steps.append((at + (done - at) * share, who, state))
        steps.append((done, who, "resolved"))
        if ticket["status"] == "closed":
            closed = max(moment_of(ticket["closed_at"]), done + timedelta(hours=1))
            steps.append((min(closed, LAST), NOBODY, "closed"))

    def asks_back(self, steps: list[Step], who: str, at: datetime, done: datetime) -> datetime:
        """A question to the customer, the answer, and the work that goes on."""
        left = done - at
        steps.append((at + left * 0.2, who, "waiting_customer"))
        steps.append((at + left * 0.6, NOBODY, "replied"))
        went_on = min(at + left * 0.6 + timedelta(hours=self.rng.uniform(0.2, 3)), at + left * 0.9)
        steps.append((went_on, who, "in_progress"))
        return went_on

    def open(self, ticket: Row, steps: list[Step], who: str) -> None:
        """One that is open: as far as its state says, a while after it came."""
        status, opened = ticket["status"], steps[0][0]
        if status == "new":
            return
        at = min(self.answered(ticket, opened), opened + (LAST - opened) * 0.6)
        if status == "triaged":
            steps.append((at, NINA, status))
            return
        steps.append((at - (at - opened) * 0.4, NINA, "triaged"))
        if status != "in_progress":
            steps.append((at, who, "in_progress"))
            at = min(later(at, self.rng.uniform(1, 30)), at + (LAST - at) * 0.8)
        steps.append((at, who, status))

    # ------------------------------------------------------------------- sales and the office

    def opportunity(self, row: Row) -> list[Step]:
        """Through the stages, one after another; the last of those that are lost is any of them."""
        stage, who = row["stage"], row["manager.email"]
        closed = stage in ("won", "lost")
        last = min(datetime.combine(row["close_date"], time(15), LAST.tzinfo), LAST)
        ended = last if closed else LAST - timedelta(days=self.rng.uniform(0.2, 25))
        reached = STAGES.index(stage) if not closed else 3
        if stage == "lost":
            reached = self.rng.randint(0, 3)
        way = [*STAGES[: reached + 1], *([stage] if closed else [])]
        first = ended - timedelta(days=self.rng.uniform(6, 26) * len(way))
        gaps = sorted(self.rng.random() for _ in way[2:])
        places = [0.0, *gaps, 1.0] if len(way) > 1 else [0.0]
        return [
            (office(first + (ended - first) * at) if at < 1 else ended, who, one)
            for at, one in zip(places, way, strict=True)
        ]

    def timesheet(self, row: Row) -> list[Step]:
        """Handed in on Friday, approved on Monday."""
        at = datetime.combine(row["week"], time(0, 30), LAST.tzinfo)
        steps: list[Step] = [(at, NOBODY, "open")]
        who = f"{STAFF[int(row['resource.number'][2:]) - 1][0].lower()}@{MAIL}"
        handed = at + timedelta(days=4, hours=self.rng.uniform(15.5, 18))
        approved = at + timedelta(days=7, hours=self.rng.uniform(8.5, 11))
        if row["status"] in ("submitted", "approved"):
            steps.append((min(handed, LAST), who, "submitted"))
        if row["status"] == "approved":
            manager = LENA if row["_manager"] == "lena" else AMARA
            steps.append((min(approved, LAST), manager, "approved"))
        return steps
