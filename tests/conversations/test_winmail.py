"""Files that Outlook packs into one are taken out; what lies about itself does no harm."""

from __future__ import annotations

import base64
import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.mail.incoming_mail import read_mail
from conversations.mail.winmail import unpacked


def attribute(id: int, data: bytes, level: int = 2) -> bytes:
    return struct.pack("<BII", level, id, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def properties(**texts: str) -> bytes:
    """Properties of a file: its long name, its media type and its content id, as UTF-16."""
    tags = {"name": 0x3707, "claimed": 0x370E, "cid": 0x3712}
    packed = [struct.pack("<I", len(texts) + 1), struct.pack("<II", 0x37050003, 1)]
    for key, text in texts.items():
        value = f"{text}\0".encode("utf-16-le")
        head = struct.pack("<III", tags[key] << 16 | 0x001F, 1, len(value))
        packed.append(head + value + b"\0" * (-len(value) % 4))
    return b"".join(packed)


def winmail(*files: tuple[str, bytes, bytes]) -> bytes:
    parts = [b"\x78\x9f\x3e\x22\x01\x00", attribute(0x00069007, struct.pack("<II", 1252, 0), 1)]
    for short, content, described in files:
        parts += [
            attribute(0x00069002, b"\0" * 14),
            attribute(0x00018010, short.encode("cp1252") + b"\0"),
            attribute(0x0006800F, content),
        ]
        parts += [attribute(0x00069005, described)] if described else []
    return b"".join(parts)


PLAN = properties(name="Plan für Möbel.pdf", claimed="application/pdf", cid="x@y")
TWO = winmail(("PLANF~1.PDF", b"%PDF-1.7", PLAN), ("caf\xe9.txt", b"Hello", b""))


def mail(packed: bytes, name: str = "winmail.dat") -> bytes:
    encoded = base64.encodebytes(packed).decode()
    return (
        "From: ann@example.org\r\nSubject: Plans\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"See there\r\n--b\r\nContent-Type: application/ms-tnef; name={name}\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
    ).encode()


def test_files_are_taken_out_with_their_names() -> None:
    came = read_mail(mail(TWO))
    assert [(f.name, f.claimed, f.content, f.cid) for f in came.files] == [
        ("Plan für Möbel.pdf", "application/pdf", b"%PDF-1.7", "x@y"),
        ("café.txt", "application/octet-stream", b"Hello", ""),
    ]
    assert "winmail" not in came.notes and came.text == "See there"


def test_what_cannot_be_unpacked_stays_as_it_came_and_is_said() -> None:
    for packed in (b"x", b"", TWO[:40], winmail(), b"\x78\x9f\x3e\x22"):
        came = read_mail(mail(packed))
        assert [f.name for f in came.files] == ["winmail.dat"] and "winmail" in came.notes
    assert [one.content for one in unpacked(TWO[:-3])][:1] == [b"%PDF-1.7"]  # cut off at its end


@given(st.binary(max_size=200), st.integers(0, len(TWO)))
@settings(max_examples=150, deadline=None)
def test_no_bytes_are_too_much(noise: bytes, at: int) -> None:
    for raw in (noise, TWO[:at] + noise, TWO[:at] + noise + TWO[at:], TWO[:6] + noise):
        assert len(unpacked(raw)) <= 2_000
