"""The one Jinja environment: where templates are found, what they may call."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

from fluvial.http.assets import asset, icon
from fluvial.kernel.features import Seam

OWN_TEMPLATES = Path(__file__).resolve().parent / "templates"
# A folder of templates, beside the engine's own.
TEMPLATES: Seam[Path] = Seam("templates of pages")
AVATAR_TONES = ("a", "b", "c", "d", "e", "")


def initials(name: str) -> str:
    """The letters of an avatar: of the first and the last word."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])
    return letters.upper()


@lru_cache(maxsize=4096)
def tone(name: str) -> str:
    """A colour class for an avatar, the same for the same name on every page."""
    return AVATAR_TONES[sha256(name.encode()).digest()[0] % len(AVATAR_TONES)]


def environment(folders: Sequence[Path] = ()) -> Environment:
    """The environment with the platform's templates and those of the features."""
    env = Environment(
        loader=FileSystemLoader([OWN_TEMPLATES, *folders]),
        autoescape=select_autoescape(["html", "svg"]),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=400,
    )
    env.policies["json.dumps_kwargs"] = {}  # members keep their order
    env.globals.update(icon=icon, asset=asset)
    env.filters.update(initials=initials, tone=tone)
    env.globals["parts"] = env.get_template("parts.html").module
    return env
