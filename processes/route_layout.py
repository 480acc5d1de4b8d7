"""Where the stages of a process stand on its map: in rows from the start to the end.

A layout of layers: loops are turned round, each stage stands below those that lead to it, the order
in a row is the one with the fewest crossings that sweeps find, and stages are moved towards what
they are connected with. Own code and no library: a process has at most a hundred stages, and the
same picture has to come out everywhere, also where nothing but Python runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from weakref import WeakKeyDictionary

from .definition import END, START, Process

WIDTH, HEIGHT = 176.0, 52.0  # of a stage
DOT = 26.0  # of the start and the end
GAP_X, GAP_Y = 26.0, 56.0
THIN = 14.0  # of a route that passes a row
LANE = 16.0  # between routes that lead back
LETTER = 6.2  # the width of a letter of the words of a route
LINE_HEIGHT = 14.0  # of these words
MARGIN = 16.0
SWEEPS, ROUNDS, MOST_SWAPPED = 12, 4, 60
_SHARES = {"start": 0.0, "middle": 0.5, "end": 1.0}  # how much of words stands before their place


@dataclass
class Box:
    """A stage, the start or the end; `passing` is a route on its way through a row."""

    name: str
    row: int
    width: float
    height: float
    passing: bool = False
    x: float = 0.0  # of its middle
    y: float = 0.0  # of its upper edge


@dataclass
class Arrow:
    """A way from one stage to another, with what it is for."""

    source: str
    to: str
    words: list[str] = field(default_factory=list)
    by_time: bool = False  # only when the time is up
    back: bool = False
    points: list[tuple[float, float]] = field(default_factory=list)
    place: tuple[float, float] = (0.0, 0.0)  # of its words
    anchor: str = "middle"


@dataclass(frozen=True)
class RouteLayout:
    width: float
    height: float
    boxes: Mapping[str, Box]
    arrows: Sequence[Arrow]


_KNOWN: WeakKeyDictionary[Process, RouteLayout] = WeakKeyDictionary()


def lay_out(process: Process) -> RouteLayout:
    """The map of a process, which is worked out once."""
    if process not in _KNOWN:
        _KNOWN[process] = _laid_out(process)
    return _KNOWN[process]


def _laid_out(process: Process) -> RouteLayout:
    arrows = _arrows(process)
    names = [START, *process.stages, END]
    _turn_round(names, arrows)
    ahead = [one for one in arrows if not one.back]
    rows = _rows(names, ahead)
    if not any(one.to == END for one in arrows):
        del rows[END]
    boxes = {name: _box(name, row) for name, row in rows.items()}
    chains = {id(one): _chain(one, boxes) for one in ahead}
    links = [link for chain in chains.values() for link in pairwise(chain)]
    order = _ordered(boxes, links)
    _place(order, boxes, links)
    for one in ahead:
        _draw_ahead(one, [boxes[name] for name in chains[id(one)]], ahead)
    _draw_loops([one for one in arrows if one.back], boxes, order)
    shown = {name: box for name, box in boxes.items() if not box.passing}
    _spread_words(arrows)
    return _finished(shown, arrows)


def _spread_words(arrows: Sequence[Arrow]) -> None:
    """Words that would stand on others move a line up or down, to where there is room."""
    taken: list[tuple[float, float, float, float]] = []
    for arrow in sorted((one for one in arrows if one.words), key=lambda one: one.place):
        x, y = arrow.place
        wide, high = LETTER * max(map(len, arrow.words)), LINE_HEIGHT * len(arrow.words)
        left = x - _SHARES[arrow.anchor] * wide

        def free(top: float, left: float = left, wide: float = wide, high: float = high) -> bool:
            return not any(
                left < right and other < left + wide and top < low and above < top + high
                for other, right, above, low in taken
            )

        moves = (0.0, LINE_HEIGHT, -LINE_HEIGHT, 2 * LINE_HEIGHT)
        moved = next((one for one in moves if free(y + one)), 0.0)
        arrow.place = (x, y + moved)
        taken.append((left, left + wide, y + moved, y + moved + high))


def _finished(boxes: Mapping[str, Box], arrows: Sequence[Arrow]) -> RouteLayout:
    """With all that is drawn inside of the picture, a margin around it."""
    edges = [x for box in boxes.values() for x in (box.x - box.width / 2, box.x + box.width / 2)]
    for arrow in arrows:
        edges += [x for x, _ in arrow.points]
        if arrow.words:
            wide = LETTER * max(map(len, arrow.words))
            begin = arrow.place[0] - _SHARES[arrow.anchor] * wide
            edges += [begin, begin + wide]
    left = MARGIN - min(edges)
    for box in boxes.values():
        box.x += left
    for arrow in arrows:
        arrow.points = [(x + left, y) for x, y in arrow.points]
        arrow.place = (arrow.place[0] + left, arrow.place[1])
    bottom = max(box.y + box.height for box in boxes.values())
    return RouteLayout(max(edges) + left + MARGIN, bottom + 2 * MARGIN, boxes, arrows)


def _box(name: str, row: int) -> Box:
    small = name in (START, END)
    return Box(name, row, DOT if small else WIDTH, DOT if small else HEIGHT)


def _arrows(process: Process) -> list[Arrow]:
    """One for each pair of stages, with the words of all routes between them."""
    found: dict[tuple[str, str, bool], Arrow] = {}

    def add(source: str, to: str, words: str, *, by_time: bool = False) -> None:
        arrow = found.setdefault((source, to, by_time), Arrow(source, to, by_time=by_time))
        if words and words not in arrow.words:
            arrow.words.append(words)

    for route in process.routes:
        add(route.source, route.to, route.label or route.outcome)
    for stage in process.stages.values():
        if (stage.name, stage.timeout, False) in found:
            add(stage.name, stage.timeout, "or when time is up")
        elif stage.timeout:
            add(stage.name, stage.timeout, "when time is up", by_time=True)
        elif not process.ways(stage.name):
            add(stage.name, END, "")
    return list(found.values())


def _turn_round(names: Iterable[str], arrows: Sequence[Arrow]) -> None:
    """Find the arrows that lead back to a stage on whose way they are."""
    ways: dict[str, list[Arrow]] = {name: [] for name in names}
    for arrow in arrows:
        ways.setdefault(arrow.source, []).append(arrow)
    state: dict[str, int] = {}

    def visit(name: str) -> None:
        state[name] = 1
        for arrow in ways.get(name, ()):
            if state.get(arrow.to) == 1:
                arrow.back = True
            elif arrow.to not in state:
                visit(arrow.to)
        state[name] = 2

    for name in ways:
        if name not in state:
            visit(name)


def _rows(names: Sequence[str], ahead: Sequence[Arrow]) -> dict[str, int]:
    """The row of each: one below the lowest of those that lead to it; the end is last."""
    rows = {name: 0 if name == START else 1 for name in names}
    for _ in names:
        moved = False
        for arrow in ahead:
            if arrow.to in rows and rows.get(arrow.source, 0) + 1 > rows[arrow.to]:
                rows[arrow.to] = rows[arrow.source] + 1
                moved = True
        if not moved:
            break
    rows[END] = max(rows[END], 1 + max(row for name, row in rows.items() if name != END))
    return rows


def _chain(arrow: Arrow, boxes: dict[str, Box]) -> list[str]:
    """The boxes of a way, with a place in each row that it passes."""
    first, last = boxes[arrow.source].row, boxes[arrow.to].row
    chain = [arrow.source]
    for row in range(first + 1, last):
        name = f"{arrow.source}>{arrow.to}>{arrow.by_time}>{row}"
        boxes[name] = Box(name, row, THIN, 0.0, passing=True)
        chain.append(name)
    return [*chain, arrow.to]


def _ordered(boxes: Mapping[str, Box], links: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The names in each row, with as few crossings as some sweeps find."""
    rows: list[list[str]] = [[] for _ in range(1 + max(box.row for box in boxes.values()))]
    for box in boxes.values():
        rows[box.row].append(box.name)
    above, below = _neighbours(links)
    best, fewest = [list(row) for row in rows], _crossings(rows, links)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        near = above if down else below
        for at in range(len(rows)) if down else reversed(range(len(rows))):
            _sort_by(rows, at, near, at - 1 if down else at + 1)
        found = _crossings(rows, links)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    if fewest and len(links) <= MOST_SWAPPED:
        _swap(best, links, fewest)
    return best


def _swap(rows: list[list[str]], links: Sequence[tuple[str, str]], fewest: int) -> None:
    """Let neighbours change places where that takes away a crossing."""
    for _ in range(ROUNDS):
        before = fewest
        for row in rows:
            for at in range(len(row) - 1):
                row[at], row[at + 1] = row[at + 1], row[at]
                found = _crossings(rows, links)
                if found < fewest:
                    fewest = found
                else:
                    row[at], row[at + 1] = row[at + 1], row[at]
        if fewest == before:
            return


def _neighbours(
    links: Sequence[tuple[str, str]],
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for source, to in links:
        above.setdefault(to, []).append(source)
        below.setdefault(source, []).append(to)
    return above, below


def _sort_by(rows: list[list[str]], at: int, near: Mapping[str, list[str]], other: int) -> None:
    if not 0 <= other < len(rows):
        return
    places = {name: place for place, name in enumerate(rows[other])}

    def middle(name: str) -> float:
        known = [places[one] for one in near.get(name, ()) if one in places]
        return sum(known) / len(known) if known else rows[at].index(name)

    keys = {name: middle(name) for name in rows[at]}
    rows[at].sort(key=keys.__getitem__)


def _crossings(rows: Sequence[Sequence[str]], links: Sequence[tuple[str, str]]) -> int:
    places = {name: (at, place) for at, row in enumerate(rows) for place, name in enumerate(row)}
    found = 0
    for at in range(len(rows)):
        here = [
            (places[source][1], places[to][1])
            for source, to in links
            if source in places and to in places and places[source][0] == at
        ]
        for number, (a, b) in enumerate(here):
            found += sum((a - c) * (b - d) < 0 for c, d in here[number + 1 :])
    return found


def _place(
    order: Sequence[Sequence[str]], boxes: Mapping[str, Box], links: Sequence[tuple[str, str]]
) -> None:
    """Move the boxes of each row towards what they are connected with, in their order."""
    above, below = _neighbours(links)
    for at, row in enumerate(order):
        edge = 0.0
        for name in row:
            box = boxes[name]
            box.x, box.y = edge + box.width / 2, at * (HEIGHT + GAP_Y)
            if box.height != HEIGHT:
                box.y += (HEIGHT - box.height) / 2
            edge += box.width + GAP_X
    for sweep in range(2 * SWEEPS):
        for row in order if sweep % 2 == 0 else reversed(order):
            wanted = []
            for name in row:
                near = [boxes[one].x for one in (*above.get(name, ()), *below.get(name, ()))]
                wanted.append(sum(near) / len(near) if near else boxes[name].x)
            for name, x in zip(row, _apart([boxes[n] for n in row], wanted), strict=True):
                boxes[name].x = x


def _apart(row: Sequence[Box], wanted: Sequence[float]) -> list[float]:
    """The places nearest to those that are wanted at which no box touches the next one."""
    offsets, edge = [], 0.0
    for at, box in enumerate(row):
        if at:
            edge += (row[at - 1].width + box.width) / 2 + GAP_X
        offsets.append(edge)
    blocks: list[tuple[float, int]] = []  # mean, count
    for want, offset in zip(wanted, offsets, strict=True):
        mean, count = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        blocks.append((mean, count))
    means = [mean for mean, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]


def _draw_ahead(arrow: Arrow, chain: Sequence[Box], ahead: Sequence[Arrow]) -> None:
    source, to = chain[0], chain[-1]
    arrow.points = [(source.x, source.y + source.height)]
    for box in chain[1:-1]:  # straight through the row, so that it bends between rows only
        arrow.points += [(box.x, box.y - HEIGHT / 2), (box.x, box.y + HEIGHT / 2)]
    arrow.points.append((to.x, to.y))
    alone = sum(one.source == arrow.source for one in ahead) == 1
    first = chain[1]
    if alone or first.passing:
        x = source.x if alone else (source.x + 2 * first.x) / 3
        arrow.place = (x, source.y + source.height + GAP_Y * (0.42 if alone else 0.62))
    else:
        shared = sum(one.to == arrow.to for one in ahead) > 1
        x = (source.x + first.x) / 2 if shared else first.x
        arrow.place = (x, first.y - GAP_Y * (0.5 if shared else 0.3))


def _draw_loops(
    arrows: Sequence[Arrow], boxes: Mapping[str, Box], order: Sequence[Sequence[str]]
) -> None:
    """What leads back: to the same stage beside it, else round the side with less in between,
    short ways inside of long ones."""
    right = GAP_X + max(box.x + box.width / 2 for box in boxes.values())
    left = min(box.x - box.width / 2 for box in boxes.values()) - GAP_X
    for one in sorted(arrows, key=lambda one: boxes[one.source].row - boxes[one.to].row):
        source, to = boxes[one.source], boxes[one.to]
        if source is to:
            _draw_round(one, source)
            continue
        wide = LANE + max((LETTER * len(word) for word in one.words), default=0.0)
        if _beside(source, order)[0] + _beside(to, order)[0] < sum(
            _beside(box, order)[1] for box in (source, to)
        ):
            _draw_back(one, source, to, order, left, -1)
            left -= wide
        else:
            _draw_back(one, source, to, order, right, 1)
            right += wide


def _beside(box: Box, order: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How much stands to the left and to the right of a box in its row."""
    at = order[box.row].index(box.name)
    return at, len(order[box.row]) - 1 - at


def _draw_round(arrow: Arrow, box: Box) -> None:
    """A way from a stage to itself, nearer to it than anything that passes."""
    edge, lane = box.x + box.width / 2, box.x + box.width / 2 + LANE
    low, high = box.y + box.height * 0.75, box.y + box.height * 0.25
    arrow.points = [(edge, low), (lane, low), (lane, high), (edge, high)]
    arrow.place, arrow.anchor = (lane + 4, box.y + box.height / 2 + 4), "start"


def _draw_back(
    arrow: Arrow,
    source: Box,
    to: Box,
    order: Sequence[Sequence[str]],
    lane: float,
    side: int,
) -> None:
    """Round a side: out below the row of its source, in above the row of its target."""
    out_x, in_x = source.x + side * source.width / 4, to.x + side * to.width / 4
    out_y, in_y = source.y + source.height + 12, to.y - 12
    arrow.points = [
        (out_x, source.y + source.height), (out_x, out_y), (lane, out_y), (lane, in_y),
        (in_x, in_y), (in_x, to.y),
    ]  # fmt: skip
    edge = 1 if side > 0 else 0
    if not _beside(source, order)[edge]:  # nothing stands between it and the lane
        middle = source.y + source.height / 2
        arrow.points[:3] = [(source.x + side * source.width / 2, middle), (lane, middle)]
    if not _beside(to, order)[edge]:
        middle = to.y + to.height / 2
        arrow.points[-3:] = [(lane, middle), (to.x + side * to.width / 2, middle)]
    arrow.place = (lane + side * 6, (out_y + in_y) / 2)
    arrow.anchor = "start" if side > 0 else "end"
