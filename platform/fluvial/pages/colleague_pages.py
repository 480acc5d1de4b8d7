"""Colleagues: people invite others of their own, as far as their roles allow it.

A role that may create and change only some users, such as those of the same customer, is enough:
the conditions of its grants decide whom they see, add and help, and they give no role that they do
not have.
"""

from __future__ import annotations

from collections.abc import Sequence

from fluvial.auth import people
from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.kernel.problems import Forbidden, Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_one, read_page
from fluvial.records.writing import writer
from fluvial.services import letters, sign_in_help
from metamodel.catalog import Catalog
from metamodel.roles import role_titles

from .frame import Context, page
from .navigation import NavigationItem
from .people_invites import InvitedPerson, addresses_in, invited, roles_to_give
from .sign_in import form_text

HERE = "/colleagues"
MOST = 20
SHOWN = 200
_FIELDS = (("id",), ("name",), ("email",), ("roles",), ("active",))


def entry(catalog: Catalog, access: Access) -> Sequence[NavigationItem]:
    """The way in, for people who add others and do not build: they have the studio for it."""
    if not access.object("user").can("create") or "read" in access.meta:
        return []
    return [NavigationItem("People", "Colleagues", "users", HERE, position=40)]


def show(
    call: Call, *, error: str = "", said: str = "", done: Sequence[InvitedPerson] = ()
) -> Answer:
    session = call.session
    if not session.access.object("user").can("create"):
        raise Forbidden("Your roles do not allow you to invite people.")
    changes = session.access.object("user").can("update")
    query = Query("user", _FIELDS, sort=(SortKey(("name",), False),), limit=SHOWN)
    colleagues: Context = {
        "action": HERE,
        "mail": letters.can_be_sent(session),
        "roles": [
            {"value": name, "label": label}
            for name, label in sorted(roles_to_give(session).items(), key=lambda one: one[1])
        ],
        "addresses": form_text(call, "addresses") if error and call.form is not None else "",
        "error": error,
        "said": said,
        "done": [one._asdict() for one in done],
        "items": [
            {
                "name": row["name"],
                "email": row["email"],
                "roles": ", ".join(role_titles(session.catalog, row["roles"] or ()).values()),
                "active": bool(row["active"]),
                "me": row["id"] == session.actor.id,
                "action": f"{HERE}/{row['id']}" if changes else "",
            }
            for row in read_page(session, query)["data"]
        ],
    }
    return page(
        call, "colleagues.html", "Colleagues", here=HERE, status=422 if error else 200,
        colleagues=colleagues,
    )  # fmt: skip


def invite(call: Call) -> Answer:
    session = call.session
    session.object("user", "create")
    found = list(addresses_in(form_text(call, "addresses")))
    if not found:
        return show(call, error="Type at least one e-mail address.")
    if len(found) > MOST:
        return show(call, error=f"Invite at most {MOST} people at once; these are {len(found)}.")
    roles = [str(one) for one in call.form.getlist("roles") if str(one)] if call.form else []
    if not roles:
        return show(call, error="Choose what they may do.")
    return show(call, done=[invited(session, *one, {"roles": roles}) for one in found])


def send_link(call: Call) -> Answer:
    """Once more, for somebody who has lost the mail, or their password."""
    session, user = call.session, call.params["id"]
    try:
        if letters.can_be_sent(session):
            sign_in_help.invite(session, user)
            return show(call, said=f"A mail with a link is on its way to {_name(call)}.")
        link = sign_in_help.link_to_hand_over(session, user)
        return show(call, done=[InvitedPerson(_name(call), "Hand over this link:", link)])
    except Problem as problem:
        return show(call, error=problem.detail)


def set_active(call: Call) -> Answer:
    """Let somebody sign in, or not any more; then all their sessions end."""
    session, user = call.session, call.params["id"]
    active = form_text(call, "active") == "true"
    try:
        if user == session.actor.id:
            raise Forbidden("You cannot deactivate yourself.")
        if not active:
            sign_in_help.managed(session, user)
        writer.update(session, "user", user, {"active": active})
    except Problem as problem:
        return show(call, error=problem.detail)
    if not active:
        people.end_sessions(session.connection, user)
    return show(call, said=f"{_name(call)} {'may sign in' if active else 'is signed out'} now.")


def _name(call: Call) -> str:
    return str(read_one(call.session, "user", call.params["id"], (("name",),))["name"])


def _post(path: str, handler: Handler, about: str) -> Endpoint:
    where, policy = f"{HERE}{path}", Policy.SIGNED_IN
    return Endpoint("POST", where, handler, policy, about, page=True, form=True, secret=True)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.SIGNED_IN, "My colleagues.", page=True),
    _post("", invite, "Invite colleagues."),
    _post("/{id}/invitation", send_link, "Send a colleague a link."),
    _post("/{id}/active", set_active, "Let a colleague sign in, or not any more."),
)
