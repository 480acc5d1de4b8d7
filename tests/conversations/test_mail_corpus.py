"""Every mail of the corpus is read as it has to be: nothing is lost, and nothing raises."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from conversations.mail.incoming_mail import IncomingMail, read_mail
from metamodel.storage import POSTGRESQL
from tests.conversations.desk import Desk, mail
from tests.conversations.mail_corpus import CorpusMail, corpus

MAILS = corpus()
HARM = re.compile(r"<script|<iframe|<form|<svg|<style|<meta|<base|<link|javascript:|onclick|onload"
                  r"|evil\.example(?!/?\")|\bsrc=\"http|data:", re.IGNORECASE)  # fmt: skip


def test_there_are_enough_of_them() -> None:
    assert len(MAILS) >= 200 and len({one.name for one in MAILS}) == len(MAILS)


def faults(one: CorpusMail, found: IncomingMail) -> list[str]:
    checks: dict[str, Callable[[Any], bool]] = {
        "text": lambda want: found.text == want,
        "holds": lambda want: want in found.text,
        "quoted": lambda want: want in found.quoted if want else not found.quoted,
        "html": lambda want: found.html.startswith(want),
        "harmless": lambda want: want is not bool(HARM.search(found.html + found.quoted_html)),
        "subject": lambda want: found.subject == want,
        "subject holds": lambda want: want in found.subject,
        "kind": lambda want: found.kind == want,
        "answers": lambda want: want in found.answers,
        "sender": lambda want: found.sender.address == want,
        "note": lambda want: want in found.notes,
        "file": lambda want: want in [file.name for file in found.files],
        "files": lambda want: len(found.files) == want,
    }
    return [f"{name}: {want!r}" for name, want in one.expected.items() if not checks[name](want)]


def test_every_mail_is_read_as_it_has_to_be() -> None:
    wrong = {}
    for one in MAILS:
        found = read_mail(one.raw)
        if told := faults(one, found):
            wrong[one.name] = (told, found.text[:200], found.quoted[:80], found.subject, found.kind)
    assert wrong == {}


@pytest.mark.parametrize("step", [7, 13])
def test_a_part_of_any_mail_is_read(step: int) -> None:
    for one in MAILS[::step]:
        for end in range(0, len(one.raw), max(1, len(one.raw) // 3)):
            read_mail(one.raw[:end])
            read_mail(one.raw[end:])


def test_mails_of_the_corpus_are_taken_as_they_come(desk: Desk) -> None:
    outcomes: dict[str, int] = {}
    for at, one in enumerate(MAILS[::9]):
        raw = b"Message-ID: <c%d@corpus.example>\r\n" % at + one.raw
        reply = desk.send(raw.replace(b"ann@example.org", b"a%d@example.org" % at))
        assert reply.status in (200, 201), (one.name, reply.text)
        outcome = reply.json()["outcome"]
        assert outcome != "failed", (one.name, reply.text)
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes["created"] > 10 and set(outcomes) <= {"created", "ignored", "refused"}


def test_a_large_mail_is_taken_and_a_huge_one_refused(desk: Desk) -> None:
    if desk.engine.database.dialect == POSTGRESQL:
        return  # files are kept beside either database
    desk.made(mail("x" * 25_000_000, message_id="<large@e.org>"))
    reply = desk.send(mail("x" * 40_000_001, message_id="<huge@e.org>"))
    assert reply.status == 413
