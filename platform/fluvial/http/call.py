"""A call: one request on its way through the engine, and the answer that it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import quote

import orjson
from starlette.datastructures import FormData, UploadFile

from fluvial.auth.actors import Actor
from fluvial.auth.people import Caller
from fluvial.kernel.lazy import lazily
from fluvial.kernel.problems import Problem, fault
from fluvial.metadata_changes.metadata_drafts import Trial
from fluvial.records.change_sets.set_records import SetRecord
from fluvial.records.change_sets.writes import KeptWrites, Writes
from fluvial.runtime.engine import Engine
from fluvial.runtime.session import Session

from .bodies import read_json, read_query

COOKIE = "fluvial"
_ADDRESS = "/?#[]@!$&'()*+,;=:%-._~"  # stands in an address as it is; the rest is written in %XX
JSON_TYPE = "application/json"
PROBLEM_TYPE = "application/problem+json"


def _dumped(value: Any) -> bytes:
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z)


@dataclass
class Answer:
    """What goes back. Headers are (name, value); the length is added by the server."""

    status: int = 200
    body: bytes = b""
    type: str = JSON_TYPE
    headers: list[tuple[str, str]] = field(default_factory=list)
    stream: Iterator[bytes] | None = None  # parts in place of a body
    executor: Executor | None = None  # where the parts are made; it has one thread
    next: Callable[[], Answer] | None = None  # does a portion of the work that leads to the answer

    @staticmethod
    def json(value: Any, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Answer:
        return Answer(status, _dumped(value), JSON_TYPE, list(headers))

    def of_type(self, type_: str) -> Answer:
        return replace(self, type=type_)

    @staticmethod
    def html(text: str, status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Answer:
        return Answer(status, text.encode(), "text/html; charset=utf-8", list(headers))

    @staticmethod
    def redirect(address: str, status: int = 303) -> Answer:
        return Answer(status, b"", "text/plain", [("location", quote(address, safe=_ADDRESS))])

    @staticmethod
    def empty(status: int = 204) -> Answer:
        return Answer(status)

    @staticmethod
    def problem(problem: Problem) -> Answer:
        body = _dumped(problem.body())
        return Answer(problem.status, body, PROBLEM_TYPE, list(problem.headers.items()))


@dataclass
class Call:
    """A request. `session` and `identity` are there once the caller is known."""

    engine: Engine
    method: str
    path: str
    raw_query: bytes
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    params: Mapping[str, str]  # from the path
    client: str = ""  # the address that it comes from
    scheme: str = "http"  # that the client has used
    proxied: bool = False  # whether a trusted proxy has handed it on
    form: FormData | None = None  # of an endpoint that takes forms
    identity: Caller | None = None
    seen: Actor | None = None  # the person with whose rights the caller only looks
    session: Session = field(default=None, repr=False)  # type: ignore[assignment]
    trial: Trial | None = None  # the draft of metadata that the caller tries
    draft_fault: str = ""  # why the draft that the caller would try cannot be tried
    change_set: str = ""  # the id of the one inside which it works
    inside: SetRecord | None = None
    kept: KeptWrites | None = None  # of a call whose writes are kept in it

    @property
    def writes(self) -> Writes:
        """What the call writes by: what is carried out, or kept in a change set."""
        return self.kept or Writes(self.session)

    @lazily
    def query(self) -> dict[str, str]:
        return read_query(self.raw_query)

    @cached_property
    def cookies(self) -> dict[str, str]:
        header = self.headers.get("cookie", "")
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        except CookieError:
            return {}

    def rewind(self) -> None:
        """Files that were read are read again from their beginning."""
        for value in self.form.values() if self.form is not None else ():
            if isinstance(value, UploadFile):
                value.file.seek(0)

    def json(self) -> Any:
        return read_json(self.body)

    def json_object(self, *known: str) -> dict[str, Any]:
        """The body, which is a JSON object; with `known`, of these members only."""
        value = self.json()
        if not isinstance(value, dict):
            raise Problem("Send a JSON object.")
        if known:
            errors = [
                fault(f"/{name}", "unknown_member", f"`{name}` is not a member here.")
                for name in value
                if name not in known
            ]
            if errors:
                raise Problem(errors[0]["message"], errors=errors)
        return value

    def only(self, *known: str) -> dict[str, str]:
        """The parameters of the address; ones that are not known are refused."""
        errors = [
            fault(name, "unknown_parameter", f"`{name}` is not a parameter here.")
            for name in self.query
            if name not in known
        ]
        if errors:
            raise Problem(errors[0]["message"], errors=errors)
        return self.query

    def flag(self, name: str) -> bool:
        """A parameter that is `true`, `false` or absent."""
        text = self.query.get(name, "false")
        if text not in ("true", "false"):
            message = f"`{name}` must be true or false."
            raise Problem(message, errors=[fault(name, "not_a_boolean", message)])
        return text == "true"

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A parameter that is a whole number in a range."""
        text = self.query.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            message = f"`{name}` must be a whole number from {low} to {high}."
            raise Problem(message, errors=[fault(name, "out_of_range", message)])
        return int(text)

    @property
    def base_url(self) -> str:
        """The address at which the caller reaches us."""
        settings = self.engine.settings
        host = self.headers.get("host", "")
        if self.proxied and host and not settings.base_given:
            return f"{self.scheme}://{host}"
        return settings.base_url

    @property
    def origin_host(self) -> str:
        """The host of the page that sent this, as the browser says; empty where it does not."""
        return self.headers.get("origin", "").partition("://")[2].lower()

    @property
    def rev(self) -> int | None:
        """The revision of `If-Match: "7"`; None without the header or for `*`."""
        header = self.headers.get("if-match")
        if header is None or header == "*":
            return None
        text = header.strip('"')
        if header != f'"{text}"' or not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Problem('`If-Match` must be the ETag of the record, such as "7".')
        return int(text)
