"""Trying a rule while it is designed, saved or not: what it would do, in words, and to what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from fluvial.auth.access import Access
from fluvial.http.call import Answer, Call
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.ids import is_id
from fluvial.kernel.problems import Forbidden, Unprocessable, fault
from fluvial.metadata_changes import apply
from fluvial.pages.presenters import references, said
from fluvial.pages.reader_format import ReaderFormat, format_of, parse_moment, record_href
from fluvial.services import mail
from metamodel.document_files import document_of
from metamodel.documents import SITE
from metamodel.errors import MetadataError
from metamodel.folding import free_name, humanise

from . import effect_words, trial
from .compilation import compiled
from .effect_kinds import EFFECT_KINDS
from .effects import POSTED
from .made_words import lines_told
from .model import Rule
from .run_pages import OUTCOMES

Json = dict[str, Any]
DAYS = 30
NOT_SET_OFF = ("This change does not set it off", "")
EVENTS = {"created": "created", "updated": "changed", "deleted": "deleted", "restored": "restored"}


def _asked(call: Call, *known: str) -> tuple[Rule, Json]:
    """The rule of a body, saved or not, as far as its author may let it do all of that."""
    given = call.json_object("body", *known)
    body = given.get("body")
    if not isinstance(body, dict) or any(name.startswith("$") for name in body):
        message = "Send the whole rule as `body`, without words for layers such as `$delete`."
        raise Unprocessable(message, errors=[fault("/body", "required", message)])
    name = free_name("trial", set(call.session.catalog.of("rule")), "rule")
    whole = {**body, "kind": "rule", "name": name}
    change = apply.MetadataChange({("rule", name): whole})
    apply.plan(call.session, change)
    if change.beyond:
        raise Forbidden(f"You may not try this rule. {change.beyond[0].message}")
    try:
        document = document_of(whole, kind="rule", name=name, layer=SITE)
    except MetadataError as error:
        raise apply.refused(error) from error
    rule = compiled(document, call.session.catalog)
    if rule is None:
        raise Unprocessable("This rule has faults. Fix them first.")
    return rule, given


def try_it(call: Call) -> Answer:
    call.only()
    rule, given = _asked(call, "record", "change")
    if not rule.trigger.object:
        raise Unprocessable("This rule does not handle a record, so it cannot be tried out.")
    record, change = given.get("record"), given.get("change")
    if not is_id(record):
        raise Unprocessable("Choose the record to try it on.")
    if change is not None and not isinstance(change, dict):
        raise Unprocessable("`change` must be an object of fields and values.")
    found = trial.dry_run(call.session, rule, str(record), change or None)
    fmt = format_of(call.session)
    made = [_wanted(fmt, rule, one) for one in found["effects"]]
    fmt.names.load()
    outcome, tone = OUTCOMES.get(found["outcome"], NOT_SET_OFF)
    return Answer.json(
        {
            "outcome": outcome,
            "tone": tone,
            "lines": found["lines"],
            "effects": [_told(fmt, call.session.access, rule, one) for one in made],
        }
    )


def _wanted(fmt: ReaderFormat, rule: Rule, effect: Json) -> Json:
    """Ask for the titles that its words need."""
    if effect["kind"] == "in_app":
        fmt.names.want([("user", effect["target"])])
    elif effect["kind"] == "set":
        field = fmt.catalog.objects[rule.trigger.object].fields[effect["target"]]
        fmt.names.want(references(field, [effect["value"]]))
    return effect


def _told(fmt: ReaderFormat, access: Access, rule: Rule, effect: Json) -> Json:
    """One effect in words, with what would be sent."""
    kind = effect["kind"]
    told: Json = {"kind": kind, "icon": effect_words.icon_of(kind, "pencil")}
    if kind in ("email", "in_app"):
        words = "Mails" if kind == "email" else "Notifies"
        told["text"] = f"{words} {effect_words.target(fmt, {'payload': {}, **effect})}"
        told["subject"] = effect.get("subject", "")
        told["said"] = mail.as_text(effect["html"]).strip() if "html" in effect else ""
        told["fault"] = effect.get("fault", "")
    elif kind in POSTED:
        told["text"] = (
            f"{EFFECT_KINDS[kind].does} {effect_words.endpoint_label(fmt, effect['target'])}"
        )
        told["body"] = orjson.dumps(effect["body"], option=orjson.OPT_INDENT_2).decode()
    elif kind == "set":
        field = fmt.catalog.objects[rule.trigger.object].fields[effect["target"]]
        told["text"] = f"Sets {field.label} to {said(field, effect['value'], fmt) or 'empty'}"
    elif kind == "refuse":
        told["text"] = f"Refuses the save: {effect['message']}"
        told["icon"] = "x"
    else:
        told["text"] = _changed(fmt, effect)
        told["lines"] = lines_told(fmt, access, effect)
    return told


def _changed(fmt: ReaderFormat, effect: Mapping[str, Any]) -> str:
    type_ = fmt.catalog.objects.get(str(effect.get("object", "")))
    label = type_.label.lower() if type_ else humanise(str(effect.get("object", ""))).lower()
    verb = EFFECT_KINDS[effect["kind"]].does
    return f"{verb} the {label} {effect.get('title') or ''}".rstrip()


def replay(call: Call) -> Answer:
    """Which records would have set it off in the last days."""
    call.only()
    rule, given = _asked(call, "days")
    days = given.get("days", DAYS)
    if not isinstance(days, int) or isinstance(days, bool) or not 1 <= days <= trial.MAX_DAYS:
        message = f"`days` must be a whole number from 1 to {trial.MAX_DAYS}."
        raise Unprocessable(message, errors=[fault("/days", "out_of_range", message)])
    found, fmt = trial.replay(call.session, rule, days), format_of(call.session)
    object_name = rule.trigger.object
    fmt.names.want((object_name, run["record"]) for run in found["runs"])
    fmt.names.load()
    runs = []
    for run in reversed(found["runs"]):
        title = fmt.names.title(object_name, run["record"])
        if title is not None:  # the others are gone, or not for this person
            href = record_href(object_name, run["record"])
            runs.append(
                {
                    "title": title or "no title",
                    "href": href,
                    "event": EVENTS.get(run["event"], run["event"]),
                    "when": fmt.moment(parse_moment(run["at"])),
                    "lines": run["lines"],
                }
            )
    count = {name: found[name] for name in ("days", "changes", "considered", "would_run")}
    return Answer.json({**count, "runs": runs})


ENDPOINTS = (
    Endpoint(
        "POST", "/studio/rules/try", try_it, Policy.META_WRITE, "What a rule would do.", page=True
    ),
    Endpoint(
        "POST",
        "/studio/rules/replay",
        replay,
        Policy.META_WRITE,
        "Which records would have set a rule off.",
        page=True,
    ),
)
