"""What a process counts of its own work, and the text format in which Prometheus reads it."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
UNKNOWN = "unknown"  # the route of a request to which no endpoint belongs
CLASSES = ("", "1xx", "2xx", "3xx", "4xx", "5xx")

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Family:
    """The samples of one name. A sample has what follows the name, its labels and its value."""

    name: str
    type: str  # counter, gauge or histogram
    about: str
    samples: tuple[tuple[str, Labels, float], ...]


def gauge(name: str, about: str, value: float) -> Family:
    return Family(name, "gauge", about, (("", (), value),))


def gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> Family:
    samples = (("", ((label, key),), value) for key, value in sorted(values.items()))
    return Family(name, "gauge", about, tuple(samples))


def histogram(name: str, about: str, counts: Sequence[int], seconds: float) -> Family:
    """Times by `BOUNDS`: one number for each, and one above all."""
    latency = _Latency()
    latency.counts, latency.seconds = list(counts), seconds
    return Family(name, "histogram", about, tuple(_buckets((), latency)))


class _Latency:
    """How many requests took how long: one number for each bound, and one above all."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Metrics:
    """Counters since the start of the process; the event loop's thread alone counts requests."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._latency: dict[tuple[str, str], _Latency] = {}
        self._jobs: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()  # several threads of a worker run jobs

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status // 100)
        self._requests[key] = self._requests.get(key, 0) + 1
        latency = self._latency.get(key[:2])
        if latency is None:
            latency = self._latency[key[:2]] = _Latency()
        latency.counts[bisect_left(BOUNDS, seconds)] += 1
        latency.seconds += seconds

    def job(self, name: str, result: str) -> None:
        with self._lock:
            self._jobs[name, result] = self._jobs.get((name, result), 0) + 1

    def families(self) -> Iterator[Family]:
        yield Family(
            "fluvial_requests_total",
            "counter",
            "Requests answered.",
            tuple(
                ("", (("method", method), ("route", route), ("status", CLASSES[class_])), count)
                for (method, route, class_), count in sorted(self._requests.copy().items())
            ),
        )
        yield Family(
            "fluvial_request_seconds",
            "histogram",
            "Time from a request's arrival to its answer.",
            tuple(
                sample
                for (method, route), latency in sorted(self._latency.copy().items())
                for sample in _buckets((("method", method), ("route", route)), latency)
            ),
        )
        with self._lock:
            jobs = sorted(self._jobs.items())
        yield Family(
            "fluvial_job_runs_total",
            "counter",
            "Runs of worker jobs in this process.",
            tuple(
                ("", (("job", name), ("result", result)), count) for (name, result), count in jobs
            ),
        )


def _buckets(labels: Labels, latency: _Latency) -> Iterator[tuple[str, Labels, float]]:
    total = 0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), list(latency.counts), strict=True):
        total += count
        yield "_bucket", (*labels, ("le", bound)), total
    yield "_sum", labels, latency.seconds
    yield "_count", labels, total


def text(families: Iterable[Family]) -> str:
    """The exposition format, version 0.0.4."""
    lines = []
    for family in families:
        lines.append(f"# HELP {family.name} {family.about}")
        lines.append(f"# TYPE {family.name} {family.type}")
        for suffix, labels, value in family.samples:
            inside = ",".join(f'{name}="{_escaped(label)}"' for name, label in labels)
            shown = f"{value:.6f}" if isinstance(value, float) else str(value)
            lines.append(f"{family.name}{suffix}{'{' + inside + '}' if inside else ''} {shown}")
    return "\n".join(lines) + "\n"


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
