"""Whatever is wrong with a zip file is one of the errors that are named."""

from __future__ import annotations

import io
import random
import zipfile
from contextlib import suppress

import pytest

from fluvial.kernel.zips import UNREADABLE

WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def made(way: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", way) as archive:
        archive.writestr("app.yaml", "name: sample\n" * 20)
        archive.writestr("objects/book.yaml", bytes(range(256)))
    return target.getvalue()


def read(body: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        for member in archive.infolist():
            archive.read(member)


@pytest.mark.parametrize("way", WAYS)
def test_damaged_files(way: int) -> None:
    whole, chance = made(way), random.Random(7)
    for _ in range(200):
        body = bytearray(whole)
        body[chance.randrange(len(body))] = chance.randrange(256)
        # RuntimeError: the damage made it look encrypted.
        with suppress(*UNREADABLE, RuntimeError):
            read(bytes(body))
        with suppress(*UNREADABLE):
            read(whole[: chance.randrange(len(whole))])


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"no zip file", bytes(1_000)])
def test_what_is_no_zip_file(body: bytes) -> None:
    with pytest.raises(UNREADABLE):
        read(body)
