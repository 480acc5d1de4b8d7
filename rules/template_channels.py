"""The channels of templates: what a template is made into, and the way in for more.

The channels of this folder are mails and notifications. A feature brings others, with the members
that its templates have beside `for` and `body`, and what it checks of them:

    feature = Feature("reports", brings=(TEMPLATE_CHANNEL(DOCUMENT),))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import orjson

from fluvial.kernel.features import Seam
from metamodel.catalog import ObjectType
from metamodel.checks import DocumentCheck
from metamodel.documents import Document, forget_schemas


@dataclass(frozen=True)
class TemplateChannel:
    """One channel. Its members are of its templates alone."""

    name: str
    label: str
    members: Mapping[str, Any] = field(default_factory=dict)  # schemas by name
    # What its templates must have and may not have, beyond the schema.
    check: Callable[[Document, DocumentCheck, ObjectType], None] | None = None
    given: tuple[str, ...] = ()  # names that its texts know beside the record
    letter: bool = False  # whether it has a subject, and is sent to people by `notify`


SCHEMA: dict[str, Any] = orjson.loads((files("rules.schemas") / "template.json").read_bytes())
CHANNELS = {
    "email": TemplateChannel("email", "E-mail", letter=True),
    "in_app": TemplateChannel("in_app", "In the product", letter=True),
}
USUAL = "email"


def channel_of(template: Mapping[str, Any]) -> TemplateChannel:
    return CHANNELS.get(str(template.get("channel", USUAL)), CHANNELS[USUAL])


def register_channel(channel: TemplateChannel) -> None:
    """Add a channel, before the first catalog is built."""
    there = CHANNELS.get(channel.name)
    if there is channel:
        return
    if there is not None:
        raise ValueError(f"The channel {channel.name!r} already exists.")
    CHANNELS[channel.name] = channel
    properties = SCHEMA["properties"]
    properties["channel"]["enum"].append(channel.name)
    properties["channel"]["x-editor"]["words"][channel.name] = channel.label
    properties |= channel.members
    forget_schemas()


TEMPLATE_CHANNEL: Seam[TemplateChannel] = Seam("a channel of templates", register_channel)


def check_members(document: Document, check: DocumentCheck) -> None:
    """Members of other channels, and the subject that letters need."""
    channel = channel_of(document.body)
    for other in CHANNELS.values():
        for name in other.members:
            if name in document.body and name not in channel.members:
                message = f"`{name}` is only for `channel: {other.name}`."
                check.fault(f"/{name}", "other_channel", message, "Remove it, or add the channel.")
    if not channel.letter:
        for name in ("subject", "as_of"):
            if name in document.body:
                message = f"A template with `channel: {channel.name}` has no `{name}`."
                check.fault(f"/{name}", "other_channel", message, "Remove it.")
    elif "subject" not in document.body:
        message = "`subject` is required: it is the subject of the mail."
        check.fault("/subject", "required", message, "Add it.")
