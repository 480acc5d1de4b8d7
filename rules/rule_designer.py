"""What the designer of rules needs beside the document: names, addresses, what is not set up."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import new_id
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem, Unprocessable
from fluvial.metadata_changes.told_reach import reads_beyond
from fluvial.pages.designers import DESIGNER, Designer
from fluvial.pages.reader_format import format_of
from fluvial.services import letters, outbound
from metamodel.catalog import Catalog, Field, ObjectType
from metamodel.documents import Document
from metamodel.expressions import types

from . import webhooks
from .action_kinds import ACTIONS
from .effect_words import label_of
from .endpoint_troubles import NO_MAIL, without_secret
from .hooks import hooks_of
from .receiving import trial_call
from .schedules import NoSchedule, Schedule

Json = dict[str, Any]
MOMENTS = 3  # of a schedule that are told
USER = "user"
# How a value is typed, by the type of its field.
GIVEN = {
    types.TEXT.name: "text",
    types.NUMBER.name: "number",
    types.MONEY.name: "number",
    types.DURATION.name: "number",
    types.DATE.name: "day",
    types.DATETIME.name: "moment",
}


def context(call: Call, body: Mapping[str, Any]) -> Json:
    """Of the page of a rule."""
    session = call.session
    catalog = session.catalog
    return {
        "object": call.query.get("object", ""),
        "noMail": "" if letters.can_be_sent(session) else NO_MAIL,
        "zone": catalog.zone,
        "endpoints": [_endpoint(catalog, d) for _, d in _documents(catalog, "endpoint")],
        "hooks": [_hook(call, d) for _, d in _documents(catalog, "hook")],
        "templates": [
            _named(catalog, d) | {"object": d.body.get("for", "")}
            for _, d in _documents(catalog, "template")
        ],
        "webforms": [
            _named(catalog, d) | {"object": d.body.get("object", "")}
            for _, d in _documents(catalog, "webform")
        ],
        "roles": [_named(catalog, d) for _, d in _documents(catalog, "role")],
        "actions": [
            {"name": one.name, "label": one.label, "icon": one.icon, "says": one.says}
            for one in ACTIONS.values()
        ],
    }


def _documents(catalog: Catalog, kind: str) -> list[tuple[str, Document]]:
    return sorted(catalog.of(kind).items())


def _named(catalog: Catalog, document: Document) -> Json:
    return {"name": document.name, "label": label_of(catalog, document.kind, document.name)}


def _endpoint(catalog: Catalog, document: Document) -> Json:
    return _named(catalog, document) | {
        "url": document.body["url"],
        "trouble": without_secret(document.body),
    }


def _hook(call: Call, document: Document) -> Json:
    return _named(call.session.catalog, document) | {
        "object": document.body["object"],
        "auth": document.body["auth"],
        "address": f"{call.base_url}/hooks/{document.name}",
    }


def fields(call: Call) -> Answer:
    """How the fields of an object are given in rules, and who can be told about a record."""
    call.only()
    type_ = call.session.catalog.objects.get(call.params["object"])
    if type_ is None:
        raise NotFound(f"There is no object `{call.params['object']}`.")
    found = list(_told(type_.fields.values(), "", ""))
    for field in type_.fields.values():
        target = call.session.catalog.objects.get(field.to or "")
        if target is not None and target.name != USER and not field.many and not field.hidden:
            found += _told(target.own_fields, f"{field.name}.", f"{field.label} › ")
    given = {name: _given(field) for name, field in type_.fields.items() if not field.hidden}
    return Answer.json({"recipients": found, "fields": given})


def _given(field: Field) -> Json:
    """What a value of the field is chosen from or typed as, and whether it is set at all."""
    choices = [] if field.many else _choices(field)
    typed = GIVEN.get(field.type.name, "") if not choices else ""
    return {
        "choices": choices,
        "gives": typed,
        "link": bool(field.targets),
        "settable": field.writable,
        "dated": field.stored
        and not field.made_by
        and field.type.name in (types.DATE.name, types.DATETIME.name),
    }


def _choices(field: Field) -> list[tuple[str, str]]:
    """Expressions with their words: the options, or yes and no."""
    if field.type.name == types.BOOLEAN.name:
        return [("true", "Yes"), ("false", "No")]
    return [(f"'{one.name}'", one.label) for one in field.type.options if not one.retired]


def _told(members: Any, path: str, words: str) -> Iterator[Json]:
    for field in members:
        kind = _reached(field)
        if kind and not field.hidden:
            yield {
                "path": f"{path}{field.name}",
                "label": f"{words}{field.label}",
                "plain": kind == "address",
            }


def _reached(field: Field) -> str:
    people = field.type.name in (types.PERSON.name, types.PERSONS.name)
    to_users = USER in field.targets
    if people or to_users:
        return "person"
    return "address" if field.option("format") == "email" else ""


def schedule(call: Call) -> Answer:
    """The next moments of a schedule, or what is wrong with it."""
    text = call.only("text").get("text", "")
    try:
        read = Schedule.read(text)
    except NoSchedule as error:
        raise Unprocessable(str(error)) from error
    fmt, zone = format_of(call.session), ZoneInfo(call.session.catalog.zone)
    told: list[str] = []
    following = read.next(call.session.now, zone)
    while following is not None and len(told) < MOMENTS:
        local = following.astimezone(zone)
        told.append(f"{fmt.day(local.date())} {local:%H:%M}")
        following = read.next(following, zone)
    return Answer.json({"next": told})


def test_endpoint(call: Call) -> Answer:
    """Post a message that says it is a test; what the other side answered."""
    call.only()
    name = call.params["name"]
    document = call.session.catalog.of("endpoint").get(name)
    if document is None:
        raise NotFound(f"There is no endpoint `{name}`.")
    label, body = label_of(call.session.catalog, "endpoint", name), document.body
    try:
        endpoint = webhooks.endpoint_of(name, body, os.environ)
    except webhooks.NoSecret as error:
        raise Conflict(str(error)) from error
    message = {"type": "test", "timestamp": call.session.now.isoformat(), "data": {"test": True}}
    allow, cause = call.engine.settings.outbound_allow, ""
    try:
        answer = webhooks.post(
            endpoint, new_id(), int(time.time()), orjson.dumps(message), cause, allow
        )
    except (outbound.Refused, outbound.Unreachable) as error:
        raise Conflict(f"The test message did not arrive: {error}") from error
    if not 200 <= answer.status < 300:
        raise Conflict(f"{label} answered {answer.status} to the test message.")
    return Answer.json({"said": f"{label} answered {answer.status}. The test message arrived."})


def test_hook(call: Call) -> Answer:
    """What a call of a hook would do, without doing it."""
    call.only()
    hook = hooks_of(call.session.catalog).get(call.params["name"])
    if hook is None:
        raise NotFound(f"There is no hook `{call.params['name']}`.")
    why = reads_beyond(call.session, call.session.catalog.of("hook")[hook.name])
    if why:
        raise Forbidden(f"You may not try this hook. {why}")
    body = call.json()
    if not isinstance(body, dict):
        raise Problem("Send a JSON object.")
    created, fields = trial_call(call, hook, body)
    type_: ObjectType = call.session.catalog.objects[hook.object]
    verb = "create" if created else "change"
    words = ", ".join(type_.fields[name].label for name in fields)
    return Answer.json({"said": f"It would {verb} one {type_.label.lower()}, with {words}."})


ENDPOINTS = (
    Endpoint(
        "GET", "/studio/rules/fields/{object}", fields, Policy.META_READ,
        "How fields are given in rules.", page=True,
    ),
    Endpoint(
        "GET", "/studio/rules/schedule", schedule, Policy.META_READ,
        "The next moments of a schedule.", page=True,
    ),
    Endpoint(
        "POST", "/studio/endpoints/{name}/test", test_endpoint, Policy.META_WRITE,
        "Send a test message.", page=True,
    ),
    Endpoint(
        "POST", "/studio/hooks/{name}/test", test_hook, Policy.META_WRITE,
        "What a call of a hook would do.", page=True,
    ),
)  # fmt: skip

BRINGS = DESIGNER(Designer("rule", context))
