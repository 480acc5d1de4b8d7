"""user add, user password, user link, token add."""

from __future__ import annotations

import argparse
import getpass
import sys
from contextlib import closing
from datetime import timedelta
from typing import Any

from fluvial.auth import people
from fluvial.http.people_api import SCOPES
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.packages.installation import prepare
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import writer
from fluvial.runtime.session import Session
from fluvial.services import sign_in_help

from .server import Commands


def add_commands(commands: Commands) -> None:
    user = commands.add_parser("user", help="add people, and let them sign in")
    parts = user.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = parts.add_parser("add", help="add a person who can sign in; asks for the password")
    add.add_argument("email")
    add.add_argument("--name", help="the person's name; by default the part before the @")
    add.add_argument("--role", action="append", default=[], help="a role; may be repeated")
    add.set_defaults(run=run_user)
    password = parts.add_parser("password", help="set a person's password; asks for it")
    password.add_argument("email")
    password.set_defaults(run=run_password)
    link = parts.add_parser("link", help="print a link by which a person chooses a password")
    link.add_argument("email")
    link.set_defaults(run=run_link)
    factor = parts.add_parser("second-factor-off", help="end the second factor of a person")
    factor.add_argument("email")
    factor.set_defaults(run=run_second_factor_off)
    token = commands.add_parser("token", help="create tokens for the API")
    token_parts = token.add_subparsers(title="commands", metavar="COMMAND", required=True)
    make = token_parts.add_parser(
        "add", help="create a token for a person and print only the token"
    )
    make.add_argument("email")
    make.add_argument("--name", default="command line", help="what it is for")
    make.add_argument("--scopes", default="", help=f"comma-separated: {', '.join(SCOPES)}")
    make.add_argument(
        "--days", type=int, default=0, help="how long it is valid; forever by default"
    )
    make.set_defaults(run=run_token)


def run_user(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        password = _typed_password()
        name = options.name or options.email.partition("@")[0]
        body = {"email": options.email, "name": name, "roles": options.role, "password": password}
        user = writer.create(Session.begin(engine), "user", body)
        print(f"{user['title']} can sign in as {user['email']}.")
    return 0


def _typed_password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    return sys.stdin.readline().rstrip("\n")


def run_password(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        user = _user(session, options.email)
        writer.update(session, "user", user["id"], {"password": _typed_password()})
        print(f"{user['name']} can sign in with the new password. Their sessions have ended.")
    return 0


def run_link(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        print(sign_in_help.link_to_hand_over(session, _user(session, options.email)["id"]))
    return 0


def run_second_factor_off(options: argparse.Namespace) -> int:
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        user = _user(session, options.email)
        sign_in_help.end_second_factor(session, user["id"])
        print(f"{user['name']} signs in with the password alone. Their sessions have ended.")
    return 0


def _user(session: Session, email: str) -> dict[str, Any]:
    query = Query("user", (("id",), ("name",)), equals=(("email", email.strip().lower()),))
    found = read_page(session, query)["data"]
    if not found:
        raise Problem(f"There is no user {email}. Add one with `fluvial user add`.")
    row: dict[str, Any] = found[0]
    return row


def run_token(options: argparse.Namespace) -> int:
    scopes = tuple(s for s in options.scopes.split(",") if s)
    unknown = [s for s in scopes if s not in SCOPES]
    if unknown:
        raise Problem(f"Unknown scope: {', '.join(unknown)}. Available: {', '.join(SCOPES)}.")
    with closing(prepare(load())) as engine:
        session = Session.begin(engine)
        user = _user(session, options.email)
        expires = session.now + timedelta(days=options.days) if options.days else None
        _, token = people.add_token(
            session.connection, user["id"], session.now, options.name, scopes, expires
        )
        print(token)
    return 0
