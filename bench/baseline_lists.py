"""The hand-written application's lists: pages, their number, sums by status, and one board."""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import defaultdict
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from bench.baseline_fields import FIELDS, HIDDEN, STATUSES, SYSTEM, Problem, amount, moment
from bench.baseline_http import answer, authenticate, store, visible
from bench.baseline_store import Actor, Page, Record

MAX_LIMIT = 500
MAX_COUNT = 1_000  # of the cards of a column
MAX_WORDS = 8
PAGE_PARAMETERS = frozenset(
    {"status", "due_from", "due_before", "fee_over", "search", "sort", "limit", "cursor", "fields",
     "total"}
)  # fmt: skip
SUMMARY = {"group": "status", "measure": "count,sum(fee)"}
SORTS = (None, "due", "created_at")

_WORD = re.compile(r"[^\W_]+")


def wanted_fields(actor: Actor, text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = text.split(",")
    known = {*SYSTEM, *FIELDS, "member.name"} - HIDDEN[actor.role]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Problem(400, f"There is no field {unknown[0]!r}.")
    return ["id", "rev", *("member" if name == "member.name" else name for name in names)]


def words_of(text: str | None) -> list[str] | None:
    if text is None:
        return None
    if not text:
        raise Problem(422, "Search for a word.")
    parted = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in parted if not unicodedata.combining(letter))
    return _WORD.findall(plain)[:MAX_WORDS]


def asked_page(query: dict[str, str]) -> Page:
    unknown = query.keys() - PAGE_PARAMETERS
    if unknown:
        raise Problem(400, f"There is no parameter {min(unknown)!r}.")
    status, sort = query.get("status"), query.get("sort")
    if status is not None and status not in STATUSES:
        raise Problem(422, f"A status is one of {', '.join(STATUSES)}.")
    key = sort.removeprefix("-") if sort else None
    if key not in SORTS:
        raise Problem(422, "Sort by due or created_at, with a minus for the last ones first.")
    if query.get("total", "exact") != "exact":
        raise Problem(422, "total is exact.")
    return Page(
        status=status,
        due_from=moment(query["due_from"]) if "due_from" in query else None,
        due_before=moment(query["due_before"]) if "due_before" in query else None,
        fee_over=amount(query["fee_over"]) if "fee_over" in query else None,
        words=words_of(query.get("search")),
        sort=key,
        descending=bool(sort) and sort != key,
        limit=asked_limit(query),
        after=read_cursor(query.get("cursor"), key),
        with_member="member.name" in query.get("fields", "").split(","),
    )


def asked_limit(query: dict[str, str]) -> int:
    limit = query.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MAX_LIMIT):
        raise Problem(422, f"limit is a number from 1 to {MAX_LIMIT}.")
    return int(limit)


def read_cursor(text: str | None, sort: str | None) -> list[str] | None:
    if text is None:
        return None
    try:
        *value, id = orjson.loads(urlsafe_b64decode(text))
        if len(value) != (sort is not None):
            raise ValueError
        return [*map(str, value), str(UUID(id))]
    except (ValueError, TypeError, AttributeError):
        raise Problem(422, "The cursor is not one of ours.") from None


def write_cursor(record: Record, sort: str | None) -> str:
    place = [record["id"]] if sort is None else [record[sort], record["id"]]
    return urlsafe_b64encode(orjson.dumps(place, option=orjson.OPT_UTC_Z)).decode()


def page(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    query = dict(request.query_params)
    asked = asked_page(query)
    fields = wanted_fields(actor, query.get("fields"))
    records = store().page(actor, asked)
    more = len(records) > asked.limit
    records = records[: asked.limit]
    cursor = write_cursor(records[-1], asked.sort) if more else None
    if fields is None:
        records = [visible(actor, record) for record in records]
    else:
        records = [{name: record[name] for name in fields} for record in records]
    body: dict[str, Any] = {"data": records, "next": cursor}
    if "total" in query:
        body["total"] = store().count(actor, asked)
    return answer(body)


def summary(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    if dict(request.query_params) != SUMMARY:
        raise Problem(422, "The summary is of count and sum(fee) by status.")
    return answer({"data": store().summary(actor)})


def board(request: Request) -> Response:
    actor = authenticate(request, "records:read")
    query = dict(request.query_params)
    if query.get("total", "exact") != "exact":
        raise Problem(422, "total is exact.")
    limit, exact = asked_limit(query), "total" in query
    counts = store().counts(actor, None if exact else MAX_COUNT + 1)
    cards: dict[str, list[Record]] = defaultdict(list)
    for card in store().cards(actor, limit + 1):
        cards[card["status"]].append(card)
    columns = []
    for status in STATUSES:
        shown = cards[status][:limit]
        more = len(cards[status]) > limit
        capped = not exact and counts[status] > MAX_COUNT
        columns.append(
            {
                "value": status,
                "label": status.capitalize(),
                "count": MAX_COUNT if capped else counts[status],
                "capped": capped,
                "records": shown,
                "next": write_cursor(shown[-1], "due") if more else None,
            }
        )
    return answer({"name": "desk", "columns": columns})
