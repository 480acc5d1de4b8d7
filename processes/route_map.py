"""The route map: a process drawn as SVG, with what a run has passed and where it stands.

Colours are the variables of the pages, so that a map in a page follows their theme; a map that
stands alone brings their values along, for light and dark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape as escaped

from .definition import END, START, Process
from .route_layout import Arrow, Box, RouteLayout, lay_out

LINE, LABEL = 24, 20  # letters in a line of the words of a route, and of the label of a stage
WIDE, SMALLEST = 460.0, 0.86  # maps that are wider are drawn smaller, as far as they can be read
COLOURS = {  # light, dark
    "bg": ("#ffffff", "#131618"), "sunk": ("#f7f8f8", "#0f1214"),
    "line-2": ("#cbd2d4", "#3d454a"), "field": ("#8b979b", "#6d787d"),
    "ink": ("#14191b", "#e8ecec"), "ink-2": ("#465156", "#b0babd"),
    "good": ("#1a7142", "#63c892"), "good-t": ("#e4f3ea", "#12301f"),
    "bad": ("#b42318", "#f3948a"), "bad-t": ("#fdebe9", "#3b1a17"),
    "accent": ("#0a6885", "#5ab4d1"),
}  # fmt: skip
PASSED, CURRENT, WAITS, LEFT, AHEAD = "passed", "current", "waits", "left", "ahead"
WORDS = {
    PASSED: "done", CURRENT: "in progress", WAITS: "waiting for other branches",
    LEFT: "left without being done", AHEAD: "not reached",
}  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """How a run stands at a stage, and the words below its name."""

    state: str
    words: str = ""


def draw(
    process: Process,
    marks: Mapping[str, Mark] | None = None,
    *,
    ended: str = "",
    alone: bool,
    handles: bool = False,
) -> str:
    """The map; `ended` is how the run has ended, `alone` whether it stands in no page, `handles`
    whether its routes are to be taken hold of. In pages a wide one is drawn a little smaller."""
    layout = lay_out(process)
    known = marks or {}
    label = _plain(_described(process, known))
    width, height = f"{layout.width:.0f}", f"{layout.height:.0f}"
    shown = 1.0 if alone or handles else max(SMALLEST, min(1.0, WIDE / layout.width))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{layout.width * shown:.0f}" height="{layout.height * shown:.0f}" role="img" '
        f'aria-label="{label}" '
        'font-family="var(--font, system-ui, sans-serif)" font-size="12.5">',
        _style() if alone else "",
        f'<rect width="{width}" height="{height}" fill="{_colour("bg")}"/>' if alone else "",
        *_arrows(layout, handles=handles),
        *(_box(process, box, known, ended) for box in layout.boxes.values()),
        "</svg>",
    ]
    return "".join(parts)


def _plain(text: str) -> str:
    """A text as XML takes it, which has no place for controls."""
    return escaped("".join(one if one.isprintable() else " " for one in text), quote=True)


def _described(process: Process, marks: Mapping[str, Mark]) -> str:
    """The map in words, for those who do not see it."""
    told = [
        f"{stage.label} ({WORDS[marks[name].state]})" if name in marks else stage.label
        for name, stage in process.stages.items()
    ]
    return f"Route map of {process.label}: {', '.join(told)}"


def _style() -> str:
    light = "".join(f"--{name}:{pair[0]};" for name, pair in COLOURS.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in COLOURS.items())
    return f"<style>svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}</style>"


def _colour(name: str) -> str:
    return f"var(--{name}, {COLOURS[name][0]})"


def _head(arrow: Arrow) -> str:
    """The head of an arrow: drawn, because what a page shows of a map may not have ids."""
    (before_x, before_y), (x, y) = arrow.points[-2:]
    if arrow.back and abs(before_x - x) > abs(before_y - y):
        side = 1 if before_x > x else -1
        shape = f"M{x:.1f} {y:.1f} l{side * 8} -4 v8z"
    else:
        shape = f"M{x:.1f} {y:.1f} l-4 -8 h8z"
    return f'<path d="{shape}" fill="{_colour("field")}"/>'


def _arrows(layout: RouteLayout, *, handles: bool) -> Iterator[str]:
    for arrow in layout.arrows:
        if arrow.to not in layout.boxes:
            continue
        dashed = ' stroke-dasharray="4 4"' if arrow.by_time else ""
        drawn = (
            f'<path d="{_path(arrow)}" fill="none" stroke="{_colour("field")}" '
            f'stroke-width="1.4"{dashed}/>{_head(arrow)}'
        )
        yield _held(arrow, drawn) if handles else drawn
    for arrow in layout.arrows:
        x, y = arrow.place
        for at, words in enumerate(arrow.words[:3]):
            shown = words if len(words) <= LINE else f"{words[: LINE - 1]}…"
            top = y + at * 14 - 7 * (len(arrow.words[:3]) - 1)
            yield (
                f'<text x="{x:.1f}" y="{top:.1f}" text-anchor="{arrow.anchor}" font-size="11.5" '
                f'fill="{_colour("ink-2")}" stroke="{_colour("bg")}" stroke-width="4" '
                f'paint-order="stroke">{_plain(shown)}</text>'
            )


def _held(arrow: Arrow, drawn: str) -> str:
    """A route with a wide line below it, which a pointer finds."""
    time = ' data-by-time=""' if arrow.by_time else ""
    return (
        f'<g data-from="{arrow.source}" data-to="{arrow.to}"{time}>'
        f'<path d="{_path(arrow)}" fill="none" stroke="transparent" stroke-width="14"/>{drawn}</g>'
    )


def _path(arrow: Arrow) -> str:
    points = arrow.points
    if arrow.back:
        return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    made = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x, y), (to_x, to_y) in zip(points, points[1:], strict=False):
        middle = (y + to_y) / 2
        made += f" C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
    return made


def _box(process: Process, box: Box, marks: Mapping[str, Mark], ended: str) -> str:
    if box.name in (START, END):
        return _dot(box, bool(marks), ended)
    mark = marks.get(box.name, Mark(AHEAD))
    stage = process.stages[box.name]
    left, top = box.x - box.width / 2, box.y
    fill, stroke, more = _looks(mark.state)
    lines = _wrapped(stage.label)
    words = mark.words
    base = top + box.height / 2 + 4.5 - (len(lines) - 1 + bool(words)) * 7.5
    texts = "".join(
        f'<text x="{box.x:.1f}" y="{base + at * 15:.1f}" text-anchor="middle" font-weight="550" '
        f'fill="{_colour("ink")}">{_plain(line)}</text>'
        for at, line in enumerate(lines)
    )
    if words:
        texts += (
            f'<text x="{box.x:.1f}" y="{base + len(lines) * 15:.1f}" text-anchor="middle" '
            f'font-size="11" fill="{_colour("ink-2")}">{_plain(words)}</text>'
        )
    shape = (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.0f}" height="{box.height:.0f}" '
        f'rx="8" fill="{_colour(fill)}" stroke="{_colour(stroke)}" {more}/>'
    )
    title = f"<title>{_plain(stage.label)}: {WORDS[mark.state]}</title>" if marks else ""
    return f'<g data-stage="{box.name}" data-state="{mark.state}">{title}{shape}{texts}' + (
        f"{_tick(left, top)}</g>" if mark.state == PASSED else "</g>"
    )


def _looks(state: str) -> tuple[str, str, str]:
    """Fill, line, and how the line is drawn."""
    return {
        PASSED: ("good-t", "good", 'stroke-width="1.4"'),
        CURRENT: ("bg", "bad", 'stroke-width="2.4" stroke-dasharray="7 4"'),
        WAITS: ("bg", "accent", 'stroke-width="1.6" stroke-dasharray="2 4"'),
        LEFT: ("bad-t", "bad", 'stroke-width="1.2"'),
    }.get(state, ("sunk", "line-2", 'stroke-width="1.4"'))


def _tick(left: float, top: float) -> str:
    return (
        f'<circle cx="{left:.1f}" cy="{top:.1f}" r="9" fill="{_colour("good")}"/>'
        f'<path d="M{left - 4:.1f} {top:.1f} l3 3.2 5.4-6.2" fill="none" '
        f'stroke="{_colour("bg")}" stroke-width="2" stroke-linecap="round"/>'
    )


def _dot(box: Box, at_work: bool, ended: str) -> str:
    radius, y = box.width / 2, box.y + box.height / 2
    reached = box.name == START or bool(ended)
    colour = "bad" if box.name == END and ended not in ("", "done") else "good"
    fill = colour if at_work and reached else "sunk"
    ring = colour if at_work and reached else "field"
    inner = ""
    if box.name == END:
        inner = (
            f'<circle cx="{box.x:.1f}" cy="{y:.1f}" r="{radius - 5:.1f}" fill="none" '
            f'stroke="{_colour("bg" if fill != "sunk" else "field")}" stroke-width="2"/>'
        )
    words = "Start" if box.name == START else "End"
    return (
        f'<g data-stage="{box.name}"><title>{words}</title><circle cx="{box.x:.1f}" cy="{y:.1f}" '
        f'r="{radius:.1f}" fill="{_colour(fill)}" stroke="{_colour(ring)}" stroke-width="1.6"/>'
        f"{inner}</g>"
    )


def _wrapped(label: str) -> list[str]:
    """A label in at most two lines."""
    lines = [""]
    for word in label.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= LABEL or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    return [one if len(one) <= LABEL else f"{one[: LABEL - 1].rstrip()}…" for one in lines]
