"""Who works here, their projects, and the time and expenses of the last weeks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from scripts.psa_sample.parties import STAFF, customers
from scripts.psa_sample.world import ANCHOR, MAIL, Row, World

WEEKS = 104  # of time
FULL_WEEKS = 10  # in which all that was done is entered; before, a part of it
PART = 6  # ... one ticket in so many
MONDAY = ANCHOR - timedelta(days=ANCHOR.weekday())  # of the week that is still open
WORKS_AS = {"technician": "engineer", "project_manager": "manager"}
COST = {"engineer": ("31.00", "55.00"), "manager": ("40.00", "68.00"), "": ("34.00", "60.00")}
SKILLS = ("Windows servers", "Firewalls", "Wi-Fi", "Printers", "Telephony", "Microsoft 365")
SENIOR = ("Jonas", "Marcus")
GERMAN = ("Jonas", "Lena")
PROJECTS = 8
RATES = {"engineer": "R-0002", "senior": "R-0003", "manager": "R-0007"}


def number_of(email: str) -> str:
    """The staff number of a person."""
    place = [f"{first.lower()}@{MAIL}" for first, *_ in STAFF].index(email)
    return f"E-{place + 1:03d}"


def make_resources(w: World) -> list[Row]:
    rows = []
    for first, _, role, teams in STAFF:
        email = f"{first.lower()}@{MAIL}"
        works_as = "senior" if first in SENIOR else WORKS_AS.get(role, "")
        cost, loaded = COST["engineer" if works_as == "senior" else works_as]
        rows.append(
            {
                "number": number_of(email),
                "user.email": email,
                "team.name": teams.split(";")[0],
                "manager.email": f"{'lena' if 'Projects' in teams else 'amara'}@{MAIL}",
                "entity.code": "DE" if first in GERMAN else "UK",
                "bill_role.code": works_as,
                "skills.name": w.rng.choice(SKILLS) if works_as else "",
                "capacity": "30" if first == "Priya" else "37.5",
                "target": "75" if role == "technician" else "",
                "cost_rate": cost,
                "loaded_rate": loaded,
                "starts": w.some_day(-2500, -800),
            }
        )
    return rows


def make_absences(w: World) -> list[Row]:
    """Everybody was away once and will be again; nobody twice at the same time."""
    rows = []
    for index, (first, *_rest) in enumerate(STAFF):
        for week, status in ((-3 - index % 6, "approved"), (2 + index % 5, "requested")):
            starts = MONDAY + timedelta(weeks=week)
            days = w.rng.choice((1, 2, 5))
            rows.append(
                {
                    "resource.number": number_of(f"{first.lower()}@{MAIL}"),
                    "kind": w.pick({"holiday": 6, "sick": 1, "training": 1})
                    if status == "approved"
                    else "holiday",
                    "starts": starts,
                    "ends": starts + timedelta(days=days),
                    "status": "approved" if index % 3 else status,
                }
            )
    return rows


class Plan:
    """The projects with their phases, tasks and milestones."""

    def __init__(self, w: World) -> None:
        self.projects: list[Row] = []
        self.phases: list[Row] = []
        self.tasks: list[Row] = []
        self.milestones: list[Row] = []
        owners = [a for a in customers(w, "active") if a["entity.code"] == "UK"]
        for index in range(PROJECTS):
            self.add(w, owners[index], index)

    def add(self, w: World, account: Row, index: int) -> None:
        closed, begins = index < 2, ANCHOR - timedelta(days=150 - 18 * index)
        fixed = index % 2 == 1
        project = {
            "number": f"P-{index + 1:04d}",
            "name": w.words["plans"]["names"][index],
            "account.code": account["code"],
            "manager.email": f"lena@{MAIL}",
            "status": "closed" if closed else "proposed" if index == PROJECTS - 1 else "active",
            "billing": "fixed" if fixed else "time",
            "price": "9600.00" if fixed else "",
            "budget_hours": 72,
            "starts": begins,
            "due": begins + timedelta(days=100),
            "closed_on": begins + timedelta(days=104) if closed else "",
        }
        self.projects.append(project)
        self.add_tasks(w, project, index, begins)
        for place, (name, share) in enumerate((("Order", 30), ("Installed", 40), ("Handover", 30))):
            due = begins + timedelta(days=(0, 60, 100)[place])
            done = due < ANCHOR and fixed
            self.milestones.append(
                {
                    "project.number": project["number"],
                    "name": name,
                    "due": due,
                    "percent": share if fixed else "",
                    "status": "planned" if not done else "accepted",
                    "accepted_on": due if done else "",
                }
            )

    def add_tasks(self, w: World, project: Row, index: int, begins: date) -> None:
        before, day = "", begins
        names = [first.lower() for first, _, role, teams in STAFF if "Projects" in teams]
        for position, (phase, tasks) in enumerate(w.words["plans"]["phases"], 1):
            key = f"{project['number']} {phase}"
            self.phases.append(
                {"name": key, "project.number": project["number"], "position": position}
            )
            for name, hours in tasks:
                due = day + timedelta(days=12)
                done = due < ANCHOR - timedelta(days=index) and project["status"] != "proposed"
                number = f"K-{len(self.tasks) + 1:05d}"
                doing = not done and (not before or self.tasks[-1]["status"] == "done")
                self.tasks.append(
                    {
                        "number": number,
                        "name": name,
                        "project.number": project["number"],
                        "phase.name": key,
                        "predecessors.number": before,
                        "assignee.email": f"{names[len(self.tasks) % len(names)]}@{MAIL}",
                        "status": "done"
                        if done or project["status"] == "closed"
                        else "in_progress"
                        if doing and project["status"] == "active"
                        else "todo",
                        "starts": day,
                        "due": due,
                        "estimate": hours * 3600,
                        "_hours": hours,
                    }
                )
                task = self.tasks[-1]
                left = {"done": 0, "in_progress": hours / 2}.get(task["status"], hours)
                task["remaining"] = int(left * 3600)
                task["done_on"] = min(due, ANCHOR) if task["status"] == "done" else ""
                before, day = number, due


def covered_on(w: World) -> dict[str, list[tuple[date, Any]]]:
    found: dict[str, list[tuple[date, Any]]] = {}
    for row in w.coverages:
        found.setdefault(row["asset.tag"], []).append((row["starts"], row["ends"] or date.max))
    return found


class Weeks:
    """Time entries by person and week, and the sheets that they are on."""

    def __init__(self, w: World, plan: Plan) -> None:
        self.w, self.plan = w, plan
        self.first = MONDAY - timedelta(weeks=WEEKS - 1)
        self.full = MONDAY - timedelta(weeks=FULL_WEEKS - 1)
        self.entries: list[Row] = []
        self.sheets: dict[tuple[str, date], Row] = {}
        self.roles = {
            f"{first.lower()}@{MAIL}": "senior" if first in SENIOR else WORKS_AS.get(role, "")
            for first, _, role, _ in STAFF
        }
        self.homes = {a["code"]: a["entity.code"] for a in w.accounts}
        self.rates = {row[0]: row for row in w.words["rates"]["rows"]}
        self.german = {f"{first.lower()}@{MAIL}" for first in GERMAN}
        self.projects_of = {t["number"]: t["project.number"] for t in plan.tasks}
        self.owners = {p["number"]: p["account.code"] for p in plan.projects}

    def status_of(self, monday: date, email: str) -> str:
        if monday == MONDAY:
            return "open"
        waits = monday == MONDAY - timedelta(weeks=1) and len(email) % 2
        return "submitted" if waits else "approved"

    @staticmethod
    def projects_team(email: str) -> bool:
        return any(
            "Projects" in teams for first, *_, teams in STAFF if email.startswith(first.lower())
        )

    def sheet(self, email: str, day: date) -> Row:
        monday = day - timedelta(days=day.weekday())
        key = (email, monday)
        if key not in self.sheets:
            self.sheets[key] = {
                "number": f"S-{len(self.sheets) + 1:05d}",
                "resource.number": number_of(email),
                "week": monday,
                "status": self.status_of(monday, email),
                "_manager": "lena" if self.projects_team(email) else "amara",
            }
        return self.sheets[key]

    def add(self, email: str, day: date, minutes: int, **more: Any) -> None:
        sheet = self.sheet(email, day)
        self.entries.append(
            self.worth(email, minutes, more)
            | {
                "resource.number": number_of(email),
                "worked_on": day,
                "worked": minutes * 60,
                "timesheet.number": sheet["number"],
                "status": "billed"
                if day < self.full and more.get("result") == "billable"
                else "draft"
                if sheet["status"] == "open"
                else sheet["status"],
                "activity.code": "remote",
                "result": "internal",
            }
            | more
        )

    def worth(self, email: str, minutes: int, more: Row) -> Row:
        """What rules say of an entry when it is entered: its account, cost and rate."""
        role = self.roles[email]
        cost = Decimal(COST["engineer" if role == "senior" else role][0]) * minutes / 60
        project = self.projects_of.get(more.get("task.number", ""), "")
        found = {
            "cost": f"{cost.quantize(Decimal('0.01'), ROUND_HALF_UP)}",
            "cost_currency": "EUR" if email in self.german else "GBP",
            "cover_state": "covered" if more.get("result") == "covered" else "none",
            "project.number": project,
            "account.code": self.owners.get(project, more.get("_account", "")),
        }
        rule = self.rates.get(more.get("rate_rule.number", ""))
        if rule is None:
            return found
        step = int(rule[8])
        return found | {
            "currency": "EUR" if rule[0] == "R-0008" else "GBP",
            "rate": rule[6],
            "multiplier": rule[7],
            "billable": -(-minutes // step) * step * 60,
        }

    def rate(self, account: str, email: str) -> str:
        if self.homes[account] == "DE":
            return "R-0008"
        return RATES.get(self.roles[email], "R-0001")

    def tickets(self) -> None:
        covered = covered_on(self.w)
        for ticket in self.w.tickets:
            day = date.fromisoformat(str(ticket.get("resolved_at", ""))[:10] or "2000-01-01")
            if day < self.first or day.weekday() > 4 or not ticket["assignee.email"]:
                continue
            old = day < self.full and int(ticket["number"][-5:]) % PART
            if old:
                continue
            opened, spans = ticket["_opened"][0], covered.get(ticket["asset.tag"], [])
            result = "covered" if any(a <= opened < b for a, b in spans) else "billable"
            email = ticket["assignee.email"]
            self.add(
                email,
                day,
                self.w.rng.choice((15, 20, 25, 30, 40, 45, 60, 75, 90, 120)),
                result=result,
                _account=ticket["account.code"],
                **{"ticket.number": ticket["number"]},
                **{"rate_rule.number": self.rate(ticket["account.code"], email)}
                if result == "billable"
                else {},
            )

    def projects(self) -> None:
        accounts = {p["number"]: p["account.code"] for p in self.plan.projects}
        for task in self.plan.tasks:
            left = task["_hours"] * 60 - task["remaining"] // 60
            day, email = max(task["starts"], self.full), task["assignee.email"]
            while left > 0 and day < ANCHOR:
                if day.weekday() < 5:
                    minutes = int(min(left, 240))
                    rate = self.rate(accounts[task["project.number"]], email)
                    self.add(
                        email,
                        day,
                        minutes,
                        result="billable",
                        **{"task.number": task["number"], "rate_rule.number": rate},
                        **{"activity.code": "consulting"},
                    )
                    left -= minutes
                day += timedelta(days=1)

    def meetings(self) -> None:
        """A meeting of an hour on Friday."""
        for week in range(FULL_WEEKS):
            friday = self.full + timedelta(weeks=week, days=4)
            for first, _, role, _ in STAFF:
                if role == "technician":
                    email = f"{first.lower()}@{MAIL}"
                    self.add(email, friday, 60, note="Team meeting", **{"activity.code": "meeting"})


def make_expenses(w: World, weeks: Weeks) -> list[Row]:
    """Drives and nights of those who go to sites; without a receipt a night is not submitted."""
    rows = []
    visits = [e for e in weeks.entries if e.get("ticket.number") and e["worked"] >= 4500][-40:]
    for index, entry in enumerate(visits):
        drive = index % 4 != 3
        miles = w.rng.randint(8, 90)
        status = "draft" if not drive else "submitted" if index % 5 == 0 else "approved"
        rows.append(
            {
                "description": "Drive to the customer" if drive else "Hotel",
                "resource.number": entry["resource.number"],
                "spent_on": entry["worked_on"],
                "category": "mileage" if drive else "hotel",
                "currency": "GBP",
                "distance": miles if drive else "",
                "distance_rate": "0.45" if drive else "",
                "amount": f"{miles * 0.45:.2f}" if drive else "112.00",
                "ticket.number": entry["ticket.number"],
                "billable": "true" if entry["result"] == "billable" else "false",
                "markup": "" if drive else 10,
                "status": status,
            }
        )
    return rows


def make_bookings(w: World, plan: Plan) -> list[Row]:
    """Who does the coming tasks, and when."""
    rows = []
    coming = [t for t in plan.tasks if t["status"] != "done" and t["due"] > ANCHOR]
    for task in coming[:20]:
        starts = max(task["starts"], MONDAY + timedelta(weeks=1))
        rows.append(
            {
                "resource.number": number_of(task["assignee.email"]),
                "subject.task.number": task["number"],
                "starts": starts,
                "ends": starts + timedelta(days=w.rng.choice((2, 3, 5))),
                "hours": w.rng.choice(("4", "6", "7.5")),
                "firm": "true" if w.rng.random() < 0.6 else "false",
            }
        )
    return rows


def make_delivery(w: World) -> dict[str, list[Row]]:
    resources, absences, plan = make_resources(w), make_absences(w), Plan(w)
    weeks = Weeks(w, plan)
    weeks.tickets()
    weeks.projects()
    weeks.meetings()
    weeks.entries.sort(key=lambda e: (e["worked_on"], e["resource.number"]))
    return {
        "resource": resources,
        "own_time": [{"email": r["user.email"], "resource.number": r["number"]} for r in resources],
        "absence": absences,
        "project": plan.projects,
        "phase": plan.phases,
        "task": plan.tasks,
        "milestone": plan.milestones,
        "timesheet": list(weeks.sheets.values()),
        "time_entry": weeks.entries,
        "expense": make_expenses(w, weeks),
        "booking": make_bookings(w, plan),
    }
