"""What is sent to the routes that write: enough to be answered with more than a refusal.

Nothing that is sent here takes a record away from the walks that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import orjson

from tests.canaries.aviary import Aviary
from tests.canaries.realm import KEYS
from tests.forms.shapes import Part

Parts = Mapping[str, str]


@dataclass(frozen=True)
class Sent:
    """A body: JSON or the fields of a page; `form` are the parts of a multipart body."""

    body: Any = None
    query: str = ""
    form: tuple[Part, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


Bodies = Callable[[Aviary, Parts], Iterable[Sent]]
TAKEN = {"house": "name", "contract": "number", "item": "name", "vault": "name", "visit": "name"}
LINKS = {
    "contract": {"house": "house", "vault": "vault"},
    "item": {"contract": "contract"},
    "visit": {"contract": "contract", "place": "house"},
}


def _say(*sent: Sent) -> Bodies:
    return lambda aviary, parts: sent


NOTHING = _say(Sent({}))
EMPTY = _say(Sent())
SPILLED = {
    "for": "contract",
    "subject": "{{ contract.title }} {{ contract.secret }}",
    "body": "{{ contract.house.code }} {{ contract.margin }} {{ contract.vault.content }}",
}

PRINTED = {
    "for": "contract",
    "channel": "document",
    "body": f"{SPILLED['subject']} {SPILLED['body']}",
    "keep": "margin > 9000 and secret != house.code",
    "language": "secret",
}


def _new(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    name = parts["object"]
    yield Sent({})
    yield Sent({TAKEN[name]: "plain"})
    for field, target in LINKS.get(name, {}).items():
        for key in ("north", "south"):
            yield Sent({TAKEN[name]: "plain", field: aviary.id_of(target, key)})
    yield Sent([{TAKEN[name]: "plain"}, {"nothing": 1}])
    if name == "house":
        yield Sent({"name": "plain", "place": "north", "code": "zqhousesouthcodeqz"})


def _changed(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    name = parts["object"]
    for body in (
        {TAKEN[name]: f"changed by the walk {parts['id'][-4:]}"},
        {TAKEN[name]: "stale", "rev": 1},
        {"nothing": 1},
        {"secret": "x"},
        {"state": "won"},
    ):
        yield Sent(body)
    yield Sent({"tariff": "later"}, "as_of=2031-02-03")
    yield Sent({TAKEN[name]: "stale too"}, headers=(("if-match", '"1"'),))


def _many_changed(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    name = parts["object"]
    ids = [record["id"] for record in aviary.records[name].values()]
    yield Sent([{"id": one, TAKEN[name]: "changed in a batch"} for one in ids])
    yield from (Sent([{"id": one, TAKEN[name]: "changed", "rev": 1}]) for one in ids)


def _bulk_edit(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    """Of records of others by their ids, and of all of a filter by what is hidden."""
    name = parts["object"]
    ids = [record["id"] for record in aviary.records[name].values()]
    yield Sent({})
    yield Sent({"field": TAKEN[name], "value": "changed in bulk", "ids": ids})
    yield Sent({"field": "secret", "value": "x"})
    for where in ("margin > 7000", "code != null", "contains(title, 'qz')"):
        yield Sent({"field": TAKEN[name], "value": "changed in bulk"}, f"where={where}")
    for field, target in LINKS.get(name, {}).items():
        yield Sent({"field": field, "value": aviary.id_of(target, "south"), "ids": ids})
    yield Sent({"values": {TAKEN[name]: "changed in bulk", "secret": "x"}, "ids": ids})
    yield from (Sent({"action": one, "ids": ids}) for one in ("nothing", "close", "win"))


def _bulk_preview(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    yield from _bulk_edit(aviary, parts)
    ids = [record["id"] for record in aviary.records[parts["object"]].values()]
    yield Sent({"delete": True, "ids": ids})
    yield Sent({"delete": True})


def _table(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    """An import that names records of others by their words, and by what is theirs alone."""
    name = parts["object"]
    for text in (
        f"{TAKEN[name]},house,contract,vault\r\nplain,zqhousesouthnameqz,x,zqvaultnorthnameqz\r\n",
        f"id,{TAKEN[name]}\r\n" + "".join(
            f"{record['id']},changed by a table\r\n" for record in aviary.records[name].values()
        ),
        f"{TAKEN[name]},secret,code,margin\r\nplain,x,zqhousesouthcodeqz,7\r\n",
    ):  # fmt: skip
        for query in ("", "dry_run=true", f"dry_run=true&key={TAKEN[name]}", "key=id"):
            yield Sent(query=query, form=(("file", "a.csv", "text/csv", text.encode()),))


def _preview(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    return (Sent(form=sent.form) for sent in _table(aviary, parts) if not sent.query)


def _page_import(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    for sent in _table(aviary, parts):
        if not sent.query:
            yield Sent(form=(*sent.form, ("csrf", "@csrf"), ("step", "file")))


def _form(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    name = parts["object"]
    yield Sent({TAKEN[name]: "by a page"})
    yield Sent({TAKEN[name]: "by a page", "rev": "1"})
    yield Sent({"secret": "x", "rev": "1"})
    for field, target in LINKS.get(name, {}).items():
        yield Sent({TAKEN[name]: "by a page", "rev": "1", field: aviary.id_of(target, "south")})


def _started(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    yield Sent({})
    for key in ("north", "south"):
        yield Sent({"subject": aviary.id_of("contract", key)})


def _layout(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    yield Sent({"values": {}})
    for record in aviary.records[parts["object"]].values():
        yield Sent({"id": record["id"], "values": {"house": None}})
    for field, target in LINKS.get(parts["object"], {}).items():
        for key in ("north", "south"):
            yield Sent({"values": {field: aviary.id_of(target, key)}})


def _moved(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    name = "item" if parts["name"] == "items" else "contract"
    for key in ("north", "south"):
        record = aviary.id_of(name, key)
        for column in ("won", "fine", aviary.id_of("house", "south")):
            yield Sent({"id": record, "column": column})
        yield Sent({"id": record, "column": "open", "rev": 1})


def _commented(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    users = aviary.users
    yield Sent({"text": "Look.", "mentions": [users["stranger"]]})
    yield Sent({"text": "Look.", "mentions": [users["clerk"], users["designer"]]})
    yield Sent({"text": "Look.", "mentions": [users["partner"]], "public": True})


def _dry(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    for key in ("north", "south"):
        yield Sent({"object": "contract", "id": aviary.id_of("contract", key)})
        change = {"number": "other"}
        yield Sent({"object": "contract", "id": aviary.id_of("contract", key), "change": change})


EXPRESSIONS = (
    "secret != 'x'", "margin > 0", "house.code", "house.code == 'x'", "vault.content", "gain * 1",
    "list(items, cost)", "count(items, cost > 0) > 0", "contains(title, 'qz')", "title",
    "first(visits, name)", "grade == 'fine'", "vault.name & house.remark", "secert == 'x'",
    "about == null", "keeper == me", "ends > today()", "pin_code", "list(contracts, secret)",
)  # fmt: skip


def _expressions(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    """Of every object and record, as a filter and as a part of a document."""
    for object_name, key in product(("contract", "item"), ("north", "south")):
        asked = {"object": object_name, "record": aviary.id_of(object_name, key)}
        for text in EXPRESSIONS:
            yield Sent({**asked, "text": text})
        yield Sent({**asked, "text": "margin > 0", "purpose": "filter"})
    for object_name in ("house", "vault", "visit"):
        yield Sent({"object": object_name, "text": "name", "record": "newest"})
    yield Sent({"object": "contract", "text": "house == record.house", "outer": "vault"})
    yield Sent({"object": "contract", "text": "1", "expects": {"field": "secret"}})


# Rules that nobody has saved: one of hidden values, and one with a template that tells them.
_TOLD = {"object": "contract", "event": ["created", "updated"]}
TRIED: tuple[dict[str, Any], ...] = tuple(
    {"on": _TOLD, "when": when, "do": [{"notify": {"to": ["created_by"], **words}}]}
    for when, words in (
        ("margin > 0", {"subject": "secret & title & house.code & vault.name"}),
        ("number != null", {"template": "spill"}),
        ("number != null", {"subject": "number", "text": "title"}),
    )
)


def _try(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    for rule in TRIED:
        for key in KEYS:
            record = aviary.id_of("contract", key)
            yield Sent({"body": rule, "record": record})
            yield Sent({"body": rule, "record": record, "change": {"number": "another"}})


def _revealed(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    return (Sent({"field": name}) for name in ("secret", "margin", "content", "code"))


def _document(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    found = aviary.admin.get(f"/api/meta/{parts['kind']}/{parts['name']}")
    yield Sent(found.json() if found.status == 200 else {}, "plan=true")


def _drafted(aviary: Aviary, parts: Parts) -> Iterable[Sent]:
    """What is there, as it would be shown; and a draft that asks of what is hidden."""
    found = aviary.admin.get(f"/api/meta/{parts['kind']}/{parts['name']}")
    body = found.json() if found.status == 200 else {}
    yield Sent({"body": body})
    yield Sent({"body": {**body, "where": "margin > 0"}})


NEW_FIELD = {"label": "More", "kind": "text", "act": "add"}

BODIES: dict[str, Bodies] = {
    "DELETE /api/change-sets/{id}/edits/{edit}": EMPTY,
    "DELETE /api/meta/{kind}/{name}": _say(Sent(query="plan=true")),
    "DELETE /api/packages/{name}": _say(Sent(query="plan=true")),
    "DELETE /api/records/{object}/{id}": _say(Sent(headers=(("if-match", '"77"'),))),
    "DELETE /api/records/{object}/{id}/comments/{comment}": EMPTY,
    "DELETE /api/records/{object}/{id}/planned/{plan}": EMPTY,
    "DELETE /api/tokens/{id}": EMPTY,
    "PATCH /api/meta/{kind}/{name}": _say(Sent({"label": "Other"}, "plan=true")),
    "PATCH /api/records/{object}": _many_changed,
    "PATCH /api/records/{object}/{id}": _changed,
    "PATCH /api/records/{object}/{id}/comments/{comment}": _commented,
    "POST /api/boards/{name}/move": _moved,
    "POST /api/records/{object}/{id}/documents/{template}": NOTHING,
    "POST /boards/{name}/pins": NOTHING,
    "POST /reports/{name}/pins": _say(Sent({}), Sent({}, "where=margin > 0")),
    "POST /change-sets/{id}/edits/{edit}/accept": NOTHING,
    "POST /change-sets/{id}/edits/{edit}/withdraw": NOTHING,
    "POST /home/pins": _say(Sent({"pin": "margins", "press": "hide"}), Sent({"press": "reset"})),
    "POST /home/pins/{name}": _say(Sent({"label": "Mine", "show": "trend"})),
    "POST /navigation": _say(Sent({"group": "Sales", "state": "folded"})),
    "POST /o/{object}/boards": _say(Sent({}, "made.by=nothing")),
    "POST /o/{object}/pins": _say(Sent({}), Sent({}, "where=margin > 0")),
    "POST /api/change-sets/{id}/edits/{edit}/accept": EMPTY,
    "POST /api/deliveries/{id}/redeliver": EMPTY,
    "POST /api/events/{id}/retry": EMPTY,
    "POST /api/files": _say(Sent(form=(("file", "a.txt", "text/plain", b"text"),))),
    "POST /api/forms/layout/{object}": _layout,
    "POST /api/forms/{slug}/links": _say(Sent({"values": {}})),
    "POST /api/imports/{batch}/undo": EMPTY,
    "DELETE /api/records/{object}/{id}/messages/{message}": EMPTY,
    "POST /api/records/{object}/{id}/messages": _say(
        Sent({"text": "Look."}), Sent({"text": "Look.", "public": True, "to": ["a@b.example"]})
    ),
    "POST /api/records/{object}/{id}/merge": _say(Sent({"into": "nobody"})),
    "POST /o/{object}/{id}/merge": _say(Sent({"into": "nobody"})),
    "PUT /api/records/{object}/{id}/reply": _say(Sent({"text": "Look.", "public": True})),
    "POST /api/mailboxes/{name}/mails": _say(
        Sent(form=(("file", "a.eml", "message/rfc822", b"From: a@b.example\n\nHello"),))
    ),
    "POST /api/mailboxes/{name}/mails/{id}/again": EMPTY,
    "POST /mails/{name}/{id}/again": NOTHING,
    "POST /api/jobs/{id}/cancel": EMPTY,
    "POST /api/jobs/{id}/retry": EMPTY,
    "POST /api/jobs/{id}/undo": EMPTY,
    "POST /api/login": _say(Sent({"email": "clerk@example.com", "password": "wrong"})),
    "POST /api/logout": EMPTY,
    "POST /api/meta/approvals/{id}/approve": NOTHING,
    "POST /api/meta/approvals/{id}/refuse": NOTHING,
    "POST /api/meta/approvals/{id}/withdraw": NOTHING,
    "POST /api/meta/changes": _say(Sent({"documents": []}), Sent({"documents": [{}]})),
    "POST /api/meta/drafts": _say(Sent({"name": ""})),
    "DELETE /api/meta/drafts/{id}": EMPTY,
    "POST /api/meta/drafts/{id}/publish": NOTHING,
    "POST /api/meta/plans/{id}/cancel": EMPTY,
    "POST /api/meta/retired/{object}/{field}/purge": EMPTY,
    "POST /api/meta/revisions/{number}/rollback": _say(Sent(query="plan=true")),
    "POST /api/meta/{kind}/{name}/rollback": _say(Sent({"revision": 1}, "plan=true")),
    "POST /api/processes/bpmn": _say(Sent({"bpmn": "<a/>", "subject": "contract"}), Sent({})),
    "POST /api/processes/{name}/runs": _started,
    "POST /api/processes/{name}/migrate": _say(Sent({"dry_run": True}), Sent({"map": 1})),
    "POST /api/processes/runs/{id}/cancel": _say(Sent({"reason": ""})),
    "POST /api/processes/tasks/{id}/action": _say(Sent({"number": 1}), Sent({"secret": "x"})),
    "POST /api/processes/tasks/{id}/complete": _say(Sent({"outcome": "x"}), Sent({})),
    "POST /api/processes/tasks/{id}/delegate": NOTHING,
    "POST /api/processes/tasks/{id}/fail": NOTHING,
    "POST /api/processes/tasks/{id}/reassign": NOTHING,
    "POST /api/processes/tasks/{id}/release": EMPTY,
    "POST /api/processes/tasks/{id}/skip": NOTHING,
    "POST /api/processes/tasks/{id}/take": EMPTY,
    "POST /api/notifications/read-all": EMPTY,
    "POST /api/notifications/{id}/read": EMPTY,
    "POST /api/packages": NOTHING,
    "POST /api/packages/{name}/plan": NOTHING,
    "POST /api/records/{object}": _new,
    "POST /api/records/{object}/import": _table,
    "POST /api/records/{object}/import/preview": _preview,
    "POST /api/records/{object}/{id}/actions/{name}": _say(Sent({}), Sent({"rev": 1})),
    "POST /api/records/{object}/{id}/comments": _commented,
    "POST /api/records/{object}/{id}/restore": EMPTY,
    "POST /api/records/{object}/{id}/reveal": _revealed,
    "POST /api/rules/{name}/dry-run": _dry,
    "POST /api/rules/{name}/replay": _say(Sent({"days": 30})),
    "POST /api/runs/{id}/cancel": EMPTY,
    "POST /api/runs/{id}/retry": EMPTY,
    "POST /api/documents/preview": _say(Sent({"template": PRINTED})),
    "POST /preview/document": _say(Sent({"asked": orjson.dumps({"template": PRINTED}).decode()})),
    "POST /api/templates/preview": _say(Sent({"template": SPILLED})),
    "POST /api/templates/test": _say(Sent({"template": SPILLED})),
    "POST /api/tokens": _say(Sent({"name": "mine", "scopes": ["records:read"]})),
    "PUT /api/meta/{kind}/{name}": _document,
    "POST /forms/{slug}": _say(Sent({"number": "from outside"})),
    "POST /hooks/{name}": NOTHING,
    "POST /import/{object}": _page_import,
    "POST /import/{object}/{batch}/undo": NOTHING,
    "POST /imports/{batch}/undo": NOTHING,
    "POST /ledgers/{name}/run": _say(Sent({"until": "2031-01-01", "dry_run": "yes"})),
    "POST /ledgers/{name}/runs/{id}/void": NOTHING,
    "POST /jobs/{id}/cancel": NOTHING,
    "POST /jobs/{id}/retry": NOTHING,
    "POST /jobs/{id}/undo": NOTHING,
    "POST /jobs/changes/{id}/cancel": NOTHING,
    "POST /lookup/{object}/{field}": _say(Sent({"title": "made on the way"})),
    "POST /notifications/read": NOTHING,
    "POST /o/{object}/bulk": _bulk_edit,
    "POST /o/{object}/bulk/preview": _bulk_preview,
    "POST /o/{object}/columns": _say(Sent({"columns": "number,secret"})),
    "POST /o/{object}/new": _form,
    "POST /o/{object}/views": _say(Sent({"label": "Mine", "columns": "number,secret"})),
    "POST /o/{object}/views/{name}/forget": NOTHING,
    "POST /o/{object}/{id}/actions/{name}": _say(Sent({}), Sent({"rev": "1"})),
    "POST /o/{object}/{id}/assign": NOTHING,
    "POST /api/stopwatches/{object}/start": EMPTY,
    "POST /api/stopwatches/{object}/stop": EMPTY,
    "POST /stopwatch/{object}/start": EMPTY,
    "POST /stopwatch/stop": EMPTY,
    "POST /api/weeks/{name}/cells": _say(Sent({"row": {}, "day": "2026-06-15", "amount": 60})),
    "POST /weeks/{name}": EMPTY,
    "POST /o/{object}/{id}/messages": _say(
        Sent({"text": "Look."}), Sent({"text": "Look.", "public": "true", "to": "a@b.example"})
    ),
    "POST /o/{object}/{id}/comments": _say(Sent({"text": "Look."})),
    "POST /o/{object}/{id}/comments/{comment}/delete": NOTHING,
    "POST /o/{object}/{id}/days/{field}": _say(Sent({"day": "2031-03-04", "tariff": "x"})),
    "POST /o/{object}/{id}/days/{field}/{plan}/withdraw": NOTHING,
    "POST /o/{object}/{id}/delete": _say(Sent({"rev": "77"})),
    "POST /o/{object}/{id}/edit": _form,
    "POST /o/{object}/{id}/restore": NOTHING,
    "POST /o/{object}/{id}/reveal/{field}": NOTHING,
    "POST /studio/process-map": _say(Sent({"body": {}}), Sent({"body": 1})),
    "POST /studio/process-trial": _say(Sent({"body": {"subject": "contract"}}), Sent({"body": 1})),
    "POST /processes/runs/{id}/cancel": _say(Sent({"reason": ""})),
    "POST /processes/tasks/{id}/action": _say(Sent({"number": "by a page"}), Sent({"name": "x"})),
    "POST /processes/tasks/{id}/step": _say(Sent({"step": "x"}), Sent({"step": "take"})),
    "POST /profile/language": _say(Sent({"language": "en"})),
    "POST /api/password": _say(Sent({"link": "nothing", "password": "another one"})),
    "POST /api/password/forgotten": _say(Sent({"email": "nobody@example.com"})),
    "POST /api/people/{id}/invitation": _say(Sent({"mail": False}), Sent({"mail": 1})),
    "DELETE /api/people/{id}/sessions": EMPTY,
    "DELETE /api/sessions/{id}": EMPTY,
    "POST /preview/template": _say(Sent({"asked": orjson.dumps({"template": SPILLED}).decode()})),
    "POST /preview/webform": _say(Sent({"document": '{"object": "contract", "steps": []}'})),
    "POST /signin/forgot": _say(Sent({"email": "nobody@example.com"})),
    "POST /api/ledgers/{name}/runs": _say(Sent({"until": "2031-01-01", "dry_run": True})),
    "POST /api/ledgers/{name}/runs/{id}/void": EMPTY,
    "POST /l/{secret}": NOTHING,
    "POST /l/{secret}/seen": NOTHING,
    "POST /api/records/{object}/{id}/links": _say(
        Sent({"link": "nothing"}), Sent({"link": "end_it", "to": "somebody"})
    ),
    "DELETE /api/links/{id}": EMPTY,
    "POST /o/{object}/{id}/links": _say(Sent({"link": "end_it"})),
    "POST /o/{object}/{id}/links/{link}/revoke": NOTHING,
    "POST /signin/code": _say(Sent({"halfway": "nothing", "code": "000000"})),
    "POST /api/second-factor": _say(Sent({"password": "wrong"})),
    "POST /api/second-factor/confirm": _say(Sent({"code": "000000"})),
    "POST /api/second-factor/off": _say(Sent({"code": "000000"})),
    "DELETE /api/people/{id}/second-factor": EMPTY,
    "DELETE /api/people/{id}/open-id": EMPTY,
    "POST /profile/calendar": NOTHING,
    "POST /profile/calendar/end": NOTHING,
    "POST /api/calendar": EMPTY,
    "DELETE /api/calendar": EMPTY,
    "POST /colleagues": _say(Sent({"addresses": "nobody"})),
    "POST /colleagues/{id}/invitation": NOTHING,
    "POST /colleagues/{id}/active": _say(Sent({"active": "true"})),
    "POST /profile/second-factor/begin": _say(Sent({"password": "wrong"})),
    "POST /profile/second-factor/confirm": _say(Sent({"code": "000000"})),
    "POST /profile/second-factor/off": _say(Sent({"code": "000000"})),
    "POST /profile/second-factor/codes": _say(Sent({"code": "000000"})),
    "POST /signin/link/{secret}": _say(Sent({"password": "another one"})),
    "POST /studio/people/{id}/invitation": NOTHING,
    "POST /studio/people/{id}/link": NOTHING,
    "POST /studio/people/{id}/second-factor": NOTHING,
    "POST /studio/people/{id}/active": _say(Sent({"active": "true"})),
    "POST /studio/people/{id}/see": NOTHING,
    "POST /studio/people/invite": _say(Sent({"addresses": "nobody"})),
    "POST /studio/see/end": NOTHING,
    "POST /studio/people/{id}/sessions": NOTHING,
    "POST /profile/sessions/{id}/end": NOTHING,
    "POST /profile/password": _say(Sent({"current": "wrong", "password": "another one"})),
    "POST /profile/tokens": _say(Sent({"name": "mine"})),
    "POST /profile/tokens/{id}/end": NOTHING,
    "POST /profile/zone": _say(Sent({"zone": "Europe/London"})),
    "POST /signin": _say(Sent({"email": "clerk@example.com", "password": "wrong"})),
    "POST /signout": NOTHING,
    "POST /studio/approvals/{id}/approve": NOTHING,
    "POST /studio/approvals/{id}/ask": NOTHING,
    "POST /studio/approvals/{id}/refuse": NOTHING,
    "POST /studio/approvals/{id}/withdraw": NOTHING,
    "POST /studio/drafts": _say(Sent({"name": ""})),
    "POST /studio/drafts/stop": NOTHING,
    "POST /studio/drafts/{id}/discard": NOTHING,
    "POST /studio/drafts/{id}/publish": NOTHING,
    "POST /studio/drafts/{id}/try": NOTHING,
    "POST /studio/expressions": _expressions,
    "POST /studio/objects": _say(Sent({"label": ""})),
    "POST /studio/objects/{name}": _say(Sent({**NEW_FIELD, "label": ""})),
    "POST /studio/objects/{name}/place": _say(Sent({"names": ["nothing"]})),
    "POST /studio/objects/{name}/order": _say(Sent({"names": ["nothing"]})),
    "POST /studio/objects/{name}/fields/{field}/kind": _say(Sent({"kind": "number"})),
    "POST /studio/packages/install": NOTHING,
    "POST /studio/packages/new": NOTHING,
    "POST /studio/translations": _say(Sent({"w.object/nothing#/label": "x"})),
    "POST /studio/translations/import": NOTHING,
    "POST /studio/packages/preview": NOTHING,
    "POST /studio/packages/{name}/uninstall": _say(Sent({"plan": "x"})),
    "POST /studio/revisions/{number}/rollback": _say(Sent({"plan": "true"})),
    "POST /studio/slow/index": NOTHING,
    "POST /studio/spreadsheet": NOTHING,
    "POST /studio/spreadsheet/undo": _say(Sent({"objects": "nothing"})),
    "POST /submissions/{name}/{id}": _say(Sent({"number": "from outside"})),
    "POST /submissions/{name}/{id}/delete": NOTHING,
    "POST /studio/rules/try": _try,
    "POST /studio/rules/replay": _say(*(Sent({"body": rule, "days": 30}) for rule in TRIED)),
    "POST /studio/endpoints/{name}/test": EMPTY,
    "POST /studio/hooks/{name}/test": EMPTY,
    "POST /studio/deliveries/again": _say(Sent({"rule": "nothing"})),
    "POST /studio/deliveries/{id}/again": NOTHING,
    "POST /studio/deliveries/endpoints/{name}/now": NOTHING,
    "POST /studio/runs/{id}/cancel": NOTHING,
    "POST /studio/runs/{id}/retry": NOTHING,
    "POST /studio/runs/given-up/again": NOTHING,
    "POST /studio/runs/given-up/{id}/again": NOTHING,
    "POST /studio/{kind}/{name}": _say(Sent({"text": "kind: nothing"})),
    "POST /studio/{kind}/{name}/check": _say(Sent({"body": {}}), Sent({"yaml": "kind: nothing"})),
    "POST /studio/{kind}/{name}/save": _say(Sent({"body": {"label": 1}})),
    "POST /studio/{kind}/{name}/preview": _drafted,
    "POST /studio/{kind}/{name}/delete": _say(Sent({"plan": "true"})),
    "POST /studio/{kind}/{name}/rollback": _say(Sent({"revision": "99"})),
}
ENDS_SESSIONS = ("POST /api/logout", "POST /signout")
# The name of what is deleted or rolled back for good stays unknown to these pages.
UNNAMED = ("POST /studio/{kind}/{name}/delete", "POST /studio/revisions/{number}/rollback")
