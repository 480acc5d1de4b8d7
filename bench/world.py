"""What one person sees of one target, which is what can be asked of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.data import Library
from bench.session import Session
from bench.targets import Target

PAGE = "limit=50&sort=due"
LISTED = ("lent", "returned", "reserved")
WITH_MEMBER = (
    "number,title,book,notes,weight,fee,deposit,renewable,lent_on,due,reading_time,status,format,"
    "barcode,member.name,assignee,created_at,created_by,updated_at,updated_by"
)
LOANS = "/api/records/loan"


@dataclass
class World:
    """What one person sees of one target: where requests can go."""

    port: int
    token: str
    loans: list[dict[str, Any]]  # as the lists answered them
    allowed_members: list[str]
    foreign_member: str
    hidden: dict[str, Any]  # a loan that the person may not see
    marks: int  # how many shelf marks there are
    revs: dict[str, int] = field(default_factory=dict)
    asked: Iterator[int] = field(default_factory=itertools.count)  # for what is never asked twice

    @property
    def session(self) -> Session:
        return Session(self.port, {"authorization": f"Bearer {self.token}"})


def look_around(target: Target, filled: Library) -> World:
    """Find, through the API alone, what the first person may and may not see."""
    person = filled.people[0]
    seeds = list(filled.loans())

    def own(loan: dict[str, Any]) -> bool:
        return filled.members[seeds[filled.seed_of(loan["barcode"])]["member"]][1] in person.groups

    token = target.token(person)
    loans = _listed(target, token)
    allowed = {loan["member"] for loan in loans if own(loan)}
    foreign = {loan["member"] for loan in loans if not own(loan)}
    hidden = next(
        loan
        for other in filled.people[1:]
        for loan in _listed(target, target.token(other))
        if not own(loan) and seeds[filled.seed_of(loan["barcode"])]["assignee"] != 0
    )
    revs = {loan["id"]: loan["rev"] for loan in loans}
    members = sorted(allowed), min(foreign)
    return World(target.port, token, loans, *members, hidden, filled.marks, revs)


def _listed(target: Target, token: str) -> list[dict[str, Any]]:
    """The first thousand of each status."""
    session = Session(target.port, {"authorization": f"Bearer {token}"})
    loans: list[dict[str, Any]] = []
    for status in LISTED:
        path = f"{LOANS}?status={status}&sort=due&limit=500"
        first = session.get(path)
        loans += first["data"]
        if first["next"] is not None:
            loans += session.get(f"{path}&cursor={first['next']}")["data"]
    return loans
