"""The environment of expressions over values that somebody else has gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from metamodel.expressions.nodes import Collection, Decide, Evaluate, FoundBy, Gather, Read
from metamodel.state_times import Spans

Path = tuple[str, ...]


@dataclass(frozen=True)
class PlainEnvironment:
    """Values by their paths, and the time. There is nothing to walk to or to collect."""

    paths: Mapping[Path, Any]
    now: datetime
    today: date
    before: Mapping[str, Any] | None = None
    me: Mapping[str, Any] | None = None

    @property
    def values(self) -> Mapping[str, Any]:
        return {path[0]: value for path, value in self.paths.items() if len(path) == 1}

    def read(self, path: Path) -> Any:
        return self.paths.get(path)

    def collect(self, node: Gather | Collection) -> Any:
        raise TypeError("plain values have no collections")

    def spans(self, field: Read) -> Spans:
        raise TypeError("plain values have no logs")

    def decided(self, node: Decide, values: Sequence[Any], day: Any) -> Any:
        raise TypeError("plain values have no rows to decide by")

    def evaluated(self, node: Evaluate | FoundBy, value: Any) -> Any:
        raise TypeError("plain values find nothing")
