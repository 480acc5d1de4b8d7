"""Thumbnails: small copies of images, made once and kept beside their bytes."""

from __future__ import annotations

import os
import struct
import tempfile
import warnings
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image, ImageOps

from fluvial.kernel.media_types import IMAGES
from fluvial.runtime.engine import Engine

from .files import path_of

SIDE = 320  # pixels of the longer side
MOST_BYTES = 30_000_000
MOST_PIXELS = 16_000_000  # that are unpacked at once: 64 MB
ENDING = ".thumb"
MEDIA_TYPE = "image/webp"

_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, IndexError, struct.error)
_one_at_a_time = Lock()  # an unpacked image is large


def thumbnail(engine: Engine, row: Mapping[str, Any]) -> bytes | None:
    """The small copy of a file; None where it is no image, or one that cannot be shown small."""
    if row["media_type"] not in IMAGES or row["size"] > MOST_BYTES:
        return None
    source = path_of(engine, row["sha256"])
    place = source.with_name(source.name + ENDING)
    with suppress(FileNotFoundError):
        return place.read_bytes() or None
    with _one_at_a_time:
        with suppress(FileNotFoundError):  # somebody else waited for it as well
            return place.read_bytes() or None
        made = _made(source, row["media_type"])
        _keep(place, made)
    return made or None


def _made(source: Path, media_type: str) -> bytes:
    """The bytes of the copy; none of an image that is damaged or too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=(media_type.removeprefix("image/").upper(),)) as image:
                return _small(image)
    except (*_DAMAGED, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return b""


def _small(image: Image.Image) -> bytes:
    image.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is read at a fraction of its size
    width, height = image.size
    if width * height > MOST_PIXELS:
        return b""
    clear = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    plain = image.convert("RGBA" if clear else "RGB")
    plain.thumbnail((SIDE, SIDE))
    target = BytesIO()
    ImageOps.exif_transpose(plain).save(target, "WEBP", quality=80)
    return target.getvalue()


def _keep(place: Path, content: bytes) -> None:
    """Beside the file; an empty one says that there is no copy. What has no room is made anew."""
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix="new-")
        with os.fdopen(handle, "wb") as target:
            target.write(content)
        os.replace(temporary, place)
