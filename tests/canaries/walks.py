"""Every route of the product as calls with real ids: what a curious person would try.

Routes come from the engine's own table. What stands for a part of a path is said here by its name,
and what is sent to a route that writes by the route: a new one fails the walk until it is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from urllib.parse import quote, urlencode

import orjson

from fluvial.http.routes import Endpoint
from tests.canaries.aviary import Aviary
from tests.canaries.bodies import BODIES, Sent
from tests.canaries.people import Reader
from tests.canaries.realm import KEYS, OBJECTS
from tests.forms.shapes import multipart

NOTHING = "01a00000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        return f"{self.path}?{self.query} {self.body.decode('utf-8', 'replace')}".lower()


class Unsaid(Exception):
    """A route of which the walk does not know what to call it with."""


# What may stand for a part of a path, by its name, where the object or the route does not say it.
PLACES: dict[str, tuple[str, ...]] = {
    "kind": ("object", "role", "rule", "view", "template"),
    "slug": ("ask", "nothing"),
    "number": ("1", "2"),
    "plan": (NOTHING,),
    "template": ("sheet",),
    "colour": ("0a6885",),
    "batch": (NOTHING,),
}
FIELDS: dict[str, tuple[str, ...]] = {
    "house": ("name", "code", "remark"),
    "contract": ("secret", "margin", "gain", "worth", "papers", "plan", "tariff", "vault", "about",
                 "others", "keeper", "house", "pin_code", "visible_note"),
    "item": ("contract", "cost", "name"),
    "vault": ("name", "content"),
    "visit": ("contract", "place"),
}  # fmt: skip
NAMES: dict[str, tuple[str, ...]] = {
    "/api/boards": ("desk", "cards", "graded", "by_house", "by_vault", "items"),
    "/boards": ("desk", "cards", "graded", "by_house", "by_vault", "items"),
    "/api/pins": ("margins", "plain", "listed", "latest", "grades", "vaults"),
    "/home/pins": ("margins",),
    "/api/reports": ("gains", "grades", "places", "vaulted", "costs", "both"),
    "/api/dashboards": ("all",),
    "/dashboards": ("all",),
    "/reports": ("gains", "grades", "places", "vaulted", "costs", "both"),
    "/api/rules": ("tell", "say", "press", "try", "fail"),
    "/api/packages": ("site", "core"),
    "/studio/packages": ("site", "core"),
    "/studio/objects": OBJECTS,
    "/hooks": ("nothing",),
    "/submissions": ("ask", "nothing"),
    "/studio/deliveries/endpoints": ("nothing",),
    "/studio/endpoints": ("nothing",),
    "/studio/hooks": ("nothing",),
    "/api/weeks": ("nothing",),
    "/weeks": ("nothing",),
    "/api/workloads": ("nothing",),
    "/workloads": ("nothing",),
    "/api/gantts": ("nothing",),
    "/api/decisions": ("nothing",),
    "/api/ledgers": ("nothing",),
    "/ledgers": ("nothing",),
    "/api/mailboxes": ("nothing",),
    "/mails": ("nothing",),
    "/studio/decision": ("nothing",),
    "/api/processes": ("watch", "nothing"),
}
DOCUMENTS = {
    "object": OBJECTS,
    "role": ("clerk",),
    "rule": ("tell", "say"),
    "view": ("spilling",),
    "template": ("spill",),
}
ACTIONS = ("win", "lose", "press", "try", "fail", "nothing")

# The queries of routes that read, beside an empty one. `{object}` has its own below.
LISTS: dict[str, tuple[str, ...]] = {
    "house": ("fields=title,name,code,contracts", "sort=code", "sort=-name", "search=zq",
              "where=exists(contracts, margin > 0)", "total=exact", "deleted=true"),
    "contract": ("fields=title,house.name,house.code,house.title,about.title",
                 "fields=vault.name,vault.title",
                 "fields=number,vault.content,others,about", "sort=secret", "sort=title",
                 "sort=house.name&limit=1", "sort=house&limit=1", "sort=title&limit=1",
                 "sort=vault.name&limit=1", "sort=-vault&limit=1", "where=margin > 7000",
                 "where=contains(title, 'qz')", "where=vault.content != null", "search=zq",
                 "where=house.code != null", "where=1/0 == 1", "fields=secret", "as_of=2031-01-01",
                 "as_of=2031-01-01&fields=title,tariff,plan", "view=spilling", "view=plain",
                 "view=grouped",
                 "house.name=x", "where=exists(visits, name != null)", "total=exact",
                 "believed_on=@now", "columns=number,secret,house.code"),
    "item": ("fields=title,contract.title,contract.secret,contract.house.title",
             "fields=contract.vault.title",
             "sort=contract.title&limit=1", "sort=cost", "sort=title&limit=1", "search=zq",
             "view=named", "where=contract.margin > 0", "as_of=2031-01-01"),
    "vault": ("search=zq", "sort=name"),
    "visit": ("fields=title,contract.title,contract.secret,place.title,place.name", "sort=place",
              "sort=contract&limit=1", "search=zq"),
}  # fmt: skip
SUMMARIES: dict[str, tuple[str, ...]] = {
    "house": ("group=code", "group=title", "measure=max(code)"),
    "contract": ("group=grade", "group=secret", "group=house", "group=house.name", "group=title",
                 "group=vault.title", "group=vault", "group=about", "group=house.code",
                 "measure=sum(margin)", "measure=max(ends)", "measure=sum(gain)",
                 "measure=count(secret)", "measure=sum(sum(items, cost))",
                 "measure=max(house.code)", "measure=min(margin),count"),
    "item": ("group=contract.title", "group=contract.secret", "measure=sum(cost)",
             "group=contract.house.title"),
    "vault": ("group=name",),
    "visit": ("group=contract.title", "group=place.name"),
}  # fmt: skip
QUERIES: dict[str, dict[str, tuple[str, ...]]] = {
    "/api/records/{object}": LISTS,
    "/o/{object}": LISTS,
    "/o/{object}/{id}/ask": {
        name: tuple(f"also={field}" for field in FIELDS[name]) for name in OBJECTS
    },
    "/o/{object}/quick": {name: ("words=zq", "words=7310") for name in OBJECTS},
    "/o/{object}/counts": {"contract": ("view=plain", "where=margin > 0", "group=grade")},
    "/api/records/{object}/summary": SUMMARIES,
    "/api/records/{object}/export": {
        name: tuple(f"format={form}" for form in ("csv", "xlsx", "jsonl")) for name in OBJECTS
    } | {"contract": ("format=csv", "format=xlsx", "format=jsonl", "sort=title&fields=title,number",
                      "fields=title,house.title,vault.title,house.code", "fields=secret")},
    "/api/records/{object}/{id}": {
        "contract": ("fields=title,house.title,house.code,vault.title,secret", "as_of=2031-01-01",
                     "fields=title,house.title,vault.name,about",
                     "believed_on=@now"),
        "item": ("fields=title,contract.title,contract.house.title",),
        "visit": ("fields=title,contract.title,place.title",),
    },
    "/o/{object}/{id}": {"contract": ("as_of=2031-01-01",), "item": ("as_of=2031-01-01",)},
    "/api/records/{object}/{id}/history": {"contract": ("as_of=2031-01-01",)},
    "/api/records/{object}/{id}/planned": {"contract": ("past=true",)},
    "/api/records/{object}/{id}/documents/{template}": {
        "contract": ("format=html", "format=csv", "language=de&format=html"),
    },
    "/api/segments/{object}": {"contract": ("from=2030-01-01&until=2032-01-01",)},
    "/api/meta/objects/{object}/fields/{field}/unconverted": {
        name: ("kind=number", "kind=date") for name in OBJECTS
    },
    "/studio/model/{object}": {
        name: ("q=zl", "q=code", "q=name&purpose=filter", "purpose=filter", "holder=nothing:x")
        for name in OBJECTS
    },
    "/studio/samples/{object}": {name: ("q=zq", "q=north") for name in OBJECTS},
    "/lookup/{object}/{field}": {
        "contract": ("q=zq", "object=vault", "plain=true", "q=zq&plain=true"),
        "item": ("q=zq",), "visit": ("q=zq",),
    },
}  # fmt: skip
REPORTS = ("where=margin > 0", "group=grade", "group=secret,house", "group=house.code",
           "group=title", "group=vault.name", "columns=grade", "measures=sum(margin),max(ends)",
           "measures=sum(sum(items, cost))", "group=month(ends)", "as_of=2031-01-01",
           "group=", "group=contract.title", "group=contract.secret", "where=house.code != null",
           "group=margin > 7000", "group=vault")  # fmt: skip
PLAIN_QUERIES: dict[str, tuple[str, ...]] = {
    "/search": ("q=zq", "q=north", "q=2031", "q=7310"),
    "/lookup/people": ("q=a",),
    "/api/notifications": ("limit=200", "unread=true"),
    "/api/boards/{name}": ("search=zq", "where=margin > 0", "column=won", "column=fine", "limit=1",
                           "total=exact", "as_of=2031-01-01"),
    "/api/reports/{name}": REPORTS,
    "/reports/{name}": REPORTS,
    "/boards/{name}": ("search=zq", "where=margin > 0", "as_of=2031-01-01"),
    "/": ("as_of=2031-01-01",),
    "/processes": ("status=all", "process=watch"),
    "/processes/analysis": ("process=watch", "process=watch&by1=subject.name&by2=responsible"),
    "/processes/people": ("process=watch",),
    "/work": ("whose=me", "show=contract", "show=mentions"),
    "/api/docs": ("page=rules",),
    "/studio/slow": ("sort=calls",),
    "/submissions/{name}": ("state=refused", "state=quarantined"),
    "/submissions/{name}/export": ("state=refused",),
    "/studio/runs": ("outcome=done", "outcome=failed", "rule=tell"),
    "/studio/rules/schedule": ("text=0 7 * * 1-5", "text=x"),
    "/studio/deliveries": ("state=done", "kind=email", "rule=tell"),
}  # fmt: skip
WHY = "/api/records/{object}/{id}/why"
MODEL = "/studio/model/{object}"
ACCESS = "/api/records/{object}/{id}/access"


class Walk:
    """The calls of one reader."""

    def __init__(self, aviary: Aviary, reader: Reader) -> None:
        self.aviary = aviary
        self.reader = reader
        self.headers = aviary.clients[reader.name].headers

    def requests(self, endpoint: Endpoint) -> Iterator[Request]:
        for parts in self._parts(endpoint):
            path = endpoint.path
            for name, value in parts.items():
                path = path.replace(f"{{{name}}}", quote(value, safe=""))
            if endpoint.writes:
                yield from self._writes(endpoint, path, parts)
            else:
                for query in self._queries(endpoint, parts):
                    yield Request(endpoint.method, path, _query(query))

    def _parts(self, endpoint: Endpoint) -> Iterator[dict[str, str]]:
        names = [
            part[1:-1] for part in endpoint.path.replace(".", "/").split("/") if part[:1] == "{"
        ]
        if "object" not in names:
            choices = [self._choices(endpoint, name, None) for name in names]
            for values in product(*choices):
                yield from _fitting(endpoint, dict(zip(names, values, strict=True)))
            return
        others = [name for name in names if name != "object"]
        for object_name in OBJECTS:
            choices = [self._choices(endpoint, name, object_name) for name in others]
            for values in product(*choices):
                yield {"object": object_name, **dict(zip(others, values, strict=True))}

    def _choices(self, endpoint: Endpoint, name: str, object_name: str | None) -> Iterable[str]:
        if name == "id" and object_name:
            return self._ids(object_name)
        if name == "field" and object_name:
            return FIELDS[object_name]
        if name == "field":
            return FIELDS["contract"]
        if name == "edit":
            return self.aviary.ids["edits"]
        if name == "link":
            return self.aviary.ids["links"]
        if name in ("comment", "message"):
            return list(self.aviary.comments.values())
        if name == "file":
            return list(self.aviary.files.values())
        if name == "id":
            return self._other_ids(endpoint.path)
        if name == "name":
            return self._names(endpoint.path)
        if name == "secret":
            own = self.aviary.calendars.get(self.reader.name, NOTHING)
            return (NOTHING, own, *self.aviary.secrets)
        if name in PLACES:
            return PLACES[name]
        raise Unsaid(f"{endpoint.method} {endpoint.path}: what stands for {{{name}}}?")

    def _ids(self, object_name: str) -> list[str]:
        ids = [self.aviary.id_of(object_name, key) for key in KEYS]
        if object_name == "vault":
            ids += [self.aviary.binned["north"]["id"]]
        return ids

    def _other_ids(self, path: str) -> list[str]:
        if path.startswith("/api/files"):
            return list(self.aviary.files.values())
        if path.startswith("/submissions/"):
            return [NOTHING]
        if path.startswith("/colleagues/"):
            return list(self.aviary.users.values())
        if "/people/" in path:  # and nobody is signed out
            return [NOTHING] if path.endswith("/sessions") else list(self.aviary.users.values())
        for kind in (
            "processes/runs",
            "processes/tasks",
            "gantts",
            "approvals",
            "drafts",
            "deliveries",
            "events",
            "given-up",
            "plans",
            "notifications",
            "tokens",
            "sessions",
            "runs",
            "jobs",
            "changes",
            "links",
            "change-sets",
            "mails",
        ):
            if f"/{kind}/" in path:
                return self.aviary.ids.get(kind, []) or [NOTHING]
        raise Unsaid(f"{path}: what stands for {{id}}?")

    def _names(self, path: str) -> Iterable[str]:
        if path.endswith("/actions/{name}"):
            return ACTIONS
        if "/{kind}/{name}" in path or path.startswith("/o/{object}/views/"):
            return ("*",)
        for start, names in NAMES.items():
            if path.startswith(f"{start}/"):
                return names
        raise Unsaid(f"{path}: what stands for {{name}}?")

    def _queries(self, endpoint: Endpoint, parts: dict[str, str]) -> Iterator[str]:
        if endpoint.inside:
            yield f"change_set={self.aviary.ids['change-sets'][0]}"
        if endpoint.path == WHY:
            yield from (f"field={name}" for name in FIELDS[parts["object"]])
        elif endpoint.path == ACCESS:
            yield f"user={self.aviary.users['clerk']}"
        else:
            yield ""
        if endpoint.path == MODEL:
            yield from self._samples(parts["object"])
        yield from QUERIES.get(endpoint.path, {}).get(parts.get("object", ""), ())
        yield from PLAIN_QUERIES.get(endpoint.path, ())

    def _samples(self, object_name: str) -> Iterator[str]:
        """A record whose values are asked for, itself or as one of a collection."""
        for key in KEYS:
            yield f"record={self.aviary.id_of(object_name, key)}"
            for holder in ("house", "contract", "vault"):
                yield f"holder={holder}:{self.aviary.id_of(holder, key)}"

    def _writes(self, endpoint: Endpoint, path: str, parts: dict[str, str]) -> Iterator[Request]:
        key = f"{endpoint.method} {endpoint.path}"
        if key not in BODIES:
            raise Unsaid(f"{key}: what is sent to it?")
        for sent in BODIES[key](self.aviary, parts):
            yield self._sent(endpoint, path, sent)

    def _sent(self, endpoint: Endpoint, path: str, sent: Sent) -> Request:
        token, headers = self.headers.get("x-csrf-token", ""), dict(sent.headers)
        if sent.form:
            form = [(p[0], token) if p[1:] == ("@csrf",) else p for p in sent.form]
            body, kind = multipart(*form)
            headers |= kind
        elif endpoint.form and endpoint.page:
            body = urlencode({"csrf": token, **(sent.body or {})}).encode()
            headers["content-type"] = "application/x-www-form-urlencoded"
        else:
            body = b"" if sent.body is None else orjson.dumps(sent.body)
            headers["content-type"] = "application/json"
        return Request(endpoint.method, path, _query(sent.query), body, headers)


def _query(text: str) -> str:
    text = text.replace("@now", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    pairs = [part.partition("=") for part in text.split("&") if part]
    return urlencode([(name, value) for name, _, value in pairs])


def _fitting(endpoint: Endpoint, parts: dict[str, str]) -> Iterator[dict[str, str]]:
    """Names of documents of the kind that stands before them."""
    if parts.get("name") != "*":
        yield parts
        return
    for name in DOCUMENTS.get(parts.get("kind", ""), ("nothing",)):
        yield {**parts, "name": name}
