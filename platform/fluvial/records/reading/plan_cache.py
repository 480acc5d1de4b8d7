"""The cache of plans: what is made once for each shape and kept in the snapshot."""

from __future__ import annotations

import threading
from typing import Any

from fluvial.kernel.bounded_cache import BoundedCache
from metamodel.catalog import Catalog

MAX_PLANS = 2_000  # that were asked for more than once
MAX_NEW = 1_000


class PlanCache:
    """The plans of one snapshot; what is asked for again stays longest."""

    def __init__(self) -> None:
        self._plans: BoundedCache[Any] = BoundedCache(MAX_PLANS, MAX_NEW)
        self._making = threading.RLock()
        self.misses = 0

    def get(self, key: Any, make: Any) -> Any:
        plan = self._plans.get(key)
        if plan is None:
            with self._making:  # after a change of metadata everybody asks for the same ones
                plan = self._plans.get(key)
                if plan is None:
                    self.misses += 1
                    plan = make()
                    self._plans.put(key, plan)
        return plan

    def clear(self) -> None:
        with self._making:
            self._plans.clear()


def _cache(_: Catalog) -> PlanCache:
    return PlanCache()


def plans_of(catalog: Catalog) -> PlanCache:
    return catalog.derive(_cache)
