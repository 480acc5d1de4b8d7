"""How a page for people outside looks: whose it is, its picture, and its colour as one can read it.

A colour that somebody likes is not yet one that can be read. On light pages it is darkened, on dark
ones lightened, until text in it stands out as much as WCAG asks for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metamodel.folding import label_text

LIGHT, DARK = (255, 255, 255), (19, 22, 24)  # the grounds of pages
LEAST = 4.5  # contrast of text
LOOKS = 1  # of the stylesheets of colours, which browsers keep
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class PageLook:
    """What the document says about the page's look."""

    logo: str = ""
    name: str = ""
    note: str = ""
    colour: str = ""

    @property
    def brand(self) -> dict[str, str] | None:
        if not (self.logo or self.name):
            return None
        initials = "".join(word[0] for word in self.name.split()[:2]).upper()
        return {"name": self.name, "initials": initials, "note": self.note, "logo": self.logo}

    @property
    def mark(self) -> str:
        """Changes with the stylesheet, so that browsers may keep it."""
        return hashlib.sha256(self.stylesheet.encode()).hexdigest()[:12] if self.colour else ""

    @property
    def stylesheet(self) -> str:
        if not self.colour:
            return ""
        chosen = _read(self.colour)
        light, dark = _readable(chosen, LIGHT), _readable(chosen, DARK)
        pairs = {
            "--accent": (light, dark),
            "--accent-2": (_mixed(light, (0, 0, 0), 0.2), _mixed(dark, (255, 255, 255), 0.3)),
            "--on-accent": (_ink(light), _ink(dark)),
            "--tint": (_mixed(light, LIGHT, 0.9), _mixed(dark, DARK, 0.82)),
            "--tint-2": (_mixed(light, LIGHT, 0.7), _mixed(dark, DARK, 0.6)),
        }
        lines = "".join(
            f"{name}:light-dark({_text(one)},{_text(other)});"
            for name, (one, other) in pairs.items()
        )
        return f"@layer look{{:root{{{lines}}}}}"


def look_href(colour: str) -> str:
    """The stylesheet of a colour, or nothing."""
    return f"/forms/look/{colour.lstrip('#')}.css?v={LOOKS}" if colour else ""


def look_of(body: Mapping[str, Any]) -> PageLook:
    said = body.get("look", {})
    return PageLook(
        said.get("logo", ""),
        label_text(said.get("name", "")),
        label_text(said.get("note", "")),
        said.get("colour", ""),
    )


def _read(text: str) -> Rgb:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _text(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)


def _mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    one, two, three = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return one, two, three


def _luminance(colour: Rgb) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _readable(colour: Rgb, ground: Rgb) -> Rgb:
    """The colour itself, or the nearest darker or lighter one that can be read on the ground."""
    end = (0, 0, 0) if _luminance(ground) > 0.5 else (255, 255, 255)
    for step in range(21):
        found = _mixed(colour, end, step / 20)
        # Also on its own tint, where what is chosen stands.
        share = 0.9 if ground == LIGHT else 0.82
        if min(contrast(found, ground), contrast(found, _mixed(found, ground, share))) >= LEAST:
            return found
    return end


def _ink(ground: Rgb) -> Rgb:
    """Of text on the colour."""
    return max(((255, 255, 255), (10, 14, 16)), key=lambda ink: contrast(ink, ground))
