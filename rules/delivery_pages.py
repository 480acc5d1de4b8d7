"""The pages of what rules sent: mails, notifications and webhooks, sent again one by one or all."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from fluvial.events import outbox
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import NotFound, Unprocessable
from fluvial.pages.frame import Context, action, page, with_query
from fluvial.pages.reader_format import ReaderFormat, format_of
from fluvial.pages.sign_in import form_text
from metamodel.folding import humanise

from . import delivery_lists, effect_words, effects
from .delivery_lists import FILTERS, HERE
from .endpoint_troubles import troubles
from .run_pages import HERE as RUNS
from .run_pages import about, among, capped, options, rule_href, rule_options, tabs
from .seen_rules import rule_label, unseen

SHOWN = 50
LETTER = "Invitations and passwords"
AT_ONCE = 20  # portions of one press without scripts


def _filters(call: Call) -> dict[str, str]:
    return {
        "state": among(call, "state", effects.STATES),
        "kind": among(call, "kind", effects.SENT),
        "rule": call.query.get("rule", ""),
        "target": call.query.get("target", ""),
    }


def show(call: Call) -> Answer:
    call.only(*FILTERS, "cursor")
    session, fmt = call.session, format_of(call.session)
    filters = _filters(call)
    call.whole("cursor", 0, 0, 10_000_000)
    asked = filters if filters["kind"] else filters | {"kind": ""}
    found = effects.page(
        session.connection, asked, limit=SHOWN, before=call.query.get("cursor", "")
    )
    data = [one for one in found["data"] if one["kind"] in effects.SENT]
    _want(fmt, data)
    fmt.names.load()
    failed = _failed(call, filters)
    listed = {
        "tabs": tabs(call, HERE),
        "troubles": troubles(session, fmt),
        "action": HERE,
        "rules": rule_options(session, filters["rule"]),
        "states": options(effect_words.SENT_STATES, filters["state"]),
        "kinds": options(_kinds(), filters["kind"]),
        "target": filters["target"],
        "clear_href": HERE if any(filters.values()) else "",
        "count": capped(delivery_lists.count(session.connection, filters), delivery_lists.COUNTED),
        "failed": capped(failed, delivery_lists.COUNTED) if failed else "",
        "again": f"{HERE}/again",
        "kept": [{"name": name, "value": filters[name]} for name in FILTERS if filters[name]],
        "items": [_item(call, fmt, one) for one in data],
        "more_href": with_query(HERE, **filters, cursor=found["next"]) if found["next"] else "",
    }
    return page(
        call, "deliveries.html", "What rules sent", crumbs=[("Studio", "/studio")],
        here=RUNS, deliveries=listed,
    )  # fmt: skip


def _kinds() -> dict[str, tuple[str, str]]:
    return {name: (label, "") for name, label in effect_words.sent_kinds().items()}


def _failed(call: Call, filters: Mapping[str, str]) -> int:
    """How many of those that are shown can be sent again, for those who may do so."""
    if not call.session.access.admin or filters["state"] in (effects.PENDING, effects.DONE):
        return 0
    states = [filters["state"]] if filters["state"] else [effects.FAILED, effects.DEAD]
    connection = call.session.connection
    return sum(delivery_lists.count(connection, {**filters, "state": state}) for state in states)


def _want(fmt: ReaderFormat, found: list[dict[str, Any]]) -> None:
    effect_words.want(fmt, found)
    fmt.names.want((one["object"], one["record"]) for one in found if one["object"])


def _unseen(call: Call, rule: str) -> str:
    """Letters of the product have no rule; they are for administrators."""
    if not rule:
        return "" if call.session.access.admin else "Only administrators see these mails."
    return unseen(call.session, rule)


def _item(call: Call, fmt: ReaderFormat, one: dict[str, Any]) -> Context:
    hidden = _unseen(call, one["rule"])
    state, tone = effect_words.state_of(one)
    again = call.session.access.admin and one["state"] != effects.PENDING
    return {
        "href": "" if hidden else f"{HERE}/{one['id']}",
        "icon": effect_words.icon_of(one["kind"]),
        "kind": effect_words.sent_kinds()[one["kind"]],
        "target": "" if hidden else effect_words.target(fmt, one),
        "rule": rule_label(call.session.catalog, one["rule"]) if one["rule"] else LETTER,
        "about": about(fmt, one["object"], one["record"]),
        "state": state,
        "tone": tone,
        "error": "" if hidden else one["error"] or "",
        "attempts": _attempts(one["attempts"]),
        "when": fmt.ago(_moment(one["at"])),
        "at": one["at"],
        "again": f"{HERE}/{one['id']}/again" if again else "",
    }


def _attempts(count: int) -> str:
    return "" if count < 2 else f"{count} attempts"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def show_one(call: Call) -> Answer:
    call.only()
    found, fmt = _delivery(call), format_of(call.session)
    _want(fmt, [found])
    fmt.names.load()
    hidden = _unseen(call, found["rule"])
    if hidden:
        raise NotFound("There is no such delivery, or you may not see it.")
    state, tone = effect_words.state_of(found)
    shown = {
        **_item(call, fmt, found),
        "address": found["target"] if found["kind"] == "email" else "",
        "rule_href": rule_href(call.session, found["rule"]),
        "state": state,
        "tone": tone,
        "when": fmt.full(_moment(found["at"])),
        "done": fmt.full(_moment(found["done_at"])) if found["done_at"] else "",
        "next": fmt.full(_moment(found["next_at"]))
        if found["next_at"] and found["state"] == effects.PENDING
        else "",
        "answer": found["response"] or "",
        **_content(found),
    }
    menu = [action("Send again", shown["again"], "refresh", post=True)] if shown["again"] else []
    return page(
        call, "delivery.html", f"{shown['kind']} to {shown['target']}",
        crumbs=[("Studio", "/studio"), ("What rules sent", HERE)], here=RUNS, menu=menu,
        delivery=shown,
    )  # fmt: skip


def _delivery(call: Call) -> dict[str, Any]:
    effect = call.params["id"]
    found = effects.one(call.session.connection, effect) if is_id(effect) else None
    if found is None or found["kind"] not in effects.SENT:
        raise NotFound("There is no such delivery.")
    return found


def _content(found: Mapping[str, Any]) -> Context:
    """What was sent, as far as it is written: a text with its subject, or a body as JSON."""
    if found["kind"] in effects.POSTED:
        message = found["payload"].get("message", {})
        body = orjson.dumps(message, option=orjson.OPT_INDENT_2).decode()
        return {"subject": "", "text": "", "body": body}
    if found["kind"] == "email" and found["content"]:
        message = email.message_from_string(found["content"], policy=email.policy.default)
        part = message.get_body(("plain",))
        text = part.get_content() if part is not None else ""
        return {"subject": str(message["subject"] or ""), "text": text, "body": ""}
    return {"subject": str(found["payload"].get("subject") or ""), "text": "", "body": ""}


def again(call: Call) -> Answer:
    """One delivery once more, with the same id and the same bytes."""
    found, session = _delivery(call), call.session
    with session.connection.transaction():
        effects.again(session.connection, found["id"])
        if found["kind"] in effects.POSTED:
            effects.switch_on(session.connection, found["target"])
        session.engine.woken(session.connection, effects.WORK)
    return _back(call, f"{HERE}/{found['id']}")


def _back(call: Call, href: str) -> Answer:
    """To a page of these from which it was pressed, and to no other."""
    origin = call.base_url
    came = call.headers.get("referer", "").removeprefix(origin)
    known = came.startswith((HERE, RUNS)) and "again" not in came
    return Answer.redirect(came if known else href)


def again_all(call: Call) -> Answer:
    """Those that failed, in portions; a script asks for one after the other and shows progress."""
    filters = {name: form_text(call, name) for name in FILTERS}
    if filters["kind"] and filters["kind"] not in effects.SENT:
        raise Unprocessable(f"`kind` must be one of {', '.join(effects.SENT)}.")
    if "application/json" in call.headers.get("accept", ""):
        done = delivery_lists.failed_again(call.session, filters)
        return Answer.json({"again": done, "more": done == delivery_lists.PORTION})
    for _ in range(AT_ONCE):
        if delivery_lists.failed_again(call.session, filters) < delivery_lists.PORTION:
            break
    return Answer.redirect(with_query(HERE, **{**filters, "state": ""}))


def ask_now(call: Call) -> Answer:
    name = call.params["name"]
    if name not in call.session.catalog.of("endpoint"):
        raise NotFound(f"There is no endpoint `{name}`.")
    delivery_lists.ask_now(call.session, name)
    return _back(call, with_query(HERE, target=name))


def show_given_up(call: Call) -> Answer:
    call.only()
    session, fmt = call.session, format_of(call.session)
    rows = outbox.quarantined(session.connection)
    fmt.names.want((row["object"], row["record"]) for row in rows)
    fmt.names.load()
    here = f"{RUNS}/given-up"
    given_up = {
        "tabs": tabs(call, here),
        "count": capped(len(rows), 499),
        "again": f"{here}/again" if session.access.admin else "",
        "items": [
            {
                "about": about(fmt, row["object"], row["record"]),
                "event": humanise(row["event"].partition(":")[0]),
                "rule": rule_label(session.catalog, row["event"].partition(":")[2])
                if ":" in row["event"]
                else "",
                "error": row["error"] if session.access.admin else "",
                "when": fmt.ago(row["at"]),
                "at": row["at"].isoformat(),
                "again": f"{here}/{row['id']}/again" if session.access.admin else "",
            }
            for row in rows
        ],
    }
    return page(
        call, "given_up.html", "Events given up", crumbs=[("Studio", "/studio")], here=RUNS,
        given_up=given_up,
    )  # fmt: skip


def event_again(call: Call) -> Answer:
    event = call.params["id"]
    if not is_id(event) or not outbox.again(call.session, event):
        raise NotFound("No event with this id was given up.")
    return Answer.redirect(f"{RUNS}/given-up")


def events_again(call: Call) -> Answer:
    for row in outbox.quarantined(call.session.connection):
        outbox.again(call.session, row["id"])
    return Answer.redirect(f"{RUNS}/given-up")


def _post(path: str, handler: Any, about: str) -> Endpoint:
    return Endpoint("POST", path, handler, Policy.ADMIN, about, page=True, form=True)


_GIVEN_UP = f"{RUNS}/given-up"

ENDPOINTS = (
    Endpoint("GET", HERE, show, Policy.META_READ, "What rules sent.", page=True),
    Endpoint("GET", f"{HERE}/{{id}}", show_one, Policy.META_READ, "One delivery.", page=True),
    Endpoint("GET", _GIVEN_UP, show_given_up, Policy.META_READ, "Events given up.", page=True),
    _post(f"{HERE}/again", again_all, "Send all that failed again."),
    _post(f"{HERE}/{{id}}/again", again, "Send it again."),
    _post(f"{HERE}/endpoints/{{name}}/now", ask_now, "Send what waits for an endpoint now."),
    _post(f"{_GIVEN_UP}/again", events_again, "Try all events that were given up again."),
    _post(f"{_GIVEN_UP}/{{id}}/again", event_again, "Try an event again."),
)
