"""What the browser needs to design a template: the object, and the languages it may speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale

from fluvial.http.call import Call
from fluvial.pages.designers import Designer

from .letter_trials import languages


def context(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    session = call.session
    name = str(body.get("for", ""))
    type_ = session.catalog.objects.get(name)
    readable = session.access.readable()
    site = Locale.parse(call.engine.settings.locale)
    return {
        "object": name if type_ is not None else "",
        "label": type_.label if type_ is not None else "",
        "objects": [{"name": one.name, "label": one.label} for one in readable],
        "language": site.get_language_name(site.language) or site.language,
        "languages": languages(call),
    }


DESIGNER = Designer("template", context)
