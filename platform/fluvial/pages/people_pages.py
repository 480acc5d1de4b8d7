"""The people of a site in the studio: who can sign in, and links for those who cannot yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fluvial.auth import people
from fluvial.auth.passwords import MIN_LENGTH
from fluvial.auth.sign_in_links import INVITATION
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Handler, Policy
from fluvial.kernel.problems import Problem
from fluvial.records.reading.query import Query, SortKey
from fluvial.records.reading.reader import read_one, read_page
from fluvial.records.reading.titles import titles_of
from fluvial.records.writing import writer
from fluvial.services import letters, sign_in_help
from fluvial.services.sign_in_help import SignIn
from metamodel.roles import role_titles

from .frame import Context, page, with_query
from .reader_format import ReaderFormat, format_of
from .sign_in import form_text

HERE = "/studio/people"
SHOWN = 100
_FIELDS = (("id",), ("name",), ("email",), ("roles",), ("active",), ("teams",), ("rev",))
_NOBODY = SignIn(False, None, 0, None)


def show(call: Call, *, said: str = "", error: str = "", link: str = "", of: str = "") -> Answer:
    session, fmt = call.session, format_of(call.session)
    query = Query(
        "user", _FIELDS, sort=(SortKey(("name",), False),), limit=SHOWN,
        cursor=call.query.get("cursor", ""),
    )  # fmt: skip
    found, states = read_page(session, query), sign_in_help.sign_ins(session)
    changes = "update" in session.access.object("user").where
    known = {team for row in found["data"] for team in row.get("teams") or ()}
    teams = titles_of(session, "team", sorted(known))
    shown = {
        "mail": letters.can_be_sent(session),
        "link": link,
        "link_of": of,
        "said": said,
        "error": error,
        "min_length": MIN_LENGTH,
        "items": [
            _item(call, row, states.get(row["id"], _NOBODY), fmt, changes)
            | {"teams": ", ".join(teams.get(one, "") for one in row.get("teams") or ())}
            for row in found["data"]
        ],
        "invite_href": f"{HERE}/invite" if session.access.object("user").can("create") else "",
        "more_href": with_query(HERE, cursor=found["next"]) if found["next"] else "",
    }
    return page(
        call, "people.html", "People", here=HERE, crumbs=[("Studio", "/studio")],
        status=422 if error else 200, people=shown,
    )  # fmt: skip


def _item(
    call: Call, row: Mapping[str, Any], state: SignIn, fmt: ReaderFormat, changes: bool
) -> Context:
    status, tone, detail = _state(row, state, fmt)
    return {
        "name": row["name"],
        "email": row["email"],
        "roles": ", ".join(role_titles(call.session.catalog, row["roles"] or ()).values()),
        "href": f"/o/user/{row['id']}",
        "status": status,
        "tone": tone,
        "detail": detail,
        "sessions": state.sessions,
        "second": state.second,
        "access_href": f"{HERE}/{row['id']}/access" if row["active"] else "",
        "edit_href": f"/o/user/{row['id']}/edit" if changes else "",
        "active": bool(row["active"]),
        "active_href": f"{HERE}/{row['id']}/active"
        if changes and row["id"] != call.session.actor.id
        else "",
        "action": f"{HERE}/{row['id']}" if changes and row["active"] else "",
    }


def _state(row: Mapping[str, Any], state: SignIn, fmt: ReaderFormat) -> tuple[str, str, str]:
    """In words, with a tone, and more of it."""
    if not row["active"]:
        return "Not active", "", ""
    if state.password:
        if not state.sessions or state.last is None:
            last = f"Last signed in: {fmt.ago(state.signed_in)}." if state.signed_in else ""
            return "Can sign in", "good", f"Signed in nowhere now. {last}".strip()
        where = "one place" if state.sessions == 1 else f"{state.sessions} places"
        return "Can sign in", "good", f"Signed in at {where} (last: {fmt.ago(state.last)})."
    if state.link is not None and state.link[0] == INVITATION:
        return "Invited", "info", f"Link created: {fmt.ago(state.link[1])}."
    return "Cannot sign in yet", "warn", "There is no password. Send a link."


def _done(call: Call, act: Callable[[str], Answer]) -> Answer:
    try:
        return act(call.params["id"])
    except Problem as problem:
        told = " ".join(str(one["message"]) for one in problem.errors[:2])
        return show(call, error=told or problem.detail)


def invite(call: Call) -> Answer:
    def act(user: str) -> Answer:
        sign_in_help.invite(call.session, user)
        return show(call, said=f"A mail with a link is on its way to {_name(call)}.")

    return _done(call, act)


def create_link(call: Call) -> Answer:
    def act(user: str) -> Answer:
        return show(call, link=sign_in_help.link_to_hand_over(call.session, user), of=_name(call))

    return _done(call, act)


def end_sessions(call: Call) -> Answer:
    def act(user: str) -> Answer:
        sign_in_help.end_all_sessions(call.session, user)
        return show(call, said=f"{_name(call)} is signed out everywhere.")

    return _done(call, act)


def end_second_factor(call: Call) -> Answer:
    """For somebody who has lost the app, and the codes for that."""

    def act(user: str) -> Answer:
        sign_in_help.end_second_factor(call.session, user)
        return show(call, said=f"{_name(call)} signs in with the password alone now.")

    return _done(call, act)


def set_active(call: Call) -> Answer:
    """Let somebody sign in, or not any more; then all their sessions end."""

    def act(user: str) -> Answer:
        active = form_text(call, "active") == "true"
        writer.update(call.session, "user", user, {"active": active})
        if active:
            return show(call, said=f"{_name(call)} is active again, and may sign in.")
        people.end_sessions(call.session.connection, user)
        return show(call, said=f"{_name(call)} is not active any more, and signed out everywhere.")

    return _done(call, act)


def _name(call: Call) -> str:
    return str(read_one(call.session, "user", call.params["id"], (("name",),))["name"])


def _post(path: str, handler: Handler, about: str, *, secret: bool = False) -> Endpoint:
    where, policy = f"{HERE}/{{id}}/{path}", Policy.META_READ
    return Endpoint("POST", where, handler, policy, about, page=True, form=True, secret=secret)


ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "People and how they sign in.", page=True),
    _post("invitation", invite, "Mail somebody a link for their password."),
    _post("link", create_link, "Create a link for somebody's password.", secret=True),
    _post("sessions", end_sessions, "End all sessions of somebody."),
    _post("second-factor", end_second_factor, "End the second factor of somebody."),
    _post("active", set_active, "Let somebody sign in, or not any more."),
)
