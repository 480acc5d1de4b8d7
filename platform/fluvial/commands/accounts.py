"""user add, token add."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import timedelta

from fluvial.auth import people
from fluvial.http.people_api import SCOPES
from fluvial.kernel.problems import Problem
from fluvial.kernel.settings import load
from fluvial.packages.installation import prepare
from fluvial.records.reading.query import Query
from fluvial.records.reading.reader import read_page
from fluvial.records.writing import writer
from fluvial.runtime.session import Session

from .server import Commands


def add_commands(commands: Commands) -> None:
    user = commands.add_parser("user", help="add people")
    parts = user.add_subparsers(title="commands", metavar="COMMAND", required=True)
    add = parts.add_parser("add", help="add a person who can sign in; asks for the password")
    add.add_argument("email")
    add.add_argument("--name", help="the person's name; by default the part before the @")
    add.add_argument("--role", action="append", default=[], help="a role; may be repeated")
    add.set_defaults(run=run_user)
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
    engine = prepare(load())
    password = (
        getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    name = options.name or options.email.partition("@")[0]
    body = {"email": options.email, "name": name, "roles": options.role, "password": password}
    user = writer.create(Session.begin(engine), "user", body)
    print(f"{user['title']} can sign in as {user['email']}.")
    engine.close()
    return 0


def run_token(options: argparse.Namespace) -> int:
    scopes = tuple(s for s in options.scopes.split(",") if s)
    unknown = [s for s in scopes if s not in SCOPES]
    if unknown:
        raise Problem(f"Unknown scope: {', '.join(unknown)}. Available: {', '.join(SCOPES)}.")
    engine = prepare(load())
    session = Session.begin(engine)
    equals = (("email", options.email.lower()),)
    found = read_page(session, Query("user", (("id",),), equals=equals))["data"]
    if not found:
        raise Problem(f"There is no user {options.email}. Add one with `fluvial user add`.")
    expires = session.now + timedelta(days=options.days) if options.days else None
    _, token = people.add_token(
        session.connection, found[0]["id"], session.now, options.name, scopes, expires
    )
    print(token)
    engine.close()
    return 0
