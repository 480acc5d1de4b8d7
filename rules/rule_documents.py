"""The document kinds of this folder: rule, endpoint, template and hook."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson

from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document, DocumentKind
from metamodel.reach import whole_unit

from .action_kinds import DEFINITIONS, register_action
from .built_in_actions import BUILT_IN
from .compilation import compile_rule
from .hooks import check_hook
from .rule_reach import hook_acts, rule_acts, rule_unit
from .template_channels import SCHEMA
from .template_check import check_endpoint, check_template


def _schema(name: str) -> Any:
    return orjson.loads((files("rules.schemas") / f"{name}.json").read_bytes())


def _rule_schema() -> Any:
    """With the actions of this folder; those of other features join its definitions."""
    schema = _schema("rule")
    DEFINITIONS.update(schema["$defs"])
    for kind in BUILT_IN:
        register_action(kind)
    return {**schema, "$defs": DEFINITIONS}


def check_rule(document: Document, check: DocumentCheck) -> None:
    compile_rule(document, check)


RULE = DocumentKind(
    name="rule",
    folder="rules",
    schema=_rule_schema(),
    check=check_rule,
    acts=rule_acts,
    wide=True,
    unit=rule_unit,
    label="Rule",
    removable={"/on/object": "", "/on/date": "", "/on/timer": "", "/on/fields/*": "/on/fields/*"},
    about="Actions that run automatically: on an event, a date, a timer, a schedule or a button.",
    example={
        "kind": "rule",
        "name": "welcome",
        "label": "Welcome a new group",
        "on": {"object": "group", "event": "created"},
        "do": [{"notify": {"to": ["created_by"], "subject": "'There is a group ' & title"}}],
    },
)

ENDPOINT = DocumentKind(
    name="endpoint",
    folder="endpoints",
    schema=_schema("endpoint"),
    check=check_endpoint,
    unit=whole_unit,
    carries=True,
    label="Endpoint",
    about="An address that webhooks are sent to, and where the secret for signatures is kept.",
    example={
        "kind": "endpoint",
        "name": "desk",
        "url": "https://hooks.example.com/desk",
        "secret": {"env": "DESK_SECRET"},
    },
)


def start_template(type_: ObjectType) -> dict[str, Any]:
    """A letter that says what it is about."""
    title = f"{{{{ {type_.name}.title }}}}"
    return {"for": type_.name, "subject": title, "body": f"<p>{title}</p>"}


TEMPLATE = DocumentKind(
    name="template",
    folder="templates",
    schema=SCHEMA,
    check=check_template,
    start=start_template,
    wide=True,
    unit=whole_unit,
    label="Template",
    removable={"/for": "", "/as_of": "/as_of", "/tables/*": "/tables/*"},
    about="A mail, a notification or a printed document, with places for a record's values.",
    example={
        "kind": "template",
        "name": "group_made",
        "for": "group",
        "subject": "The group {{ group.name }}",
        "body": "<p><b>{{ group.name }}</b> was made on {{ group.created_at | date }}.</p>",
    },
    beside=("body", "css"),
)

HOOK = DocumentKind(
    name="hook",
    folder="hooks",
    schema=_schema("hook"),
    check=check_hook,
    acts=hook_acts,
    wide=True,
    unit=whole_unit,
    label="Hook",
    about="An address that other systems post to: each call creates or changes one record.",
    example={
        "kind": "hook",
        "name": "groups",
        "auth": "signature",
        "secret": {"env": "GROUPS_SECRET"},
        "object": "group",
        "map": {"name": "body.group.name"},
        "key": ["name"],
    },
)

KINDS = (RULE, ENDPOINT, TEMPLATE, HOOK)
