"""What is measured: one row for each operation, with the request to each of the two targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.streams import BATCH, Create, CreateMany, Get, Stream, Update, UpdateMany
from bench.world import LOANS, PAGE, WITH_MEMBER, World

Make = Callable[[World, int], Stream]


@dataclass(frozen=True)
class Operation:
    """`ours` asks the engine; `theirs` asks the baseline, where that is written otherwise."""

    name: str
    ours: str | Make
    theirs: str | Make | None = None

    @property
    def writes(self) -> bool:
        return not isinstance(self.ours, str)

    def stream(self, application: str, world: World, clients: int) -> Stream:
        asked = self.ours if application == "fluvial" or self.theirs is None else self.theirs
        return Get(self.name, world, asked) if isinstance(asked, str) else asked(world, clients)


# Words in braces are drawn for each request, see `streams.Draws`.
OPERATIONS = (
    Operation("read", f"{LOANS}/{{id}}"),
    Operation("list", f"{LOANS}?status={{status}}&{PAGE}"),
    Operation("list with name", f"{LOANS}?status={{status}}&{PAGE}&fields={WITH_MEMBER}"),
    Operation(
        "list, fresh literals",
        f"{LOANS}?where=status == '{{status}}' and due >= '{{moment}}' and fee > {{amount}}&{PAGE}",
        f"{LOANS}?status={{status}}&due_from={{moment}}&fee_over={{amount}}&{PAGE}",
    ),
    Operation(
        "list by status and dates",
        f"{LOANS}?where=status == '{{status}}' and due >= '{{day}}' and due < '{{later}}'&{PAGE}",
        f"{LOANS}?status={{status}}&due_from={{day}}T00:00:00Z&due_before={{later}}T00:00:00Z&{PAGE}",
    ),
    Operation("list ascending", f"{LOANS}?limit=50&sort=due"),
    Operation("list descending", f"{LOANS}?limit=50&sort=-due"),
    Operation("list, newest first", f"{LOANS}?limit=50&sort=-created_at"),
    Operation("search, common word", f"{LOANS}?limit=50&search={{word}}"),
    Operation("search, rare word", f"{LOANS}?limit=50&search={{mark}}"),
    Operation("board", "/api/boards/desk?limit=20"),
    Operation("board, exact counts", "/api/boards/desk?limit=20&total=exact"),
    Operation("summary", f"{LOANS}/summary?group=status&measure=count,sum(fee)"),
    Operation("exact count", f"{LOANS}?status={{status}}&limit=1&total=exact"),
    Operation("create", Create),
    Operation("update", Update),
    Operation(f"create {BATCH}", CreateMany),
    Operation(f"update {BATCH}", UpdateMany),
)


def chosen(parts: list[str]) -> list[Operation]:
    """The operations whose names begin with one of the parts; all of them where there are none."""
    found = [
        operation
        for operation in OPERATIONS
        if not parts or any(operation.name.startswith(part) for part in parts)
    ]
    for part in parts:
        if not any(operation.name.startswith(part) for operation in found):
            names = ", ".join(operation.name for operation in OPERATIONS)
            raise ValueError(f"There is no operation {part!r}. There are: {names}.")
    return found
