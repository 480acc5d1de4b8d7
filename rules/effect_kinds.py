"""The kinds of effect that actions have, in words: what was done, and what would be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EffectKind:
    """One kind of effect. Those of records say what was done before "the letter No. 7"; what is
    sent has a `label`, and says it before the name of whom it goes to."""

    name: str
    icon: str
    did: str  # "Created the", "Mails"
    does: str  # in a trial: "Creates the", "Mails"
    label: str = ""  # of what is sent, as one counts it: "E-mail"
    several: str = ""  # "people by e-mail", behind a number


EFFECT_KINDS: dict[str, EffectKind] = {}


def register_effects(*kinds: EffectKind) -> None:
    """Add kinds of effect, in the order in which pages list them."""
    EFFECT_KINDS.update((kind.name, kind) for kind in kinds)
