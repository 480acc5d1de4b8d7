"""Several people at once: addresses that are pasted, with roles and teams for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import getaddresses
from typing import NamedTuple

from fluvial.auth.access import with_inherited
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.services import letters, sign_in_help
from metamodel.folding import humanise
from metamodel.roles import role_titles

from .frame import Context, page
from .sign_in import form_text

HERE = "/studio/people/invite"
MOST = 100
SEPARATORS = re.compile(r"[;\n\r\t]+")
SETS = (("teams", "team", "Teams"), ("groups", "group", "Groups"))


class InvitedPerson(NamedTuple):
    """What became of one address."""

    email: str
    said: str
    link: str = ""
    good: bool = True


def show(call: Call, *, error: str = "", done: list[InvitedPerson] | None = None) -> Answer:
    session = call.session
    form = call.form if done is None and error else None
    chosen = set(map(str, form.getlist("roles"))) if form is not None else set()
    invite: Context = {
        "action": HERE,
        "addresses": form_text(call, "addresses") if form is not None else "",
        "roles": [
            {"value": name, "label": label, "chosen": name in chosen}
            for name, label in sorted(roles_to_give(session).items(), key=lambda one: one[1])
        ],
        "sets": [
            {"name": name, "label": label, "choices": _records(session, object)}
            for name, object, label in SETS
            if session.access.object(object).can("read")
        ],
        "mail": letters.can_be_sent(session),
        "error": error,
        "done": [one._asdict() for one in done or ()],
        "most": MOST,
    }
    return page(
        call, "people_invite.html", "Invite people", here="/studio/people",
        crumbs=[("Studio", "/studio"), ("People", "/studio/people")],
        status=422 if error else 200, invite=invite,
    )  # fmt: skip


def roles_to_give(session: Session) -> dict[str, str]:
    """The roles that the caller may give."""
    known = session.catalog.of("role")
    held = known if session.access.admin else with_inherited(session.catalog, session.access.roles)
    return role_titles(session.catalog, held)


def _records(session: Session, object: str) -> list[Context]:
    query = Query(object, (("id",), ("title",)), sort=(SortKey(("title",), False),), limit=200)
    return [
        {"value": row["id"], "label": row["title"]} for row in read_page(session, query)["data"]
    ]


def invite(call: Call) -> Answer:
    """Make each person; what is wrong with one address keeps no other from being invited."""
    call.session.object("user", "create")
    people = list(addresses_in(form_text(call, "addresses")))
    if not people:
        return show(call, error="Paste at least one e-mail address.")
    if len(people) > MOST:
        return show(call, error=f"Invite at most {MOST} people at once; these are {len(people)}.")
    assert call.form is not None
    given = {
        name: [str(one) for one in call.form.getlist(name) if str(one)]
        for name in ("roles", *(name for name, _, _ in SETS))
    }
    given = {name: values for name, values in given.items() if values}
    return show(call, done=[invited(call.session, *one, given) for one in people])


def addresses_in(text: str) -> Iterator[tuple[str, str]]:
    """E-mail address and name of each person, once."""
    seen = set()
    for name, email in getaddresses([SEPARATORS.sub(",", text)]):
        for one in email.split() or ([name] if "@" in name else []):
            plain = one.strip().lower()
            if plain and plain not in seen:
                seen.add(plain)
                yield plain, name.strip() if "@" not in name else ""


def invited(session: Session, email: str, name: str, given: dict[str, list[str]]) -> InvitedPerson:
    called = name or humanise(re.sub(r"[._-]+", " ", email.partition("@")[0])).title()
    try:
        made = writer.create(session, "user", {"email": email, "name": called, **given})
        if letters.can_be_sent(session):
            sign_in_help.invite(session, made["id"])
            return InvitedPerson(email, f"{called} was added, and a mail is on its way.")
        link = sign_in_help.link_to_hand_over(session, made["id"])
        return InvitedPerson(email, f"{called} was added. Hand over this link:", link)
    except Problem as problem:
        messages = [str(one["message"]) for one in problem.errors[:2]] or [problem.detail]
        return InvitedPerson(email, " ".join(messages), good=False)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "Invite several people.", page=True),
    Endpoint(
        "POST", HERE, invite, Policy.META_READ, "Add people and send them links.", page=True,
        form=True, secret=True,
    ),
)  # fmt: skip
