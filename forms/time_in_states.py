"""How long a record was in its states: a strip below its head, and a tab with all stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from fluvial.pages import reader_format as marks
from fluvial.pages.clock_words import length
from fluvial.pages.reader_format import ReaderFormat
from fluvial.pages.record_tabs import RecordTab, ShownOn
from fluvial.records.reading.state_spans import LoggedSpan, shown_spans
from metamodel.catalog import Field
from metamodel.expressions.chronology import seconds_between
from metamodel.folding import label_text
from metamodel.kinds.choice import label_of

from .shown_record import Context, Shown
from .timeline import rule_label

WIDTH = 828
LEAST = 6.0  # of a stay, so that it can be seen however short it was
MOST = 100  # stays of a strip: of more, the last ones


def state_strip(page: Shown) -> Context | None:
    """The context of `_states.html`: of the field of the states, or of the first other log."""
    logged = page.type.logged_fields
    spans = shown_spans(page.session, page.type.name, page.id) if logged else []
    state = page.type.states.field if page.type.states else ""
    shown = sorted({span.field for span in spans}, key=lambda name: (name != state, name))
    if not shown:
        return None
    field, now = page.type.fields[shown[0]], page.session.moment
    own = [span for span in spans if span.field == field.name]
    items = _items(page.fmt, field, own, now)
    told = ", ".join(f"{item['label']} {item['text']}" for item in items)
    return {
        "label": f"{field.label}: {told}.",
        "width": WIDTH,
        "parts": _parts(page.fmt, field, own[-MOST:], now),
        "totals": items,
    }


def _seconds(span: LoggedSpan, now: datetime) -> int:
    return max(seconds_between(span.span.until(now), span.begun), 0)


def _tone(field: Field, state: str) -> str:
    return marks.tone_of(next((o for o in field.type.options if o.name == state), None))


def _label(fmt: ReaderFormat, field: Field, state: str) -> str:
    return label_text(label_of(field, state, fmt.locale), fmt.locale)


def _parts(
    fmt: ReaderFormat, field: Field, spans: Sequence[LoggedSpan], now: datetime
) -> list[Context]:
    """The stays side by side; what the short ones are widened by, the others lose."""
    lengths = [_seconds(span, now) for span in spans]
    spare = WIDTH - LEAST * len(spans)
    whole = sum(lengths) or 1
    parts, x = [], 0.0
    for span, seconds in zip(spans, lengths, strict=True):
        width = LEAST + spare * (seconds / whole if sum(lengths) else 1 / len(spans))
        parts.append(
            {
                "x": round(x, 1),
                "width": round(max(width - 1.5, 1), 1),
                "tone": _tone(field, span.state),
                "title": f"{_label(fmt, field, span.state)}, {length(seconds)}",
            }
        )
        x += width
    return parts


def _items(
    fmt: ReaderFormat, field: Field, spans: Sequence[LoggedSpan], now: datetime
) -> list[Context]:
    """The states in the order in which they were entered first, with the time in each of them."""
    items = []
    for state in dict.fromkeys(span.state for span in spans):
        stays = [span for span in spans if span.state == state]
        text = length(sum(_seconds(span, now) for span in stays))
        if len(stays) > 1:
            text += f" ({len(stays)} times)"
        current = stays[-1].ended is None
        if current:
            text += f", since {fmt.ago(stays[-1].begun)}"
        items.append(
            {
                "label": _label(fmt, field, state),
                "tone": _tone(field, state),
                "text": text,
                "current": current,
            }
        )
    return items


def state_tabs(shown: ShownOn) -> list[RecordTab]:
    """The tab with every stay, where there is more to say than the strip does."""
    if not shown.type.logged_fields:
        return []
    spans = shown_spans(shown.session, shown.type.name, shown.id)
    if len(spans) < 2:
        return []
    return [
        RecordTab(
            "time_in_states",
            "Time in states",
            "_stays.html",
            lambda: _stays(shown, spans),
            count=f"{len(spans):,}",
        )
    ]


def _stays(shown: ShownOn, spans: Sequence[LoggedSpan]) -> Context:
    """The context of `_stays.html`: the newest first."""
    fmt = shown.fmt
    fmt.names.want([("user", span.by) for span in spans if span.by])
    fmt.names.load()
    several = len({span.field for span in spans}) > 1
    newest = sorted(spans, key=lambda span: (span.begun, span.rev), reverse=True)
    return {
        "several": several,
        "rows": [_stay(shown, span) for span in newest],
    }


def _stay(shown: ShownOn, span: LoggedSpan) -> Context:
    fmt, field = shown.fmt, shown.type.fields[span.field]
    name = fmt.names.title("user", span.by) if span.by else None
    return {
        "field": field.label,
        "state": marks.chip(_label(fmt, field, span.state), _tone(field, span.state)),
        "from": fmt.moment(span.begun),
        "until": "" if span.ended is None else fmt.moment(span.ended),
        "length": length(_seconds(span, shown.session.moment)),
        "by": marks.person(name) if name else Markup(),
        "cause": rule_label(shown.session, span.cause) if span.cause else "",
    }
