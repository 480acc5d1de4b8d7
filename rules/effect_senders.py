"""What sends the effects that a feature brings, beside mails, notifications and calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fluvial.kernel.features import Seam
from fluvial.runtime.session import Session

from .outcomes import Outcome


@dataclass(frozen=True)
class EffectSender:
    """`begin` reads what it needs in the thread of the job, and gives what takes long: that runs
    in a thread of its own, without the connection of the job."""

    kind: str
    begin: Callable[[Session, dict[str, Any]], Callable[[], Outcome]]


BROUGHT: dict[str, EffectSender] = {}


def _register(sender: EffectSender) -> None:
    BROUGHT[sender.kind] = sender


EFFECT_SENDER: Seam[EffectSender] = Seam("what sends effects of a kind", _register)
