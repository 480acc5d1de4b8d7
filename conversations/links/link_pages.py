"""The page of a link: what it shows, what it asks, the press, and what one is told afterwards.

Looking at it does nothing: mail programs and scanners look at links, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import FormData

from fluvial.database.rate_limits import Rate, limited
from fluvial.http.call import Answer, Call
from fluvial.http.files_api import ALONE, disposition
from fluvial.http.routes import Endpoint, Policy
from fluvial.kernel.lazy import lazily
from fluvial.kernel.problems import Conflict, Forbidden, NotFound, Problem, Unprocessable
from fluvial.pages.frame import Context, bare
from fluvial.pages.page_looks import PageLook, look_href
from fluvial.pages.presenters import face_of, widget_kind
from fluvial.pages.reader_format import format_of
from fluvial.records.drafts.rows import load_row
from fluvial.runtime.languages import in_words, language_of
from fluvial.runtime.session import Session
from rules.shown_documents import SHOWN_DOCUMENT, ShownDocuments

from . import link_passes, link_press
from .action_links import ActionLink, links_of
from .link_addresses import PATH, id_in
from .link_making import EXPIRED, OPEN, REVOKED, USED, state_of
from .link_passes import LinkPass
from .link_press import GivenAnswers, LinkQuestion, Offer, TakenAlready
from .link_ticks import ticked, ticks_of

WRONG = Rate.read("120/hour")  # addresses that we have not signed, from one place
PRESSES = Rate.read("30/hour")  # of one link
LOOKS = Rate.read("60/hour")  # at the document of one link
TOO_MANY = "Too many attempts with this link."
ASK_AGAIN = "Ask the sender for a new one."
FRAMED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)
HEADERS = (("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex"))
TITLES = {
    USED: "This is done already",
    EXPIRED: "This link has expired",
    REVOKED: "This link is no longer valid",
}


@dataclass(frozen=True)
class Opened:
    """A link that somebody has opened with a signature of ours."""

    call: Call
    link_pass: LinkPass
    link: ActionLink | None
    state: str

    @property
    def acting(self) -> Session:
        assert self.link is not None
        return link_press.principal(self.call.session, self.link, self.link_pass)

    @lazily
    def spoken(self) -> Session:
        """The same in the words of the language that the record says: to show, not to write."""
        return in_words(self.acting)

    @lazily
    def said(self) -> ActionLink:
        assert self.link is not None
        return links_of(self.spoken.catalog)[self.link.name]


def _opened(call: Call) -> Opened | None:
    """The link of the address; None where it is none of ours."""
    session = call.session
    id = id_in(call.engine.settings, call.params["secret"])
    found = link_passes.find(session.connection, id) if id is not None else None
    if found is None:
        limited(session.connection, session.now, WRONG, TOO_MANY, "link", call.client)
        return None
    link = links_of(session.catalog).get(found.link)
    return Opened(call, found, link, state_of(found, link, session.now))


def show(call: Call) -> Answer:
    opened = _opened(call)
    if opened is None:
        return _unknown(call)
    if opened.state != OPEN:
        return _closed(opened)
    offered = _offered(opened)
    return _page(opened, offered, GivenAnswers({}, {}, {}, {})) if offered else _too_late(opened)


def _offered(opened: Opened) -> Offer | None:
    return link_press.offer(opened.spoken, opened.said, opened.link_pass.record)


def show_document(call: Call) -> Answer:
    """The printed document that an open link shows, in a frame that runs nothing."""
    found = _documents(call)
    if found is None:
        return _unknown(call)
    opened, link, documents = found
    text = documents.html(opened.acting, link.object, opened.link_pass.record, link.document)
    answer = Answer.html(text)
    answer.headers += [("content-security-policy", FRAMED), *HEADERS]
    return answer


def show_pdf(call: Call) -> Answer:
    """The same to keep; it is made on a thread of its own."""
    found = _documents(call)
    if found is None:
        return _unknown(call)
    opened, link, documents = found
    name, make = documents.pdf(opened.acting, link.object, opened.link_pass.record, link.document)
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="link document")

    def parts() -> Iterator[bytes]:
        try:
            yield make()
        finally:
            executor.shutdown(wait=False)

    headers = [disposition(name, inline=True), *ALONE, *HEADERS]
    answer = Answer(200, b"", "application/pdf", headers)
    return replace(answer, stream=parts(), executor=executor)


def _documents(call: Call) -> tuple[Opened, ActionLink, ShownDocuments] | None:
    """An open link with the document that it shows; None where there is none."""
    opened, brought = _opened(call), call.engine.brought(SHOWN_DOCUMENT)
    link = opened.link if opened is not None and opened.state == OPEN else None
    if opened is None or link is None or not link.document or not brought:
        return None
    session, record = call.session, opened.link_pass.record
    limited(session.connection, session.now, LOOKS, TOO_MANY, "link document", opened.link_pass.id)
    gone = load_row(opened.acting, link.object, record, None) is None
    return None if gone else (opened, link, brought[-1])


def see(call: Call) -> Answer:
    """Somebody moves on the page: told by its script, as programs that only look do not."""
    opened = _opened(call)
    if opened is None:
        return _unknown(call)
    key = ("link press", opened.link_pass.id)
    limited(call.session.connection, call.session.now, PRESSES, TOO_MANY, *key)
    link = opened.link
    if opened.state == OPEN and link is not None and link.seen:
        link_press.see(opened.acting, link, opened.link_pass.record)
    return Answer(204, b"")


def press(call: Call) -> Answer:
    """Take the action; who presses a second time is told what happened."""
    opened = _opened(call)
    if opened is None:
        return _unknown(call)
    session, link = call.session, opened.link
    key = ("link press", opened.link_pass.id)
    limited(session.connection, session.now, PRESSES, TOO_MANY, *key)
    if opened.state != OPEN or link is None:
        return _closed(opened)
    offered = _offered(opened)
    if offered is None:
        return _too_late(opened)
    form = call.form if call.form is not None else FormData()
    given = link_press.read_answers(opened.acting, offered.questions, form)
    if link.ticks is not None:
        shown = ticks_of(opened.acting, link.ticks, opened.link_pass.record)
        given = replace(given, ticks=ticked(form, shown))
    if given.faults:
        return _page(opened, offered, given)
    place = (call.client, call.headers.get("user-agent", ""))
    try:
        link_press.press(opened.acting, link, opened.link_pass, given, place)
    except TakenAlready:
        return press(call)  # which says what happened
    except Unprocessable as problem:
        return _page(opened, offered, given, _faults(problem, offered.questions))
    except (Conflict, Forbidden, NotFound):
        return _too_late(opened)
    return _said(opened, opened.said.title, opened.said.message, done=True)


def _faults(problem: Problem, questions: Sequence[LinkQuestion]) -> dict[str, str]:
    """What is wrong with answers; of anything else, which may speak of the record, only that."""
    asked = {question.field.name for question in questions}
    found = {
        fault["pointer"].strip("/").partition("/")[0]: str(fault["message"])
        for fault in problem.errors
    }
    known = {name: message for name, message in found.items() if name in asked}
    return known or {"": f"This is not possible with these answers. {ASK_AGAIN}"}


def _page(
    opened: Opened, offered: Offer, given: GivenAnswers, more: Mapping[str, str] | None = None
) -> Answer:
    link, spoken = opened.said, opened.spoken
    faults, fmt = {**given.faults, **(more or {})}, format_of(spoken)
    context = _look(link.look) | {
        "title": link.label,
        "intro": link.help,
        "action": f"{PATH}{opened.call.params['secret']}",
        "document": f"{PATH}{opened.call.params['secret']}/document" if link.document else "",
        "seen": f"{PATH}{opened.call.params['secret']}/seen" if link.seen else "",
        "facts": [
            {"label": label, "value": value}
            for label, value in link_press.facts(spoken, link, opened.link_pass.record)
        ],
        "fields": [
            _widget(question, given, faults.get(question.field.name, ""), fmt)
            for question in offered.questions
        ],
        "ticks": _ticks(opened, link, given),
        "ticks_label": link.ticks.label if link.ticks else "",
        "errors": [
            {"href": f"#f-{name}" if name else "", "message": message}
            for name, message in faults.items()
        ],
        "submit": link.submit or offered.label,
        "until": fmt.full(opened.link_pass.expires_at),
        "once": link.once,
    }
    status = 422 if faults else 200
    return _answer(opened.call, "link.html", link.label, status, opened, link=context)


def _ticks(opened: Opened, link: ActionLink, given: GivenAnswers) -> list[Context]:
    """What may be ticked, as it was posted or as the record has it."""
    if link.ticks is None:
        return []
    posted = given.ticks or {}
    return [
        {
            "name": one.name,
            "first": one.words[0] if one.words else "",
            "rest": one.words[1:],
            "ticked": posted.get(one.id, one.ticked),
        }
        for one in ticks_of(opened.spoken, link.ticks, opened.link_pass.record)
    ]


def _widget(question: LinkQuestion, given: GivenAnswers, error: str, fmt: Any) -> Context:
    field = question.field
    value = given.typed.get(field.name, field.initial if not question.acts else None)
    face = face_of(field)
    w: Context = {
        "kind": widget_kind(field.kind),
        "holds": face.holds,
        "id": f"f-{field.name}",
        "name": field.name,
        "label": field.label,
        "required": question.required,
        "optional_note": True,
        "needed_note": False,
        "read_only": False,
        "hidden": False,
        "error": error,
        "help": field.help,
        "wide": face.wide,
        "depends": "",
    }
    try:
        return w | face.widget(field, value, fmt)
    except (TypeError, ValueError, KeyError, AttributeError):  # it is no value: shown as it is
        return w | face.widget(field, None, fmt) | {"value": value}


def _look(look: PageLook) -> Context:
    return {"brand": look.brand, "sheet": look_href(look.colour)}


def _too_late(opened: Opened) -> Answer:
    """The link is valid, but the record does not offer the action (any more).

    Somebody may have pressed the same link since it was read: then this is what happened.
    """
    link, again = opened.said, _opened(opened.call)
    if again is not None and again.state == USED:
        return _closed(again)
    gone = load_row(opened.acting, link.object, opened.link_pass.record, None) is None
    words = link.closed or f"This is not possible any more. {ASK_AGAIN}"
    title = "This is no longer there" if gone else "This is not possible now"
    return _said(opened, title, words, status=410 if gone else 409)


def _closed(opened: Opened) -> Answer:
    """Used, expired or revoked: what happened, and what one can do about it."""
    used = opened.link_pass.used_at
    if opened.state == USED and opened.link is not None and used is not None:
        when = format_of(opened.spoken).full(used)
        words = (
            f"{opened.said.message} It was done on {when}. If that was not you, tell the sender."
        )
        return _said(opened, TITLES[USED], words, done=True)
    return _said(opened, TITLES.get(opened.state, TITLES[REVOKED]), ASK_AGAIN, status=410)


def _unknown(call: Call) -> Answer:
    title = "This link is not valid"
    words = f"Its address may have been cut off: copy all of it. {ASK_AGAIN}"
    context = _look(PageLook()) | {"title": title, "message": words, "done": False}
    return _answer(call, "link_said.html", title, 404, link=context)


def _said(
    opened: Opened, title: str, message: str, *, done: bool = False, status: int = 200
) -> Answer:
    look = opened.link.look if opened.link is not None else PageLook()
    context = _look(look) | {"title": title, "message": message, "done": done}
    return _answer(opened.call, "link_said.html", title, status, opened, link=context)


def _answer(
    call: Call,
    template: str,
    title: str,
    status: int,
    opened: Opened | None = None,
    **context: Any,
) -> Answer:
    known = opened is not None and opened.link is not None
    lang = language_of(opened.spoken) if opened is not None and known else ""
    answer = bare(call, template, title, status=status, lang=lang, **context)
    answer.headers += HEADERS
    return answer


ENDPOINTS = (
    Endpoint("GET", f"{PATH}{{secret}}", show, Policy.PUBLIC, "The page of a link.", page=True),
    Endpoint(
        "GET", f"{PATH}{{secret}}/document", show_document, Policy.PUBLIC,
        "The printed document that a link shows.", page=True,
    ),
    Endpoint(
        "GET", f"{PATH}{{secret}}/document.pdf", show_pdf, Policy.PUBLIC,
        "The same as PDF.", page=True,
    ),
    Endpoint(
        "POST", f"{PATH}{{secret}}/seen", see, Policy.PUBLIC, "Somebody reads the page of a link.",
        page=True, form=True, csrf=False,
    ),
    Endpoint(
        "POST", f"{PATH}{{secret}}", press, Policy.PUBLIC, "Take the action of a link.",
        page=True, form=True, csrf=False,
    ),
)  # fmt: skip
