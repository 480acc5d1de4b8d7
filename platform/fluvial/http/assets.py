"""Static assets of the pages: the joined stylesheet, the icons, addresses with a version."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup, escape

STATIC = Path(__file__).resolve().parent.parent / "static"
SHEETS = (
    "tokens",
    "base",
    "frame",
    "controls",
    "tables",
    "floats",
    "cards",
    "fields",
    "board",
    "states",
    "public",
    "words",
    "small",
)
SPRITE = STATIC / "vendor" / "icons.svg"
FALLBACK_ICON = "box"
ALONE = (
    "docs",
    "reports",
    "links",
    "maps",
    "talk",
    "weeks",
    "planned",
)  # sheets that only the pages of one feature link
STUDIO = "studio"  # what the names of the sheets begin with that only pages of the studio link
_LINK = re.compile(r"/static/(vendor/[\w.-]+)")  # in a sheet, such as a font


@lru_cache(maxsize=1)
def stylesheet() -> bytes:
    """All sheets as one, in the order of the cascade, without what only people read."""
    return _joined(STATIC / "css" / f"{name}.css" for name in SHEETS)


@lru_cache(maxsize=1)
def studio_stylesheet() -> bytes:
    """What only the studio needs, on top of the other: every sheet whose name begins with it."""
    return _joined(sorted((STATIC / "css").glob(f"{STUDIO}*.css")))


@lru_cache(maxsize=len(ALONE))
def stylesheet_alone(name: str) -> bytes:
    """A sheet that pages link on top of the one of all pages."""
    return _joined([STATIC / "css" / f"{name}.css"])


def _joined(paths: Iterable[Path]) -> bytes:
    text = slim("\n".join(path.read_text("utf-8") for path in paths))
    return _LINK.sub(lambda match: asset(match[1]), text).encode()


# The stylesheets that are made of others, by their addresses.
JOINED: Mapping[str, Callable[[], bytes]] = {
    "fluvial.css": stylesheet,
    "studio.css": studio_stylesheet,
    **{f"{name}.css": partial(stylesheet_alone, name) for name in ALONE},
}


def slim(css: str) -> str:
    """A stylesheet without comments and indentation."""
    return re.sub(r"\s*\n\s*", "\n", re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)).strip()


@lru_cache(maxsize=64)
def asset(path: str) -> str:
    """The address of a static file; the digest lets browsers keep it for ever."""
    file = STATIC / path
    if path in JOINED:
        content = JOINED[path]()
    elif file.is_file():
        content = file.read_bytes()
    else:
        return f"/static/{path}"
    return f"/static/{path}?v={sha256(content).hexdigest()[:10]}"


@lru_cache(maxsize=1)
def icon_names() -> frozenset[str]:
    """The icons in the sprite; empty while the bundle has not been built."""
    if not SPRITE.is_file():
        return frozenset()
    return frozenset(re.findall(r'<symbol[^>]*\bid="([a-z0-9-]+)"', SPRITE.read_text("utf-8")))


@lru_cache(maxsize=1024)
def icon(name: str, classes: str = "") -> Markup:
    """An icon from the sprite; a name that is not there shows a plain box."""
    known = icon_names()
    shown = name if not known or name in known else FALLBACK_ICON
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
        f"ic {classes}".strip(), escape(asset("vendor/icons.svg")), shown
    )
