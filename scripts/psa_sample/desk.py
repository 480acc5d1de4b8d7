"""Two years of tickets, what happened to the open ones, and the opportunities."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from scripts.psa_sample.parties import STAFF, customers
from scripts.psa_sample.world import ANCHOR, MAIL, Row, World, moment

TICKETS = 6000
OPEN = 240
DAYS = 730
# account, subject, category, priority, status, assignee, hours to due
STORIES = (
    (0, "Records-room printer jams on tray 2", "printing", "high", "triaged", "tom", 52),
    (0, "Archive the mailboxes of leavers", "email", "normal", "in_progress", "priya", 150),
    (1, "No e-mail since 06:50, all users", "email", "critical", "triaged", "priya", -3),
    (1, "Quarterly patch window, 14 servers", "software", "normal", "scheduled", "jonas", 178),
    (2, "Server room at 38 °C", "hardware", "critical", "new", "", 50),
    (2, "Restore finance share from Tuesday", "backup", "high", "waiting_customer", "priya", 75),
    (3, "Both access switches down, warehouse", "network", "critical", "in_progress", "tom", -2),
    (4, "VPN drops every 20 minutes", "network", "high", "in_progress", "jonas", 78),
    (4, "Shared calendar shows the wrong zone", "email", "normal", "new", "", 98),
    (5, "New starter: laptop and licences, 3 people", "change", "high", "scheduled", "priya", 127),
    (6, "Phones in reception lose registration", "telephony", "high", "in_progress", "tom", -26),
    (6, "Card reader at desk 3 shows no light", "hardware", "high", "new", "", 99),
    (
        7,
        "Replace battery in UPS, comms cupboard",
        "hardware",
        "normal",
        "waiting_supplier",
        "jonas",
        171,
    ),
    (7, "Signature missing on outgoing mail", "email", "high", "triaged", "jonas", 76),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
RATE = (1.3, 1.1, 1.0, 1.0, 0.85, 0.06, 0.04)  # tickets by weekday
HOURS = (0, 0, 0, 0, 0, 0, 1, 5, 14, 16, 14, 11, 8, 10, 11, 9, 7, 4, 1, 1, 0, 0, 0, 0)
STATUSES = {
    "new": 24,
    "triaged": 17,
    "in_progress": 29,
    "waiting_customer": 19,
    "waiting_supplier": 10,
    "scheduled": 11,
}
PRIORITIES = {"low": 14, "normal": 65, "high": 18, "critical": 3}
REPLY = {"low": 168, "normal": 72, "high": 8, "critical": 4}  # hours
ESTIMATES = (900, 1800, 1800, 2700, 3600, 3600, 5400, 7200, 14400)  # seconds


class Desk:
    """What the tickets need to know about the customers, made once."""

    def __init__(self, w: World, staff: list[Row]) -> None:
        self.accounts = customers(w, "active", "on_hold")
        self.assets: dict[str, list[Row]] = {}
        for asset in w.assets:
            if asset["status"] in ("deployed", "in_repair"):
                self.assets.setdefault(asset["account.code"], []).append(asset)
        self.contacts: dict[str, list[Row]] = {}
        for contact in w.contacts:
            self.contacts.setdefault(contact["account.code"], []).append(contact)
        self.weights = [len(self.assets.get(a["code"], ())) + 2 for a in self.accounts]
        self.engineers: dict[str, list[str]] = {}
        for person in staff:
            if person["roles"] == "technician":
                for group in person["groups.name"].split(";"):
                    self.engineers.setdefault(group, []).append(person["email"])


def opening_times(w: World) -> list[tuple[date, float]]:
    """When tickets were opened: office hours on weekdays, a little more each month."""
    days = [ANCHOR - timedelta(days=back) for back in range(DAYS, 0, -1)]
    weights = [RATE[day.weekday()] * (1 + index / DAYS * 0.3) for index, day in enumerate(days)]
    chosen = w.rng.choices(days, weights=weights, k=TICKETS - len(STORIES))
    hours = w.rng.choices(range(24), weights=HOURS, k=len(chosen))
    return sorted(
        (day, hour + w.rng.randint(0, 59) / 60) for day, hour in zip(chosen, hours, strict=True)
    )


def fill(w: World, pattern: str, account: Row, desk: Desk, place: str) -> str:
    return pattern.format(
        place=place,
        day=w.rng.choice(WEEKDAYS),
        n=w.rng.randint(2, 9),
        m=w.rng.choice((10, 14, 20, 25, 30)),
        who=w.rng.choice(desk.contacts[account["code"]])["name"],
    )


def new_ticket(w: World, desk: Desk, day: date, hour: float) -> Row:
    account = w.rng.choices(desk.accounts, weights=desk.weights)[0]
    assets = [a for a in desk.assets.get(account["code"], ()) if a["installed"] <= day]
    asset = w.rng.choice(assets) if assets and w.rng.random() < 0.62 else None
    category, pattern = w.rng.choice(w.words["subjects"][asset["type.name"] if asset else ""])
    place = asset["name"].split(", ")[-1] if asset else w.rng.choice(w.words["places"]["desk"])
    contact = w.rng.choice(desk.contacts[account["code"]])
    source = w.pick({"phone": 34, "email": 40, "web": 10, "portal": 9, "monitoring": 7})
    known = source != "monitoring" and w.rng.random() < 0.7
    return {
        "subject": fill(w, pattern, account, desk, place),
        "account.code": account["code"],
        "contact.email": contact["email"] if known else "",
        "asset.tag": asset["tag"] if asset else "",
        "category": category,
        "impact": w.pick({"one": 70, "few": 24, "everybody": 6}),
        "priority": w.pick(PRIORITIES),
        "queue.code": w.pick({"support": 84, "field": 11, "projects": 5}),
        "source": source,
        "assignee.email": w.rng.choice(desk.engineers[account["group.name"]]),
        "opened": moment(day, hour),
        "_opened": (day, hour),
        "_site": asset["site.name"] if asset else "",
    }


def age_of(ticket: Row) -> int:
    day: date = ticket["_opened"][0]
    return (ANCHOR - day).days


def open_some(w: World) -> None:
    """The younger a ticket, the likelier it is still open."""
    young = [ticket for ticket in w.tickets if age_of(ticket) < 80]
    ranked = sorted(
        young,
        key=lambda t: w.rng.random() ** (1 / (math.exp(-age_of(t) / 6) + 1e-3)),
        reverse=True,
    )
    for ticket in ranked[: OPEN - len(STORIES)]:
        ticket["status"] = w.pick(STATUSES)
        if ticket["status"] == "new" and age_of(ticket) > 9:
            ticket["status"] = "in_progress"
        if ticket["status"] == "new" and w.rng.random() < 0.75:
            ticket["assignee.email"] = ""
        ticket["due"] = due_of(w, ticket)
        ticket["type.code"] = type_of(ticket)
        ticket["body"] = " ".join(w.rng.sample(w.words["texts"]["bodies"], 2))
        ticket["estimate"] = w.rng.choice(ESTIMATES)
        ticket["site.name"] = ticket["_site"]


def type_of(ticket: Row) -> str:
    return "request" if ticket["category"] in ("change", "access") else "incident"


def due_of(w: World, ticket: Row) -> str:
    """One in six is overdue; the rest is due on a working day of the next three weeks."""
    if w.rng.random() < 0.16:
        day = ticket["_opened"][0] + timedelta(days=w.rng.randint(0, max(0, age_of(ticket) - 1)))
        hour = (
            ticket["_opened"][1] + 1.5 if day == ticket["_opened"][0] else w.rng.randint(18, 34) / 2
        )
        return moment(day, hour)
    reach = {"critical": 4, "high": 9, "normal": 16, "low": 23}[ticket["priority"]]
    day = ANCHOR + timedelta(days=w.rng.randint(2, reach))
    if day.weekday() > 4:
        day += timedelta(days=2)
    return moment(day, w.rng.randint(18, 34) / 2)


def finish(w: World, ticket: Row) -> None:
    """A done ticket: resolved some hours later, closed some days after that."""
    day, hour = ticket["_opened"]
    took = REPLY[ticket["priority"]] * w.rng.lognormvariate(-0.9, 0.8) + 0.3
    opened = datetime(day.year, day.month, day.day) + timedelta(hours=hour)
    end = opened + timedelta(hours=took)
    if not 7 <= end.hour < 19 and ticket["priority"] != "critical":
        end = end.replace(hour=9) + timedelta(days=end.hour >= 19, minutes=w.rng.randint(0, 240))
    last = datetime(ANCHOR.year, ANCHOR.month, ANCHOR.day) - timedelta(hours=4)
    resolved = max(min(end, last), opened + timedelta(minutes=10))
    ticket["resolved_at"] = resolved.strftime("%Y-%m-%dT%H:%M:00Z")
    ticket["status"] = "resolved"
    if (ANCHOR - resolved.date()).days > 5:
        ticket["status"] = "closed"
        closed = resolved + timedelta(days=w.rng.randint(3, 5))
        ticket["closed_at"] = closed.strftime("%Y-%m-%dT%H:%M:00Z")
    if w.rng.random() < 0.1:
        ticket["resolution"] = w.rng.choice(w.words["texts"]["done"])
    if w.rng.random() < 0.05:
        ticket["reopen_count"] = 1


def tell_story(w: World, desk: Desk, story: tuple[int, str, str, str, str, str, int]) -> Row:
    """One of the tickets that everybody meets first."""
    index, subject, category, priority, status, assignee, due = story
    account = w.accounts[index]
    opened = (ANCHOR - timedelta(days=1), w.rng.randint(15, 33) / 2)
    ticket: Row = {
        "subject": subject,
        "account.code": account["code"],
        "category": category,
        "priority": priority,
        "contact.email": desk.contacts[account["code"]][0]["email"],
        "impact": "few",
        "queue.code": "support",
        "status": status,
        "source": "phone",
        "assignee.email": f"{assignee}@{MAIL}" if assignee else "",
        "opened": moment(*opened),
        "_opened": opened,
        "due": moment(ANCHOR, due),
        "site.name": account["street"],
        "asset.tag": "A-00307" if "Records-room" in subject else "",
        "estimate": w.rng.choice(ESTIMATES),
        "type.code": "request" if category == "change" else "incident",
        "body": " ".join(w.rng.sample(w.words["texts"]["bodies"], 2)),
    }
    kinds = {
        "printing": "Printer",
        "network": "Switch",
        "telephony": "Desk phone",
        "hardware": "UPS",
    }
    wanted = kinds.get(category)
    for asset in desk.assets[account["code"]]:
        if wanted and not ticket["asset.tag"] and asset["type.name"].startswith(wanted):
            ticket["asset.tag"] = asset["tag"]
            ticket["site.name"] = asset["site.name"]
    return ticket


def make_tickets(w: World, staff: list[Row]) -> None:
    desk = Desk(w, staff)
    w.tickets = [new_ticket(w, desk, *when) for when in opening_times(w)]
    open_some(w)
    for ticket in w.tickets:
        if "status" not in ticket:
            finish(w, ticket)
    w.tickets += [tell_story(w, desk, story) for story in STORIES]
    w.tickets.sort(key=lambda t: str(t["opened"]))
    numbers: dict[int, int] = {}
    for ticket in w.tickets:
        year = ticket["_opened"][0].year
        numbers[year] = numbers.get(year, 0) + 1
        ticket["number"] = f"T-{year}-{numbers[year]:05d}"


def make_updates(w: World, steps: Mapping[str, Sequence[tuple[datetime, str, str]]]) -> list[Row]:
    """What was done so far on the open tickets."""
    names = {f"{first.lower()}@{MAIL}": f"{first} {last}" for first, last, _, _ in STAFF}
    rows: list[Row] = []
    for ticket in w.tickets:
        if ticket["status"] in ("resolved", "closed"):
            continue
        done = [one for one in steps[ticket["number"]] if one[2] != "new"]
        for step, (at, who, state) in enumerate(done, 1):
            note = w.rng.choice(w.words["texts"]["notes"]) if step > 1 else ""
            rows.append(
                {
                    "ticket.number": ticket["number"],
                    "at": at.strftime("%Y-%m-%dT%H:%M:00Z"),
                    "step": step,
                    "state": state.replace("_", " ").capitalize(),
                    "by": names.get(who, ""),
                    "note": note,
                }
            )
    return rows


# ------------------------------------------------------------------------------ opportunities

STAGES = {"new": 42, "qualified": 46, "proposal": 44, "negotiation": 28, "won": 150, "lost": 90}
CHANCE = {"new": 10, "qualified": 25, "proposal": 50, "negotiation": 70, "won": 100, "lost": 0}
LOST = {"price": 4, "competitor": 3, "no_budget": 3, "no_answer": 3, "postponed": 2}


def new_opportunity(w: World, desk: Desk, stage: str) -> Row:
    prospect = stage not in ("won",) and w.rng.random() < 0.25
    pool = [a for a in w.accounts if a["status"] == "prospect"] if prospect else desk.accounts
    account = w.rng.choice(pool)
    pattern, amount, recurring = w.rng.choice(w.words["texts"]["deals"])
    factor = w.rng.choice((0.6, 0.8, 1, 1, 1.25, 1.6, 2.4))
    closed = stage in ("won", "lost")
    assets = desk.assets.get(account["code"], [])
    source = w.rng.choice(assets)["tag"] if assets and w.rng.random() < 0.15 else ""
    return {
        "name": pattern.format(n=w.rng.randint(2, 6), m=w.rng.choice((8, 12, 15, 20, 24, 40))),
        "account.code": account["code"],
        "contact.email": w.rng.choice(desk.contacts[account["code"]])["email"],
        "manager.email": account["manager.email"],
        "stage": stage,
        "probability": CHANCE[stage],
        "amount": f"{amount * factor:.2f}",
        "recurring": f"{recurring * factor:.2f}" if recurring else "",
        "close_date": w.some_day(-700, -3) if closed else w.some_day(5, 120),
        "source.asset.tag": source,
        "lost_reason": w.pick(LOST) if stage == "lost" else "",
    }


def make_opportunities(w: World, staff: list[Row]) -> list[Row]:
    desk = Desk(w, staff)
    stages = [stage for stage, count in STAGES.items() for _ in range(count)]
    rows = [new_opportunity(w, desk, stage) for stage in stages]
    rows.sort(key=lambda row: (row["close_date"], row["name"], row["account.code"]))
    recent = [t for t in w.tickets if t["status"] in ("in_progress", "triaged") and t["asset.tag"]]
    for row in rows:
        row["source.ticket.number"] = ""
    for row in (
        r for r in rows if r["stage"] in ("new", "qualified") and not r["source.asset.tag"]
    ):
        match = next((t for t in recent if t["account.code"] == row["account.code"]), None)
        row["source.ticket.number"] = match["number"] if match else ""
    return rows
