"""Mails as programs, machines and accidents make them, each with what has to be read from it.

The generator writes what differs in one thing alone; whole mails stand in `mails/`, with what is
expected of them in their header X-Expected.
"""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "mails"
SAID = "Das Buch ist zerrissen. It is torn."
OLD = "Please bring it back."


@dataclass(frozen=True)
class CorpusMail:
    name: str
    raw: bytes
    expected: dict[str, Any] = field(default_factory=dict)


def _mail(body: bytes | str, **headers: str) -> bytes:
    given = {"from": "Ann <ann@example.org>", "to": "desk@library.example", "subject": "Torn"}
    lines = [f"{n.replace('_', '-').title()}: {v}" for n, v in (given | headers).items() if v]
    raw = body.encode() if isinstance(body, str) else body
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


# How programs say who wrote what is quoted.
WROTE = {
    "gmail-en": "On Mon, Jun 1, 2026 at 10:00 AM Desk <desk@library.example> wrote:",
    "gmail-en-broken": "On Mon, Jun 1, 2026 at 10:00 AM The Very Long Name of a Desk\n"
                       "<desk@library.example> wrote:",
    "gmail-de": "Am Mo., 1. Juni 2026 um 10:00 Uhr schrieb Desk <desk@library.example>:",
    "gmail-fr": "Le lun. 1 juin 2026 à 10:00, Desk <desk@library.example> a écrit :",
    "gmail-es": "El lun, 1 jun 2026 a las 10:00, Desk (<desk@library.example>) escribió:",
    "gmail-it": "Il giorno lun 1 giu 2026 alle ore 10:00 Desk <d@l.example> ha scritto:",
    "gmail-pt": "Em seg., 1 de jun. de 2026 às 10:00, Desk <d@l.example> escreveu:",
    "gmail-nl": "Op ma 1 jun 2026 om 10:00 schreef Desk <desk@library.example>:",
    "gmail-sv": "Den mån 1 juni 2026 kl 10:00 skrev Desk <desk@library.example>:",
    "gmail-pl": "Dnia 1 czerwca 2026 10:00 Desk <desk@library.example> napisał(a):",
    "apple-en": "On 1 Jun 2026, at 10:00, Desk <desk@library.example> wrote:",
    "apple-de": "Am 01.06.2026 um 10:00 schrieb Desk <desk@library.example>:",
    "thunderbird-en": "On 01/06/2026 10:00, Desk wrote:",
    "thunderbird-de": "Am 01.06.26 um 10:00 schrieb Desk:",
    "yahoo-en": "On Monday, June 1, 2026, 10:00:00 AM GMT+1, Desk <d@l.example> wrote:",
}  # fmt: skip
# Heads that programs put above what they quote without marks.
HEADS = {
    "outlook-en": "From: Desk <d@l.example>\nSent: Monday, 1 June 2026 10:00\nTo: Ann\n"
                  "Subject: Torn\n",
    "outlook-de": "Von: Desk <d@l.example>\nGesendet: Montag, 1. Juni 2026 10:00\nAn: Ann\n"
                  "Betreff: Torn\n",
    "outlook-fr": "De : Desk <d@l.example>\nEnvoyé : lundi 1 juin 2026 10:00\nÀ : Ann\n"
                  "Objet : Torn\n",
    "outlook-web": "________________________________\nFrom: Desk <d@l.example>\n"
                   "Sent: Monday, 1 June 2026 10:00\nTo: Ann\nSubject: Torn\n",
    "outlook-rule-en": "-----Original Message-----\nFrom: Desk\nSent: Monday\nTo: Ann\n",
    "outlook-rule-de": "-----Ursprüngliche Nachricht-----\nVon: Desk\nGesendet: Montag\nAn: Ann\n",
    "mobile-stars": "*From:* Desk <d@l.example>\n*Sent:* Monday\n*To:* Ann\n*Subject:* Torn\n",
}  # fmt: skip


def quoted() -> Iterator[CorpusMail]:
    for name, line in WROTE.items():
        text = f"{SAID}\n\n{line}\n\n> {OLD}\n> Thanks\n"
        yield CorpusMail(f"quoted {name}", _mail(text), {"text": SAID, "quoted": OLD})
        signed = f"{SAID}\n\n{line}\n> {OLD}\n\n-- \nAnn\n"
        yield CorpusMail(f"signed {name}", _mail(signed), {"text": SAID, "quoted": OLD})
    for name, head in HEADS.items():
        text = f"{SAID}\n\n{head}\n{OLD}\n"
        yield CorpusMail(f"headed {name}", _mail(text), {"text": SAID, "quoted": OLD})
        passed = f"{SAID}\n\n{head}\n{OLD}\n"
        for prefix in ("Fwd", "WG", "TR"):
            raw = _mail(passed, subject=f"{prefix}: Torn")
            yield CorpusMail(f"forward {prefix} {name}", raw, {"holds": OLD, "quoted": ""})
    yield CorpusMail("marks alone", _mail(f"{SAID}\n\n> {OLD}\n"), {"text": SAID, "quoted": OLD})
    between = f"> {OLD}\n{SAID}\n> Thanks\nYes.\n"
    yield CorpusMail("between the lines", _mail(between), {"holds": SAID, "quoted": ""})
    below = f"On 1 June, Desk wrote:\n> {OLD}\n\n{SAID}\n"
    yield CorpusMail("below the lines", _mail(below), {"holds": SAID, "quoted": ""})
    prose = f"{SAID} As I wrote: it is torn.\nFrom: the shelf it came torn.\n"
    yield CorpusMail("prose", _mail(prose), {"holds": "the shelf", "quoted": ""})


# How programs mark what is quoted in HTML.
MARKED = {
    "gmail": '<div class="gmail_quote"><div class="gmail_attr">On Monday Desk wrote:</div>'
             "<blockquote>{}</blockquote></div>",
    "apple": '<div><blockquote type="cite">{}</blockquote></div>',
    "thunderbird": '<div class="moz-cite-prefix">On Monday, Desk wrote:</div>'
                   '<blockquote type="cite">{}</blockquote>',
    "outlook": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: Desk</div><p>{}</p>',
    "outlook-desktop": '<div style="border:none;border-top:solid #E1E1E1 1.0pt">From: Desk</div>'
                       "<p>{}</p>",
    "outlook-mobile": '<div id="mail-editor-reference-message-container">{}</div>',
    "yahoo": '<div class="yahoo_quoted">{}</div>',
    "proton": '<div class="protonmail_quote">{}</div>',
}  # fmt: skip


def pages() -> Iterator[CorpusMail]:
    for name, mark in MARKED.items():
        page = (
            f"<html><head><style>p{{}}</style></head><body><p>{SAID}</p>{mark.format(OLD)}</body>"
        )
        expected = {"text": SAID, "quoted": OLD, "html": f"<p>{SAID}</p>"}
        yield CorpusMail(f"page {name}", _mail(page, content_type="text/html"), expected)
        both = _alternative(f"{SAID}\n\n> {OLD}\n", page)
        yield CorpusMail(f"both {name}", both, expected)
    for name, harm in {
        "script": "<script>alert(1)</script>", "handler": '<p onclick="alert(1)">',
        "frame": '<iframe src="https://evil.example"></iframe>', "form": "<form><input></form>",
        "style": "<style>body{display:none}</style>", "svg": "<svg onload=alert(1)></svg>",
        "meta": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        "javascript": '<a href="javascript:alert(1)">x</a>', "base": '<base href="//evil.example">',
        "data": '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        "picture": '<img src="https://evil.example/p.png">',
        "link": "<link rel=stylesheet href=//e>",
        "background": '<table background="https://evil.example/p.png"><tr><td>x</td></tr></table>',
        "srcset": '<img srcset="https://evil.example/p.png 2x" src="x">',
        "unclosed": "<div><b><i>" * 50, "comment": "<!--[if mso]><p>evil</p><![endif]-->",
    }.items():  # fmt: skip
        raw = _mail(f"<p>{SAID}</p>{harm}", content_type="text/html")
        yield CorpusMail(f"harm {name}", raw, {"holds": SAID, "harmless": True})


def _alternative(text: str, page: str) -> bytes:
    body = (
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n--b--\r\n"
    )
    return _mail(body, content_type="multipart/alternative; boundary=b")


WORDS = {
    "utf-8": "Grüße 你好 😀", "iso-8859-1": "Grüße", "iso-8859-15": "Grüße 5 €",
    "windows-1252": "Grüße – “5 €”", "windows-1250": "Příliš žluťoučký", "iso-8859-2": "žluťoučký",
    "koi8-r": "Привет", "windows-1251": "Привет", "iso-8859-5": "Привет",
    "iso-2022-jp": "こんにちは", "shift_jis": "こんにちは", "euc-jp": "こんにちは",
    "gb2312": "你好", "gb18030": "你好", "big5": "你好",
    "euc-kr": "안녕하세요", "windows-1253": "Καλημέρα", "windows-1254": "Günaydın",
    "windows-1255": "שלום", "windows-1256": "مرحبا", "tis-620": "สวัสดี", "utf-7": "Grüße",
    "utf-16": "Grüße", "cp850": "Grüße", "mac-roman": "Grüße",
}  # fmt: skip


def encodings() -> Iterator[CorpusMail]:
    for charset, words in WORDS.items():
        content = words.encode(charset)
        for way, body in (
            ("base64", base64.encodebytes(content)),
            ("quoted-printable", quopri.encodestring(content)),
        ):  # fmt: skip
            raw = _mail(
                body, content_type=f'text/plain; charset="{charset}"',
                content_transfer_encoding=way,
            )  # fmt: skip
            yield CorpusMail(f"{charset} {way}", raw, {"text": words})
        coded = base64.b64encode(content).decode()
        raw = _mail("x", subject=f"=?{charset}?B?{coded}?=")
        yield CorpusMail(f"{charset} subject", raw, {"subject": words})
    for name, raw, expected in (
        ("8 bit, unnamed utf-8", _mail("Grüße"), {"text": "Grüße"}),
        ("8 bit, unnamed latin", _mail("Grüße".encode("latin-1")), {"text": "Grüße"}),
        ("named wrongly", _mail("Grüße", content_type="text/plain; charset=us-ascii"),
         {"text": "Grüße"}),
        ("no such charset", _mail("Grüße", content_type="text/plain; charset=klingon"),
         {"text": "Grüße"}),
        ("codec that is no charset", _mail("Hello", content_type="text/plain; charset=zlib"),
         {"text": "Hello"}),
        ("raw subject", _mail("x", subject="Grüße"), {"subject": "Grüße"}),
        ("broken word", _mail("x", subject="=?utf-8?b?!!!?= rest"), {"subject holds": "rest"}),
        ("two words", _mail("x", subject="=?utf-8?q?Gr=C3=BC?=\r\n =?utf-8?q?=C3=9Fe?="),
         {"subject": "Grüße"}),
        ("flowed", _mail("One line that \r\ngoes on.\r\n\r\nNext.",
                         content_type="text/plain; format=flowed"),
         {"text": "One line that goes on.\n\nNext."}),
        ("null bytes", _mail("He\0llo"), {"text": "Hello"}),
    ):  # fmt: skip
        yield CorpusMail(name, raw, expected)


MACHINES = {
    "auto-replied": {"auto_submitted": "auto-replied"},
    "auto-generated": {"auto_submitted": "auto-generated"},
    "auto with parameter": {"auto_submitted": "auto-replied (vacation); owner=x"},
    "auto-notified": {"Auto_Submitted": "Auto-Notified"},
    "precedence auto": {"precedence": "auto_reply"},
    "x-autoreply": {"x_autoreply": "yes"},
    "x-autorespond": {"x_autorespond": "1"},
    "exchange": {"x_auto_response_suppress": "All"},
    "exchange oof": {"x_auto_response_suppress": "OOF, AutoReply"},
    "no return path": {"return_path": "<>"},
    "subject en": {"subject": "Automatic reply: Torn"},
    "subject out": {"subject": "Out of Office: Torn"},
    "subject de": {"subject": "Automatische Antwort: Torn"},
    "subject de away": {"subject": "Abwesenheitsnotiz: bis Montag"},
    "subject fr": {"subject": "Réponse automatique : Torn"},
    "subject nl": {"subject": "Automatisch antwoord: Torn"},
    "receipt": {
        "content_type": "multipart/report; report-type=disposition-notification; boundary=b"
    },
}  # fmt: skip
LISTS = {
    "list-id": {"list_id": "Readers <readers.example.org>"}, "bulk": {"precedence": "bulk"},
    "list": {"precedence": "list"}, "junk": {"precedence": "junk"},
    "unsubscribe": {"list_unsubscribe": "<https://news.example/u>"},
}  # fmt: skip
PEOPLE = {
    "auto no": {"auto_submitted": "no"},
    "subject in a sentence": {"subject": "Out of office chairs"},
    "re": {"subject": "Re: Automatic reply: Torn"}, "first class": {"precedence": "first-class"},
    "suppress dr": {"x_auto_response_suppress": "DR, RN, NRN"},
}  # fmt: skip


def machines() -> Iterator[CorpusMail]:
    for kind, table in (("automatic", MACHINES), ("bulk", LISTS), ("", PEOPLE)):
        for name, headers in table.items():
            yield CorpusMail(f"{kind or 'person'} {name}", _mail(SAID, **headers), {"kind": kind})
    for name, part in {
        "head": "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@desk.example>\r\n",
        "mail": "Content-Type: message/rfc822\r\n\r\nMessage-ID: <1@desk.example>\r\n\r\nOld\r\n",
    }.items():
        for sender in ("MAILER-DAEMON@mx.example", "postmaster@mx.example"):
            body = (
                f"--b\r\nContent-Type: text/plain\r\n\r\nNo such user\r\n--b\r\n{part}\r\n--b--\r\n"
            )
            of = 'multipart/report; report-type=delivery-status; boundary="b"'
            raw = _mail(body, **{"from": sender}, content_type=of, return_path="<>")
            expected = {"kind": "bounce", "answers": "1@desk.example"}
            yield CorpusMail(f"bounce {name} {sender}", raw, expected)
            old = _mail(body, **{"from": sender}, content_type="multipart/mixed; boundary=b")
            yield CorpusMail(f"old bounce {name} {sender}", old, expected)


def broken() -> Iterator[CorpusMail]:
    picture = base64.encodebytes(b"\x89PNG\r\n\x1a\n").decode()
    attached = "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\n{}\r\n--b--\r\n"
    mixed = "multipart/mixed; boundary=b"
    cases: tuple[tuple[str, bytes, dict[str, Any]], ...] = (
        ("no end", _mail("--b\r\nContent-Type: text/plain\r\n\r\nHello", content_type=mixed),
         {"text": "Hello"}),
        ("no boundary", _mail("Hello", content_type="multipart/mixed"), {"text": "Hello"}),
        ("no head", b"Hello", {"sender": ""}),
        ("nothing", b"", {"sender": "", "text": ""}),
        ("bare line feeds", _mail("Hello").replace(b"\r\n", b"\n"), {"text": "Hello"}),
        ("bad base64", _mail("SGVsbG8", content_transfer_encoding="base64"), {"text": "Hello"}),
        ("no such encoding", _mail("Hello", content_transfer_encoding="x-none"), {"text": "Hello"}),
        ("strange type", _mail("Hello", content_type="text"), {"text": "Hello"}),
        ("two types", _mail("Hello", content_type="text/plain; charset=utf-8; charset=latin-1"),
         {"text": "Hello"}),
        ("two senders", _mail("Hello", **{"from": "a@b.example, c@d.example"}),
         {"note": "several_senders"}),
        ("name as address", _mail("Hello", **{"from": '"boss@x.example" <eve@e.example>'}),
         {"sender": "eve@e.example"}),
        ("address alone", _mail("Hello", **{"from": "ANN@EXAMPLE.ORG"}),
         {"sender": "ann@example.org"}),
        ("coded name", _mail("Hello", **{"from": "=?utf-8?q?J=C3=B6rg?= <j@e.example>"}),
         {"sender": "j@e.example"}),
        ("no address", _mail("Hello", **{"from": "somebody"}), {"sender": ""}),
        ("line in a subject", _mail("Hello", subject="A\r\n\tB"), {"subject": "A B"}),
        ("turned subject", _mail("Hello", subject="=?utf-8?q?A=E2=80=AEB?="), {"subject": "A B"}),
        ("invitation", _mail(attached.format(
            "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR"),
            content_type=mixed), {"text": "Hello", "file": "invitation-1.ics"}),
        ("picture", _mail(attached.format(
            "Content-Type: image/png; name=\"=?utf-8?q?B=C3=BCcher.png?=\"\r\n"
            f"Content-Transfer-Encoding: base64\r\n\r\n{picture}"), content_type=mixed),
         {"file": "Bücher.png"}),
        ("name in pieces", _mail(attached.format(
            "Content-Disposition: attachment; filename*0*=utf-8''B%C3%BC; filename*1*=cher.txt\r\n"
            "Content-Type: text/plain\r\n\r\nx"), content_type=mixed), {"file": "Bücher.txt"}),
        ("way out", _mail(attached.format(
            'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nx'),
            content_type=mixed), {"text": "Hello", "files": 1}),
        ("winmail", _mail(attached.format(
            "Content-Type: application/ms-tnef; name=winmail.dat\r\n\r\nx"), content_type=mixed),
         {"note": "winmail", "file": "winmail.dat"}),
        ("mail in a mail", _mail(attached.format(
            "Content-Type: message/rfc822\r\n\r\nSubject: Inside\r\n\r\nOld"), content_type=mixed),
         {"text": "Hello", "file": "Inside.eml"}),
        ("text as a file", _mail(attached.format(
            "Content-Type: text/plain; name=log.txt\r\nContent-Disposition: attachment\r\n\r\nlog"),
            content_type=mixed), {"text": "Hello", "file": "log.txt"}),
        ("signature", _mail(attached.format(
            "Content-Type: application/pgp-signature\r\n\r\n-----BEGIN"), content_type=mixed),
         {"text": "Hello", "file": "signature-1.asc"}),
        ("deep", _mail("".join(
            f"Content-Type: multipart/mixed; boundary=b{at}\r\n\r\n--b{at}\r\n"
            for at in range(400)),
            content_type="multipart/mixed; boundary=b0"), {"sender": "ann@example.org"}),
        ("large", _mail("Hello\r\n" + "x" * 78 + ("\r\n" + "y" * 78) * 3000), {"note": "cut"}),
    )  # fmt: skip
    for name, raw, expected in cases:
        yield CorpusMail(f"broken {name}", raw, expected)


def whole() -> Iterator[CorpusMail]:
    """Those in files."""
    for path in sorted(FOLDER.glob("*.eml")):
        raw = path.read_bytes()
        expected = json.loads(message_from_bytes(raw)["X-Expected"])
        yield CorpusMail(path.name, raw, expected)


def corpus() -> list[CorpusMail]:
    makers = (quoted, pages, encodings, machines, broken, whole)
    return [one for make in makers for one in make()]
